//! An alert: the record of it, and the text that people read.

use indexmap::IndexMap;
use pm_cli::printable;
use pm_record::{AlertState, PerformanceAlert, Scalar, Schema, Severity, Thousandths, Timestamp};

use crate::reading::{Limit, Reading, Rule, Setting, Subject};

/// An alert about one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alert {
    pub(crate) rule: Rule,
    pub(crate) record: PerformanceAlert,
    /// A headline and further lines, safe for a terminal, without colors.
    pub(crate) text: String,
}

/// What a reading changed for its subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    pub(crate) state: AlertState,
    /// The limit that is exceeded, or is kept again.
    pub(crate) limit: Limit,
    /// When it was first exceeded in the row.
    pub(crate) since: Option<Timestamp>,
    /// How often it was exceeded in the row.
    pub(crate) violations: u32,
}

impl Alert {
    pub(crate) fn new(reading: Reading, change: Change) -> Self {
        let text = text(&reading, change);
        Self { rule: reading.rule, record: record(reading, change), text }
    }
}

fn record(reading: Reading, change: Change) -> PerformanceAlert {
    let (rule, threshold) = (reading.rule, change.limit.threshold);
    PerformanceAlert {
        schema: Schema,
        kind: rule.kind().to_owned(),
        threshold_exceeded: format!("{} > {}", rule.quantity(), rule.short(threshold)),
        current_value: rule.short(reading.value),
        baseline: reading.baseline.map(|baseline| rule.short(baseline)),
        severity: match change.limit.setting {
            Setting::MaxAcceptableMs => Severity::Critical,
            Setting::ThresholdPercentage | Setting::ThresholdMb => Severity::Warning,
        },
        state: change.state,
        timestamp: reading.span.map(|span| span.start),
        since: change.since,
        recommendation: recommendation(&reading, change.state),
        evidence: evidence(&reading, change),
        command: match reading.subject {
            Subject::Command(command) => Some(command),
            Subject::Host(_) | Subject::Resource { .. } => None,
        },
    }
}

fn evidence(reading: &Reading, change: Change) -> IndexMap<String, Scalar> {
    let figures = [
        Some(("metric", Scalar::from(reading.metric))),
        Some(("value", reading.value.into())),
        Some(("threshold", change.limit.threshold.into())),
        Some(("setting", change.limit.setting.key().into())),
        reading.baseline.map(|baseline| ("baseline", baseline.into())),
        Some(("violations", Thousandths::from_count(change.violations.into()).into())),
    ];
    let figures = figures.into_iter().flatten().chain(reading.details.iter().cloned());
    figures.map(|(name, value)| (name.to_owned(), value)).collect()
}

fn text(reading: &Reading, change: Change) -> String {
    let (rule, what) = (reading.rule, what(reading.rule, &reading.subject));
    let headline = match change.state {
        AlertState::Firing => format!("⚠️  PERFORMANCE ALERT: {what} exceeded threshold"),
        AlertState::Resolved => format!("✅ RESOLVED: {what} is within its threshold again"),
    };
    let (current, threshold) = (rule.long(reading.value), rule.long(change.limit.threshold));
    let baseline =
        reading.baseline.map_or_else(String::new, |baseline| format!(" | Baseline: {}", rule.long(baseline)));
    let recommendation = recommendation(reading, change.state)
        .map_or_else(String::new, |text| format!("   Recommendation: {}\n", printable(&text)));
    format!("{headline}\n   Current: {current} | Threshold: {threshold}{baseline}\n{recommendation}")
}

/// What exceeded its threshold.
fn what(rule: Rule, subject: &Subject) -> String {
    match subject {
        Subject::Command(command) if rule == Rule::MemoryUsageHigh => {
            format!("Command '{}' memory usage", printable(command))
        }
        Subject::Command(command) => format!("Command '{}' execution time", printable(command)),
        Subject::Host(Some(host)) => format!("Memory usage of processes on '{}'", printable(host)),
        Subject::Host(None) => "Memory usage of processes".to_owned(),
        Subject::Resource { resource, .. } => format!("API rate limit '{}' usage", printable(resource)),
    }
}

/// What to type. Nothing is to be done about what is over.
fn recommendation(reading: &Reading, state: AlertState) -> Option<String> {
    if state == AlertState::Resolved {
        return None;
    }
    let reset = reading.details.iter().find(|(name, _)| *name == "reset_time");
    Some(match (reading.rule, &reading.subject) {
        (Rule::PerformanceDegradation, _) => {
            "Run `github-pm performance report --timeframe week` to compare with its other runs".to_owned()
        }
        (Rule::MemoryUsageHigh, Subject::Command(_)) => {
            "Run `pm-aggregate --store --since '7 days ago'` to compare with the memory of its other runs"
                .to_owned()
        }
        (Rule::MemoryUsageHigh, _) => {
            "Run `ps -eo pid,rss,args --sort=-rss | head` there to see which process holds it".to_owned()
        }
        (Rule::ApiRateLimitWarning, _) => match reset {
            Some((_, reset)) => {
                format!("Run `gh api rate_limit` to see what is left until the reset at {reset}")
            }
            None => "Run `gh api rate_limit` to see what is left, and until when".to_owned(),
        },
    })
}
