//! The metrics of a run: one table that says which there are, how they are called and where they stand.

use pm_record::{PerformanceMetrics, Thousandths};

/// Reads one metric of a run; none where it was not measured.
type Read = fn(&PerformanceMetrics) -> Option<Thousandths>;

/// The duration, the one metric that gets quantiles.
pub(crate) const DURATION: &str = "duration.total_ms";

/// What the fields of phases begin with.
pub(crate) const PHASE_PREFIX: &str = "duration.phases.";

/// What the fields of API counters begin with.
pub(crate) const API_PREFIX: &str = "github_api.";

/// Every metric that gets moments, in the order in which summaries name them.
pub(crate) const METRICS: [(&str, Read); 18] = [
    ("resource_usage.peak_memory_mb", |run| run.resource_usage.peak_memory_mb),
    ("resource_usage.average_memory_mb", |run| run.resource_usage.average_memory_mb),
    ("resource_usage.cpu_time_ms", |run| run.resource_usage.cpu_time_ms),
    ("resource_usage.user_ms", |run| run.resource_usage.user_ms),
    ("resource_usage.system_ms", |run| run.resource_usage.system_ms),
    ("resource_usage.io_operations", |run| run.resource_usage.io_operations),
    ("resource_usage.read_bytes", |run| run.resource_usage.read_bytes),
    ("resource_usage.written_bytes", |run| run.resource_usage.written_bytes),
    ("resource_usage.page_faults", |run| run.resource_usage.page_faults),
    ("resource_usage.context_switches", |run| run.resource_usage.context_switches),
    ("resource_usage.processes", |run| run.resource_usage.processes),
    ("github_api.requests_made", |run| run.github_api.requests_made),
    ("github_api.rate_limit_consumed", |run| run.github_api.rate_limit_consumed),
    ("github_api.cache_hits", |run| run.github_api.cache_hits),
    ("github_api.cache_misses", |run| run.github_api.cache_misses),
    ("github_api.graphql_points", |run| run.github_api.graphql_points),
    ("github_api.retries", |run| run.github_api.retries),
    ("github_api.waited_ms", |run| run.github_api.waited_ms),
];

/// The place of a metric in [`METRICS`].
pub(crate) fn index_of(field: &str) -> Option<usize> {
    METRICS.iter().position(|&(name, _)| name == field)
}

#[cfg(test)]
mod tests {
    use pm_record::{Field, Record, Scalar};

    use super::*;

    #[test]
    fn every_metric_stands_where_its_name_says() {
        for (name, read) in METRICS {
            let (section, field) = name.split_once('.').expect("a section and a field");
            let line = format!(
                r#"{{"performance_metrics":{{"command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{{"total_ms":1}},"{section}":{{"{field}":7.5}}}}}}"#
            );
            let Ok(Record::Performance(run)) = Record::parse(line.as_bytes()) else {
                panic!("{line} is a run")
            };
            let path: Field = name.parse().expect("a field");
            assert_eq!(read(&run).map(Scalar::Number), Some(path.read(line.as_bytes())), "{name}");
        }
    }
}
