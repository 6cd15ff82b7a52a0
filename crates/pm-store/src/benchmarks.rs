//! `benchmarks.yml`: how long commands should take, and how they are run to find out.

mod rewriting;

use std::fmt::Write as _;
use std::path::Path;

use indexmap::IndexMap;
use pm_record::Rating;
use serde::Deserialize;

pub use rewriting::NewBaselines;

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

/// How long one command should take, in milliseconds, and how a benchmark runs it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// What it took when the baseline was taken.
    pub baseline_ms: Option<f64>,
    /// What it should take.
    pub target_ms: Option<f64>,
    /// What it may take at most.
    pub max_acceptable_ms: Option<f64>,
    /// What a benchmark runs: a program and its arguments. Without it the host command with this name.
    pub run: Option<Vec<String>>,
    /// Whether a benchmark may run it unasked, because it changes nothing.
    pub safe: Option<bool>,
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
        let file = std::fs::File::open(path).map_err(Error::io("read", path))?;
        let text = crate::yaml::text(path, file)?;
        crate::yaml::parse::<File>(path, &text).map(|file| file.benchmarks.unwrap_or_default())
    }

    /// The settings that start a program, in a form that changes when one of them does, a line each; `None` when
    /// there are none.
    #[must_use]
    pub fn sensitive(&self) -> Option<String> {
        let mut text = String::new();
        for (name, limits) in &self.commands {
            let safe = if limits.safe == Some(true) { ", safe" } else { "" };
            match &limits.run {
                Some(words) => _ = writeln!(text, "benchmark {name:?}: {words:?}{safe}"),
                None if !safe.is_empty() => _ = writeln!(text, "benchmark {name:?}: the host command{safe}"),
                None => {}
            }
        }
        (!text.is_empty()).then_some(text)
    }

    /// The scenarios that a project of some size is like: of those that name its kind of size the nearest one, by
    /// ratio, unless the project has less than half of what the smallest has. A `project_size` that is the name of a scenario, with or
    /// without `_project` at its end, outranks them.
    #[must_use]
    pub fn scenarios_of(&self, size: &ProjectSize<'_>) -> Vec<(&str, &Scenario)> {
        let is_called = |name: &str| size.name == Some(name) || name.strip_suffix("_project") == size.name;
        if size.name.is_some()
            && let Some((name, scenario)) = self.scenarios.iter().find(|(name, _)| is_called(name))
        {
            return vec![(name, scenario)];
        }
        let nearest = |count: Option<f64>, of: fn(&Scenario) -> Option<f64>| {
            let count = count.filter(|&count| count > 0.0)?;
            let sized = self.scenarios.iter().filter_map(|(name, scenario)| {
                Some((name.as_str(), scenario, of(scenario).filter(|&wanted| wanted > 0.0)?))
            });
            let away = |wanted: f64| (count / wanted).ln().abs();
            let is_smaller_than_all = sized.clone().all(|(.., wanted)| count < wanted / 2.0);
            let nearest = sized.min_by(|one, other| away(one.2).total_cmp(&away(other.2)));
            nearest.filter(|_| !is_smaller_than_all).map(|(name, scenario, _)| (name, scenario))
        };
        let tasks = nearest(size.task_count, |scenario| scenario.task_count);
        let dependencies = nearest(size.dependency_count, |scenario| scenario.dependency_count);
        let dependencies = dependencies.filter(|other| tasks.is_none_or(|one| one.0 != other.0));
        tasks.into_iter().chain(dependencies).collect()
    }
}

/// How large a project is, as far as that is known.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ProjectSize<'a> {
    /// What it was called: the label `project_size`.
    pub name: Option<&'a str>,
    /// How many tasks it has.
    pub task_count: Option<f64>,
    /// How many dependencies it has.
    pub dependency_count: Option<f64>,
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
        assert_eq!(error.to_string(), "benchmarks.yml:3:15: unknown key 'max_aceptable_ms'");
        assert_eq!(error.hint().as_deref(), Some("did you mean 'max_acceptable_ms'?"));
    }

    #[test]
    fn a_rating_goes_by_baseline_halfway_and_maximum() {
        let limits = Limits { baseline_ms: Some(250.0), max_acceptable_ms: Some(500.0), ..Limits::default() };
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

    #[test]
    fn what_a_benchmark_runs_is_sensitive_and_keeps_its_words() {
        let read = parse(
            "benchmarks: { commands: { a: { run: [sleep, 0.10, \"x\\ny\"], safe: true }, status: { baseline_ms: 1 }, b: { safe: true } } }\n",
        );
        let benchmarks = read.expect("commands");
        assert_eq!(
            benchmarks.commands["a"].run.as_deref(),
            Some(&["sleep", "0.10", "x\ny"].map(str::to_owned)[..])
        );
        assert_eq!(
            benchmarks.sensitive().as_deref(),
            Some(
                "benchmark \"a\": [\"sleep\", \"0.10\", \"x\\ny\"], safe\nbenchmark \"b\": the host command, safe\n"
            )
        );
        assert_eq!(parse(EXAMPLE).expect("the example").sensitive(), None);
    }

    #[test]
    fn a_project_is_like_the_scenario_of_the_nearest_size() {
        let text = EXAMPLE.replace(
            "    large_project:",
            "    small_project: { task_count: 20, expected_performance: excellent }\n    large_project:",
        );
        let benchmarks = parse(&text).expect("scenarios");
        let of = |size: ProjectSize<'_>| {
            benchmarks.scenarios_of(&size).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let tasks = |count| of(ProjectSize { task_count: Some(count), ..ProjectSize::default() });
        // The specification calls a project with 87 tasks large.
        assert_eq!(tasks(87.0), ["large_project"]);
        assert_eq!([tasks(60.0), tasks(10.0)], [["small_project"]; 2]);
        assert_eq!([tasks(9.0), tasks(0.0), tasks(-1.0)], [[""; 0]; 3]);
        let both = ProjectSize { task_count: Some(500.0), dependency_count: Some(250.0), name: None };
        assert_eq!(of(both), ["large_project", "complex_dependencies"]);
        for name in ["small_project", "small"] {
            assert_eq!(of(ProjectSize { name: Some(name), ..both }), ["small_project"]);
        }
        assert_eq!(of(ProjectSize { name: Some("other"), ..both }).len(), 2);
        assert!(of(ProjectSize::default()).is_empty());
    }
}
