//! An alert: the record of it, and the text that people read.

use std::fmt::Write as _;

use indexmap::IndexMap;
use pm_cli::{human, printable};
use pm_record::{AlertEvent, AlertState, PerformanceAlert, Scalar, Schema, Severity, Thousandths, Timestamp};

use crate::reading::{Limit, Measure, Reading, Setting, Subject};
use crate::rule::{Family, Rule};
use crate::state::Told;

/// An alert about one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alert {
    /// The name of the rule.
    pub(crate) rule: String,
    /// Who is told of it.
    pub(crate) channels: Vec<String>,
    /// What is counted together with this one.
    pub(crate) row: String,
    pub(crate) event: AlertEvent,
    pub(crate) record: PerformanceAlert,
    /// Safe for a terminal, without colors. News have a headline and further lines; anything else is half
    /// a line, to be read after `still over: `.
    pub(crate) text: String,
}

/// What a reading changed for its subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    pub(crate) state: AlertState,
    pub(crate) event: AlertEvent,
    /// The limit that is exceeded, or is kept again.
    pub(crate) limit: Limit,
    /// When it was first exceeded in the row.
    pub(crate) since: Option<Timestamp>,
    /// How often it was exceeded in the row.
    pub(crate) violations: u32,
    /// The worst that it was called in the row.
    pub(crate) severity: Option<Severity>,
}

impl Alert {
    /// `has_history` says whether the other runs of a command can be looked up.
    pub(crate) fn new(reading: &Reading, change: Change, has_history: bool) -> Self {
        let advice = recommendation(reading, change.state, has_history);
        let text = if change.event.is_news() {
            news(reading, change, advice.as_deref())
        } else {
            still_over(reading, change)
        };
        Self {
            rule: reading.rule.name.clone(),
            channels: reading.rule.channels.clone(),
            row: reading.row(),
            event: change.event,
            record: record(reading, change, advice),
            text,
        }
    }

    /// One that no record causes, about what was last told.
    pub(crate) fn of_told(
        row: &str,
        rule: &str,
        told: &Told,
        state: AlertState,
        event: AlertEvent,
        at: Timestamp,
    ) -> Self {
        let recommendation = told.alert.recommendation.clone().filter(|_| state != AlertState::Resolved);
        let record = PerformanceAlert {
            state,
            event: Some(event),
            timestamp: Some(at),
            recommendation,
            ..told.alert.clone()
        };
        let what = printable(&told.what);
        let headline = match (event, state) {
            (AlertEvent::Closed, _) => format!("✅ CLOSED: {what} is not watched any more"),
            (_, AlertState::Resolved) => {
                format!("✅ RESOLVED: {what} is within its threshold again, and steady")
            }
            _ => format!("⚠️  STEADY: {what} stays beyond its threshold"),
        };
        let figures = match (record.current_value.as_str(), record.threshold_exceeded.as_str()) {
            ("", _) | (_, "") => String::new(),
            (value, exceeded) => format!("   Last: {} | {}\n", printable(value), printable(exceeded)),
        };
        let text = format!("{headline}\n{figures}");
        let (rule, row, channels) = (rule.to_owned(), row.to_owned(), told.channels.clone());
        Self { rule, channels, row, event, record, text }
    }
}

/// What can be said of something that an earlier version has left without a word.
pub(crate) fn unknown(rule: &str, subject: &Subject, fired: Option<Limit>) -> (PerformanceAlert, String) {
    let alert = PerformanceAlert {
        schema: Schema,
        kind: rule.to_owned(),
        command: command(subject),
        threshold_exceeded: fired.map_or("", |limit| limit.setting.key()).to_owned(),
        current_value: String::new(),
        baseline: None,
        severity: fired.map_or(Severity::Warning, |limit| limit.setting.severity()),
        state: AlertState::Firing,
        event: None,
        timestamp: None,
        since: None,
        recommendation: None,
        evidence: IndexMap::new(),
    };
    (alert, format!("{rule} of {subject}"))
}

fn command(subject: &Subject) -> Option<String> {
    if let Subject::Command(command) = subject { Some(command.to_string()) } else { None }
}

