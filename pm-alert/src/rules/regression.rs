//! What has another level since some time: `pm-aggregate --changes` finds it. It is a part of
//! `performance_degradation`, and a rule of the user's own can be about it too.

use std::borrow::Cow;
use std::sync::Arc;

use pm_record::{ChangeDirection, Field, PerformanceChange, Scalar};
use pm_store::Unit;

use crate::reading::{Limit, Measure, Reading, Setting, Span, Standing, Subject, cut, name};
use crate::rule::Rule;

/// What is read of a change: the level now, against the one before. An improvement ends what a regression began.
pub(crate) fn read(
    rule: &Arc<Rule>,
    only: Option<&Field>,
    change: &PerformanceChange,
    line: &[u8],
) -> Option<Reading> {
    if only.is_some_and(|only| only.as_str() != change.metric) || !rule.covers(Some(&change.command), line) {
        return None;
    }
    let measure = measure(&change.metric)?;
    let (before, after) = (change.before.median?, change.after.median?);
    let limit = Limit { setting: Setting::Regression, threshold: before, needed: 1 };
    let text = |key, value: String| (key, Scalar::Text(value));
    let details = [
        change.change_percentage.map(|change| ("change_percentage", change.into())),
        change.machine.as_ref().map(|machine| text("machine", name(machine))),
        Some(text("not_before", change.between[0].to_string())),
        Some(text("not_after", change.between[1].to_string())),
    ];
    let is_worse = change.direction == ChangeDirection::Regression;
    Some(Reading {
        rule: rule.clone(),
        subject: Subject::Command(cut(&change.command).into()),
        span: Some(Span::at(change.timestamp)),
        measure,
        value: after,
        baseline: Some(before),
        standing: if is_worse { Standing::Exceeds(limit) } else { Standing::Within },
        conclusive: true,
        details: details.into_iter().flatten().collect(),
    })
}

/// What tells a change from others: the same one is found again whenever somebody looks.
pub(crate) fn identity(change: &PerformanceChange) -> String {
    let machine = change.machine.as_deref().unwrap_or_default();
    name(&format!("{} {} {} {machine}", change.timestamp, change.metric, change.command))
}

fn measure(metric: &str) -> Option<Arc<Measure>> {
    let (metric, quantity, title, unit) = match metric {
        "duration.total_ms" => ("duration.total_ms", "execution_time", "execution time", Unit::Time),
        "resource_usage.cpu_time_ms" => ("resource_usage.cpu_time_ms", "cpu_time", "CPU time", Unit::Time),
        "resource_usage.peak_memory_mb" => {
            ("resource_usage.peak_memory_mb", "memory", "memory usage", Unit::Memory)
        }
        "github_api.requests_made" => {
            ("github_api.requests_made", "requests", "number of requests", Unit::Plain)
        }
        "github_api.graphql_points" => {
            ("github_api.graphql_points", "points", "number of GraphQL points", Unit::Plain)
        }
        _ => return None,
    };
    let [metric, quantity, title] = [metric, quantity, title].map(Cow::Borrowed);
    Some(Arc::new(Measure { metric, quantity, title, unit, relation: ">", is_level: true }))
}
