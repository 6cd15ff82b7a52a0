//! What was typed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::marks::{self, PhaseName};
use crate::name::LONGEST;

/// Run a command and emit what it cost
///
/// The command's streams, environment and exit status are its own; 128+n means that signal n ended it.
/// The record of its time, memory, CPU and I/O goes to standard output, and the command's own output
/// then goes to standard error; with -o or --store the record goes there and nothing else changes.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-wrap", version, after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that stands by itself")]
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

    /// End the command and everything it started after this time, with status 124
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration)]
    pub timeout: Option<Duration>,

    /// Kill what is still there so long after --timeout
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration, default_value = "5s", requires = "timeout")]
    pub kill_after: Duration,

    /// Follow every process of the command and record it as well
    #[arg(long)]
    pub trace: bool,

    /// Look at its processes from time to time in place of following them: nothing changes for them, and those that
    /// live briefly are missed
    #[arg(long, conflicts_with = "trace")]
    pub sample: bool,

    /// While one of these programs runs, the command is in this phase (can be repeated)
    #[arg(long, value_name = "NAME=PROGRAM,…", value_parser = parse_phase, requires = "trace")]
    pub phase: Vec<ProgramPhase>,

    /// Count the command's requests to GitHub's API, and what they cost
    #[arg(long)]
    pub api: bool,

    /// Record each of these requests as well
    #[arg(long, requires = "api")]
    pub api_requests: bool,

    /// Read the quota before and after, and tell how far the difference is the command's own
    #[arg(long)]
    pub quota: bool,

    /// Record the arguments too, with what looks like a secret masked
    #[arg(long)]
    pub record_args: bool,

    /// Inside of a command: say which phase begins (NAME, +NAME inside of another, - ends it)
    #[arg(long, value_name = "NAME", conflicts_with = "command", allow_hyphen_values = true, value_parser = parse_mark)]
    pub mark: Option<String>,

    /// The command and its arguments
    #[arg(required_unless_present = "mark", trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  pm-wrap -- gh issue list | pm-aggregate | pm-report     what did it cost?
  pm-wrap -- gh issue list | pm-alert                     was it too much?
  pm-wrap --store -- make test                            keep the record, with output and status untouched
  pm-wrap -o log.ndjson -- ./nightly.sh                   the same, behind a log
  pm-wrap --context project_size=large -- gh-pm batch     with a label to group by: context.project_size
  pm-wrap --timeout 5m -- ./nightly.sh                    not for longer than this
  pm-wrap --trace --phase git=git -- ./release.sh         how much of it is git, and every process of it
  pm-wrap --api -- gh issue list | pm-report              how many API requests, and how much quota?
  pm-wrap --mark upload                                   inside of a script: what follows is the upload

Exit status: the command's own; 124 after --timeout, 125 when pm-wrap itself cannot start it, 126 when
it cannot be run, 127 when it is not found.";

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

/// The programs that stand for a phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramPhase {
    /// The phase.
    pub name: PhaseName,
    /// Base names of programs.
    pub programs: Vec<String>,
}

fn parse_phase(text: &str) -> Result<ProgramPhase, String> {
    let (name, programs) = text.split_once('=').ok_or("write it as NAME=PROGRAM,PROGRAM")?;
    let name = PhaseName::parse(name).map_err(|error| error.to_string())?;
    let programs: Vec<_> = programs.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if programs.is_empty() {
        Err("it names no program".to_owned())
    } else {
        Ok(ProgramPhase { name, programs })
    }
}

/// A mark that would be ignored is better refused where it is made.
fn parse_mark(text: &str) -> Result<String, String> {
    marks::check(text).map(|()| text.to_owned())
}
