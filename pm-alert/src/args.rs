//! What was typed.

use std::path::PathBuf;

use pm_cli::{ColorChoice, InputArgs, PeriodArgs};
use pm_store::Place;

/// Turn records into alerts
///
/// Reads NDJSON records and judges each by the rules of `alerts.yml` and the limits of `benchmarks.yml` in
/// the store. On a terminal the alerts are text; in a pipe they are records, and the text goes to standard
/// error. Counts of runs in a row are kept in the store from one run of pm-alert to the next.
///
/// Every record over a limit gives an alert record. The text tells of changes: in full when a limit is first
/// exceeded, when a worse one is, and when all are kept again. A later run of pm-alert that finds it still
/// exceeded says so in one line; whatever else is over in the same run is counted at its end.
#[derive(Debug, clap::Parser)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(name = "pm-alert", version, after_help = EXAMPLES)]
pub struct Args {
    /// Take the rules from FILE in place of the store's `alerts.yml`, and the limits from the `benchmarks.yml`
    /// beside it where there is one
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Keep counts in FILE in place of the store's `state/alerts.json`
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment here would replace the tool's own description in its help"
    )]
    pub period: PeriodArgs,

    /// Also pass every record on, each alert right after the record that caused it
    #[arg(long)]
    pub pass: bool,

    /// Say what would have been alerted: start without counts, keep none, notify no one
    ///
    /// With `--store`, each file of it (the records of a day of UTC) is judged by itself, from its first record on,
    /// and of its alerts those are told that are about the time from `--since` to `--until`. So what a time alerts
    /// does not depend on the days before it; runs in a row are counted anew each day.
    #[arg(long, conflicts_with = "state")]
    pub replay: bool,

    /// Tell one alert for each command and thing that is measured, however often it fired
    ///
    /// It is the latest of them, with the worst severity, since the first time, and how often it fired is its
    /// `evidence.fired`. At most 200 are told apart; what is beyond is counted as `further_alerts`. Digests that
    /// are read are joined. With `--store`, the digests that compaction made stand for closed days, where the
    /// rules are still the same.
    #[arg(long, requires = "replay", conflicts_with = "pass")]
    pub digest: bool,

    /// Judge what is appended to the store as it is appended, until a signal ends it
    ///
    /// Needs `--store`. It begins where an earlier one stopped, if that was in the last ten minutes, so that nothing
    /// that happens while it is restarted is missed; else with the next record.
    #[arg(long, requires = "store", conflicts_with_all = ["replay", "since", "until", "state", "exit_code"])]
    pub follow: bool,

    /// Where to begin, where no earlier run says so: what the store held when the monitor began, as JSON
    #[arg(long, value_name = "PLACE", requires = "follow", hide = true, value_parser = place)]
    pub begin: Option<Place>,

    /// Digest one file of the store's records, hour by hour, as compaction does
    #[arg(long, value_name = "NAME", requires_all = ["digest", "store"], conflicts_with_all = ["since", "until", "config"])]
    pub segment: Option<String>,

    /// Leave the channel `console` out, and tell all others
    #[arg(long)]
    pub no_console: bool,

    /// Give no tips about the cache of GitHub's answers
    #[arg(long)]
    pub no_tips: bool,

    /// End with status 1 if an alert fired, and with 2 if no limit is watched
    #[arg(long)]
    pub exit_code: bool,

    /// Say whether the rules can be meant, and judge nothing
    #[arg(long, conflicts_with_all = ["follow", "replay", "pass", "exit_code", "test"])]
    pub check: bool,

    /// Tell CHANNEL of a test alert, and judge nothing
    #[arg(long, value_name = "CHANNEL", conflicts_with_all = ["follow", "replay", "pass", "exit_code"])]
    pub test: Option<String>,

    /// Whether text is in color
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment here would replace the tool's own description in its help"
    )]
    pub input: InputArgs,
}

/// Reads a place as a monitor writes it.
fn place(text: &str) -> Result<Place, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

const EXAMPLES: &str = "\
Examples:
  pm-wrap -- ./deploy.sh | pm-alert                       judge a command as soon as it has ended
  pm-alert --store --since '1 day ago' --replay           what the last day would have alerted
  pm-alert --store --since '30 days ago' --replay --digest   the same of a month, each command once
  pm-alert --store --follow                               tell of alerts as soon as they happen
  pm-alert --exit-code < runs.ndjson                      fail a build when a limit was exceeded
  pm-alert --pass < runs.ndjson | pm-report               alerts among the records they are about
  pm-alert --check                                        can the rules be meant?
  pm-alert --test team                                    does the channel `team` of alerts.yml hear of it?
  pm-alert --config strict.yml --state ci.json runs.ndjson   rules and counts of your own";
