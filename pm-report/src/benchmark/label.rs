//! The labels by which whoever runs a benchmark says what each run is for. `docs/benchmark-command.md` has them.

use indexmap::IndexMap;
use pm_record::Scalar;

/// The host command's version.
pub(super) const VERSION: &str = "cli_version";

/// What the other side is called.
pub(super) const NAME: &str = "benchmark_name";

const SIDE: &str = "benchmark_side";
const PART: &str = "benchmark_part";

/// On which side of a comparison a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What is asked about.
    Current,
    /// What it is compared with.
    Baseline,
    /// The same as what is asked about: what differs from it differs by chance.
    Control,
}

/// Whether a run counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The first run, which finds caches cold.
    First,
    /// Only there to warm them.
    WarmUp,
    /// It counts.
    Measured,
}

impl Side {
    pub(super) fn of(context: &IndexMap<String, Scalar>) -> Self {
        match context.get(SIDE) {
            Some(Scalar::Text(side)) if side == "baseline" => Self::Baseline,
            Some(Scalar::Text(side)) if side == "control" => Self::Control,
            _ => Self::Current,
        }
    }
}

impl Part {
    pub(super) fn of(context: &IndexMap<String, Scalar>) -> Self {
        match context.get(PART) {
            Some(Scalar::Text(part)) if part == "first" => Self::First,
            Some(Scalar::Text(part)) if part == "warm-up" => Self::WarmUp,
            _ => Self::Measured,
        }
    }
}
