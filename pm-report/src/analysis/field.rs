//! A field that a metric may go with: value by value, or, where its values are sizes, as a power of them.
//!
//! Each size counts once, with the median of its runs, on logarithms of both: the slope of the line through them is the
//! exponent. What a command takes to start makes it seem smaller than it is.

use pm_record::PerformanceSummary;
use pm_stats::{LeastSquares, Slope};

/// How many values are kept as they are, and how many sizes.
const MOST_VALUES: usize = 50;
const MOST_SIZES: usize = 10_000;

const CONFIDENCE: f64 = 0.95;

/// What is known of one field.
#[derive(Debug, Default)]
pub(crate) struct Field {
    /// Values with the runs that have them, as they came: those that many have first.
    pub(crate) values: Vec<(String, PerformanceSummary)>,
    sizes: Vec<(f64, f64)>,
    /// How many runs have a size, and whether anything has another value.
    runs: u64,
    has_words: bool,
}

/// How a metric goes with a size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Growth {
    pub(crate) exponent: Slope,
    /// The smallest size and the largest, with what the line says of them.
    pub(crate) ends: [(f64, f64); 2],
    pub(crate) runs: u64,
}

/// What a run has that does not have the field.
pub(super) const NONE: &str = "none";

impl Field {
    pub(super) fn push(&mut self, value: String, metric: &str, summary: PerformanceSummary) {
        let metric = summary.metrics.get(metric).and_then(|metric| metric.p50.or(metric.mean));
        match value.parse::<f64>().ok().filter(|size| size.is_finite()) {
            Some(size) => {
                // Nothing has a logarithm, and tells nothing of how something grows.
                let point = metric
                    .map(|metric| (size, metric.to_f64()))
                    .filter(|&(size, metric)| size > 0.0 && metric > 0.0);
                let room = MOST_SIZES - self.sizes.len();
                self.sizes.extend(point.into_iter().take(room));
                self.runs = self.runs.saturating_add(point.map_or(0, |_| summary.count));
            }
            None => self.has_words |= value != NONE,
        }
        if self.values.len() < MOST_VALUES {
            self.values.push((value, summary));
        }
    }

    pub(super) fn is_known(&self) -> bool {
        self.values.iter().any(|(value, _)| value != NONE)
    }

    /// How the metric goes with it, where all of its values are sizes and there are enough of them.
    pub(crate) fn growth(&self) -> Option<Growth> {
        if self.has_words {
            return None;
        }
        let points: Vec<_> = self.sizes.iter().map(|(size, metric)| ([size.ln()], metric.ln())).collect();
        let line = LeastSquares::through(&points, CONFIDENCE)?;
        let [exponent] = line.slopes;
        let sizes = || self.sizes.iter().map(|(size, _)| *size);
        let ends = [sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max)];
        let ends = ends.map(|size| (size, (line.intercept + exponent.value * size.ln()).exp()));
        Some(Growth { exponent, ends, runs: self.runs })
    }
}
