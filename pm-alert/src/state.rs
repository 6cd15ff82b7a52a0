//! What is known of earlier records: counts of violations in a row, what fires, and which runs were judged.
//!
//! It is plain data, so that one run of pm-alert can go on where another one stopped. Records need not
//! come in order: one that is older than the newest of its subject can add to a row that has not ended
//! before it, and so complete the row, but it ends none, repeats none and begins none anew. Several
//! processes that judge runs which ended together thus count all of them, whoever comes first.
//!
//! Time is what records say, not when they are judged, so that it does not matter how they are split over runs.
//! Only whoever is not heard of has no record that could say so: [`State::tick`] asks the clock.
//!
//! Memory: about [`SUBJECTS`] rows and [`SEEN`] execution ids; those give way that were not seen for longest, and
//! of rows those first about which there is nothing to tell.

mod row;
mod window;
mod written;

use std::collections::BTreeMap;
use std::sync::Arc;

use compact_str::CompactString;
use foldhash::fast::RandomState;
use indexmap::{IndexMap, IndexSet};
use pm_record::{Scalar, Thousandths, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use crate::alert::Alert;
use crate::facts::Facts;
use crate::judge::{Judge, Observation, Origin};
use crate::reading::{Limit, Reading, Setting, Span, Standing, Subject};
use crate::rule::Rule;
use crate::rules::silence;
pub(crate) use row::{Row, Told};
use written::Written;

/// How many pairs of a rule and a subject are remembered at least.
const SUBJECTS: usize = 1000;

/// How many more there may be before any gives way: to find those takes a look at all.
const SLACK: usize = 250;

/// How many execution ids are remembered at least; at most twice as many are.
const SEEN: usize = 1000;

/// Longer execution ids are not remembered. Ours have 17 bytes.
const LONGEST_ID: usize = 256;

/// How far the clock of another machine may be ahead.
const CLOCK_SKEW_MILLIS: i64 = 24 * 3600 * 1000;

/// What stands behind the name of a row about records that do not come.
const SILENT: &str = " is silent";

/// What is known of earlier records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    // The execution ids that were judged, the newest last.
    seen: IndexSet<CompactString, RandomState>,
    // By rule and subject.
    #[serde(serialize_with = "by_name")]
    rows: IndexMap<String, Written<Row>, RandomState>,
    // How many readings were taken in: the time of day of `Row::touched`.
    readings: u64,
    // How many that fire had to give way.
    #[serde(skip)]
    forgotten: u64,
    #[serde(skip)]
    name: Room,
}

/// Room for the name of a row while it is looked up, once for all readings; it is no part of what is known.
#[derive(Debug, Clone, Default)]
struct Room(String);

impl PartialEq for Room {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The latest time that is taken for one: what comes later is from a clock that is wrong.
pub(crate) fn horizon(now: i64) -> Timestamp {
    Timestamp::from_millis(now.saturating_add(CLOCK_SKEW_MILLIS))
}

impl State {
    /// Takes in what was read from one record, unless the same run was judged before. `source` is that of the rules.
    ///
    /// A time after `horizon` counts as unknown: if other records were older than that, their subject would be
    /// silent until then.
    pub(crate) fn take(&mut self, observation: Observation, horizon: Timestamp, source: &str) -> Vec<Alert> {
        let Observation { origin, has_history, readings } = observation;
        if origin.identity().is_some_and(|id| !self.is_new(id)) {
            return Vec::new();
        }
        let mut alerts = Vec::new();
        for reading in readings {
            self.take_reading(reading, || origin.details(), has_history, horizon, source, &mut alerts);
        }
        alerts
    }

    /// The same of a run as it stands in its line, where nobody else waits for the state: adds what there is to tell, and
    /// returns whether it is any business of the rules.
    pub(crate) fn take_run(
        &mut self,
        run: &Facts<'_>,
        judge: &Judge,
        horizon: Timestamp,
        alerts: &mut Vec<Alert>,
    ) -> bool {
        if run.is_deliberate() {
            return false;
        }
        let mut is_new = None;
        for reading in judge.readings(run) {
            if !*is_new.get_or_insert_with(|| run.execution_id().is_none_or(|id| self.is_new(id))) {
                break;
            }
            let details = || Origin::of(run).details();
            self.take_reading(reading, details, judge.has_history(), horizon, judge.source(), alerts);
        }
        is_new.is_some()
    }

