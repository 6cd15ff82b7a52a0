//! What readers are asked for in these tests.

use pm_record::{Field, Wanted};

/// Every metric, and two that are none.
const NUMBERS: [&str; 30] = [
    "duration.total_ms",
    "stopped_ms",
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
    "duration.phases.fetch_ms",
    "context.task_count",
    "extra.number",
    "command",
    "missing.number",
];

const LABELS: [&str; 26] = [
    "command",
    "host",
    "machine",
    "status",
    "exit_code",
    "signal",
    "program",
    "schema",
    "timestamp",
    "execution_id",
    "args",
    "trace",
    "trace.span_id",
    "trace.parent_execution_id",
    "trace_degraded",
    "resource_usage.peak_memory_source",
    "github_api.quota_delta.confidence",
    "duration.total_ms",
    "context",
    "context.project_size",
    "context.task_count",
    "context.a b",
    "context.größe",
    "extra.text",
    "command.deeper",
    "missing",
];

/// A reader that is asked for everything, one for nothing of its own, one for what a report groups by, and one
/// for what no record promises.
pub(crate) fn sets() -> [Wanted; 4] {
    let odd = "extra.deep".to_owned() + &".a".repeat(140);
    let odd = [odd.as_str(), "extra", "extra.text", "extra.number", "context.deep.er", "duration.phases"];
    [
        wanted(&NUMBERS, &LABELS, true),
        wanted(&[], &[], false),
        wanted(&["resource_usage.peak_memory_mb"], &["command", "context.project_size"], false),
        wanted(&odd, &odd, true),
    ]
}

fn wanted(numbers: &[&str], labels: &[&str], partials: bool) -> Wanted {
    Wanted { numbers: fields(numbers), labels: fields(labels), partials }
}

fn fields(paths: &[&str]) -> Vec<Field> {
    paths.iter().map(|path| path.parse().expect("a path")).collect()
}
