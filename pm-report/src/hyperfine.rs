//! hyperfine's JSON: written for what reads it, and read as what a benchmark is compared with.
//!
//! Times are in seconds there. Only `command` is asked for on reading, because exports of its versions differ.

use pm_record::{BenchmarkResults, CommandResult, Thousandths};
use serde::{Deserialize, Serialize};

/// What `hyperfine --export-json` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Document {
    pub(crate) results: Vec<Entry>,
}

/// One command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(crate) command: String,
    mean: Option<f64>,
    stddev: Option<f64>,
    median: Option<f64>,
    user: Option<f64>,
    system: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    times: Option<Vec<f64>>,
    exit_codes: Option<Vec<Option<i32>>>,
}

impl Document {
    /// The document, if it is one: whatever else is JSON is none.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text)
            .ok()
            .filter(|document: &Self| document.results.iter().all(|entry| !entry.command.is_empty()))
    }

    /// The document as text.
    pub(crate) fn write(&self) -> String {
        // Only strings are keys, and numbers that are none become null.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Adds the commands of a benchmark; those of its other side are called by what they are.
    pub(crate) fn push(&mut self, results: &BenchmarkResults) {
        self.results.extend(results.command_results.iter().map(|result| Entry::of(result, None)));
        let other = results.regression_analysis.compared_with.as_deref().unwrap_or("baseline");
        self.results.extend(results.baseline_results.iter().map(|result| Entry::of(result, Some(other))));
    }
}

fn seconds(time: Thousandths) -> f64 {
    time.0 as f64 / 1e6
}

impl Entry {
    fn of(result: &CommandResult, side: Option<&str>) -> Self {
        let command = match side {
            Some(side) => format!("{} ({side})", result.command),
            None => result.command.clone(),
        };
        let exit_codes = match &result.exit_codes[..] {
            [] => vec![Some(0); result.times_ms.len()],
            codes => codes.to_vec(),
        };
        Self {
            command,
            mean: result.average_ms.map(seconds),
            stddev: result.std_deviation.map(seconds),
            median: result.median_ms.map(seconds),
            user: result.user_ms.map(seconds),
            system: result.system_ms.map(seconds),
            min: result.min_ms.map(seconds),
            max: result.max_ms.map(seconds),
            times: Some(result.times_ms.iter().copied().map(seconds).collect()),
            exit_codes: Some(exit_codes),
        }
    }

    /// Each run, in milliseconds.
    pub(crate) fn times_ms(&self) -> Vec<f64> {
        let times = self.times.iter().flatten();
        times.filter(|time| time.is_finite() && **time > 0.0).map(|time| time * 1000.0).collect()
    }

    /// Their middle, or else their mean, in milliseconds.
    pub(crate) fn median_ms(&self) -> Option<f64> {
        self.median.or(self.mean).filter(|time| time.is_finite() && *time > 0.0).map(|time| time * 1000.0)
    }
}
