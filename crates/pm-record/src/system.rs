//! `system_metrics`: one tick of a process tree and of the machine it runs on. To be made by `pm-sample`.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{Schema, Thousandths, Timestamp};

/// One tick.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SystemMetrics {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// When the reading was taken.
    pub timestamp: Timestamp,
    /// Memory of the process tree and of the machine.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub memory: Memory,
    /// Processor use since the tick before.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub cpu: Cpu,
    /// Disk use.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub disk: Disk,
    /// Network use.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub network: Network,
    /// How many processes the tree has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<Thousandths>,
    /// The load averages over 1, 5 and 15 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_average: Option<Vec<Thousandths>>,
    /// Pressure stall information by resource, in percent of the last 10 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<IndexMap<String, Thousandths>>,
    /// How late the tick came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<Thousandths>,
    /// The machine's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// A hash of what makes machines comparable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

/// Memory, in MiB.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Memory {
    /// What the process tree holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_memory_mb: Option<Thousandths>,
    /// What the machine could still give.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_memory_available_mb: Option<Thousandths>,
    /// The first over the second, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_usage_percentage: Option<Thousandths>,
}

/// Processor use, in percent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Cpu {
    /// The process tree's use; 100 is one core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_cpu_percentage: Option<Thousandths>,
    /// The machine's use; 100 is all cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_cpu_percentage: Option<Thousandths>,
    /// How many cores there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_cores: Option<Thousandths>,
}

/// Disk use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Disk {
    /// The size of the store's records, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_file_size_mb: Option<Thousandths>,
    /// The size of the host command's cache, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_size_mb: Option<Thousandths>,
    /// What is free on the store's file system, in GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available_space_gb: Option<Thousandths>,
}

/// Network use since the tick before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Network {
    /// Bytes sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_sent: Option<Thousandths>,
    /// Bytes received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_received: Option<Thousandths>,
    /// Open connections.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_connections: Option<Thousandths>,
}
