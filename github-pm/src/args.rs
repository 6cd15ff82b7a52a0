//! What was typed.
//!
//! The words before the verb are read by hand, because clap would refuse or reorder what is meant for the
//! host command. Each verb then has a parser of its own.

mod analyze;
mod benchmark;
mod dashboard;
mod export;
mod monitor;
mod optimize;
mod profile;

use std::ffi::OsString;
use std::path::PathBuf;

use pm_cli::Usage;
use pm_record::Field;

pub use crate::args::analyze::{AnalyzeArgs, Focus};
pub use crate::args::benchmark::{BenchmarkArgs, BenchmarkForm};
pub use crate::args::dashboard::DashboardArgs;
pub use crate::args::export::ExportArgs;
pub use crate::args::monitor::{StartArgs, StatusArgs, StopArgs, WatchArgs};
pub use crate::args::optimize::{OptimizeArgs, OptimizeForm};
pub use crate::args::profile::{ProfileArgs, ProfileForm};
use crate::timeframe::Timeframe;

/// The command line, cut at its first word that is no flag of ours.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    pub(crate) explain: bool,
    pub(crate) request: Request,
}

/// Whose turn it is, with the words that follow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Help,
    Version,
    Performance(Vec<OsString>),
    Monitor(Vec<OsString>),
    /// The host command with all its words; there may be none.
    Host(Vec<OsString>),
}

impl Typed {
    /// Reads the command line without the program's name. A first word that is nearly a flag of ours is
    /// refused: the host command would run where somebody only wanted to see what would.
    pub(crate) fn read(words: impl Iterator<Item = OsString>) -> Result<Self, Usage> {
        let mut words = words.peekable();
        let mut explain = false;
        while words.next_if(|word| word == "--explain").is_some() {
            explain = true;
        }
        let ours = |word: &OsString| {
            let ours = ["--help", "-h", "--version", "-V", "performance", "monitor"];
            ours.into_iter().find(|name| word == name)
        };
        let name = words.peek().and_then(ours);
        if name.is_some() {
            words.next();
        } else if let Some(word) = words.peek().and_then(|word| word.to_str())
            && let Some(flag) = nearly_ours(word)
        {
            let message = format!("'{word}' is no flag of github-pm");
            return Err(Usage::new(message, format!("did you mean `--{flag}`?")));
        }
        let words = words.collect();
        let request = match name {
            Some("--help" | "-h") => Request::Help,
            Some("--version" | "-V") => Request::Version,
            Some("performance") => Request::Performance(words),
            Some(_) => Request::Monitor(words),
            None => Request::Host(words),
        };
        Ok(Self { explain, request })
    }
}

/// The flag of ours that a word was probably meant to be. Dashes and a value would only blur the likeness,
/// and a slip seldom changes the first letter: a flag of the host, such as `--shell`, is none of ours.
fn nearly_ours(word: &str) -> Option<&'static str> {
    let name = word.strip_prefix("--")?.split('=').next()?;
    let same_start = |flag: &&str| flag.chars().next() == name.chars().next();
    pm_cli::nearest(name, ["explain", "help", "version"].into_iter().filter(same_start))
}

/// Show what commands took and cost, and what to look after
///
/// Reads the store, or what many hosts have shipped. The time is cut to whole hours of UTC, with the running one. Changes
/// are those of that time; of a month, those of the medians of its days. Ends with the status of the first tool of the
/// pipeline that failed.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance report", after_help = REPORT_EXAMPLES)]
pub struct ReportArgs {
    /// How far back to look: 24 hours, 7 days or 30 days; without it the 24 hours, and of standard input everything
    #[arg(long, value_enum)]
    pub timeframe: Option<Timeframe>,

    /// Read this folder, a store or a tree that `store ship` made, in place of the store that is found here; `-` is
    /// standard input, with records, what `pm-aggregate --partial` made of them, and alerts
    #[arg(long, value_name = "DIR|-", conflicts_with = "html")]
    pub from: Option<PathBuf>,

