//! `performance_partial`: the exact state of a summary, to be merged with others. Made by
//! `pm-aggregate --partial`.
//!
//! One line holds one metric of one group, or, without a metric, the group itself, so that a line stays
//! below 256 KiB, a quarter of the longest a reader takes: the fullest histogram of durations has 8,193
//! buckets whose counts add up to a `u64`, 25 bytes each; 64 machines have 256 bytes each, escaped at
//! worst as 1.5 KiB; and so has a label. Sums are decimal strings, because most JSON readers lose digits
//! beyond 2^53. Values and histogram exclude each other: up to 64 values a histogram says nothing that the
//! values do not.

mod reading;
mod text;

use std::collections::BTreeSet;

pub use reading::{Partial, State};

use indexmap::IndexMap;
use pm_stats::{Buckets, Distribution, Histogram, Moments, Sample};
use serde::{Deserialize, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{Scalar, Schema, Timestamp, Window};

/// A group's state, or that of one of its metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PerformancePartial {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// What the runs of the group share.
    pub by: IndexMap<String, Scalar>,
    /// The fixed window the group belongs to; absent when all time is one window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Whether these are the runs of the group that ran inside of another run that has a record too. They stand
    /// apart, because only a group of one command counts them.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub nested: bool,
    /// The group's own counts, on a line without a metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<PartialGroup>,
    /// The metric, by its field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// The metric's state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<PartialMetric>,
}

/// The counts of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartialGroup {
    /// How many runs.
    pub count: u64,
    /// How many of them failed.
    pub failures: u64,
    /// The durations of those that failed and had started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_duration: Option<PartialMoments>,
    /// When the time began that they were taken from: as asked for, else with the first run.
    pub first: Timestamp,
    /// When it ended: as asked for, else with the last run.
    pub last: Timestamp,
    /// The machines that ran them: the first 64 by name.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub machines: BTreeSet<String>,
}

impl PartialGroup {
    /// Whether runs can have left these counts.
    ///
    /// # Errors
    ///
    /// [`Contradiction`] if they cannot: a hostile or damaged line.
    pub fn check(&self) -> Result<(), Contradiction> {
        let possible =
            (1..=1 << 53).contains(&self.count) && self.failures <= self.count && self.first <= self.last;
        if possible { self.failed_moments().map(|_| ()) } else { Err(Contradiction) }
    }

    /// The durations of the runs that failed, restored.
    ///
    /// # Errors
    ///
    /// [`Contradiction`] if no failures can have left them.
    pub fn failed_moments(&self) -> Result<Moments, Contradiction> {
        let Some(state) = &self.failed_duration else { return Ok(Moments::default()) };
        let moments = state.restore()?;
        let possible = moments.count() <= self.failures && moments.min() >= Some(0);
        if possible { Ok(moments) } else { Err(Contradiction) }
    }
}

/// The exact state of one metric; values in thousandths of its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartialMetric {
    /// How many values.
    pub count: u64,
    /// Their sum, a decimal integer.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^-?[0-9]+$")))]
    pub sum: String,
    /// The sum of their squares, a decimal integer.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+$")))]
    pub sum_of_squares: String,
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
    /// The values themselves, rising, while a distribution has at most 64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = pm_stats::EXACT_VALUES)))]
    pub values: Option<Vec<i64>>,
    /// Their histogram, when a distribution has more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<PartialHistogram>,
}

/// The exact state of values of which only the moments are kept, in thousandths of their unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartialMoments {
    /// How many values.
    pub count: u64,
    /// Their sum, a decimal integer.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^-?[0-9]+$")))]
    pub sum: String,
    /// The sum of their squares, a decimal integer.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+$")))]
    pub sum_of_squares: String,
    /// The smallest.
    pub min: i64,
    /// The largest.
    pub max: i64,
}

/// A sparse exponential histogram of scale 7: pairs of bucket index and count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PartialHistogram {
    /// The scale; only 7 is read.
    #[cfg_attr(feature = "schema", schemars(range(min = Histogram::SCALE, max = Histogram::SCALE)))]
    pub scale: i32,
    /// How many values were zero.
    pub zero: u64,
    /// Buckets of the values above zero.
    pub positive: Vec<(i32, u64)>,
    /// Buckets of the values below zero, by magnitude.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub negative: Vec<(i32, u64)>,
}

