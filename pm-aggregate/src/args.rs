//! What was typed.

use pm_cli::{InputArgs, PeriodArgs};
use pm_record::Field;

use crate::window::WindowSize;

/// Group records of commands and summarize each group
///
/// Reads NDJSON records and writes one summary for each group: how many runs, how many
/// failed, and the distribution of their durations, with means and extremes of everything else that was
/// measured. Output is sorted by group.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-aggregate", version, after_help = EXAMPLES)]
pub struct Args {
    /// Fields whose values make the groups
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',', default_value = "command")]
    pub by: Vec<Field>,

    /// Cut time into windows of this length, aligned to UTC; `all` makes one window of all time
    #[arg(long, value_name = "LENGTH", default_value = "all")]
    pub window: WindowSize,

    #[command(flatten)]
    #[expect(
        missing_docs,
        reason = "a doc comment here would replace the tool's own description in its help"
    )]
    pub period: PeriodArgs,

    /// Write the exact state of each group, to be merged later, in place of its summary
    #[arg(long)]
    pub partial: bool,

    /// Also take in the states that `--partial` wrote
    #[arg(long)]
    pub merge: bool,

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
  pm-aggregate --partial a.ndjson > a.part          summarize in parts, on any machine,
  pm-aggregate --merge *.part                       and get what one run would have said";
