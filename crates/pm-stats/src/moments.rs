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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moments {
    count: u64,
    // Without a value the smallest is larger than any and the largest smaller, so that the first one needs no
    // question of its own.
    min: i64,
    max: i64,
    sum: i128,
    // Saturates at its largest value, which then means "too large to know". Saturating addition of
    // non-negative numbers does not depend on their order, so merges stay exact in the same sense.
    sum_of_squares: u128,
}

impl Default for Moments {
    fn default() -> Self {
        Self { count: 0, min: i64::MAX, max: i64::MIN, sum: 0, sum_of_squares: 0 }
    }
}

impl Moments {
    /// Restores moments from their parts, as a partial result carries them.
    ///
    /// Returns `None` if the parts cannot have come from one stream: a count without a range, a range
    /// without a count, a count beyond 2^53 (more runs than anybody has), a sum that lies outside
    /// `count × range`, or a sum of squares that no values with this sum and range have.
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
                    && squares_are_possible(
                        count,
                        sum,
                        sum_of_squares,
                        min.unsigned_abs().max(max.unsigned_abs()),
                    )
            }
        };
        let (min, max) = range.unwrap_or((i64::MAX, i64::MIN));
        possible.then_some(Self { count, min, max, sum, sum_of_squares })
    }

    /// Adds one value.
    #[inline]
    pub fn push(&mut self, value: i64) {
        self.count = self.count.saturating_add(1);
        self.sum = self.sum.wrapping_add(i128::from(value));
        // A square is not negative and fits.
        let square = (i128::from(value) * i128::from(value)).cast_unsigned();
        match self.sum_of_squares.checked_add(square) {
            Some(sum) => self.sum_of_squares = sum,
            None => self.overflow(),
        }
        // Questions that are hardly ever answered with yes cost less than values that are always written.
        if value < self.min {
            self.min = value;
        }
        if value > self.max {
            self.max = value;
        }
    }

    #[cold]
    fn overflow(&mut self) {
        self.sum_of_squares = u128::MAX;
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        // Only hostile partial results can come near the limits; neither way of meeting them depends on
        // the order of the merges.
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.wrapping_add(other.sum);
        self.sum_of_squares = self.sum_of_squares.saturating_add(other.sum_of_squares);
        (self.min, self.max) = (self.min.min(other.min), self.max.max(other.max));
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
        (self.count > 0).then_some(self.min)
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> Option<i64> {
        (self.count > 0).then_some(self.max)
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
        i64::try_from(quotient.saturating_add(away)).ok()
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
        let whole = i128::try_from(self.sum_of_squares).ok()? - a.checked_mul(self.sum.checked_add(r)?)?;
        let deviations = whole as f64 - (r as f64) * (r as f64) / n as f64;
        let variance = deviations.max(0.0) / (n - 1) as f64;
        Some(variance.sqrt().round() as i64)
    }
}

/// Whether `S²/n ≤ Q ≤ n·m²`, where m is the largest magnitude; the first is Cauchy's and Schwarz's.
fn squares_are_possible(count: u64, sum: i128, sum_of_squares: u128, magnitude: u64) -> bool {
    let (n, sum, magnitude) = (u128::from(count), sum.unsigned_abs(), u128::from(magnitude));
    if sum_of_squares > n.saturating_mul(magnitude * magnitude) {
        return false;
    }
    // As in `std_deviation`: with S = a·n + r, S²/n = a·(S + r) + r²/n. Here n is at most 2^53, so r² fits.
    let (a, r) = (sum / n, sum % n);
    let rest = a.checked_mul(sum + r).and_then(|whole| sum_of_squares.checked_sub(whole));
    sum_of_squares == u128::MAX || rest.is_some_and(|rest| rest >= (r * r).div_ceil(n))
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
        let far = of(&[i64::MAX, i64::MIN, i64::MAX, i64::MIN, i64::MAX]);
        assert_eq!((far.std_deviation(), far.sum_of_squares()), (None, u128::MAX));
    }

    #[test]
    fn parts_that_cannot_be_are_refused() {
        assert!(Moments::from_parts(2, 10, 52, Some((4, 6))).is_some());
        assert!(Moments::from_parts(0, 10, 52, None).is_none());
        assert!(Moments::from_parts(2, 10, 52, Some((6, 7))).is_none());
        assert!(Moments::from_parts(2, 10, 52, Some((6, 4))).is_none());
        assert!(Moments::from_parts((1 << 53) + 1, 0, 0, Some((0, 0))).is_none());
    }

    #[test]
    fn a_sum_of_squares_that_no_values_have_is_refused() {
        let squares = |count, sum, sum_of_squares, range| {
            Moments::from_parts(count, sum, sum_of_squares, Some(range)).is_some()
        };
        // 10²/2 = 50 and 10²/3 = 33⅓ are the least, 2·6² = 72 is more than the most.
        assert!(squares(2, 10, 50, (4, 6)) && !squares(2, 10, 49, (4, 6)) && !squares(2, 10, 73, (4, 6)));
        assert!(squares(3, 10, 34, (0, 6)) && !squares(3, 10, 33, (0, 6)));
        assert!(squares(3, -10, 34, (-6, 0)) && !squares(3, -10, 33, (-6, 0)));
        let (most, n) = (i64::MAX, 1_u64 << 53);
        let sum = i128::from(n) * i128::from(most);
        assert!(squares(n, sum, u128::MAX, (most, most)) && !squares(n, sum, u128::MAX - 1, (most, most)));
        assert!(!squares(2, 10, u128::MAX, (4, 6)));
    }

    #[test]
    fn more_than_can_be_counted_is_no_panic() {
        for value in [i64::MAX, i64::MIN] {
            let (n, sum) = (1_u64 << 53, (1_i128 << 53) * i128::from(value));
            let hostile = Moments::from_parts(n, sum, u128::MAX, Some((value, value))).expect("possible");
            let mut merged = Moments::default();
            for _ in 0..2_100 {
                merged.merge(&hostile);
                merged.push(value);
                let _ = (merged.mean(), merged.std_deviation());
            }
            assert_eq!(merged.count(), u64::MAX);
        }
    }
}
