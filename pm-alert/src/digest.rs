//! A digest: one alert for each thing that is measured, however often it fired.
//!
//! It is the latest of its alerts, with the worst severity, since the first time, and says in `evidence.fired`
//! how often it fired, so that a page made from digests shows what one made from every alert does. Digests of
//! digests are the digest of all: any split of the alerts in any order gives the same, but for alerts of one
//! and the same time, of which the last that came counts. An alert without a time is older than any with one.
//!
//! Memory: at most [`SUBJECTS`] entries an hour and [`HOURS`] hours, or [`SUBJECTS`] in all where no hours are
//! kept apart. What is beyond is only counted, in one entry of type [`FURTHER`] an hour.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use pm_cli::{human, printable};
use pm_record::{AlertState, PerformanceAlert, Scalar, Schema, Severity, Thousandths, Timestamp};

/// How many things that are measured are told apart, as many as a report shows.
const SUBJECTS: usize = 200;

/// How many hours are told apart. A day's records are from two days, unless somebody's clock is wrong.
const HOURS: usize = 1000;

const HOUR: i64 = 3_600_000;

/// What stands between a quantity and its threshold.
const RELATIONS: [&str; 3] = [" >= ", " > ", " < "];

/// The type of what stands for alerts that have no entry of their own.
const FURTHER: &str = "further_alerts";

/// Everything that alerted.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    /// Whether alerts of different hours stay apart.
    by_hour: bool,
    // What was first alerted first.
    entries: IndexMap<Key, Entry>,
    // How many entries each hour has.
    hours: BTreeMap<Option<i64>, usize>,
}

/// What is counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    // Counted from the Unix epoch; none for alerts without a time, and where hours do not stay apart.
    hour: Option<i64>,
    kind: String,
    command: Option<String>,
    // What was exceeded, and of which host, rate limit or place of the API it is where the rule is not about a command.
    measure: [String; 5],
}

#[derive(Debug)]
struct Entry {
    latest: PerformanceAlert,
    severity: Severity,
    first: Option<Timestamp>,
    fired: u64,
}

impl Digest {
    /// An empty one. `by_hour` keeps alerts of different hours apart, so that any whole hours of it can be taken.
    pub(crate) fn new(by_hour: bool) -> Self {
        Self { by_hour, ..Self::default() }
    }

    /// Takes in one alert or the entry of another digest.
    pub(crate) fn push(&mut self, alert: PerformanceAlert) {
        let fired = alert.times_fired();
        let hour = alert.timestamp.filter(|_| self.by_hour).map(|time| time.as_millis().div_euclid(HOUR));
        let key = self.place(Key::of(&alert, hour));
        let alert = if key.kind == FURTHER { further(&alert) } else { alert };
        match self.entries.get_mut(&key) {
            Some(entry) => entry.push(alert, fired),
            None => drop(self.entries.insert(key, Entry::new(alert, fired))),
        }
    }

    /// The alert's own entry, or that of everything further where there is no room for it.
    fn place(&mut self, key: Key) -> Key {
        if self.entries.contains_key(&key) {
            return key;
        }
        let hour = key.hour.filter(|hour| self.hours.len() < HOURS || self.hours.contains_key(&Some(*hour)));
        let entries = self.hours.entry(hour).or_default();
        if hour != key.hour || *entries >= SUBJECTS || key.kind == FURTHER {
            return Key { hour, kind: FURTHER.to_owned(), command: None, measure: Default::default() };
        }
        *entries += 1;
        key
    }

    /// One alert for each entry.
    pub(crate) fn finish(self) -> impl Iterator<Item = PerformanceAlert> {
        self.entries.into_values().map(Entry::finish)
    }
}

impl Key {
    /// Two alerts that differ here make two entries of a report too, and the other way round.
    fn of(alert: &PerformanceAlert, hour: Option<i64>) -> Self {
        let named = |name| match alert.evidence.get(name) {
            Some(Scalar::Text(text)) if alert.command.is_none() => text.clone(),
            _ => String::new(),
        };
        let exceeded = alert.threshold_exceeded.as_str();
        // The threshold after it may change.
        let quantity = RELATIONS.iter().find_map(|relation| Some(exceeded.split_once(relation)?.0));
        let quantity = quantity.unwrap_or(exceeded).to_owned();
        let measure = [quantity, named("host"), named("resource"), named("endpoint"), named("credential")];
        Self { hour, kind: alert.kind.clone(), command: alert.command.clone(), measure }
    }
}

impl Entry {
    fn new(alert: PerformanceAlert, fired: u64) -> Self {
        let first = earliest(&alert);
        Self { severity: alert.severity, first, fired, latest: alert }
    }

    fn push(&mut self, alert: PerformanceAlert, fired: u64) {
        self.fired = self.fired.saturating_add(fired);
        self.severity = self.severity.max(alert.severity);
        self.first = self.first.into_iter().chain(earliest(&alert)).min();
        if self.latest.timestamp <= alert.timestamp {
            self.latest = alert;
        }
    }

    fn finish(self) -> PerformanceAlert {
        let mut alert = self.latest;
        alert.severity = self.severity;
        alert.since = self.first;
        alert.event = None;
        let fired = Thousandths::from_count(self.fired);
        alert.evidence.insert(PerformanceAlert::FIRED.to_owned(), fired.into());
        alert
    }
}

fn earliest(alert: &PerformanceAlert) -> Option<Timestamp> {
    alert.since.into_iter().chain(alert.timestamp).min()
}

/// What is told of an alert that has no entry of its own.
fn further(alert: &PerformanceAlert) -> PerformanceAlert {
    PerformanceAlert {
        schema: Schema,
        kind: FURTHER.to_owned(),
        command: None,
        threshold_exceeded: String::new(),
        current_value: String::new(),
        baseline: None,
        severity: alert.severity,
        state: AlertState::Firing,
        event: None,
        timestamp: alert.timestamp,
        since: alert.since,
        recommendation: None,
        evidence: IndexMap::default(),
    }
}

/// An entry as a line for people: `performance_degradation 'batch': 3.2s (execution_time > 3s), 4 times`.
pub(crate) fn line(alert: &PerformanceAlert) -> String {
    let sign = if alert.state == AlertState::Resolved { "✅" } else { "⚠️ " };
    let command = alert.command.as_ref().map(|command| format!(" '{command}'")).unwrap_or_default();
    let values = match (alert.current_value.as_str(), alert.threshold_exceeded.as_str()) {
        ("", _) | (_, "") => String::new(),
        (value, exceeded) => format!(": {value} ({exceeded})"),
    };
    let fired = alert.times_fired();
    let times = format!("{} {}", human::count(fired), if fired == 1 { "time" } else { "times" });
    let line = format!("{sign} {}{command}{values}, {times}", alert.kind);
    format!("{}\n", printable(&line))
}

#[cfg(test)]
mod tests;