    /// What to write
    #[arg(long = "as", value_enum, value_name = "FORM", default_value_t)]
    pub form: ReportForm,

    /// Fields whose values make the groups: `command`, and with --from `command,machine`
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub by: Vec<Field>,

    /// With --from, take runs on different kinds of machines together
    #[arg(long, requires = "from", conflicts_with = "by")]
    pub across_machines: bool,

    /// Write everything there is to see as a page of HTML to this file, as `performance dashboard --html` does; `-` is
    /// standard output
    #[arg(long, value_name = "FILE", conflicts_with_all = ["form", "by"])]
    pub html: Option<PathBuf>,
}

const REPORT_EXAMPLES: &str = "\
Examples:
  github-pm performance report                          the last 24 hours
  github-pm performance report --timeframe week --by command,host
  github-pm performance report --as markdown > report.md
  github-pm performance report --as json | jq '.groups[0]'
  github-pm performance report --timeframe month --html page.html
  github-pm performance report --from /mnt/fleet         what many hosts have shipped
  github-pm --explain performance report                the same as a shell pipeline";

/// What a report is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportForm {
    /// Tables for a terminal.
    #[default]
    Terminal,
    /// Tables for a page.
    Markdown,
    /// One JSON object.
    Json,
}

impl ReportForm {
    /// The word for it on a command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Markdown => "markdown",
            Self::Json => "json",
        }
    }
}

/// Did it get slower? Compare what commands cost with what they did
///
/// Reads the store. Without a baseline it is the day of the baseline in benchmarks.yml if there are records of it, else
/// what is given as `baseline_ms` in there, else the 7 days before. Runs of different machines are not held against each other.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance compare", after_help = COMPARE_EXAMPLES)]
pub struct CompareArgs {
    /// Read this folder, a store or a tree that `store ship` made, in place of the store that is found here
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,

    /// What was: a date, a range such as 2026-11-01..2026-11-07, a label such as version=2.0.0, a file of
    /// records, or benchmarks.yml
    #[arg(long, value_name = "DATE")]
    pub baseline: Option<String>,

    /// What is: a date, a range or a label; without it the last 24 hours
    #[arg(long, value_name = "DATE")]
    pub current: Option<String>,

    /// What is compared, in place of time, memory, CPU, requests and points
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub metric: Vec<String>,

    /// Hold runs of different machines against each other
    #[arg(long)]
    pub across_machines: bool,

    /// End with status 1 if something regressed, and with 3 if nobody can tell yet
    #[arg(long)]
    pub exit_code: bool,

    /// What to write
    #[arg(long = "as", value_enum, value_name = "FORM", default_value_t)]
    pub form: ReportForm,
}

const COMPARE_EXAMPLES: &str = "\
Examples:
  github-pm performance compare                         the last 24 hours with the baseline of benchmarks.yml
  github-pm performance compare --baseline 2026-11-01   with that day
  github-pm performance compare --baseline 2026-11-01..2026-11-07 --current 2026-11-08..2026-11-14
  github-pm performance compare --from /mnt/fleet --baseline 2026-11-01
  github-pm performance compare --baseline version=2.0.0 --current version=2.1.0 --exit-code";

/// Make a commented `.github-pm` here
///
/// Files that are there already are kept.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance init", after_help = INIT_EXAMPLES)]
pub struct InitArgs {
    /// Write every file anew; what was there is kept beside it as NAME.bak
    #[arg(long)]
    pub force: bool,

    /// Write them into your own store, which counts wherever no .github-pm is found
    #[arg(long)]
    pub user: bool,
}

const INIT_EXAMPLES: &str = "\
Examples:
  github-pm performance init
  github-pm performance init --user                     for all work outside any .github-pm
  github-pm --explain performance init                  only say what it would do";

/// Let the settings of the store that is found here start programs
///
/// A store that was found by walking up may have come with a stranger's clone. Its settings that start a
/// program count only after this, and only until one of them changes.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance trust", after_help = TRUST_EXAMPLES)]
pub struct TrustArgs {}

