//! Which part of a question the rollups of a segment answer, and which its records.

use pm_record::{Timestamp, Window};

use crate::day::DAY;
use crate::sources::Span;

const HOUR: i64 = 3_600_000;

/// Whether some of it lies in the span.
pub(crate) fn overlap(span: Span, first: Option<Timestamp>, last: Option<Timestamp>) -> bool {
    let (Some(first), Some(last)) = (first, last) else { return false };
    span.until.is_none_or(|until| first < until) && span.since.is_none_or(|since| since < last)
}

/// Whether a span ends inside none of the hours from `first` to `last`.
pub(crate) fn keeps_hours_whole(span: Span, first: Timestamp, last: Timestamp) -> bool {
    let is_whole = |cut: Timestamp| cut <= first || last <= cut || floor(cut, HOUR) == cut;
    [span.since, span.until].into_iter().flatten().all(is_whole)
}

/// The hour that an instant lies in.
pub(crate) fn hour_of(instant: Timestamp) -> Window {
    let start = floor(instant, HOUR);
    Window { start, end: Timestamp::from_millis(start.as_millis().saturating_add(HOUR)) }
}

/// What can answer for a segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) records: bool,
    pub(crate) day: bool,
    pub(crate) hour: bool,
    /// What it covers, as finely as is known: the first and the last window of its hours or days.
    pub(crate) stretch: Option<(Option<Timestamp>, Option<Timestamp>)>,
}

/// What answers for a part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Records,
    Hour,
    Day,
}

impl Offer {
    /// Cuts the time into parts without overlap, each with what answers for it. Parts in which the segment has
    /// nothing are left out.
    pub(crate) fn parts(self, span: Span) -> Vec<(Part, Span)> {
        let rolled_up = match self.stretch {
            None => None,
            Some((first, last)) if !overlap(span, first, last) => return Vec::new(),
            Some((Some(first), Some(last))) => self.rolled_up(span, first, last),
            Some(_) => return Vec::new(),
        };
        match rolled_up {
            Some(Parts { parts, exact }) if exact || !self.records => parts,
            _ if self.records => vec![(Part::Records, span)],
            _ => Vec::new(),
        }
    }

    /// What rollups can answer.
    fn rolled_up(self, span: Span, first: Timestamp, last: Timestamp) -> Option<Parts> {
        let mut edges = vec![span];
        let mut parts = Vec::new();
        if self.day {
            // The days that lie wholly in the span.
            let since =
                span.since.map_or(floor(first, DAY), |since| ceiling(since, DAY).max(floor(first, DAY)));
            let until =
                span.until.map_or(ceiling(last, DAY), |until| floor(until, DAY).min(ceiling(last, DAY)));
            if since < until {
                let whole = Span { since: Some(since), until: Some(until) };
                parts.push((Part::Day, whole));
                edges = vec![Span { until: whole.since, ..span }, Span { since: whole.until, ..span }];
            }
        } else if !self.hour {
            return None;
        }
        edges.retain(|edge| edge.since.is_none_or(|since| edge.until.is_none_or(|until| since < until)));
        edges.retain(|&edge| overlap(edge, Some(first), Some(last)));
        let exact = edges.iter().all(|&edge| self.hour && keeps_hours_whole(edge, first, last));
        if self.hour {
            parts.extend(edges.into_iter().map(|edge| (Part::Hour, edge)));
        }
        parts.sort_by_key(|(_, span)| span.since);
        Some(Parts { parts, exact })
    }
}

struct Parts {
    parts: Vec<(Part, Span)>,
    /// Whether they answer for all of the time.
    exact: bool,
}

fn floor(instant: Timestamp, length: i64) -> Timestamp {
    Timestamp::from_millis(instant.as_millis().div_euclid(length) * length)
}

fn ceiling(instant: Timestamp, length: i64) -> Timestamp {
    Timestamp::from_millis(-(-instant.as_millis()).div_euclid(length) * length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Hours of three days, in quarters of an hour.
    fn quarter(number: i64) -> Timestamp {
        Timestamp::from_millis(number * HOUR / 4)
    }

    /// The parts, as hours of the day before, the day and the day after: `H10-24 D24-48`.
    #[track_caller]
    fn check(offer: Offer, since: Option<i64>, until: Option<i64>, expected: &str) {
        let span = Span { since: since.map(quarter), until: until.map(quarter) };
        let hours = |instant: Option<Timestamp>| {
            instant.map(|instant| (instant.as_millis() as f64 / HOUR as f64).to_string()).unwrap_or_default()
        };
        let parts = offer.parts(span).into_iter().map(|(part, span)| {
            let letter = &format!("{part:?}")[..1];
            format!("{letter}{}-{}", hours(span.since), hours(span.until))
        });
        assert_eq!(parts.collect::<Vec<_>>().join(" "), expected, "{offer:?} {since:?} {until:?}");
    }

    /// A segment whose first run began at hour 22, and whose last window ends at hour 46.
    fn all() -> Offer {
        let stretch = Some((Some(quarter(4 * 22)), Some(quarter(4 * 46))));
        Offer { records: true, day: true, hour: true, stretch }
    }

    #[test]
    fn days_are_taken_whole_and_their_ends_by_hours_or_records() {
        check(all(), None, None, "D0-48");
        check(all(), Some(0), Some(4 * 48), "D0-48");
        check(all(), Some(4 * 23), None, "H23-24 D24-48");
        check(all(), Some(4 * 23), Some(4 * 30), "H23-30");
        check(all(), Some(4 * 23 + 1), None, "R23.25-");
        check(all(), Some(4 * 24), Some(4 * 47), "H24-47");
        check(all(), Some(4 * 46), None, "");
        check(all(), None, Some(4 * 22), "");
        check(Offer { day: false, ..all() }, Some(4 * 24), None, "H24-");
        check(Offer { hour: false, ..all() }, Some(4 * 23), None, "R23-");
        check(Offer { hour: false, records: false, ..all() }, Some(4 * 23), None, "D24-48");
        check(Offer { hour: false, day: false, stretch: None, ..all() }, Some(4 * 23), None, "R23-");
    }

    proptest! {
        #[test]
        fn parts_cover_every_window_once(
            (since, until) in (prop::option::of(0..300_i64), prop::option::of(0..300_i64)),
            (first, hours) in (0..40_i64, 1..32_i64),
            (records, day, hour) in (any::<bool>(), any::<bool>(), any::<bool>()),
        ) {
            let stretch = (quarter(4 * first), quarter(4 * (first + hours)));
            let known = (day || hour).then_some((Some(stretch.0), Some(stretch.1)));
            let offer = Offer { records, day, hour, stretch: known };
            let span = Span { since: since.map(quarter), until: until.map(quarter) };
            let parts = offer.parts(span);
            // A run in every quarter of the stretch, and what answers for it.
            for run in (4 * first..4 * (first + hours)).map(quarter) {
                let window = |length| Window { start: floor(run, length), end: Timestamp::from_millis(floor(run, length).as_millis() + length) };
                let answers = parts.iter().filter(|(part, of)| match part {
                    Part::Records => of.covers(run),
                    Part::Hour => of.holds(&window(HOUR)),
                    Part::Day => of.holds(&window(DAY)),
                });
                let answers = answers.count();
                prop_assert!(answers <= usize::from(span.covers(run)), "{run} is answered {answers} times by {parts:?}");
                prop_assert!(answers == 1 || !span.covers(run) || !records, "{run} is not answered by {parts:?}");
            }
        }
    }
}
