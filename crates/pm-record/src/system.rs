//! `system_metrics`: one tick of chosen processes and of the machine they run on.

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
    /// Memory of the chosen processes and of the machine.
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
    /// How many processes are chosen and live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<Thousandths>,
    /// The load averages over 1, 5 and 15 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_average: Option<Vec<Thousandths>>,
    /// Pressure stall information by resource, in percent of the last 10 seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<IndexMap<String, Thousandths>>,
    /// How late the tick came, where that is a millisecond or more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<Thousandths>,
    /// How many ticks before this one were due and could not be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<Thousandths>,
    /// Whose traffic `network` is: `processes`, the chosen ones' own, or `system`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_scope: Option<String>,
    /// The machine's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// A hash of what makes machines comparable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
}

impl SystemMetrics {
    /// A tick at `timestamp` of which nothing else is known.
    #[must_use]
    pub fn new(timestamp: Timestamp) -> Self {
        Self {
            schema: Schema,
            timestamp,
            memory: Memory::default(),
            cpu: Cpu::default(),
            disk: Disk::default(),
            network: Network::default(),
            processes: None,
            load_average: None,
            pressure: None,
            late_ms: None,
            missed: None,
            network_scope: None,
            host: None,
            machine: None,
        }
    }
}

/// Memory, in MiB.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Memory {
    /// What the chosen processes hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_memory_mb: Option<Thousandths>,
    /// What the machine, or the container, could still give.
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
    /// The chosen processes' use; 100 is one core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_cpu_percentage: Option<Thousandths>,
    /// The machine's use; 100 is all cores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_cpu_percentage: Option<Thousandths>,
    /// How many cores there are to use; a container may have a part of one.
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
    /// The size of what the store could make anew, in MiB.
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
    /// Open connections at the time of the tick.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_connections: Option<Thousandths>,
}
