//! One rule and one subject: how often it was exceeded in a row, what fires, and who was told when.

use pm_record::{AlertEvent, AlertState, PerformanceAlert, Scalar, Severity, Thousandths, Timestamp};
use serde::{Deserialize, Serialize};

use super::window::Window;
use crate::alert::{Alert, Change};
use crate::reading::{Limit, Reading, Setting, Span, Standing, Subject};
use crate::rule::Rule;

/// So often something has to begin ...
const FLAPS: usize = 3;
/// ... within so long, to be called flapping; until it has been as it is for ...
const FLAP_MILLIS: i64 = 3_600_000;
/// ... so long.
const STEADY_MILLIS: i64 = 1_800_000;

/// What is known of one rule and one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    #[serde(default)]
    pub(crate) rule: String,
    #[serde(default = "unknown")]
    pub(crate) subject: Subject,
    /// Where the rule stands. Empty in rows of the first version.
    #[serde(default)]
    pub(super) source: String,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) is_level: bool,
    pub(super) touched: u64,
    // The latest start and the latest end of all that was judged.
    newest: Option<Span>,
    // The last that kept its limits.
    kept: Option<Span>,
    violations: u32,
    // When the first of them began.
    since: Option<Timestamp>,
    /// The limit that was alerted about, until it is kept again.
    pub(super) fired: Option<Limit>,
    // The worst that it was called since the row began.
    told: Option<Severity>,
    // When somebody was told last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_at: Option<Timestamp>,
    // When it began the last few times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    begins: Vec<Timestamp>,
    // When it began or ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "is_false")]
    is_flapping: bool,
    #[serde(default, skip_serializing_if = "Window::is_empty")]
    window: Window,
    /// When the subject was last heard of, in a row about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) seen: Option<Timestamp>,
    /// What was last said of it, while it fires or flaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last: Option<Box<Told>>,
}

/// What was last said of something that fires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    /// Who is told of it.
    pub(crate) channels: Vec<String>,
    /// What it is about, in a sentence.
    pub(crate) what: String,
    pub(crate) alert: PerformanceAlert,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this way")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Of rows of the first version the name says it.
fn unknown() -> Subject {
    Subject::Kind(String::new())
}

impl Row {
    pub(super) fn new(rule: &str, subject: Subject, source: &str) -> Self {
        Self {
            rule: rule.to_owned(),
            subject,
            source: source.to_owned(),
            is_level: false,
            touched: 0,
            newest: None,
            kept: None,
            violations: 0,
            since: None,
            fired: None,
            told: None,
            told_at: None,
            begins: Vec::new(),
            changed_at: None,
            is_flapping: false,
            window: Window::default(),
            seen: None,
            last: None,
        }
    }

    /// Puts what is made of the last values in place of a value, where the rule wants that; false if it cannot.
    pub(super) fn look_back(&mut self, reading: &mut Reading, span: Option<Span>) -> bool {
        let (Some(settings), Standing::Windowed(bound)) = (&reading.rule.window, reading.standing) else {
            return true;
        };
        let Some(span) = span else { return false };
        let (value, count) = self.window.push(span.end, reading.value, settings);
        reading.value = value;
        reading.standing = if count >= settings.at_least { bound.judge(value) } else { Standing::Near };
        let count = Thousandths::from_count(count.into());
        let window = Thousandths::from_units(settings.millis);
        reading.details.extend([("window_ms", Scalar::from(window)), ("samples", count.into())]);
        true
    }

    /// Takes in a reading. `span` is that of the reading, unless it is from a clock that is wrong.
    pub(super) fn take(&mut self, reading: &Reading, span: Option<Span>) -> Option<Change> {
        self.is_level = reading.measure.is_level;
        let is_late = is_older(span, self.newest);
        if let Some(span) = span {
            self.newest = Some(self.newest.map_or(span, |newest| newest.or_later(span)));
        }
        match reading.standing {
            Standing::Exceeds(_) if is_older(span, self.kept) => None,
            Standing::Exceeds(limit) => self.exceed(limit, &reading.rule, span, is_late),
            // Near its limit, what fires goes on, and what does not has not begun.
            Standing::Near if self.fired.is_some() => None,
            _ if is_late || !reading.conclusive => None,
            _ => self.keep(span),
        }
    }

