//! What was typed.

use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;

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

    /// Where the built tools are
    #[arg(long, value_name = "DIR")]
    pub(super) bin: PathBuf,

    /// A Python that can import `duckdb`; without one, that peer is left out
    #[arg(long, value_name = "PROGRAM")]
    pub(super) python: Option<PathBuf>,

    /// How many records are aggregated
    #[arg(long, value_name = "N", default_value = "200000")]
    pub(super) records: NonZeroU32,

    /// How many pairs of long commands are run; short ones 20 times as many, scripts 4 times, jq a fifth
    #[arg(long, value_name = "N", default_value = "15")]
    pub(super) pairs: NonZeroU32,

    /// Where generated records and the outputs of wrapped commands go
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    pub(super) work: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum What {
    /// Wrapping a command, and the start-up of every tool
    Wrap,
    /// Aggregating a log
    Aggregate,
    /// Everything
    All,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wrap => "wrap",
            Self::Aggregate => "aggregate",
            Self::All => "all",
        })
    }
}

impl Args {
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
