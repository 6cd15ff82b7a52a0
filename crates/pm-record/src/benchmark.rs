//! `benchmark_results`: how long commands took when they were run again and again. Made by `pm-report --as benchmark`.

use serde::{Deserialize, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{ComparisonStatus, PerformanceComparison, SampleSummary, Schema, Thousandths, Timestamp};

/// What a benchmark found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BenchmarkResults {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// When the first run began.
    pub test_date: Timestamp,
    /// The version of the host command, where the runs say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cli_version: Option<String>,
    /// Where it was measured.
    #[serde(default, deserialize_with = "null_as_default")]
    pub system_info: SystemInfo,
    /// Each command, in the order of its first run.
    pub command_results: Vec<CommandResult>,
    /// The same of the other variant, where two were measured in turn.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub baseline_results: Vec<CommandResult>,
    /// What became slower or quicker.
    #[serde(default, deserialize_with = "null_as_default")]
    pub regression_analysis: RegressionAnalysis,
    /// What was expected of projects of this size.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub scenario_results: Vec<ScenarioResult>,
}

/// A machine, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct SystemInfo {
    /// The operating system: `linux`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// The processor's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// How much memory it has: `16GB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// How many cores are online.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cores: Option<u64>,
    /// The machine's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What makes machines comparable, as in the runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

/// One command that was run again and again. Times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CommandResult {
    /// The command.
    pub command: String,
    /// How many runs count: each a process of its own.
    pub iterations: u64,
    /// Their arithmetic mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average_ms: Option<Thousandths>,
    /// The shortest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_ms: Option<Thousandths>,
    /// The longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ms: Option<Thousandths>,
    /// The sample standard deviation (n − 1); absent for a single run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub std_deviation: Option<Thousandths>,
    /// The average beside the limits of `benchmarks.yml`; absent without them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance_rating: Option<Rating>,
    /// The middle value, or the mean of the two in the middle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub median_ms: Option<Thousandths>,
    /// By the nearest rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentiles: Option<Percentiles>,
    /// The first run, which is not among the others: caches were cold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_ms: Option<Thousandths>,
    /// What `benchmarks.yml` says that it should take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ms: Option<Thousandths>,
    /// Each run, in the order in which they ran.
    #[serde(default, deserialize_with = "null_as_default")]
    pub times_ms: Vec<Thousandths>,
    /// Those that stand apart from the others. They count nevertheless.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub outliers: Vec<Outlier>,
    /// How many runs failed. They count too.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub failures: u64,
    /// How each run ended, in the same order as `times_ms`, unless all ended with 0; null after a signal.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub exit_codes: Vec<Option<i32>>,
    /// The median of the peaks of memory, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_mb: Option<Thousandths>,
    /// The mean CPU time in the programs themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_ms: Option<Thousandths>,
    /// The mean CPU time in the kernel for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_ms: Option<Thousandths>,
    /// Requests to GitHub of all runs together, where they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_made: Option<Thousandths>,
    /// What of the quota they used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit_consumed: Option<Thousandths>,
}

/// Percentiles of times, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Percentiles {
    /// The 50th.
    pub p50: Thousandths,
    /// The 90th.
    pub p90: Thousandths,
    /// The 95th.
    pub p95: Thousandths,
    /// The 99th.
    pub p99: Thousandths,
}

/// A run that stands apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Outlier {
    /// Which one; the first that counts is 1.
    pub iteration: u64,
    /// How long it took.
    pub ms: Thousandths,
}

/// What became slower or quicker, and whether the machine could tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct RegressionAnalysis {
    /// The time of each command that could be compared.
    #[serde(deserialize_with = "null_as_default")]
    pub performance_changes: Vec<BenchmarkChange>,
    /// Memory, CPU time, requests and points of each, where two variants were measured in turn.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub resource_changes: Vec<BenchmarkChange>,
    /// A command beside itself. If it seems to have changed, the machine cannot tell, and nothing else has either.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<BenchmarkChange>,
    /// What the commands were compared with: `baseline_ms`, a variant or a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<String>,
}

/// A metric of a command, before and now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BenchmarkChange {
    /// The command.
    pub command: String,
    /// By how much percent the values changed; absent where that has no meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_percentage: Option<Thousandths>,
    /// The verdict.
    pub status: ComparisonStatus,
    /// What is compared, by the path of its field; the time where nothing is said.
    #[serde(default = "duration", deserialize_with = "metric")]
    pub metric: String,
    /// What it was.
    #[serde(default, deserialize_with = "null_as_default")]
    pub baseline: SampleSummary,
    /// What it is.
    #[serde(default, deserialize_with = "null_as_default")]
    pub current: SampleSummary,
    /// Between what the change lies with 95 % confidence, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[Thousandths; 2]>,
    /// How likely chance alone makes such a difference; absent where nothing is left to chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// The same, given how many comparisons were made together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjusted_p_value: Option<f64>,
    /// About how many runs on each side would be enough, where these are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<u64>,
    /// Whether it would have been a change, had the control not been one too.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub withdrawn: bool,
}

fn duration() -> String {
    "duration.total_ms".to_owned()
}

fn metric<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(duration))
}

/// How a command did on a project of a size of which something is expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ScenarioResult {
    /// The scenario of `benchmarks.yml`.
    pub scenario: String,
    /// The command.
    pub command: String,
    /// The rating that is expected.
    pub expected_performance: Rating,
    /// The rating that it got.
    pub performance_rating: Rating,
    /// Whether that is at least as good.
    pub met: bool,
}

/// How good an average duration is against its limits; the best comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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

/// As a record of its own.
impl From<&BenchmarkChange> for PerformanceComparison {
    fn from(change: &BenchmarkChange) -> Self {
        Self {
            schema: Schema,
            command: change.command.clone(),
            metric: change.metric.clone(),
            machine: None,
            by: indexmap::IndexMap::new(),
            baseline: change.baseline,
            current: change.current,
            change_percentage: change.change_percentage,
            interval: change.interval,
            p_value: change.p_value,
            adjusted_p_value: change.adjusted_p_value,
            status: change.status,
            needed: change.needed,
            binned: false,
        }
    }
}
