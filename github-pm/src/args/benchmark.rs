//! What was typed after `performance benchmark`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// Run commands again and again, and say how long they take
///
/// The commands are those of benchmarks.yml: `run: [PROGRAM, ARG…]`, or else the host command with that name. Those with
/// `safe: true`, and the host's `status`, run unasked; the others are listed and need --yes. All are run in turn, one process a
/// value, the first run apart; one of them runs once more as often beside itself, and if even that seems to differ, no verdict counts.
/// Averages are rated by the limits of benchmarks.yml, and compared with its `baseline_ms` or with what --against names.
#[derive(Debug, clap::Parser)]
#[command(name = "github-pm performance benchmark", after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that stands by itself")]
pub struct BenchmarkArgs {
    /// How many runs of each command count
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub iterations: u32,

    /// Which commands of benchmarks.yml
    #[arg(long, value_name = "all|NAME,…", value_delimiter = ',', default_value = "all")]
    pub commands: Vec<String>,

    /// Further runs of each before those that count
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub warmup: u32,

    /// Run this shell command before every run
    #[arg(long, value_name = "COMMAND")]
    pub prepare: Option<OsString>,

    /// Write the results, a `benchmark_results`, to this file
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Compare with a revision of the host command, with another program in its place, with another command in the place
    /// of the only one, or with a file: earlier results, runs, or the JSON of hyperfine
    #[arg(long, value_name = "REV|COMMAND|FILE")]
    pub against: Option<String>,

    /// Write the medians into benchmarks.yml as the new `baseline_ms`
    #[arg(long)]
    pub save_baseline: bool,

    /// Write the JSON of hyperfine to this file too
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,

    /// End with status 1 if something regressed, and with 3 if nobody can tell yet
    #[arg(long)]
    pub exit_code: bool,

    /// Run commands too that are not said to be safe, and more than the quota allows
    #[arg(long)]
    pub yes: bool,

    /// Add a label to every run, such as `project_size=large` (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    pub context: Vec<String>,

    /// End a run after this time; it then has failed
    #[arg(long, value_name = "DURATION", value_parser = pm_cli::parse_duration)]
    pub timeout: Option<Duration>,

    /// Go on after a run that failed
    #[arg(long)]
    pub ignore_failure: bool,

    /// Do not run any command beside itself
    #[arg(long)]
    pub no_control: bool,

    /// Compare with results of other machines too
    #[arg(long)]
    pub across_machines: bool,

    /// What to write to standard output
    #[arg(long = "as", value_enum, value_name = "FORM", default_value_t)]
    pub form: BenchmarkForm,
}

/// What results are written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum BenchmarkForm {
    /// Tables for a terminal.
    #[default]
    Terminal,
    /// Tables for a page.
    Markdown,
    /// The document itself.
    Json,
}

const EXAMPLES: &str = "\
Examples:
  github-pm performance benchmark                       what is safe to run, ten times each
  github-pm performance benchmark --commands status,batch --iterations 30 --yes --output results.json
  github-pm performance benchmark --against v2.0.0      is this version slower than that one?
  github-pm performance benchmark --against results.json --exit-code
  github-pm performance benchmark --save-baseline       from now on, this is normal
  github-pm --explain performance benchmark             everything that would run, in its order";
