//! What was typed.

use std::time::Duration;

use pm_cli::{InputArgs, PeriodArgs};
use pm_record::Field;

use crate::columns::Chosen;
use crate::filter::Filter;
use crate::selection::{Baseline, Selection};
use crate::window::WindowSize;

/// Group records of commands and summarize each group
///
/// Reads NDJSON records and writes one summary for each group: how many runs, how many
/// failed, and the distribution of their durations, with means and extremes of everything else that was
/// measured. Output is sorted by group. Runs that ran inside of other recorded runs count only where groups are
/// made by command, because elsewhere their time would count twice.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-aggregate", version, after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Args {
    /// Fields whose values make the groups
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', default_value = "command")]
    pub by: Vec<Field>,

    /// Cut time into windows of this length, aligned to UTC; `all` makes one window of all time
    #[arg(long, value_name = "LENGTH", default_value = "all")]
    pub window: WindowSize,

    /// How long a window stays open for late records after its end, on a live stream
    #[arg(long, value_name = "LENGTH", default_value = "10s", value_parser = pm_cli::parse_duration)]
    pub grace: Duration,

    /// Count only runs whose field has this value, `FIELD=` those that have none (can be repeated)
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    pub filters: Vec<Filter>,

    /// Numbers that get a full distribution, as durations do, or that are compared or watched for changes: any field
    /// of the record, or `all`
    #[arg(long, value_name = "FIELD,…|all", value_delimiter = ',')]
    pub metric: Vec<Chosen>,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment here would replace the tool's own description in its help"
    )]
    pub period: PeriodArgs,

    /// Compare with what was: a date, a range of two times with `..`, FIELD=VALUE, a file of records, or
    /// benchmarks.yml
    #[arg(long, value_name = "BASELINE", conflicts_with_all = ["changes", "partial"])]
    pub compare: Option<Baseline>,

    /// What is compared with the baseline, in place of all later or other runs: a date, a range, or FIELD=VALUE
    #[arg(long, value_name = "RUNS", requires = "compare")]
    pub current: Option<Selection>,

    /// Find the places in time since which a metric has another level
    #[arg(long, conflicts_with_all = ["partial", "merge"])]
    pub changes: bool,

    /// Pass on the N runs of each group that took longest, or have most of --metric, as they are
    #[arg(long, value_name = "N", conflicts_with_all = ["changes", "compare", "partial", "merge"], value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub top: Option<u16>,

    /// Hold runs of different machines against each other, with --compare and --changes
    #[arg(long)]
    pub across_machines: bool,

    /// End with status 1 if something regressed, and with 3 if nobody can tell yet, with --compare and --changes
    #[arg(long)]
    pub exit_code: bool,

    /// Say nothing of commands that --compare has nothing to compare with
    #[arg(long, short, requires = "compare")]
    pub quiet: bool,

    /// With --compare: answer from rollups also where their records are left; quicker, and off by up to 0.27 %
    #[arg(long, requires = "compare")]
    pub quick: bool,

    /// Write the exact state of each group, to be merged later, in place of its summary
    #[arg(long)]
    pub partial: bool,

    /// Also take in the states that `--partial` wrote
    #[arg(long)]
    pub merge: bool,

    /// Pass alerts on as they are, before the results: what somebody could not say is not lost on the way
    #[arg(long, conflicts_with_all = ["compare", "changes", "top"])]
    pub pass_alerts: bool,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment here would replace the tool's own description in its help"
    )]
    pub input: InputArgs,
}

const EXAMPLES: &str = "\
Examples:
  pm-aggregate --store --since '7 days ago'         the last week, by command
  cat *.ndjson | pm-aggregate --by command,host     any records, by command and machine
  pm-aggregate --by context.project_size log.ndjson any field by its path, labels of pm-wrap too
  pm-aggregate --window 1h log.ndjson | pm-report   hour by hour
  pm-aggregate --where status=failure log.ndjson    only some of the runs
  pm-aggregate --metric context.task_count log.ndjson  quantiles of any number
  pm-aggregate --store --compare 2026-11-01..2026-11-07  did it get slower since then?
  pm-aggregate log.ndjson --compare version=2.0.0   or since that version?
  pm-aggregate --store --changes                    since when?
  pm-aggregate --store --top 3                      the three slowest runs of each command
  tail -f log.ndjson | pm-aggregate --window 1m     minute by minute, as it happens
  pm-aggregate --partial a.ndjson > a.part          summarize in parts, on any machine,
  pm-aggregate --merge *.part                       and get what one run would have said";
