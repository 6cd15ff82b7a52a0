//! `performance_comparison` and `performance_change`: did it become slower, and since when? Made by `pm-aggregate`.

use indexmap::IndexMap;
use pm_stats::Median;
use serde::{Deserialize, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{Scalar, Schema, Thousandths, Timestamp};

/// One metric of one command, before and now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PerformanceComparison {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// The command.
    pub command: String,
    /// What is compared, by the path of its field: `duration.total_ms`.
    pub metric: String,
    /// The machine that all runs ran on, where it is known and only one was compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Further fields whose values made the groups.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub by: IndexMap<String, Scalar>,
    /// What it was.
    pub baseline: SampleSummary,
    /// What it is.
    pub current: SampleSummary,
    /// By how much percent the values changed; absent where that has no meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_percentage: Option<Thousandths>,
    /// Between what the change lies with 95 % confidence, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[Thousandths; 2]>,
    /// How likely chance alone makes such a difference; absent where nothing is left to chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// The same, given how many comparisons were made together: what the status is derived from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted_p_value: Option<f64>,
    /// The verdict.
    pub status: ComparisonStatus,
    /// About how many runs on each side would be enough, where these are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<u64>,
    /// Whether some of it comes from histograms, whose values are off by up to 0.27 %.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub binned: bool,
}

/// One side of a comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SampleSummary {
    /// How many runs have the metric. A limit of `benchmarks.yml` has none.
    #[serde(default, deserialize_with = "null_as_default")]
    pub count: u64,
    /// Their median: the middle value, or the mean of the two in the middle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median: Option<Thousandths>,
    /// Between what the median lies with 95 % confidence, whatever the distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[Thousandths; 2]>,
}

/// The verdict of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ComparisonStatus {
    /// It became worse.
    Regressed,
    /// It became better.
    Improved,
    /// Nobody can tell from these runs.
    Inconclusive,
    /// It is what it was.
    Unchanged,
}

/// A place in time since which a metric of a command has another level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PerformanceChange {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// The command.
    pub command: String,
    /// What changed, by the path of its field: `duration.total_ms`.
    pub metric: String,
    /// The machine that all runs ran on, where it is known and only one was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Further fields whose values made the groups.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub by: IndexMap<String, Scalar>,
    /// When the first run after the change started.
    pub timestamp: Timestamp,
    /// The first and the last run that may really be the first one after it.
    pub between: [Timestamp; 2],
    /// What it was, from the change before or from the beginning on.
    pub before: SampleSummary,
    /// What it is, up to the next change or to the end.
    pub after: SampleSummary,
    /// By how much percent the values changed; absent where that has no meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_percentage: Option<Thousandths>,
    /// Between what the change lies with 95 % confidence, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[Thousandths; 2]>,
    /// How strong the evidence is: the probability of such ranks by chance, at this one place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// Whether it became worse or better.
    pub direction: ChangeDirection,
}

/// Whether a change is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChangeDirection {
    /// It became worse.
    Regression,
    /// It became better.
    Improvement,
}

impl SampleSummary {
    /// A side of so many runs, whose median is in the metric's unit.
    #[must_use]
    pub fn new(count: u64, median: &Median) -> Self {
        let interval = median.interval.and_then(|(low, high)| interval(low, high));
        Self { count, median: Thousandths::from_f64(median.value), interval }
    }
}

/// Both ends of an interval, if they can be written.
#[must_use]
pub fn interval(low: f64, high: f64) -> Option<[Thousandths; 2]> {
    Some([Thousandths::from_f64(low)?, Thousandths::from_f64(high)?])
}

/// A ratio as a change in percent: 1.25 is 25.
#[must_use]
pub fn percentage(ratio: f64) -> Option<Thousandths> {
    Thousandths::from_f64((ratio - 1.0) * 100.0)
}
