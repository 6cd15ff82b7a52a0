//! What was typed after `github-pm performance profile`.

use std::ffi::OsString;
use std::path::PathBuf;

/// See in detail where the time of one command goes
///
/// Runs it, records each of its processes and API requests, and shows them on one time axis: what it waited for, what
/// computed, and the largest costs in words. The command has its own streams and status; the profile goes to standard
/// error behind them. Its record stays out of the store.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance profile", after_help = EXAMPLES)]
pub struct ProfileArgs {
    /// Write the profile to this file, as its ending says: .html, .svg, .json for Perfetto, .speedscope.json, .txt;
    /// `-` is standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// What to write, whatever the file is called
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<ProfileForm>,

    /// Run it so often, and show medians
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub iterations: u32,

    /// Look at its processes from time to time in place of tracing them: for set-uid programs, debuggers and sanitizers
    #[arg(long)]
    pub no_trace: bool,

    /// Leave its API requests alone
    #[arg(long)]
    pub no_api: bool,

    /// Append the records to this file and keep them; `pm-report --as profile FILE` shows them again
    #[arg(long, value_name = "FILE")]
    pub records: Option<PathBuf>,

    /// COMMAND is any program, and no word of the host command; one with a slash is so anyway
    #[arg(long)]
    pub program: bool,

    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  github-pm performance profile status                   where does the host's `status` spend its time?
  github-pm performance profile -o batch.html batch --all  as a page; its flags stand behind the command
  github-pm performance profile -o batch.json batch      for ui.perfetto.dev
  github-pm performance profile --iterations 5 status    medians of five runs
  github-pm performance profile --program make test      any program
  github-pm --explain performance profile status         the same as shell

Exit status: the command's own.";

/// What a profile is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ProfileForm {
    /// What a terminal shows
    Text,
    /// A page that needs nothing else
    Html,
    /// The timeline as a picture
    Svg,
    /// The Trace Event Format, for Perfetto and Chrome
    ChromeTrace,
    /// For speedscope
    Speedscope,
}

impl ProfileForm {
    /// The word for it on the command line of `pm-report`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Text => "profile",
            Self::Html => "profile-html",
            Self::Svg => "profile-svg",
            Self::ChromeTrace => "chrome-trace",
            Self::Speedscope => "speedscope",
        }
    }
}
