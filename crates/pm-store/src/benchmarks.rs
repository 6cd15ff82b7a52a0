//! `benchmarks.yml`: how long commands should take.

use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

use crate::{Error, Store};

/// The limits of `benchmarks.yml`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Benchmarks {
    /// When, and with which version, the baselines were taken.
    pub baseline: Baseline,
    /// Limits by command.
    pub commands: IndexMap<String, Limits>,
    /// Sizes of projects, and what to expect of them.
    pub scenarios: IndexMap<String, Scenario>,
}

/// When, and with which version, the baselines were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Baseline {
    /// A date, `2024-12-01`.
    pub date: Option<String>,
    /// The host command's version.
    pub cli_version: Option<String>,
}

/// How long one command should take, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// What it took when the baseline was taken.
    pub baseline_ms: Option<f64>,
    /// What it should take.
    pub target_ms: Option<f64>,
    /// What it may take at most.
    pub max_acceptable_ms: Option<f64>,
}

/// The size of a project, and what to expect of it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// How many tasks it has.
    #[serde(default)]
    pub task_count: Option<f64>,
    /// How many dependencies it has.
    #[serde(default)]
    pub dependency_count: Option<f64>,
    /// The rating that is expected.
    pub expected_performance: Rating,
}

/// How good an average duration is against its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// At most the baseline.
    Excellent,
    /// At most halfway from the baseline to what is acceptable.
    Good,
    /// At most what is acceptable.
    Acceptable,
    /// More.
    Poor,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    benchmarks: Option<Benchmarks>,
}

impl Benchmarks {
    /// The store's limits; none when there is no file.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] with line and hint if the file cannot be meant.
    pub fn of(store: &Store) -> Result<Self, Error> {
        store.settings::<File>("benchmarks.yml").map(|file| file.benchmarks.unwrap_or_default())
    }

    /// The limits of a file that was named.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Settings`] with line and hint if it cannot be meant.
    pub fn of_file(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        crate::yaml::parse::<File>(path, &text).map(|file| file.benchmarks.unwrap_or_default())
    }
}

impl Limits {
    /// Rates an average duration; `None` unless both the baseline and the acceptable maximum are known.
    #[must_use]
    pub fn rate(&self, average_ms: f64) -> Option<Rating> {
        let (baseline, max) = (self.baseline_ms?, self.max_acceptable_ms?);
        Some(if average_ms <= baseline {
            Rating::Excellent
        } else if average_ms <= f64::midpoint(baseline, max) {
            Rating::Good
        } else if average_ms <= max {
            Rating::Acceptable
        } else {
            Rating::Poor
        })
    }
}

impl std::fmt::Display for Rating {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::Acceptable => "acceptable",
            Self::Poor => "poor",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification, with both of YAML's notations.
    const EXAMPLE: &str = r#"
benchmarks:
  baseline:
    date: "2024-12-01"
    cli_version: "2.0.0"

  commands:
    status:
      baseline_ms: 250
      target_ms: 200
      max_acceptable_ms: 500
    batch: { baseline_ms: 1800, target_ms: 1500, max_acceptable_ms: 3000 }

  scenarios:
    large_project:
      task_count: 200
      expected_performance: "good"
    complex_dependencies: { dependency_count: 500, expected_performance: "acceptable" }
"#;

    fn parse(text: &str) -> Result<Benchmarks, Error> {
        let file: File = crate::yaml::parse(Path::new("benchmarks.yml"), text)?;
        Ok(file.benchmarks.unwrap_or_default())
    }

    #[test]
    fn the_example_of_the_specification_is_read() {
        let benchmarks = parse(EXAMPLE).expect("the example");
        assert_eq!(benchmarks.baseline.date.as_deref(), Some("2024-12-01"));
        assert_eq!(benchmarks.commands["batch"].max_acceptable_ms, Some(3000.0));
        assert_eq!(benchmarks.scenarios["large_project"].expected_performance, Rating::Good);
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_nearest_one() {
        let error =
            parse("benchmarks:\n  commands:\n    status: { max_aceptable_ms: 5 }\n").expect_err("a slip");
        assert_eq!(error.to_string(), "benchmarks.yml:3: unknown key 'max_aceptable_ms'");
        assert_eq!(error.hint().as_deref(), Some("did you mean 'max_acceptable_ms'?"));
    }

    #[test]
    fn a_rating_goes_by_baseline_halfway_and_maximum() {
        let limits = Limits { baseline_ms: Some(250.0), target_ms: None, max_acceptable_ms: Some(500.0) };
        let rated =
            [250.0, 251.0, 375.0, 376.0, 500.0, 501.0].map(|average| limits.rate(average).expect("limits"));
        let [excellent, good, also_good, acceptable, also_acceptable, poor] = rated;
        assert_eq!((excellent, good, also_good), (Rating::Excellent, Rating::Good, Rating::Good));
        assert_eq!(
            (acceptable, also_acceptable, poor),
            (Rating::Acceptable, Rating::Acceptable, Rating::Poor)
        );
        assert_eq!(Limits::default().rate(1.0), None);
    }
}
