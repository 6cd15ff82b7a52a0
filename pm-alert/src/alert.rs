//! An alert: the record of it, and the text that people read.

use indexmap::IndexMap;
use pm_cli::{human, printable};
use pm_record::{AlertState, PerformanceAlert, Scalar, Schema, Thousandths, Timestamp};

use crate::reading::{Limit, Quantity, Reading, Rule, Subject};

/// An alert about one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alert {
    pub(crate) rule: Rule,
    /// What is counted together with this one.
    pub(crate) row: String,
    /// Whether it tells of a change.
    pub(crate) is_news: bool,
    pub(crate) record: PerformanceAlert,
    /// Safe for a terminal, without colors. News have a headline and further lines; anything else is half
    /// a line, to be read after `still over: `.
    pub(crate) text: String,
}

/// What a reading changed for its subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    pub(crate) state: AlertState,
    /// Whether it begins, becomes worse or ends, and does not just go on.
    pub(crate) is_news: bool,
    /// The limit that is exceeded, or is kept again.
    pub(crate) limit: Limit,
    /// When it was first exceeded in the row.
    pub(crate) since: Option<Timestamp>,
    /// How often it was exceeded in the row.
    pub(crate) violations: u32,
}

impl Alert {
    /// `has_history` says whether the other runs of a command can be looked up.
    pub(crate) fn new(reading: Reading, change: Change, has_history: bool) -> Self {
        let advice = recommendation(&reading, change.state, has_history);
        let text = if change.is_news {
            news(&reading, change, advice.as_deref())
        } else {
            still_over(&reading, change)
        };
        Self {
            rule: reading.rule,
            row: reading.row(),
            is_news: change.is_news,
            record: record(reading, change, advice),
            text,
        }
    }
}

fn record(reading: Reading, change: Change, advice: Option<String>) -> PerformanceAlert {
    let (rule, threshold) = (reading.rule, change.limit.threshold);
    PerformanceAlert {
        schema: Schema,
        kind: rule.kind().to_owned(),
        threshold_exceeded: format!("{} {} {}", rule.quantity(), rule.relation(), rule.short(threshold)),
        current_value: rule.short(reading.value),
        baseline: reading.baseline.map(|baseline| rule.short(baseline)),
        severity: change.limit.setting.severity(),
        state: change.state,
        timestamp: reading.span.map(|span| span.start),
        since: change.since,
        recommendation: advice,
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

fn news(reading: &Reading, change: Change, advice: Option<&str>) -> String {
    let (rule, what) = (reading.rule, what(reading.rule, &reading.subject));
    let current = rule.long(reading.value);
    let (headline, figures) = if let (Rule::Regression(_), Some(before)) = (rule, reading.baseline) {
        let since = reading.span.map_or_else(String::new, |span| format!(" | Since: {}", span.start));
        let headline = match change.state {
            AlertState::Firing => format!("⚠️  PERFORMANCE ALERT: {what} has regressed"),
            AlertState::Resolved => format!("✅ RESOLVED: {what} has improved again"),
        };
        (headline, format!(" | Before: {}{since}", rule.long(before)))
    } else {
        let headline = match change.state {
            AlertState::Firing => format!("⚠️  PERFORMANCE ALERT: {what} exceeded threshold"),
            AlertState::Resolved => format!("✅ RESOLVED: {what} is within its threshold again"),
        };
        let baseline = reading.baseline.map(|baseline| format!(" | Baseline: {}", rule.long(baseline)));
        (
            headline,
            format!(" | Threshold: {}{}", rule.long(change.limit.threshold), baseline.unwrap_or_default()),
        )
    };
    let recommendation =
        advice.map_or_else(String::new, |text| format!("   Recommendation: {}\n", printable(text)));
    format!("{headline}\n   Current: {current}{figures}\n{recommendation}")
}

/// `'batch' 3.4s (limit 2.0s, 4th run in a row)`.
fn still_over(reading: &Reading, change: Change) -> String {
    let (who, what) = match &reading.subject {
        Subject::Command(command) => (format!("'{}'", printable(command)), "run"),
        Subject::Host(Some(host)) => (format!("processes on '{}'", printable(host)), "reading"),
        Subject::Host(None) => ("processes".to_owned(), "reading"),
        Subject::Resource { resource, .. } => (format!("rate limit '{}'", printable(resource)), "reading"),
    };
    let (current, limit) = (reading.rule.long(reading.value), reading.rule.long(change.limit.threshold));
    let place = human::ordinal(change.violations.into());
    format!("{who} {current} (limit {limit}, {place} {what} in a row)\n")
}

/// What exceeded its threshold.
fn what(rule: Rule, subject: &Subject) -> String {
    match subject {
        Subject::Command(command) => {
            let measure = match rule {
                Rule::MemoryUsageHigh | Rule::Regression(Quantity::Memory) => "memory usage",
                Rule::Regression(Quantity::Cpu) => "CPU time",
                Rule::Regression(Quantity::Requests) => "number of requests",
                Rule::Regression(Quantity::Points) => "number of GraphQL points",
                _ => "execution time",
            };
            format!("Command '{}' {measure}", printable(command))
        }
        Subject::Host(Some(host)) => format!("Memory usage of processes on '{}'", printable(host)),
        Subject::Host(None) => "Memory usage of processes".to_owned(),
        Subject::Resource { resource, .. } => format!("API rate limit '{}' usage", printable(resource)),
    }
}

/// What to type. Nothing is to be done about what is over.
fn recommendation(reading: &Reading, state: AlertState, has_history: bool) -> Option<String> {
    if state == AlertState::Resolved {
        return None;
    }
    let reset = reading.details.iter().find(|(name, _)| *name == "reset_time");
    Some(match (reading.rule, &reading.subject) {
        (Rule::Regression(_), _) => {
            "Run `github-pm performance compare` to see by how much it differs from before".to_owned()
        }
        (_, Subject::Command(_)) if !has_history => {
            "Keep its runs, to compare them: `pm-wrap --store -- COMMAND`".to_owned()
        }
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
