//! The metrics of a run: one table that says which there are, what they are called, and in which order
//! summaries name them. A metric is the path of its field, so that one more is one line here.

/// The duration, the one metric that gets quantiles unasked.
pub(crate) const DURATION: &str = "duration.total_ms";

/// What the fields of phases begin with.
pub(crate) const PHASE_PREFIX: &str = "duration.phases.";

/// What the fields of API counters begin with.
pub(crate) const API_PREFIX: &str = "github_api.";

/// Every metric that gets moments unasked.
pub(crate) const METRICS: [&str; 18] = [
    "resource_usage.peak_memory_mb",
    "resource_usage.average_memory_mb",
    "resource_usage.cpu_time_ms",
    "resource_usage.user_ms",
    "resource_usage.system_ms",
    "resource_usage.io_operations",
    "resource_usage.read_bytes",
    "resource_usage.written_bytes",
    "resource_usage.page_faults",
    "resource_usage.context_switches",
    "resource_usage.processes",
    "github_api.requests_made",
    "github_api.rate_limit_consumed",
    "github_api.cache_hits",
    "github_api.cache_misses",
    "github_api.graphql_points",
    "github_api.retries",
    "github_api.waited_ms",
];

#[cfg(test)]
mod tests {
    use pm_record::{Field, Record, Scalar, Thousandths};

    use super::*;

    #[test]
    fn every_metric_is_a_field_of_the_record() {
        for name in METRICS {
            let (section, field) = name.split_once('.').expect("a section and a field");
            let line = format!(
                r#"{{"performance_metrics":{{"command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{{"total_ms":1}},"{section}":{{"{field}":7.5}}}}}}"#
            );
            // What the type does not know it does not write either.
            let known = Record::parse(line.as_bytes()).expect(name).to_line();
            let path: Field = name.parse().expect("a field");
            assert_eq!(path.read(&known), Scalar::Number(Thousandths(7_500)), "{name}");
        }
    }
}
