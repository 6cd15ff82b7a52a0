//! What was typed.

use std::path::PathBuf;

use pm_cli::{ColorChoice, PeriodArgs};

pub use crate::analysis::Focus;
use pm_advice::Topic;

/// Show summaries and alerts to people
///
/// Reads the NDJSON that `pm-aggregate` and `pm-alert` write and shows one page: what was covered, one row
/// for each group of runs, and the alerts. With `--as profile` and the forms after it, it reads what `pm-wrap` writes,
/// and shows the command that ran last in detail; several runs of it become medians.
/// With `--as advice` it reads any records and shows what would save time and quota.
/// A `benchmark_results` is shown too; with `--as benchmark` it is made, of the runs that `pm-wrap` writes.
///
/// Rows stand in order of the total time spent, the most first; when the input is cut into windows of time
/// they keep its order. A terminal that is too narrow for all columns loses the least important ones.
#[derive(Debug, clap::Parser)]
#[command(name = "pm-report", version, after_help = EXAMPLES)]
pub struct Args {
    /// Files to read, plain, gzip or zstd; `-` is standard input, which is also read when none is named
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Stop at the first line that is no record, with status 5
    #[arg(long)]
    pub strict: bool,

    /// What to write
    #[arg(long = "as", value_name = "FORM", default_value = "terminal")]
    pub form: Form,

    /// What an analysis looks at
    #[arg(long, value_enum, value_name = "FOCUS", default_value = "slowest")]
    pub focus: Focus,

    /// The page's title [default: Performance report, or what was profiled]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// Replace this file with the page, as a whole, in place of writing to standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Serve the page at this address of this machine, made anew of what COMMAND prints as things change, until ^C
    #[arg(long, value_name = "ADDRESS:PORT", requires = "command", conflicts_with_all = ["files", "output"])]
    pub serve: Option<std::net::SocketAddr>,

    /// With --serve: the folder whose files change when there is something new
    #[arg(long, value_name = "DIR", requires = "serve")]
    pub watch: Option<PathBuf>,

    /// With --serve: what prints the records of a page
    #[arg(value_name = "COMMAND", last = true, requires = "serve")]
    pub command: Vec<std::ffi::OsString>,

    /// Show at most so many tips
    #[arg(long, value_name = "N")]
    pub tips: Option<usize>,

    /// When to write in color
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,

    /// What `--as benchmark` holds its runs against
    #[command(flatten)]
    pub benchmark: BenchmarkArgs,

    /// What `--as advice` looks at
    #[command(flatten)]
    pub advice: AdviceArgs,

    /// How wide a terminal's page is [default: the terminal, else $COLUMNS, else 100]
    #[arg(long, value_name = "COLUMNS", value_parser = clap::value_parser!(u16).range(i64::from(NARROWEST)..))]
    pub width: Option<u16>,
}

/// What `--as benchmark` holds its runs against.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "With --as benchmark and --as hyperfine")]
pub struct BenchmarkArgs {
    /// Rate by the limits of this `benchmarks.yml`, and compare with its `baseline_ms`
    #[arg(long, value_name = "FILE")]
    pub limits: Option<PathBuf>,

    /// Compare with what a file says: a `benchmark_results`, runs, or the JSON of hyperfine
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,

    /// Hold runs of different machines against each other
    #[arg(long)]
    pub across_machines: bool,

    /// End with status 1 if something regressed, and with 3 if nobody can tell yet
    #[arg(long)]
    pub exit_code: bool,
}

/// What `--as advice` looks at.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "With --as advice, its other forms, and --as evidence")]
pub struct AdviceArgs {
    /// Read the store: the nearest `.github-pm` upwards, or DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, conflicts_with = "files")]
    pub store: Option<Option<PathBuf>>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a doc comment here would replace the heading")]
    pub period: PeriodArgs,

    /// Read about the newest MIB mebibytes of the store's records only
    #[arg(long, value_name = "MIB", requires = "store")]
    pub newest: Option<u16>,

    /// With --newest: read limits and resource use of all the time, and only runs and requests of its end
    #[arg(long, requires = "newest")]
    pub all_readings: bool,

    /// Give advice about these only [default: all]
    #[arg(long, value_enum, value_name = "TOPIC,…", value_delimiter = ',')]
    pub topic: Vec<TopicArg>,
}

/// What advice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TopicArg {
    /// Answers that could have been kept
    Cache,
    /// Requests, points and limits
    ApiUsage,
    /// Time, processes and memory of commands
    Commands,
}

impl From<TopicArg> for Topic {
    fn from(topic: TopicArg) -> Self {
        match topic {
            TopicArg::Cache => Self::Cache,
            TopicArg::ApiUsage => Self::ApiUsage,
            TopicArg::Commands => Self::Commands,
        }
    }
}

/// The narrowest page: less has no room for a word and a figure.
pub(crate) const NARROWEST: u16 = 20;

/// What a page is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// Text that fits a terminal
    Terminal,
    /// GitHub-flavored Markdown, for `$GITHUB_STEP_SUMMARY`, an issue or a comment
    Markdown,
    /// What the page shows as one JSON object, for programs
    Json,
    /// Commands one by one: distributions, phases, changes, and the runs that `pm-aggregate --top` passes on
    Analysis,
    /// What would save time and quota, from records as they are
    Advice,
    /// The same as Markdown
    AdviceMarkdown,
    /// The same as records: one `optimization_tip` a tip, behind an `api_monitoring` if there were requests
    AdviceJson,
    /// What a dashboard needs of records as they are: readings of limits and of resource use, thinned, and the same
    Evidence,
    /// Everything on one page, for a program: one `performance_dashboard`
    Dashboard,
    /// Everything on one page, for people: self-contained HTML
    Html,
    /// One command in detail, from the records of `pm-wrap --trace`: text that fits a terminal
    Profile,
    /// The same as a self-contained page
    ProfileHtml,
    /// Its timeline as a picture (SVG)
    ProfileSvg,
    /// Its timeline for Perfetto and Chrome (Trace Event Format)
    ChromeTrace,
    /// Its critical path and timeline for speedscope
    Speedscope,
    /// One `benchmark_results` made of runs: times, ratings, what became slower
    Benchmark,
    /// The same in the JSON of hyperfine, of runs or of a `benchmark_results`
    Hyperfine,
}

const EXAMPLES: &str = "\
Examples:
  pm-aggregate --store --since '7 days ago' | pm-report      the last week, by command
  pm-aggregate --store --window 1d | pm-report --width 200   day by day, every column
  pm-aggregate runs.ndjson | pm-report --as markdown >> \"$GITHUB_STEP_SUMMARY\"
  pm-wrap --trace -- make test | pm-report --as profile      where did its time go?
  pm-wrap --trace -- make test | pm-report --as profile-html > profile.html
  pm-report --as advice --store --since '7 days ago'         what would save time and quota?
  pm-aggregate log.ndjson | pm-report --as html -o page.html everything on one page
  pm-report --as benchmark runs.ndjson | pm-report           times of single runs, percentiles, outliers
  pm-report --as benchmark new.ndjson --against hyperfine.json --exit-code";
