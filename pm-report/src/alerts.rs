//! The alerts of a report, one entry for each rule and command however often it fired.
//!
//! An entry shows its latest values, and counts; the worst severity is kept. Values are written from the
//! figures in the evidence, as `pm-alert` writes them for people; an alert of somebody else's that has none
//! is quoted.
//!
//! A digest counts as often as it says, so that a page made from the digests of alerts is the one that the alerts
//! themselves make: nothing here depends on their order but what one time leaves open.

use std::cmp::Reverse;

use indexmap::IndexMap;
use pm_cli::human;
use pm_record::{AlertState, DashboardAlert, PerformanceAlert, Scalar, Severity, Timestamp};

use crate::report::{LONGEST_LABEL, LONGEST_TEXT, kept};
use crate::times;

/// How many entries are kept: more is no longer a report at a glance.
pub(crate) const MOST_ALERTS: usize = 200;

/// All alerts that were seen.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    // By rule, command and what is measured.
    entries: IndexMap<(String, Option<String>, Measured), Alert>,
    left_out: u64,
}

/// What is measured, in words; and of what it is where the rule is not about a command.
type Measured = (String, [Option<String>; 4]);

/// What is known of one rule and command.
#[derive(Debug)]
pub(crate) struct Alert {
    /// The command, where the rule is about one.
    pub(crate) command: Option<String>,
    /// What to do about it.
    pub(crate) recommendation: Option<String>,
    /// The worst that occurred.
    pub(crate) severity: Severity,
    /// What the latest one says.
    pub(crate) state: AlertState,
    /// The latest one in its own words.
    pub(crate) quoted: DashboardAlert,
    // What is measured: `execution time`.
    measure: String,
    threshold: String,
    current: String,
    baseline: Option<String>,
    // How often it fired.
    count: u64,
    // The first time that is known.
    first: Option<Timestamp>,
    // When the latest one was.
    last: Option<Timestamp>,
}

impl Alerts {
    /// Takes in one alert.
    pub(crate) fn push(&mut self, record: &PerformanceAlert) {
        let key = (kept(&record.kind, LONGEST_LABEL), command(record), (measure(record), owner(record)));
        if let Some(alert) = self.entries.get_mut(&key) {
            alert.push(record);
        } else if self.entries.len() < MOST_ALERTS {
            self.entries.insert(key, Alert::new(record));
        } else {
            // What is over again is news of nothing that is left out.
            self.left_out = self.left_out.saturating_add(record.times_fired());
        }
    }

    /// Whether none was seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Every entry: those that still fire first, the worst of them first, then those about commands,
    /// by name.
    pub(crate) fn sorted(&self) -> Vec<&Alert> {
        let mut alerts: Vec<_> = self.entries.iter().collect();
        alerts.sort_by_key(|((kind, command, measure), alert)| {
            let worst = (alert.is_resolved(), Reverse(alert.severity));
            // Performance comes before memory, and that before rate limits.
            (worst, command.is_none(), command, Reverse(kind), measure)
        });
        alerts.into_iter().map(|(_, alert)| alert).collect()
    }

    /// Those that still fire, each in its own words, in the same order.
    pub(crate) fn open(&self) -> Vec<&DashboardAlert> {
        let open = self.sorted().into_iter().filter(|alert| !alert.is_resolved());
        open.map(|alert| &alert.quoted).collect()
    }

    /// How many alerts no entry stands for.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }
}

impl Alert {
    fn new(record: &PerformanceAlert) -> Self {
        let mut alert = Self {
            command: command(record),
            recommendation: None,
            severity: Severity::Info,
            state: record.state,
            quoted: quoted(record),
            measure: measure(record),
            threshold: String::new(),
            current: String::new(),
            baseline: None,
            count: 0,
            first: None,
            last: None,
        };
        alert.push(record);
        alert
    }

    fn push(&mut self, record: &PerformanceAlert) {
        self.count = self.count.saturating_add(record.times_fired());
        self.severity = self.severity.max(record.severity);
        self.first = [self.first, record.since, record.timestamp].into_iter().flatten().min();
        // What has no time is older than anything that has one; of one time the last to come counts.
        if self.last <= record.timestamp {
            self.last = record.timestamp;
            self.describe(record);
        }
    }

    fn describe(&mut self, record: &PerformanceAlert) {
        let figure = |name, quoted: &str| figure(record, name).unwrap_or_else(|| kept(quoted, LONGEST_LABEL));
        self.threshold = figure("threshold", exceeded(record).1);
        self.current = figure("value", &record.current_value);
        self.baseline = record.baseline.as_ref().map(|baseline| figure("baseline", baseline));
        self.recommendation = record.recommendation.as_ref().map(|advice| kept(advice, LONGEST_TEXT));
        self.state = record.state;
        self.quoted = quoted(record);
    }

