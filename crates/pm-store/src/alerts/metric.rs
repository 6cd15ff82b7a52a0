//! The numbers of records that a rule can watch: where they stand, and how people read them.

use pm_record::Field;

/// A number of records.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name in the settings: a path, or the name of something that is made of a record.
    pub name: String,
    /// Where the records have it; `None` for what is made of a record.
    pub path: Option<Field>,
    /// What is made of a record.
    pub special: Option<Special>,
    /// The kind of the records.
    pub record: RecordKind,
    /// How people read it.
    pub unit: Unit,
}

/// What is made of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// 100 for a run that failed, 0 for another.
    FailureRate,
    /// 1 for a request that ran into a secondary limit, 0 for another.
    SecondaryLimitHits,
    /// The same of primary limits.
    PrimaryLimitHits,
}

/// A kind of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordKind {
    /// `performance_metrics`.
    Run,
    /// `system_metrics`.
    Tick,
    /// `api_monitoring`.
    Quota,
    /// `api_request`.
    Request,
    /// Any other, by its name.
    Other(String),
}

/// How people read a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Time,
    /// Mebibytes.
    Memory,
    /// Percent.
    Percent,
    /// As it is.
    Plain,
}

const RUN: &[&str] = &[
    "duration.total_ms",
    "resource_usage.peak_memory_mb",
    "resource_usage.average_memory_mb",
    "resource_usage.cpu_time_ms",
    "resource_usage.io_operations",
    "resource_usage.user_ms",
    "resource_usage.system_ms",
    "resource_usage.memory_samples",
    "resource_usage.read_bytes",
    "resource_usage.written_bytes",
    "resource_usage.page_faults",
    "resource_usage.context_switches",
    "resource_usage.processes",
    "github_api.requests_made",
    "github_api.rate_limit_consumed",
    "github_api.rate_limit_remaining",
    "github_api.cache_hits",
    "github_api.cache_misses",
    "github_api.graphql_points",
    "github_api.retries",
    "github_api.waited_ms",
    "github_api.quota_delta.value",
    "exit_code",
    "signal",
    "stopped_ms",
];

const TICK: &[&str] = &[
    "memory.process_memory_mb",
    "memory.system_memory_available_mb",
    "memory.memory_usage_percentage",
    "cpu.process_cpu_percentage",
    "cpu.system_cpu_percentage",
    "cpu.cpu_cores",
    "disk.log_file_size_mb",
    "disk.cache_size_mb",
    "disk.available_space_gb",
    "network.bytes_sent",
    "network.bytes_received",
    "network.active_connections",
    "processes",
    "late_ms",
    "missed",
];

const QUOTA: &[&str] = &[
    "rate_limit_tracking.current_limit",
    "rate_limit_tracking.remaining",
    "rate_limit_tracking.efficiency_score",
    "request_patterns.requests_per_minute",
    "request_patterns.cache_hit_rate",
    "clock_skew_ms",
];

const REQUEST: &[&str] = &[
    "duration_ms",
    "connect_ms",
    "wait_ms",
    "transfer_ms",
    "bytes_sent",
    "bytes_received",
    "cached_bytes",
    "cost",
    "retry_after_ms",
    "attempt",
    "in_flight",
    "status",
    "rate_limit.limit",
    "rate_limit.remaining",
    "rate_limit.used",
];

const SPECIAL: [(&str, Special, RecordKind, Unit); 3] = [
    ("failure_rate", Special::FailureRate, RecordKind::Run, Unit::Percent),
    ("secondary_limit_hits", Special::SecondaryLimitHits, RecordKind::Request, Unit::Plain),
    ("primary_limit_hits", Special::PrimaryLimitHits, RecordKind::Request, Unit::Plain),
];

/// Below these a record has names of its own.
const OPEN: [(&str, RecordKind); 4] = [
    ("duration.phases.", RecordKind::Run),
    ("context.", RecordKind::Run),
    ("pressure.", RecordKind::Tick),
    ("resources.", RecordKind::Quota),
];

impl Metric {
    /// The metric of this name, in records of this kind if one is named; `None` if there is none.
    pub(crate) fn named(name: &str, record: Option<&str>) -> Option<Self> {
        let path = || name.parse::<Field>().ok();
        if let Some(record) = record {
            let record = RecordKind::named(record);
            return Some(Self {
                name: name.to_owned(),
                path: Some(path()?),
                special: None,
                record,
                unit: unit(name),
            });
        }
        if let Some((_, special, record, unit)) = SPECIAL.iter().find(|(special, ..)| *special == name) {
            let (name, special) = (name.to_owned(), Some(*special));
            return Some(Self { name, path: None, special, record: record.clone(), unit: *unit });
        }
        let of = |(names, record): (&[&str], RecordKind)| names.contains(&name).then_some(record);
        let known = [
            (RUN, RecordKind::Run),
            (TICK, RecordKind::Tick),
            (QUOTA, RecordKind::Quota),
            (REQUEST, RecordKind::Request),
        ];
        let open = OPEN.iter().find(|(prefix, _)| name.len() > prefix.len() && name.starts_with(prefix));
        let record = known.into_iter().find_map(of).or_else(|| open.map(|(_, record)| record.clone()))?;
        Some(Self { name: name.to_owned(), path: Some(path()?), special: None, record, unit: unit(name) })
    }

    /// The name of the one that somebody is likely to have meant.
    pub(crate) fn nearest(name: &str) -> Option<&'static str> {
        let all = [RUN, TICK, QUOTA, REQUEST].into_iter().flatten().copied();
        let all: Vec<_> = all.chain(SPECIAL.iter().map(|(name, ..)| *name)).collect();
        // Whoever leaves out where it stands has the last step right.
        let is_end = |known: &&str| known.rsplit('.').next() == Some(name);
        all.iter().find(|known| is_end(known)).copied().or_else(|| crate::yaml::nearest(name, &all))
    }
}

impl RecordKind {
    fn named(name: &str) -> Self {
        match name {
            "performance_metrics" => Self::Run,
            "system_metrics" => Self::Tick,
            "api_monitoring" => Self::Quota,
            "api_request" => Self::Request,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// The ends of names say in which unit they are, in every record.
fn unit(name: &str) -> Unit {
    match name {
        _ if name.ends_with("_ms") => Unit::Time,
        _ if name.ends_with("_mb") => Unit::Memory,
        _ if name.ends_with("_percentage") => Unit::Percent,
        _ => Unit::Plain,
    }
}