    fn exceed(&mut self, limit: Limit, rule: &Rule, span: Option<Span>, is_late: bool) -> Option<Change> {
        self.violations = self.violations.saturating_add(1);
        let start = span.map(|span| span.start);
        self.since = self.since.map_or(start, |since| Some(start.map_or(since, |start| start.min(since))));
        let at = span.map(|span| span.end);
        let is_held = rule.held_millis == 0 || is_past(at, self.since, rule.held_millis);
        if self.violations < limit.needed || !is_held || is_late && self.fired.is_some() {
            return None;
        }
        let severity = Some(rule.severity.unwrap_or(limit.setting.severity()));
        let event = if self.fired.is_none() {
            self.begin(at)
        // What swings between two limits is no news each time it exceeds the worse one.
        // A level that was left once more is news too.
        } else if self.told < severity || limit.setting == Setting::Regression {
            AlertEvent::Worse
        } else if is_past(at, self.told_at, rule.cooldown_millis) {
            AlertEvent::Reminder
        } else {
            AlertEvent::Ongoing
        };
        if event.is_news() {
            self.told_at = at.or(self.told_at);
        }
        self.told = self.told.max(severity);
        self.fired = Some(limit);
        Some(self.change(AlertState::Firing, event, limit))
    }

    fn begin(&mut self, at: Option<Timestamp>) -> AlertEvent {
        let Some(at) = at else {
            return if self.is_flapping { AlertEvent::Damped } else { AlertEvent::Began };
        };
        self.changed_at = Some(at);
        self.begins.push(at);
        let surplus = self.begins.len().saturating_sub(FLAPS);
        self.begins.drain(..surplus);
        let first = self.begins.first().copied();
        let is_often = self.begins.len() == FLAPS && !is_past(Some(at), first, FLAP_MILLIS);
        let was_flapping = self.is_flapping;
        self.is_flapping |= is_often;
        match (was_flapping, is_often) {
            (true, _) => AlertEvent::Damped,
            (false, true) => AlertEvent::Flapping,
            (false, false) => AlertEvent::Began,
        }
    }

    fn keep(&mut self, span: Option<Span>) -> Option<Change> {
        let event = if self.is_flapping { AlertEvent::Damped } else { AlertEvent::Resolved };
        let resolved = self.fired.take().map(|limit| self.change(AlertState::Resolved, event, limit));
        if resolved.is_some() {
            self.changed_at = span.map(|span| span.end).or(self.changed_at);
        }
        if !self.is_flapping {
            self.last = None;
        }
        (self.kept, self.violations, self.since, self.told, self.told_at) = (span, 0, None, None, None);
        resolved
    }

    /// Whether it began so often lately that nobody is told any more.
    pub(super) fn is_flapping(&self) -> bool {
        self.is_flapping
    }

    /// Ends the flapping, if the last change is long enough ago, and says how it has come to rest.
    pub(super) fn calm(&mut self, name: &str, at: Option<Timestamp>) -> Option<Alert> {
        if !self.is_flapping || !is_past(at, self.changed_at, STEADY_MILLIS) {
            return None;
        }
        self.is_flapping = false;
        self.begins.clear();
        self.told_at = at.filter(|_| self.fired.is_some());
        let is_firing = self.fired.is_some();
        let last = if is_firing { self.last.clone() } else { self.last.take() };
        let state = if is_firing { AlertState::Firing } else { AlertState::Resolved };
        Some(Alert::of_told(name, &self.rule, &*last?, state, AlertEvent::Steady, at?))
    }

