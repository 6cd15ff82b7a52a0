//! A figure over the last minutes.

use std::collections::VecDeque;

/// How far back a chart goes, in milliseconds.
pub(crate) const SPAN: i64 = 300_000;

/// No chart has more dots than this; the oldest give way.
const POINTS: usize = 3000;

/// A figure by time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Series {
    points: VecDeque<(i64, f64)>,
}

impl Series {
    /// Takes in a value of a time in milliseconds. One that is older than the last came late and is left out.
    pub(crate) fn push(&mut self, time: i64, value: f64) {
        if self.points.back().is_some_and(|(last, _)| *last > time) {
            return;
        }
        self.points.push_back((time, value));
        while self.points.len() > POINTS || self.points.front().is_some_and(|(first, _)| *first < time - SPAN)
        {
            self.points.pop_front();
        }
    }

    /// The last value, whenever it was.
    pub(crate) fn last(&self) -> Option<f64> {
        self.points.back().map(|(_, value)| *value)
    }

    /// The largest value of the last minutes before `now`.
    pub(crate) fn largest(&self, now: i64) -> f64 {
        self.dots(now).into_iter().map(|(_, value)| value).fold(0.0, f64::max)
    }

    /// Seconds before `now`, which are negative, and values.
    pub(crate) fn dots(&self, now: i64) -> Vec<(f64, f64)> {
        let recent = self.points.iter().filter(|(time, _)| (now - SPAN..=now).contains(time));
        recent.map(|(time, value)| ((time - now) as f64 / 1000.0, *value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_minutes_are_kept_and_time_does_not_go_backwards() {
        let mut series = Series::default();
        for (time, value) in [(0, 1.0), (10_000, 2.0), (5_000, 9.0), (301_000, 3.0)] {
            series.push(time, value);
        }
        assert_eq!(series.dots(301_000), [(-291.0, 2.0), (0.0, 3.0)]);
        assert_eq!((series.last(), series.largest(301_000)), (Some(3.0), 3.0));
        assert_eq!(series.dots(900_000), []);
    }
}
