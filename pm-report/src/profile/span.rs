//! Stretches of a run, in microseconds since its start.

use pm_record::Thousandths;
pub(crate) use pm_stats::spans::{Span, length, union};

/// The longest time that is believed, in microseconds: more than a century, and exact as a number of JSON.
const LONGEST: i64 = 4_000_000_000_000_000;

/// A number of milliseconds, in microseconds that a sum can be made of.
pub(crate) fn micros(millis: Thousandths) -> i64 {
    millis.0.clamp(0, LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_a_record_is_too_large_to_be_added_up() {
        assert_eq!(
            [i64::MIN, -1, 1500, i64::MAX].map(|millis| micros(Thousandths(millis))),
            [0, 0, 1500, LONGEST]
        );
    }
}