    fn take_reading<D: Iterator<Item = (&'static str, Scalar)>>(
        &mut self,
        mut reading: Reading,
        details: impl FnOnce() -> D,
        has_history: bool,
        horizon: Timestamp,
        source: &str,
        alerts: &mut Vec<Alert>,
    ) {
        let span = reading.span.filter(|span| span.end <= horizon);
        self.hear(&reading, span, source, alerts);
        if reading.standing == Standing::Present {
            return;
        }
        let mut name = std::mem::take(&mut self.name.0);
        name.clear();
        reading.write_row(&mut name);
        let row = self.row(&name, &reading.rule.name, &reading.subject, source);
        alerts.extend(row.calm(&name, span.map(|span| span.end)));
        if row.look_back(&mut reading, span)
            && let Some(change) = row.take(&reading, span)
        {
            reading.details.splice(0..0, details());
            let alert = Alert::new(&reading, change, has_history);
            row.remember(&reading, &alert);
            alerts.push(alert);
        }
        self.name.0 = name;
    }

    /// Notes that somebody reports who should, and tells if it had not done so for too long.
    fn hear(&mut self, reading: &Reading, span: Option<Span>, source: &str, alerts: &mut Vec<Alert>) {
        let (Some(after), Some(span)) = (reading.rule.missing_after_millis, span) else { return };
        let name = silent(&reading.rule, &reading.subject);
        let row = self.row(&name, &reading.rule.name, &reading.subject, source);
        let Some(seen) = row.seen.replace(row.seen.map_or(span.end, |seen| seen.max(span.end))) else {
            return;
        };
        let silence = span.end.as_millis().saturating_sub(seen.as_millis());
        if silence > after && row.fired.is_none() {
            let then = Timestamp::from_millis(seen.as_millis().saturating_add(after));
            alerts.extend(row.miss(&silence_of(reading, seen, then, silence, after)));
        }
        if row.fired.is_some() && silence > 0 {
            let over = silence_of(reading, seen, span.end, silence, after);
            let over = Reading { standing: Standing::Within, ..over };
            let resolved = row.take(&over, over.span);
            alerts.extend(resolved.into_iter().map(|change| Alert::new(&over, change, true)));
        }
    }

    /// Tells what no record tells, as of `now`: who is not heard of, and who has become steady.
    pub(crate) fn tick(&mut self, judge: &Judge, now: i64) -> Vec<Alert> {
        let mut alerts = Vec::new();
        let (instant, horizon) = (Timestamp::from_millis(now), horizon(now));
        // What is told at once is told in this order, whoever came first.
        self.rows.sort_unstable_keys();
        for rule in judge.rules() {
            let Some(after) = rule.missing_after_millis else { continue };
            for command in rule.literals() {
                let subject = Subject::Command(crate::reading::cut(command).into());
                let name = silent(rule, &subject);
                // A row that is there stays as it is, or every second would be a change to be written down.
                if self.rows.get(&name).is_none_or(|row| row.seen.is_none()) {
                    // It cannot have reported before anybody listened.
                    self.row(&name, &rule.name, &subject, judge.source()).seen.get_or_insert(instant);
                }
            }
            let rows = self.rows.values_mut().filter(|row| row.rule == rule.name && row.seen.is_some());
            for row in rows {
                let seen = row.seen.filter(|seen| *seen <= horizon).unwrap_or(instant);
                if row.seen != Some(seen) {
                    row.seen = Some(seen);
                }
                let silence = now.saturating_sub(seen.as_millis());
                if silence > after {
                    let reading = quiet(rule, &row.subject, seen, instant, silence, after);
                    alerts.extend(row.miss(&reading));
                }
            }
        }
        for (name, row) in self.rows.iter_mut().filter(|(_, row)| row.is_flapping()) {
            alerts.extend(row.calm(name, Some(instant)));
        }
        alerts
    }