    /// Whether the limit is kept again.
    pub(crate) fn is_resolved(&self) -> bool {
        self.state == AlertState::Resolved
    }

    /// What happened, to be read after the command's name: `execution time exceeded threshold`.
    pub(crate) fn event(&self) -> String {
        let event = match parts(&self.quoted.threshold_exceeded) {
            _ if self.is_resolved() => "is within its threshold again",
            Some((_, BELOW, _)) => "fell below threshold",
            _ => "exceeded threshold",
        };
        format!("{} {event}", self.measure)
    }

    /// The figures behind it by their names, as far as they are known.
    pub(crate) fn figures(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("Current", Some(self.current.as_str())),
            ("Threshold", Some(self.threshold.as_str())),
            ("Baseline", self.baseline.as_deref()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
    }

    /// How often and when: `3 times, 2024-12-06 10:00 to 12:00 UTC`.
    pub(crate) fn seen(&self) -> Option<String> {
        let times = (self.count > 1).then(|| format!("{} times", human::count(self.count)));
        let span = self.first.map(|first| times::span(first, self.last.unwrap_or(first)));
        match (times, span) {
            (Some(times), Some(span)) => Some(format!("{times}, {span}")),
            (times, span) => times.or(span),
        }
    }
}

/// An alert as the document shows it, none of its texts longer than is worth keeping.
fn quoted(record: &PerformanceAlert) -> DashboardAlert {
    DashboardAlert {
        kind: kept(&record.kind, LONGEST_LABEL),
        command: command(record),
        threshold_exceeded: kept(&record.threshold_exceeded, LONGEST_TEXT),
        current_value: kept(&record.current_value, LONGEST_TEXT),
        baseline: record.baseline.as_ref().map(|baseline| kept(baseline, LONGEST_TEXT)),
    }
}

fn command(record: &PerformanceAlert) -> Option<String> {
    record.command.as_ref().map(|command| kept(command, LONGEST_LABEL))
}

/// A name in the evidence.
fn named(record: &PerformanceAlert, name: &str) -> Option<String> {
    match record.evidence.get(name) {
        Some(Scalar::Text(text)) => Some(kept(text, LONGEST_LABEL)),
        _ => None,
    }
}

/// Of what something is measured where it is no command: two hosts are two things.
fn owner(record: &PerformanceAlert) -> [Option<String>; 4] {
    let is_command = record.command.is_some();
    ["host", "resource", "endpoint", "credential"]
        .map(|name| if is_command { None } else { named(record, name) })
}

/// What is measured, in the words of `pm-alert`: `execution time`.
fn measure(record: &PerformanceAlert) -> String {
    let named = |name| named(record, name);
    match (record.kind.as_str(), &record.command) {
        ("performance_degradation", _) => "execution time".to_owned(),
        ("memory_usage_high", Some(_)) => "memory usage".to_owned(),
        ("memory_usage_high", None) => match named("host") {
            Some(host) => format!("Memory usage of processes on '{host}'"),
            None => "Memory usage of processes".to_owned(),
        },
        ("api_rate_limit_warning", _) => match named("resource") {
            Some(resource) => format!("API rate limit '{resource}' usage"),
            None => "API rate limit usage".to_owned(),
        },
        (_, command) => {
            let measure = kept(exceeded(record).0, LONGEST_LABEL).replace('_', " ");
            match (command, named("host"), named("endpoint").or_else(|| named("resource"))) {
                (None, Some(host), _) => format!("{measure} on '{host}'"),
                (None, None, Some(whose)) => format!("{measure} of '{whose}'"),
                _ => measure,
            }
        }
    }
}

/// What was exceeded, and the threshold: `execution_time` and `5s`.
fn exceeded(record: &PerformanceAlert) -> (&str, &str) {
    let exceeded = record.threshold_exceeded.as_str();
    parts(exceeded).map_or((&record.kind, exceeded), |(measure, _, threshold)| (measure, threshold))
}

const BELOW: &str = " < ";

/// A violation in parts: what was measured, how it stands to the threshold, and the threshold.
fn parts(exceeded: &str) -> Option<(&str, &'static str, &str)> {
    [" >= ", " > ", BELOW].into_iter().find_map(|relation| {
        let (measure, threshold) = exceeded.split_once(relation)?;
        Some((measure, relation, threshold))
    })
}

/// A figure of the evidence in the unit of its metric.
fn figure(record: &PerformanceAlert, name: &str) -> Option<String> {
    let (Scalar::Text(metric), Scalar::Number(value)) =
        (record.evidence.get("metric")?, record.evidence.get(name)?)
    else {
        return None;
    };
    let unit = metric.rsplit('_').next()?;
    let write = match unit {
        "ms" => human::duration,
        "mb" => human::mebibytes,
        "percentage" => human::percent,
        _ => return None,
    };
    Some(write(value.to_f64()))
}
