//! What was typed.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::name::LONGEST;

/// Run a command and emit what it cost
///
/// The command's streams, environment and exit status are its own; 128+n means that signal n ended it.
/// The record of its time, memory, CPU and I/O goes to standard output, and the command's own output
/// then goes to standard error; with -o or --store the record goes there and nothing else changes.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-wrap", version, after_help = EXAMPLES)]
pub struct Args {
    /// Append the record to this file
    #[arg(short, long, value_name = "FILE", conflicts_with = "store")]
    pub output: Option<PathBuf>,

    /// Append the record to the store: the nearest `.github-pm` upwards, or DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    pub store: Option<Option<PathBuf>>,

    /// Run this shell command afterwards, with the record on its standard input
    #[arg(long, value_name = "COMMAND")]
    pub then: Option<OsString>,

    /// Record the command under this name
    #[arg(long, value_parser = parse_name)]
    pub name: Option<String>,

    /// Add a label to the record (can be repeated)
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_label)]
    pub context: Vec<(String, String)>,

    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  pm-wrap -- gh issue list | pm-aggregate | pm-report     what did it cost?
  pm-wrap -- gh issue list | pm-alert                     was it too much?
  pm-wrap --store -- make test                            keep the record, with output and status untouched
  pm-wrap -o log.ndjson -- ./nightly.sh                   the same, behind a log
  pm-wrap --context project_size=large -- gh-pm batch     with a label to group by: context.project_size

Exit status: the command's own; 125 when pm-wrap itself cannot start it, 126 when it cannot be run,
127 when it is not found.";

/// A name has to fit on a line with everything else.
fn parse_name(text: &str) -> Result<String, String> {
    match text.chars().count() {
        1..=LONGEST => Ok(text.to_owned()),
        _ => Err(format!("a name has 1 to {LONGEST} characters")),
    }
}

fn parse_label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, _)) if key.contains('.') => Err("a key has no dot: dots lead into records".to_owned()),
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as KEY=VALUE".to_owned()),
    }
}