    /// Closes what fires by rules that are not in the file any more, or not for this subject, and forgets the rest
    /// of theirs.
    pub(crate) fn close(&mut self, judge: &Judge, now: i64) -> Vec<Alert> {
        let mut alerts = Vec::new();
        let instant = Timestamp::from_millis(now);
        self.rows.sort_unstable_keys();
        self.rows.retain(|name, row| {
            if row.source.is_empty() {
                judge.source().clone_into(&mut row.source);
            }
            let is_watched = row.source != judge.source()
                || judge.watches(&row.rule, &row.subject, row.is_level)
                    && (row.seen.is_none()
                        || judge
                            .rules()
                            .any(|rule| rule.name == row.rule && rule.missing_after_millis.is_some()));
            if !is_watched && row.fired.is_some() {
                alerts.push(row.closed(name, instant));
            }
            is_watched
        });
        alerts
    }

    /// What fires, in the order of the names of rows.
    pub(crate) fn firing(&self) -> impl Iterator<Item = (&String, &Row)> {
        let rows = self.rows.iter().map(|(name, row)| (name, &**row));
        let firing: BTreeMap<_, _> = rows.filter(|(_, row)| row.fired.is_some()).collect();
        firing.into_iter()
    }

    /// How many rows gave way that fired, since this was last asked.
    pub(crate) fn forgotten(&mut self) -> u64 {
        std::mem::take(&mut self.forgotten)
    }

    /// Makes a state of the first version one of this: rows did not say what they were about.
    pub(crate) fn migrate(&mut self) {
        for (name, row) in &mut self.rows {
            row.migrate(name);
        }
    }

    /// Whether no record of this identity was taken in yet, as far as is remembered; from now on it was.
    fn is_new(&mut self, id: &str) -> bool {
        if id.len() > LONGEST_ID {
            return true;
        }
        let is_new = self.seen.insert(id.into());
        if self.seen.len() > 2 * SEEN {
            self.seen.drain(..SEEN);
        }
        is_new
    }

    fn row(&mut self, name: &str, rule: &str, subject: &Subject, source: &str) -> &mut Row {
        if self.rows.len() >= SUBJECTS + SLACK && !self.rows.contains_key(name) {
            self.make_room();
        }
        // The count may come from a stranger's file, so it is not trusted to be small.
        self.readings = self.readings.saturating_add(1);
        let place = self.rows.get_index_of(name).unwrap_or_else(|| {
            let row = Written::new(Row::new(rule, subject.clone(), source));
            self.rows.insert_full(name.to_owned(), row).0
        });
        let row = &mut self.rows[place];
        row.touched = self.readings;
        row
    }

    fn make_room(&mut self) {
        let mut order: Vec<_> =
            self.rows.values().map(|row| (row.fired.is_some(), row.seen.is_some(), row.touched)).collect();
        order.sort_unstable();
        let last = order[order.len() - SUBJECTS];
        let forgotten = &mut self.forgotten;
        self.rows.retain(|_, row| {
            let is_kept = (row.fired.is_some(), row.seen.is_some(), row.touched) >= last;
            *forgotten += u64::from(!is_kept && row.fired.is_some());
            is_kept
        });
    }
}

/// The same state is written as the same bytes, whoever came first.
fn by_name<S: Serializer>(
    rows: &IndexMap<String, Written<Row>, RandomState>,
    to: S,
) -> Result<S::Ok, S::Error> {
    rows.iter().collect::<BTreeMap<_, _>>().serialize(to)
}

fn silent(rule: &Rule, subject: &Subject) -> String {
    format!("{} {subject}{SILENT}", rule.name)
}

/// The silence before a record.
fn silence_of(reading: &Reading, seen: Timestamp, at: Timestamp, silence: i64, after: i64) -> Reading {
    quiet(&reading.rule, &reading.subject, seen, at, silence, after)
}

fn quiet(
    rule: &Arc<Rule>,
    subject: &Subject,
    seen: Timestamp,
    at: Timestamp,
    quiet_for: i64,
    after: i64,
) -> Reading {
    let threshold = Thousandths::from_units(after);
    let limit = Limit { setting: Setting::MissingAfter, threshold, needed: 1 };
    Reading {
        rule: rule.clone(),
        subject: subject.clone(),
        span: Some(Span { start: seen, end: at }),
        measure: silence(),
        value: Thousandths::from_units(quiet_for),
        baseline: None,
        standing: Standing::Exceeds(limit),
        conclusive: true,
        details: vec![("last_seen", Scalar::Text(seen.to_string()))],
    }
}

#[cfg(test)]
mod tests;
