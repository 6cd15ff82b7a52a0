//! What was typed.

use std::path::PathBuf;

use pm_cli::{ColorChoice, InputArgs, PeriodArgs};

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
    #[arg(long, conflicts_with = "state")]
    pub replay: bool,

    /// End with status 1 if an alert fired, and with 2 if no limit is watched
    #[arg(long)]
    pub exit_code: bool,

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

const EXAMPLES: &str = "\
Examples:
  pm-wrap -- ./deploy.sh | pm-alert                       judge a command as soon as it has ended
  pm-alert --store --since '1 day ago' --replay           what the last day would have alerted
  pm-alert --exit-code < runs.ndjson                      fail a build when a limit was exceeded
  pm-alert --pass < runs.ndjson | pm-report               alerts among the records they are about
  pm-alert --config strict.yml --state ci.json runs.ndjson   rules and counts of your own";
