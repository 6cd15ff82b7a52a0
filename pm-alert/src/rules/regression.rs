//! `performance_degradation`, for what has another level since some time: `pm-aggregate --changes` finds it.

use pm_record::{ChangeDirection, PerformanceChange, Scalar};

use crate::reading::{Limit, Quantity, Reading, Rule, Setting, Span, Subject, name};

/// What is read of a change: the level now, against the one before. An improvement ends what a regression began.
pub(crate) fn read(change: &PerformanceChange) -> Option<Reading> {
    let (quantity, metric) = quantity(&change.metric)?;
    let (before, after) = (change.before.median?, change.after.median?);
    let limit = Limit { setting: Setting::Regression, threshold: before, needed: 1 };
    let text = |key, value: String| (key, Scalar::Text(value));
    let details = [
        change.change_percentage.map(|change| ("change_percentage", change.into())),
        change.machine.as_ref().map(|machine| text("machine", name(machine))),
        Some(text("not_before", change.between[0].to_string())),
        Some(text("not_after", change.between[1].to_string())),
    ];
    Some(Reading {
        rule: Rule::Regression(quantity),
        subject: Subject::Command(name(&change.command)),
        span: Some(Span::at(change.timestamp)),
        metric,
        value: after,
        baseline: Some(before),
        exceeded: (change.direction == ChangeDirection::Regression).then_some(limit),
        conclusive: true,
        details: details.into_iter().flatten().collect(),
    })
}

/// What tells a change from others: the same one is found again whenever somebody looks.
pub(crate) fn identity(change: &PerformanceChange) -> String {
    let machine = change.machine.as_deref().unwrap_or_default();
    name(&format!("{} {} {} {machine}", change.timestamp, change.metric, change.command))
}

fn quantity(metric: &str) -> Option<(Quantity, &'static str)> {
    Some(match metric {
        "duration.total_ms" => (Quantity::Time, "duration.total_ms"),
        "resource_usage.cpu_time_ms" => (Quantity::Cpu, "resource_usage.cpu_time_ms"),
        "resource_usage.peak_memory_mb" => (Quantity::Memory, "resource_usage.peak_memory_mb"),
        "github_api.requests_made" => (Quantity::Requests, "github_api.requests_made"),
        "github_api.graphql_points" => (Quantity::Points, "github_api.graphql_points"),
        _ => return None,
    })
}
