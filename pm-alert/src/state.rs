//! What is known of earlier records: counts of violations in a row, and which runs were judged.
//!
//! It is plain data, so that one run of pm-alert can go on where another one stopped. Records need not
//! come in order: one that is older than the newest of its subject can add to a row that has not ended
//! before it, and so complete the row, but it ends none, repeats none and begins none anew. Several
//! processes that judge runs which ended together thus count all of them, whoever comes first.
//!
//! Memory: at most [`SUBJECTS`] rows and [`SEEN`] execution ids, the longest unseen of which give way.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use pm_record::{AlertState, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Change};
use crate::judge::Observation;
use crate::reading::{Limit, Reading, Setting, Span};

/// How many pairs of a rule and a subject are remembered.
const SUBJECTS: usize = 1000;

/// How many execution ids are remembered.
const SEEN: usize = 1000;

/// Longer execution ids are not remembered. Ours have 17 bytes.
const LONGEST_ID: usize = 256;

/// What is known of earlier records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    // The execution ids that were judged, the newest last.
    seen: IndexSet<String>,
    // By rule and subject.
    rows: BTreeMap<String, Row>,
    // How many readings were taken in: the time of day of `Row::touched`.
    readings: u64,
}

/// Violations of one rule by one subject, in a row.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Row {
    touched: u64,
    // The latest start and the latest end of all that was judged.
    newest: Option<Span>,
    // The last that kept its limits.
    kept: Option<Span>,
    violations: u32,
    // When the first of them began.
    since: Option<Timestamp>,
    // The limit that was alerted about, until it is kept again.
    fired: Option<Limit>,
    // The worst that it was called since the row began.
    told: Option<Severity>,
}

impl State {
    /// Takes in what was read from one record, unless the same run was judged before.
    ///
    /// A time after `horizon` comes from a clock that is wrong and counts as unknown: if other records were
    /// older than that, their subject would be silent until then.
    pub(crate) fn take(&mut self, observation: Observation, horizon: Timestamp) -> Vec<Alert> {
        if let Some(id) = observation.execution_id
            && !self.is_new(id)
        {
            return Vec::new();
        }
        let has_history = observation.has_history;
        let judge = |reading: Reading| {
            let change = self.row(&reading).take(&reading, horizon)?;
            Some(Alert::new(reading, change, has_history))
        };
        observation.readings.into_iter().filter_map(judge).collect()
    }

    fn is_new(&mut self, id: String) -> bool {
        if id.len() > LONGEST_ID {
            return true;
        }
        let is_new = self.seen.insert(id);
        if self.seen.len() > SEEN {
            self.seen.shift_remove_index(0);
        }
        is_new
    }

    fn row(&mut self, reading: &Reading) -> &mut Row {
        let name = reading.row();
        if self.rows.len() >= SUBJECTS && !self.rows.contains_key(&name) {
            let longest_unseen = self.rows.iter().min_by_key(|(_, row)| row.touched);
            if let Some(name) = longest_unseen.map(|(name, _)| name.clone()) {
                self.rows.remove(&name);
            }
        }
        // The count may come from a stranger's file, so it is not trusted to be small.
        self.readings = self.readings.saturating_add(1);
        let row = self.rows.entry(name).or_default();
        row.touched = self.readings;
        row
    }
}

impl Row {
    fn take(&mut self, reading: &Reading, horizon: Timestamp) -> Option<Change> {
        let span = reading.span.filter(|span| span.end <= horizon);
        let is_late = is_older(span, self.newest);
        if let Some(span) = span {
            self.newest = Some(self.newest.map_or(span, |newest| newest.or_later(span)));
        }
        match reading.exceeded {
            Some(_) if is_older(span, self.kept) => None,
            Some(limit) => self.exceed(limit, span, is_late),
            None if is_late || !reading.conclusive => None,
            None => self.keep(span),
        }
    }

    fn exceed(&mut self, limit: Limit, span: Option<Span>, is_late: bool) -> Option<Change> {
        self.violations = self.violations.saturating_add(1);
        let start = span.map(|span| span.start);
        self.since = self.since.map_or(start, |since| Some(start.map_or(since, |start| start.min(since))));
        let is_told = self.violations >= limit.needed && !(is_late && self.fired.is_some());
        is_told.then(|| {
            let severity = Some(limit.setting.severity());
            // What swings between two limits is no news each time it exceeds the worse one.
            // A level that was left once more is news too.
            let is_news = self.told < severity || limit.setting == Setting::Regression;
            self.told = self.told.max(severity);
            self.fired = Some(limit);
            self.change(AlertState::Firing, is_news, limit)
        })
    }

    fn keep(&mut self, span: Option<Span>) -> Option<Change> {
        let resolved = self.fired.map(|limit| self.change(AlertState::Resolved, true, limit));
        *self = Self { kept: span, touched: self.touched, newest: self.newest, ..Self::default() };
        resolved
    }

    fn change(&self, state: AlertState, is_news: bool, limit: Limit) -> Change {
        Change { state, is_news, limit, since: self.since, violations: self.violations }
    }
}

/// Whether one is known to be older than the other.
fn is_older(span: Option<Span>, other: Option<Span>) -> bool {
    span.zip(other).is_some_and(|(span, other)| span.is_older_than(other))
}

#[cfg(test)]
mod tests;