const TRUST_EXAMPLES: &str = "\
Examples:
  github-pm --explain performance trust                 what would be trusted?
  github-pm performance trust";

/// Look after the files of a store: compress, roll up, remove, ship, check, count
///
/// The first command of a day that is recorded with `pm-wrap --store` has the days before compacted, so that
/// most people never type this.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance store", after_help = STORE_EXAMPLES)]
pub struct StoreArgs {
    /// The store's folder, in place of the one found here
    #[arg(long, global = true, value_name = "DIR")]
    pub store: Option<PathBuf>,

    /// What to do; without it, `stat`
    #[command(subcommand)]
    pub deed: Option<StoreDeed>,
}

/// What to do to a store.
#[derive(Debug, Clone, PartialEq, Eq, clap::Subcommand)]
pub enum StoreDeed {
    /// Compress and roll up the days that have ended, and remove what is too old
    Compact {
        /// Say nothing but what went wrong
        #[arg(long, short)]
        quiet: bool,

        /// Do nothing where config.yml says `compact_daily: false`, and outlive whoever started it
        #[arg(long)]
        daily: bool,
    },
    /// Remove what is kept no longer, as `store:` in config.yml says
    Prune {
        /// Only say what would go
        #[arg(long)]
        dry_run: bool,
    },
    /// Copy the closed days that are not there yet into a folder that many hosts share, as
    /// host=…/date=…/*.ndjson.zst; status 4 if a day could not go
    Ship {
        /// The folder
        #[arg(long, value_name = "DIR")]
        to: PathBuf,

        /// Whose days they are, in place of this machine's name
        #[arg(long, value_name = "NAME")]
        host: Option<String>,

        /// Read what this host has shipped before, and replace what is damaged
        #[arg(long)]
        verify: bool,
    },
    /// Read every file to its end and make every rollup anew to compare; status 4 if something is damaged
    Verify,
    /// Say how much there is
    Stat,
}

const STORE_EXAMPLES: &str = "\
Examples:
  github-pm performance store                           how much is there?
  github-pm performance store compact                   do now what is done once a day
  github-pm performance store prune --dry-run           what would go?
  github-pm performance store ship --to /mnt/fleet      what is closed and not there yet
  github-pm performance store verify                    is everything what it says it is?";

/// Check the tools, the store, the settings, the host command and gh
///
/// Ends with status 4 if something is wrong. No token is ever printed.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance doctor", after_help = DOCTOR_EXAMPLES)]
pub struct DoctorArgs {}

const DOCTOR_EXAMPLES: &str = "\
Examples:
  github-pm performance doctor";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(words: &[&str], explain: bool, request: fn(Vec<OsString>) -> Request, rest: &[&str]) {
        let read = Typed::read(words.iter().map(OsString::from)).expect("a command line that can be meant");
        let rest = rest.iter().map(OsString::from).collect();
        assert_eq!(read, Typed { explain, request: request(rest) });
    }

    #[test]
    fn only_performance_and_monitor_are_our_words() {
        check(&["performance", "report", "--help"], false, Request::Performance, &["report", "--help"]);
        check(&["monitor"], false, Request::Monitor, &[]);
        for word in ["help", "init", "status", "--all", "--verbose", "-x", "--", "Performance"] {
            check(&[word, "performance"], false, Request::Host, &[word, "performance"]);
        }
        check(&[], false, Request::Host, &[]);
    }

    #[test]
    fn our_flags_stand_before_the_verb_and_the_host_s_after_it() {
        check(&["--explain", "performance"], true, Request::Performance, &[]);
        check(&["--explain", "--help"], true, |_| Request::Help, &[]);
        check(&["--version"], false, |_| Request::Version, &[]);
        check(&["-h"], false, |_| Request::Help, &[]);
        check(&["-V"], false, |_| Request::Version, &[]);
        check(&["status", "--explian"], false, Request::Host, &["status", "--explian"]);
        check(&["status", "--explain", "--help"], false, Request::Host, &["status", "--explain", "--help"]);
    }
}
