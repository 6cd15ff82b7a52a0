//! Count, sum, sum of squares, smallest and largest of a stream of integers, merged exactly.
//!
//! With `S = Σx`, `Q = Σx²` and n values:
//!
//! ```text
//! mean          = S / n
//! std_deviation = √( (Q − S²/n) / (n − 1) )        (sample standard deviation; none below n = 2)
//! ```
//!
//! `Q − S²/n` is taken in integers. A floating-point sum would lose the small difference of two large
//! numbers, and would depend on the order of addition.

/// Exact moments of integer values; one value is one thousandth of the metric's unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moments {
    count: u64,
    sum: i128,
    // Saturates at its largest value, which then means "too large to know". Saturating addition of
    // non-negative numbers does not depend on their order, so merges stay exact in the same sense.
    sum_of_squares: u128,
    range: Option<(i64, i64)>,
}

impl Moments {
    /// Restores moments from their parts, as a partial result carries them.
    ///
    /// Returns `None` if the parts cannot have come from one stream: a count without a range, a range
    /// without a count, a count beyond 2^53 (more runs than anybody has), or a sum that lies outside
    /// `count × range`.
    #[must_use]
    pub fn from_parts(
        count: u64,
        sum: i128,
        sum_of_squares: u128,
        range: Option<(i64, i64)>,
    ) -> Option<Self> {
        let possible = match range {
            None => count == 0 && sum == 0 && sum_of_squares == 0,
            Some((min, max)) => {
                let n = i128::from(count);
                (1..=1 << 53).contains(&count)
                    && min <= max
                    && n * i128::from(min) <= sum
                    && sum <= n * i128::from(max)
            }
        };
        possible.then_some(Self { count, sum, sum_of_squares, range })
    }

    /// Adds one value.
    pub fn push(&mut self, value: i64) {
        self.count += 1;
        self.sum += i128::from(value);
        let magnitude = u128::from(value.unsigned_abs());
        self.sum_of_squares = self.sum_of_squares.saturating_add(magnitude * magnitude);
        self.widen(value, value);
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        // Only hostile partial results can come near the limits; neither way of meeting them depends on
        // the order of the merges.
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.wrapping_add(other.sum);
        self.sum_of_squares = self.sum_of_squares.saturating_add(other.sum_of_squares);
        if let Some((min, max)) = other.range {
            self.widen(min, max);
        }
    }

    fn widen(&mut self, min: i64, max: i64) {
        self.range = Some(self.range.map_or((min, max), |(low, high)| (low.min(min), high.max(max))));
    }

    /// How many values there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The exact sum.
    #[must_use]
    pub fn sum(&self) -> i128 {
        self.sum
    }

    /// The exact sum of squares, or `u128::MAX` when it did not fit.
    #[must_use]
    pub fn sum_of_squares(&self) -> u128 {
        self.sum_of_squares
    }

    /// The smallest value.
    #[must_use]
    pub fn min(&self) -> Option<i64> {
        self.range.map(|(min, _)| min)
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> Option<i64> {
        self.range.map(|(_, max)| max)
    }

    /// The arithmetic mean, rounded to the nearest integer, halves away from zero.
    #[must_use]
    pub fn mean(&self) -> Option<i64> {
        if self.count == 0 {
            return None;
        }
        let n = i128::from(self.count);
        let (quotient, rest) = (self.sum / n, self.sum % n);
        let away = if 2 * rest.abs() >= n { self.sum.signum() } else { 0 };
        // The mean lies between two i64 values, so it is one.
        i64::try_from(quotient + away).ok()
    }

    /// The sample standard deviation (divisor n − 1), rounded; none below two values, or when the sum
    /// of squares did not fit into 128 bits.
    #[must_use]
    pub fn std_deviation(&self) -> Option<i64> {
        if self.count < 2 || self.sum_of_squares == u128::MAX {
            return None;
        }
        let n = i128::from(self.count);
        // With S = a·n + r: S²/n = a·(S + r) + r²/n. The first part is an integer no larger than Q, so
        // the difference below is exact; only the remainder, less than n, is floating point.
        let (a, r) = (self.sum / n, self.sum % n);
        let whole = i128::try_from(self.sum_of_squares).ok()? - a.checked_mul(self.sum + r)?;
        let deviations = whole as f64 - (r as f64) * (r as f64) / n as f64;
        let variance = deviations.max(0.0) / (n - 1) as f64;
        Some(variance.sqrt().round() as i64)
    }
}

impl Extend<i64> for Moments {
    fn extend<I: IntoIterator<Item = i64>>(&mut self, values: I) {
        for value in values {
            self.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[i64]) -> Moments {
        let mut moments = Moments::default();
        moments.extend(values.iter().copied());
        moments
    }

    #[test]
    fn nothing_has_no_mean_no_deviation_and_no_range() {
        let none = Moments::default();
        assert_eq!((none.mean(), none.std_deviation(), none.min(), none.max()), (None, None, None, None));
    }

    #[test]
    fn one_value_has_a_mean_and_no_deviation() {
        assert_eq!((of(&[7]).mean(), of(&[7]).std_deviation()), (Some(7), None));
    }

    #[test]
    fn the_deviation_divides_by_n_minus_one() {
        // 2, 4, 4, 4, 5, 5, 7, 9: the squared deviations sum to 32, and √(32/7) = 2.138.
        let values = [2, 4, 4, 4, 5, 5, 7, 9].map(|x| x * 1000);
        assert_eq!(of(&values).std_deviation(), Some(2_138));
    }

    #[test]
    fn a_small_spread_on_a_large_value_is_not_lost() {
        let base = 4_000_000_000_000_000;
        assert_eq!(of(&[base, base + 2, base + 4]).std_deviation(), Some(2));
    }

    #[test]
    fn means_round_halves_away_from_zero() {
        assert_eq!(
            (of(&[1, 2]).mean(), of(&[-1, -2]).mean(), of(&[1, 1, 2]).mean()),
            (Some(2), Some(-2), Some(1))
        );
    }

    #[test]
    fn a_sum_of_squares_that_does_not_fit_gives_no_deviation() {
        assert_eq!(of(&[i64::MAX, i64::MIN, i64::MAX, i64::MIN, i64::MAX]).std_deviation(), None);
    }

    #[test]
    fn parts_that_cannot_be_are_refused() {
        assert!(Moments::from_parts(2, 10, 52, Some((4, 6))).is_some());
        assert!(Moments::from_parts(0, 10, 52, None).is_none());
        assert!(Moments::from_parts(2, 10, 52, Some((6, 7))).is_none());
        assert!(Moments::from_parts(2, 10, 52, Some((6, 4))).is_none());
    }
}