fn record(reading: &Reading, change: Change, advice: Option<String>) -> PerformanceAlert {
    let Reading { rule, measure, .. } = reading;
    let is_silence = change.limit.setting == Setting::MissingAfter;
    let at = reading.span.map(|span| if is_silence { span.end } else { span.start });
    PerformanceAlert {
        schema: Schema,
        kind: rule.name.clone(),
        threshold_exceeded: measure.exceeded(change.limit.threshold),
        current_value: measure.short(reading.value),
        baseline: reading.baseline.map(|baseline| measure.short(baseline)),
        severity: match change.severity {
            Some(worst) if change.state == AlertState::Resolved || change.event == AlertEvent::Reminder => {
                worst
            }
            _ => rule.severity.unwrap_or(change.limit.setting.severity()),
        },
        state: change.state,
        event: Some(change.event),
        timestamp: at,
        since: change.since,
        recommendation: advice,
        evidence: evidence(reading, change),
        command: command(&reading.subject),
    }
}

fn evidence(reading: &Reading, change: Change) -> IndexMap<String, Scalar> {
    let figures = [
        Some(("metric", Scalar::from(&*reading.measure.metric))),
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
    let measure = &reading.measure;
    let what = what(&reading.rule, measure, &reading.subject);
    let headline = headline(reading, change, &what);
    let mut figures = format!("   Current: {}", measure.long(reading.value));
    match (reading.baseline, measure.is_level) {
        (Some(before), true) => _ = write!(figures, " | Before: {}", measure.long(before)),
        (baseline, _) => {
            let _ = write!(figures, " | Threshold: {}", measure.long(change.limit.threshold));
            figures += &baseline.map_or_else(String::new, |it| format!(" | Baseline: {}", measure.long(it)));
        }
    }
    let since = if measure.is_level { reading.span.map(|span| span.start) } else { change.since };
    let says_since =
        measure.is_level || change.event == AlertEvent::Reminder || change.state == AlertState::Missing;
    if let Some(since) = since.filter(|_| says_since) {
        let _ = write!(figures, " | Since: {since}");
    }
    let recommendation =
        advice.map_or_else(String::new, |text| format!("   Recommendation: {}\n", printable(text)));
    format!("{headline}\n{figures}\n{recommendation}")
}

fn headline(reading: &Reading, change: Change, what: &str) -> String {
    let (family, is_level) = (reading.rule.family, reading.measure.is_level);
    let is_silence = change.limit.setting == Setting::MissingAfter;
    let is_below = reading.measure.relation == "<";
    let [begins, goes_on, is_over] = match family {
        _ if is_silence => ["is not heard of any more", "is still not heard of", "is heard of again"],
        _ if is_level => ["has regressed", "has regressed", "has improved again"],
        Family::Forecast => [
            "will be used up before its reset",
            "will still be used up before its reset",
            "lasts until its reset again",
        ],
        _ if is_below => {
            ["fell below threshold", "is still below its threshold", "is within its threshold again"]
        }
        _ => ["exceeded threshold", "still exceeds its threshold", "is within its threshold again"],
    };
    match (change.state, change.event) {
        (AlertState::Resolved, _) => format!("✅ RESOLVED: {what} {is_over}"),
        (_, AlertEvent::Reminder | AlertEvent::Steady) => format!("⚠️  REMINDER: {what} {goes_on}"),
        (_, AlertEvent::Flapping) => {
            format!(
                "⚠️  FLAPPING: {what} {begins} 3 times within an hour; you are told again once it is steady"
            )
        }
        _ => format!("⚠️  PERFORMANCE ALERT: {what} {begins}"),
    }
}

/// `'batch' 3.4s (limit 2.0s, 4th run in a row)`.
fn still_over(reading: &Reading, change: Change) -> String {
    let (who, one) = match &reading.subject {
        Subject::Command(command) => (format!("'{}'", printable(command)), "run"),
        Subject::Host(Some(host)) => (format!("processes on '{}'", printable(host)), "reading"),
        Subject::Host(None) => ("processes".to_owned(), "reading"),
        Subject::Resource { resource, .. } => (format!("rate limit '{}'", printable(resource)), "reading"),
        Subject::Endpoint(endpoint) => (format!("'{}'", printable(endpoint)), "request"),
        Subject::Kind(kind) => (printable(kind).into_owned(), "record"),
    };
    let measure = &reading.measure;
    let (current, limit) = (measure.long(reading.value), measure.long(change.limit.threshold));
    let place = human::ordinal(change.violations.into());
    match change.state {
        AlertState::Resolved => format!("{who} {current} (limit {limit}, kept for now, but flapping)\n"),
        _ => format!("{who} {current} (limit {limit}, {place} {one} in a row)\n"),
    }
}

/// What exceeded its threshold.
pub(crate) fn what(rule: &Rule, measure: &Measure, subject: &Subject) -> String {
    let title = &measure.title;
    let is_own = !matches!(rule.family, Family::Time | Family::Memory | Family::Quota);
    match subject {
        Subject::Command(command) if measure.metric == "silence_ms" => {
            format!("Command '{}'", printable(command))
        }
        Subject::Command(command) => format!("Command '{}' {title}", printable(command)),
        Subject::Host(Some(host)) if is_own => format!("{} on '{}'", capital(title), printable(host)),
        Subject::Host(None) if is_own => capital(title),
        Subject::Host(Some(host)) => format!("{} of processes on '{}'", capital(title), printable(host)),
        Subject::Host(None) => format!("{} of processes", capital(title)),
        Subject::Resource { resource, .. } if rule.family == Family::Forecast => {
            format!("API rate limit '{}'", printable(resource))
        }
        Subject::Resource { resource, .. } => format!("API rate limit '{}' {title}", printable(resource)),
        Subject::Endpoint(endpoint) => format!("API request '{}' {title}", printable(endpoint)),
        Subject::Kind(kind) => format!("{} of {}", capital(title), printable(kind)),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The flag that chooses a command, to be pasted; none for a name that nobody would.
fn chosen(command: &str) -> String {
    const LONGEST: usize = 64;
    if command.len() > LONGEST || command.chars().any(char::is_control) {
        return String::new();
    }
    format!(" --command {}", pm_cli::quote(command))
}

/// What to type. Nothing is to be done about what is over.
fn recommendation(reading: &Reading, state: AlertState, has_history: bool) -> Option<String> {
    if state == AlertState::Resolved {
        return None;
    }
    let detail =
        |wanted: &str| reading.details.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    if state == AlertState::Missing {
        return Some("Run `crontab -l` to see whether it is still to be started".to_owned());
    }
    if reading.measure.is_level {
        return Some(
            "Run `github-pm performance compare` to see by how much it differs from before".to_owned(),
        );
    }
    Some(match (reading.rule.family, &reading.subject) {
        (Family::Quota | Family::Forecast, _) => match detail("reset_time") {
            Some(reset) => format!("Run `gh api rate_limit` to see what is left until the reset at {reset}"),
            None => "Run `gh api rate_limit` to see what is left, and until when".to_owned(),
        },
        (Family::Refusals, _) => {
            "Run `github-pm performance analyze --focus api` to see which command asks most".to_owned()
        }
        (_, Subject::Command(_)) if !has_history => {
            "Keep its runs, to compare them: `pm-wrap --store -- COMMAND`".to_owned()
        }
        (Family::Failures, _) => {
            "Run `pm-aggregate --store --since '1 day ago' --by command,exit_code` to see how it failed"
                .to_owned()
        }
        (Family::Memory, Subject::Command(name)) => format!(
            "Run `github-pm performance analyze --focus memory{}` to compare with its other runs",
            chosen(name)
        ),
        (Family::Memory, _) => {
            "Run `ps -eo pid,rss,args --sort=-rss | head` there to see which process holds it".to_owned()
        }
        (_, Subject::Command(name)) => {
            format!("Run `github-pm performance analyze{}` to compare with its other runs", chosen(name))
        }
        (_, Subject::Host(_)) => "Run `github-pm monitor watch` there to see what goes on".to_owned(),
        (_, Subject::Resource { .. } | Subject::Endpoint(_)) => {
            "Run `github-pm performance analyze --focus api` to see which command asks most".to_owned()
        }
        (_, Subject::Kind(_)) => return None,
    })
}
