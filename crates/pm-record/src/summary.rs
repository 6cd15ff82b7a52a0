//! `performance_summary`: what a group of runs had in common. Made by `pm-aggregate`.

use indexmap::IndexMap;
use pm_stats::{Distribution, Moments, Outliers};
use serde::{Deserialize, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{Scalar, Schema, Thousandths, Timestamp};

/// One group of runs in one window of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PerformanceSummary {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// What the runs share: `{"command":"batch"}`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub by: IndexMap<String, Scalar>,
    /// The time the group covers.
    pub window: Window,
    /// How many runs.
    pub count: u64,
    /// How many of them failed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub failures: u64,
    /// How many of them ran inside of another run that has a record too, whose time holds theirs.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub nested: u64,
    /// Runs that did not fail over all runs, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success_rate: Option<Thousandths>,
    /// Runs a minute over the window; absent for a single run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<Thousandths>,
    /// How long those took that failed and had started, in milliseconds; they are part of the metrics too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_duration: Option<MomentsSummary>,
    /// How long those took that are `nested`, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nested_duration: Option<MomentsSummary>,
    /// Every metric that was seen, by its field: `duration.total_ms`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub metrics: IndexMap<String, MetricSummary>,
    /// Sums over all runs of the counters of `github_api`, by the counter's name.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub api_totals: IndexMap<String, Thousandths>,
    /// Cache hits over hits and misses, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_hit_rate: Option<Thousandths>,
    /// The machines that ran them: the first 64 by name.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub machines: Vec<String>,
}

/// How many machines a summary names.
pub const MACHINES: usize = 64;

/// A span of time; the end is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Window {
    /// Its first instant.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

/// One metric over a group of runs, in the metric's unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MetricSummary {
    /// How many runs had it.
    pub count: u64,
    /// Their sum.
    pub sum: Thousandths,
    /// Their arithmetic mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Thousandths>,
    /// Their sample standard deviation (n − 1); absent for a single run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std_deviation: Option<Thousandths>,
    /// The smallest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Thousandths>,
    /// The largest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Thousandths>,
    /// The median, by the nearest rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<Thousandths>,
    /// The 90th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90: Option<Thousandths>,
    /// The 95th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p95: Option<Thousandths>,
    /// The 99th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<Thousandths>,
    /// How many lie far from the median, where quantiles are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outliers: Option<OutlierCounts>,
}

/// Values of which only the moments are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MomentsSummary {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: Thousandths,
    /// Their arithmetic mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Thousandths>,
    /// Their sample standard deviation (n − 1); absent for a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std_deviation: Option<Thousandths>,
    /// The smallest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Thousandths>,
    /// The largest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Thousandths>,
}

/// How many values lie further from the median than 14.826 times the median absolute deviation, which counts as
/// at least a thousandth of the median and of the unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OutlierCounts {
    /// Far below the median.
    #[serde(default, deserialize_with = "null_as_default")]
    pub low: u64,
    /// Far above it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub high: u64,
}

impl From<Outliers> for OutlierCounts {
    fn from(Outliers { low, high }: Outliers) -> Self {
        Self { low, high }
    }
}

impl From<&Moments> for MomentsSummary {
    fn from(moments: &Moments) -> Self {
        let nearest = if moments.sum() < 0 { i64::MIN } else { i64::MAX };
        Self {
            count: moments.count(),
            sum: Thousandths(i64::try_from(moments.sum()).unwrap_or(nearest)),
            mean: moments.mean().map(Thousandths),
            std_deviation: moments.std_deviation().map(Thousandths),
            min: moments.min().map(Thousandths),
            max: moments.max().map(Thousandths),
        }
    }
}

impl From<&Moments> for MetricSummary {
    fn from(moments: &Moments) -> Self {
        let MomentsSummary { count, sum, mean, std_deviation, min, max } = moments.into();
        Self {
            count,
            sum,
            mean,
            std_deviation,
            min,
            max,
            p50: None,
            p90: None,
            p95: None,
            p99: None,
            outliers: None,
        }
    }
}

impl From<&Distribution> for MetricSummary {
    fn from(distribution: &Distribution) -> Self {
        let quantile = |q| distribution.quantile(q).map(Thousandths);
        Self {
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            outliers: Some(distribution.outliers().into()),
            ..Self::from(distribution.moments())
        }
    }
}