    /// Notes that nothing is heard, and says so unless it was said.
    pub(super) fn miss(&mut self, reading: &Reading) -> Option<Alert> {
        let (Standing::Exceeds(limit), Some(span)) = (reading.standing, reading.span) else { return None };
        let event = match self.fired.replace(limit) {
            None => AlertEvent::Began,
            Some(_) if is_past(Some(span.end), self.told_at, reading.rule.cooldown_millis) => {
                AlertEvent::Reminder
            }
            Some(_) => return None,
        };
        (self.since, self.told_at) = (self.seen, Some(span.end));
        let severity = reading.rule.severity.unwrap_or(limit.setting.severity());
        self.told = Some(severity);
        self.violations = 1;
        let alert = Alert::new(reading, self.change(AlertState::Missing, event, limit), true);
        self.remember(reading, &alert);
        Some(alert)
    }

    /// Keeps what was said, for as long as there will be more to say.
    pub(super) fn remember(&mut self, reading: &Reading, alert: &Alert) {
        if self.fired.is_none() && !self.is_flapping {
            self.last = None;
            return;
        }
        let what = crate::alert::what(&reading.rule, &reading.measure, &reading.subject);
        let channels = reading.rule.channels.clone();
        // As bad as it was called, whichever of its limits a value exceeds.
        let severity = self.told.unwrap_or(alert.record.severity);
        let record = PerformanceAlert { severity, ..alert.record.clone() };
        self.last = Some(Box::new(Told { channels, what, alert: record }));
    }

    /// Says that nobody watches any more.
    pub(super) fn closed(&self, name: &str, at: Timestamp) -> Alert {
        let told = self
            .last
            .as_deref()
            .cloned()
            .unwrap_or_else(|| Told::unknown(&self.rule, &self.subject, self.fired));
        Alert::of_told(name, &self.rule, &told, AlertState::Resolved, AlertEvent::Closed, at)
    }

    /// Fills in what rows of the first version had in their names only.
    pub(super) fn migrate(&mut self, name: &str) {
        let (rule, rest) = name.split_once(' ').unwrap_or((name, ""));
        rule.clone_into(&mut self.rule);
        let (rest, is_level) = match rest.split_once(' ') {
            Some((metric, rest)) if metric.contains('.') || metric.ends_with("_ms") => (rest, true),
            _ => (rest, false),
        };
        self.is_level = is_level;
        let known = |text: &str| (text != "-").then(|| text.to_owned());
        self.subject = match rest.split_once(' ') {
            Some(("command", command)) => Subject::Command(command.into()),
            Some(("host", host)) => Subject::Host(known(host)),
            Some(("resource", rest)) => {
                let (credential, resource) = rest.split_once(' ').unwrap_or(("-", rest));
                Subject::Resource { credential: known(credential), resource: resource.to_owned() }
            }
            _ => Subject::Kind(rest.to_owned()),
        };
    }

    fn change(&self, state: AlertState, event: AlertEvent, limit: Limit) -> Change {
        Change { state, event, limit, since: self.since, violations: self.violations, severity: self.told }
    }
}

impl Told {
    /// What can be said of something that an earlier version has left.
    fn unknown(rule: &str, subject: &Subject, fired: Option<Limit>) -> Self {
        let (alert, what) = crate::alert::unknown(rule, subject, fired);
        Self { channels: vec![pm_store::ChannelSettings::CONSOLE.to_owned()], what, alert }
    }
}

/// Whether one is known to be older than the other.
fn is_older(span: Option<Span>, other: Option<Span>) -> bool {
    span.zip(other).is_some_and(|(span, other)| span.is_older_than(other))
}

/// Whether so long has gone by.
fn is_past(at: Option<Timestamp>, since: Option<Timestamp>, millis: i64) -> bool {
    at.zip(since).is_some_and(|(at, since)| at.as_millis().saturating_sub(since.as_millis()) >= millis)
}
