//! `performance_metrics`: what one run of one command cost. Made by `pm-wrap`.

use indexmap::IndexMap;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{Scalar, Schema, Thousandths, Timestamp};

/// One run of one command.
///
/// A reader needs only `command`, `timestamp` and `duration.total_ms`. Whatever could not be measured is
/// absent: there are no made-up zeros.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PerformanceMetrics {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// What ran: a label of low cardinality, never user data.
    pub command: String,
    /// `exec_` and 12 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
    /// When the command started.
    pub timestamp: Timestamp,
    /// How long it took.
    pub duration: Duration,
    /// What the whole process tree used.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub resource_usage: ResourceUsage,
    /// What it asked of GitHub's API.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub github_api: GithubApi,
    /// Labels: `project_size`, `task_count`, `dependency_count`, `concurrent_operations` and the user's own.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub context: IndexMap<String, Scalar>,
    /// The exit status, unless a signal ended the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The number of the signal that ended the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// How the run ended, in a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The program's base name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The machine's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// A hash of what makes machines comparable: processor, cores, memory, operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Where the run stands in a distributed trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// Whether tracing changed what the command could do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_degraded: Option<bool>,
    /// How long the command was stopped (^Z), in milliseconds; part of `duration.total_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_ms: Option<Thousandths>,
    /// The arguments, when they were asked for; what looks like a secret is masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<String>>,
    /// Whether labels were left out to keep the line short enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<bool>,
}

/// The same number on every system that has it.
const SIGPIPE: i32 = 13;

impl PerformanceMetrics {
    /// A run of `command` that began at `timestamp` and took `total_ms`; everything else unknown.
    #[must_use]
    pub fn new(command: String, timestamp: Timestamp, total_ms: Thousandths) -> Self {
        Self {
            schema: Schema,
            command,
            execution_id: None,
            timestamp,
            duration: Duration { total_ms, phases: IndexMap::new() },
            resource_usage: ResourceUsage::default(),
            github_api: GithubApi::default(),
            context: IndexMap::new(),
            exit_code: None,
            signal: None,
            status: None,
            program: None,
            host: None,
            machine: None,
            trace: None,
            trace_degraded: None,
            stopped_ms: None,
            args: None,
            truncated: None,
        }
    }

    /// When the run ended.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        Timestamp::from_millis(self.timestamp.as_millis().saturating_add(self.duration.total_ms.0 / 1000))
    }

    /// Whether the run is known not to have succeeded. A command whose reader had read enough has done its
    /// job: SIGPIPE, as `| head` causes it, is no failure.
    #[must_use]
    pub fn failed(&self) -> bool {
        match self.status {
            _ if self.signal == Some(SIGPIPE) => false,
            Some(Status::Success) => false,
            Some(Status::Failure | Status::Signaled | Status::Timeout | Status::NotStarted) => true,
            Some(Status::Other) | None => {
                self.signal.is_some() || self.exit_code.is_some_and(|code| code != 0)
            }
        }
    }
}

/// Wall time, in milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Duration {
    /// From just before the command was started until its end was known.
    #[serde(deserialize_with = "not_negative")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub total_ms: Thousandths,
    /// Parts of the total by name (`data_fetching_ms`), in the order they first began.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub phases: IndexMap<String, Thousandths>,
}

fn not_negative<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Thousandths, D::Error> {
    let total = Thousandths::deserialize(deserializer)?;
    if total.0 < 0 { Err(D::Error::custom("duration.total_ms is negative")) } else { Ok(total) }
}

/// What the command and its reaped descendants used. Memory in MiB, times in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct ResourceUsage {
    /// The most memory held at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_mb: Option<Thousandths>,
    /// Memory held on average over the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_memory_mb: Option<Thousandths>,
    /// User and system time together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_time_ms: Option<Thousandths>,
    /// Read and write system calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_operations: Option<Thousandths>,
    /// Time in the programs themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_ms: Option<Thousandths>,
    /// Time in the kernel for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_ms: Option<Thousandths>,
    /// How the peak was obtained.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_source: Option<String>,
    /// How many times the tree's memory was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_samples: Option<Thousandths>,
    /// Bytes read from storage, pipes and terminals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_bytes: Option<Thousandths>,
    /// Bytes written to storage, pipes and terminals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written_bytes: Option<Thousandths>,
    /// Page faults, minor and major.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_faults: Option<Thousandths>,
    /// Context switches, voluntary and involuntary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_switches: Option<Thousandths>,
    /// How many processes the tree had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processes: Option<Thousandths>,
}

/// Requests to GitHub's API and what they cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct GithubApi {
    /// Requests that left the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_made: Option<Thousandths>,
    /// Quota used by these requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_consumed: Option<Thousandths>,
    /// Quota left after the last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_remaining: Option<Thousandths>,
    /// Answers that came from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_hits: Option<Thousandths>,
    /// Answers that could have come from a cache and did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_misses: Option<Thousandths>,
    /// GraphQL points.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graphql_points: Option<Thousandths>,
    /// Requests that repeated a failed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<Thousandths>,
    /// Time spent waiting for limits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<Thousandths>,
    /// The change of the account's quota over the run, which other processes share.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota_delta: Option<QuotaDelta>,
}

/// A difference of two quota readings, and how far it can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct QuotaDelta {
    /// Quota used between the readings.
    pub value: Thousandths,
    /// `exclusive`, `contaminated`, `window_rolled` or `unknown`.
    pub confidence: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Exit status 0.
    Success,
    /// Another exit status.
    Failure,
    /// A signal ended it.
    Signaled,
    /// It ran into the time limit of its wrapper.
    Timeout,
    /// It could not be started.
    NotStarted,
    /// A word that a later version wrote.
    #[serde(other)]
    Other,
}

/// Identifiers of W3C Trace Context, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trace {
    /// 32 digits.
    pub trace_id: String,
    /// 16 digits: this run.
    pub span_id: String,
    /// 16 digits: what started this run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<String>,
    /// The execution that started this run, when it has a record of its own: then its time holds this run's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_execution_id: Option<String>,
}
