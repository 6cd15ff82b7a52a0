//! What was typed.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;
use pm_cli::Usage;

/// Time the tools against their peers and print medians and ratios
///
/// `scripts/bench` builds the tools, sees to the peers and starts this program in the root of the
/// repository.
#[derive(Debug, clap::Parser)]
#[command(name = "compare", version)]
pub(super) struct Args {
    /// What to compare
    #[arg(value_enum, default_value_t = What::All)]
    pub(super) what: What,

    /// Only these comparisons of `aggregate`
    #[arg(long, value_enum, value_name = "PART,…", value_delimiter = ',')]
    pub(super) only: Vec<Part>,

    /// Where the built tools are
    #[arg(long, value_name = "DIR")]
    pub(super) bin: PathBuf,

    /// A Python that can import `duckdb`, `chdb`, `polars`, `otava`, `ruptures`, `prometheus_client` and
    /// `opentelemetry.proto`; those it cannot are left out
    #[arg(long, value_name = "PROGRAM")]
    pub(super) python: Option<PathBuf>,

    /// How many records are aggregated, a fifth of them where lines are irregular; and exported, a million at most
    #[arg(long, value_name = "N", default_value = "5000000")]
    pub(super) records: NonZeroU32,

    /// How many records the store holds for the report of a month
    #[arg(long, value_name = "N", default_value = "10000000")]
    pub(super) month_records: NonZeroU32,

    /// How many pairs of long commands are run; short ones 20 times as many, scripts 4 times, the slowest
    /// peers a fifth
    #[arg(long, value_name = "N", default_value = "15")]
    pub(super) pairs: NonZeroU32,

    /// Where generated records and the outputs of wrapped commands go
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    pub(super) work: PathBuf,

    /// Also write the result of `aggregate` as a page
    #[arg(long, value_name = "FILE")]
    pub(super) page: Option<PathBuf>,

    /// Which version of the tools this is, for the page
    #[arg(long, value_name = "NAME")]
    pub(super) revision: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    /// Wrapping a command, and the start-up of every tool
    Wrap,
    /// Aggregating a log
    Aggregate,
    /// Requests through the relay
    Api,
    /// Sampling processes
    Sample,
    /// Records to Prometheus and OpenTelemetry, and scrapes
    Export,
    /// Judging records, and telling of alerts
    Alert,
    /// The report of a year, and the page of a million runs
    Report,
    /// Finding change points, and comparing samples
    Detect,
    /// Everything
    All,
}

/// A comparison of `aggregate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    /// A long log, by command
    Command,
    /// The same, by command and hour
    Hour,
    /// A short log
    Small,
    /// One core, beside `wc -l`
    Core,
    /// A log without two lines alike
    Irregular,
    /// A log with one line in a hundred in another order
    Mixed,
    /// A stream whose windows close
    Live,
    /// The report of a month
    Month,
    /// Many writers to one store
    Append,
}

/// A word of the command line.
fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&word(self))
    }
}

impl Args {
    /// Whether the flags go together.
    pub(super) fn check(&self) -> Result<(), Usage> {
        if self.page.is_some() && self.what != What::Aggregate {
            let message = format!("a page is written of `aggregate`, not of `{}`", self.what);
            return Err(Usage::new(message, "try `scripts/bench aggregate --page docs/benchmarks.md`"));
        }
        Ok(())
    }

    /// The comparisons of `aggregate` that are wanted, in the order in which they are made.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part> {
        let wanted = |part: &Part| self.only.is_empty() || self.only.contains(part);
        Part::value_variants().iter().copied().filter(wanted)
    }

    /// The words that ask for the same again.
    pub(super) fn again(&self) -> String {
        let month = match self.what {
            What::Aggregate | What::All => format!(" --month-records {}", self.month_records),
            _ => String::new(),
        };
        let only: Vec<String> = self.only.iter().map(word).collect();
        let only = if only.is_empty() { String::new() } else { format!(" --only {}", only.join(",")) };
        format!("{} --records {} --pairs {}{month}{only}", self.what, self.records, self.pairs)
    }

    /// Rounds of commands that take about a millisecond: the noise is as long as they are.
    pub(super) fn short_rounds(&self) -> u32 {
        self.pairs.get().saturating_mul(20)
    }

    /// Rounds of commands that take some fifty milliseconds.
    pub(super) fn middling_rounds(&self) -> u32 {
        self.pairs.get().saturating_mul(4)
    }

    /// Rounds of commands that take many seconds.
    pub(super) fn long_rounds(&self) -> u32 {
        self.pairs.get().div_ceil(5)
    }
}
