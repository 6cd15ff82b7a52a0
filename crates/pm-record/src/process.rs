//! `process_trace`: one process of a command's tree. Made by `pm-wrap --trace` and `--sample`.

use serde::{Deserialize, Serialize};

use crate::{Schema, Thousandths, Timestamp};

/// One process of the tree, from its start to its end.
///
/// A process that was still alive when tracing ended has no `duration_ms`, and nothing that is known only
/// at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ProcessTrace {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// That of the run the process belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
    /// When the process started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The process's number, which the system may give again later in the same run.
    pub pid: u32,
    /// The number of the process that started it; the command itself has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u32>,
    /// The base name of the program that it ran last.
    pub program: String,
    /// When it started, counted from the start of the command.
    pub start_ms: Thousandths,
    /// How long it lived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<Thousandths>,
    /// Its own user and system time, without that of its children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_time_ms: Option<Thousandths>,
    /// The most memory it held at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory_mb: Option<Thousandths>,
    /// The exit status, unless a signal ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}