/// What a metric's state restores to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MetricState {
    /// Count, sum, deviation and extremes.
    Moments(Moments),
    /// The same and quantiles.
    Distribution(Distribution),
}

/// A state that no stream of values could have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the figures of this partial result contradict each other")]
pub struct Contradiction;

impl PartialMoments {
    /// The state of moments that have had a value; `None` for those that have not.
    #[must_use]
    pub fn new(moments: &Moments) -> Option<Self> {
        Some(Self {
            count: moments.count(),
            sum: moments.sum().to_string(),
            sum_of_squares: moments.sum_of_squares().to_string(),
            min: moments.min()?,
            max: moments.max()?,
        })
    }

    fn restore(&self) -> Result<Moments, Contradiction> {
        let sum = self.sum.parse().map_err(|_| Contradiction)?;
        let sum_of_squares = self.sum_of_squares.parse().map_err(|_| Contradiction)?;
        Moments::from_parts(self.count, sum, sum_of_squares, Some((self.min, self.max))).ok_or(Contradiction)
    }
}

impl PartialMetric {
    /// The state of a metric that has had a value; `None` for one that has not.
    #[must_use]
    pub fn from_moments(moments: &Moments) -> Option<Self> {
        let PartialMoments { count, sum, sum_of_squares, min, max } = PartialMoments::new(moments)?;
        Some(Self { count, sum, sum_of_squares, min, max, values: None, histogram: None })
    }

    /// The same for a metric with quantiles.
    #[must_use]
    pub fn from_distribution(distribution: &Distribution) -> Option<Self> {
        let moments = Self::from_moments(distribution.moments())?;
        Some(match distribution.sample() {
            Sample::Values(values) => Self { values: Some(values.clone()), ..moments },
            Sample::Histogram(histogram) => Self { histogram: Some(histogram.into()), ..moments },
        })
    }

    /// The state that was written.
    ///
    /// # Errors
    ///
    /// [`Contradiction`] if the figures cannot belong together: a hostile or damaged line.
    pub(crate) fn restore(&self) -> Result<MetricState, Contradiction> {
        let Self { count, min, max, .. } = *self;
        let (sum, sum_of_squares) = (self.sum.clone(), self.sum_of_squares.clone());
        let moments = PartialMoments { count, sum, sum_of_squares, min, max }.restore()?;
        let sample = match (&self.values, &self.histogram) {
            (None, None) => return Ok(MetricState::Moments(moments)),
            (Some(values), None) => Sample::Values(values.clone()),
            (None, Some(histogram)) => Sample::Histogram(histogram.restore()?),
            (Some(_), Some(_)) => return Err(Contradiction),
        };
        Distribution::from_parts(&moments, sample).map(MetricState::Distribution).ok_or(Contradiction)
    }
}

impl From<&Histogram> for PartialHistogram {
    fn from(histogram: &Histogram) -> Self {
        Self {
            scale: Histogram::SCALE,
            zero: histogram.zero,
            positive: histogram.positive.iter().collect(),
            negative: histogram.negative.iter().collect(),
        }
    }
}

impl PartialHistogram {
    fn restore(&self) -> Result<Histogram, Contradiction> {
        if self.scale != Histogram::SCALE {
            return Err(Contradiction);
        }
        let positive = restore_buckets(&self.positive)?;
        let negative = restore_buckets(&self.negative)?;
        Ok(Histogram { zero: self.zero, positive, negative })
    }
}

fn restore_buckets(pairs: &[(i32, u64)]) -> Result<Buckets, Contradiction> {
    let mut buckets = Buckets::default();
    let mut total = 0_u64;
    for &(index, count) in pairs {
        // A count that overflows the total would panic later, far from the line that is to blame.
        total = total.checked_add(count).ok_or(Contradiction)?;
        if !Buckets::RANGE.contains(&index) {
            return Err(Contradiction);
        }
        buckets.add(index, count);
    }
    Ok(buckets)
}

#[cfg(test)]
mod tests;
