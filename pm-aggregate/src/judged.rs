//! The metrics that are compared and watched for changes, and what is good news of each.

use pm_stats::{Better, Kind};

use crate::metrics::{API_PREFIX, DURATION};

/// Those of which nobody has to be told by `--metric`.
pub(crate) const JUDGED: [&str; 5] = [
    DURATION,
    "resource_usage.peak_memory_mb",
    "resource_usage.cpu_time_ms",
    "github_api.requests_made",
    "github_api.graphql_points",
];

/// Whether a metric is measured or counted.
pub(crate) fn kind(metric: &str) -> Kind {
    if metric.starts_with(API_PREFIX) && !metric.ends_with("_ms") { Kind::Count } else { Kind::Measure }
}

/// Whether less of it is better. Only of what is spared is more.
pub(crate) fn better(metric: &str) -> Better {
    match metric {
        "github_api.cache_hits" | "github_api.rate_limit_remaining" => Better::More,
        _ => Better::Less,
    }
}
