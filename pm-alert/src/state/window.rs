//! What is made of the values of the last while.
//!
//! Values are kept as sums of [`PARTS`] parts of the window, so that memory does not grow with their number; the cost
//! is that the window's beginning is as coarse as a part is long. Parts begin at whole multiples of their length since
//! the Unix epoch, so that it does not matter which value came first.

use pm_record::{Thousandths, Timestamp};
use pm_store::{Statistic, WindowSettings};
use serde::{Deserialize, Serialize};

/// Into how many parts a window is cut.
const PARTS: i64 = 60;

/// The values of the last while.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Window {
    /// How long a part is, in milliseconds. Of parts of another length nothing can be known.
    length: i64,
    /// By their numbers.
    parts: Vec<Part>,
}

/// The number of the part, and of its values: how many, their sum, the smallest and the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Part(i64, u32, i64, i64, i64);

impl Window {
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Takes in a value. Returns what is made of those in the window that ends with the newest of them, and how many
    /// there are.
    pub(super) fn push(
        &mut self,
        at: Timestamp,
        value: Thousandths,
        settings: &WindowSettings,
    ) -> (Thousandths, u32) {
        let length = (settings.millis / PARTS).max(1);
        if self.length != length {
            *self = Self { length, parts: Vec::new() };
        }
        let part = at.as_millis().div_euclid(length);
        let newest = self.parts.last().map_or(part, |last| last.0.max(part));
        match self.parts.binary_search_by_key(&part, |part| part.0) {
            Ok(place) => self.parts[place].add(value.0),
            Err(place) => self.parts.insert(place, Part(part, 1, value.0, value.0, value.0)),
        }
        self.parts.retain(|part| part.0 > newest - PARTS);
        self.result(settings)
    }

    fn result(&self, settings: &WindowSettings) -> (Thousandths, u32) {
        let count = self.parts.iter().fold(0_u32, |count, part| count.saturating_add(part.1));
        let sum = self.parts.iter().fold(0_i64, |sum, part| sum.saturating_add(part.2));
        let whole = i128::from(sum);
        let value = match settings.statistic {
            Statistic::Sum => whole,
            Statistic::Mean => whole / i128::from(count.max(1)),
            Statistic::PerMinute => whole * 60_000 / i128::from(settings.millis.max(1)),
            Statistic::Count => i128::from(count) * 1000,
            Statistic::Max => self.parts.iter().map(|part| part.4).max().unwrap_or_default().into(),
            Statistic::Min => self.parts.iter().map(|part| part.3).min().unwrap_or_default().into(),
        };
        let value = i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX });
        (Thousandths(value), count)
    }
}

impl Part {
    fn add(&mut self, value: i64) {
        self.1 = self.1.saturating_add(1);
        self.2 = self.2.saturating_add(value);
        self.3 = self.3.min(value);
        self.4 = self.4.max(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(statistic: Statistic, values: &[(i64, i64)], expected: &[i64]) {
        let settings = WindowSettings { millis: 60_000, statistic, at_least: 1 };
        let mut window = Window::default();
        let push = |&(second, value): &(i64, i64)| {
            window.push(Timestamp::from_millis(second * 1000), Thousandths::from_units(value), &settings).0.0
                / 1000
        };
        assert_eq!(values.iter().map(push).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn each_statistic_is_of_the_last_while() {
        let values = [(0, 10), (1, 20), (59, 30), (60, 40), (200, 5)];
        check(Statistic::Sum, &values, &[10, 30, 60, 90, 5]);
        check(Statistic::Mean, &values, &[10, 15, 20, 30, 5]);
        check(Statistic::Count, &values, &[1, 2, 3, 3, 1]);
        check(Statistic::Max, &values, &[10, 20, 30, 40, 5]);
        check(Statistic::Min, &values, &[10, 10, 10, 20, 5]);
        check(Statistic::PerMinute, &values, &[10, 30, 60, 90, 5]);
    }

    #[test]
    fn a_value_that_comes_late_counts_where_it_belongs() {
        check(Statistic::Sum, &[(60, 1), (1, 2), (0, 4), (61, 8), (62, 16)], &[1, 3, 3, 9, 25]);
    }

    #[test]
    fn another_length_of_the_window_begins_anew() {
        let mut window = Window::default();
        let mut push = |minutes: i64, second: i64| {
            let settings =
                WindowSettings { millis: minutes * 60_000, statistic: Statistic::Count, at_least: 1 };
            window.push(Timestamp::from_millis(second * 1000), Thousandths(1), &settings).0.0 / 1000
        };
        assert_eq!([push(10, 1_000_000), push(10, 1_000_001), push(60, 1_000_002)], [1, 2, 1]);
        assert_eq!([push(60, 1_000_003), push(10, 1_000_004)], [2, 1]);
    }

    #[test]
    fn memory_does_not_grow_with_the_number_of_values() {
        let settings = WindowSettings { millis: 60_000, statistic: Statistic::Sum, at_least: 1 };
        let mut window = Window::default();
        for second in 0..10_000 {
            window.push(Timestamp::from_millis(second * 1000), Thousandths(1), &settings);
        }
        assert_eq!(i64::try_from(window.parts.len()), Ok(PARTS));
    }
}
