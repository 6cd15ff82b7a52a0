//! Values that stand apart from the others: counted, never taken away.
//!
//! A value is an outlier if it lies further from the median than 14.826 times the median absolute deviation
//! (MAD), which is ten standard deviations of a normal distribution; the cut is hyperfine's. The MAD counts as at
//! least a thousandth of the median and at least one thousandth of the unit, which is as finely as values are
//! known: else the second of two values that agree in all but the last digit would stand apart.
//!
//! Both medians are nearest ranks (the element of rank ⌈n/2⌉). From a histogram each value is the middle of its
//! bucket, as it is for quantiles.

use std::cmp::Ordering;

/// How many values stand apart, on either side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outliers {
    /// Far below the median.
    pub low: u64,
    /// Far above it.
    pub high: u64,
}

/// 14.826, in thousandths.
const CUT: i128 = 14_826;

/// Where values stop to belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    median: i64,
    // In thousandths of a value, so that the floor is an integer.
    spread: i128,
}

impl Fence {
    /// The fence around some values in any order; none if there are none.
    #[must_use]
    pub fn around(values: impl IntoIterator<Item = i64>) -> Option<Self> {
        let mut values: Vec<_> = values.into_iter().map(|value| (value, 1)).collect();
        values.sort_unstable();
        Self::of(&values)
    }

    /// The same of values by rising value, each with how often it occurred.
    fn of(values: &[(i64, u64)]) -> Option<Self> {
        let total = values.iter().fold(0_u64, |total, &(_, count)| total.saturating_add(count));
        let rank = total.div_ceil(2);
        let median = at_rank(values.iter().copied(), rank)?;
        let mad = deviation_at_rank(values, median, rank).unwrap_or(0);
        let spread = (i128::from(mad) * 1000).max(1000).max(i128::from(median).abs());
        Some(Self { median, spread })
    }

    /// Where a value lies: far below the others, far above them, or with them.
    #[must_use]
    pub fn side(&self, value: i64) -> Ordering {
        let away = i128::from(value) - i128::from(self.median);
        if away.abs() * 1_000_000 > self.spread * CUT { away.cmp(&0) } else { Ordering::Equal }
    }
}

/// Counts the outliers among values, given by rising value, each with how often it occurred.
pub(crate) fn outliers(values: &[(i64, u64)]) -> Outliers {
    let mut outliers = Outliers::default();
    let Some(fence) = Fence::of(values) else { return outliers };
    for &(value, count) in values {
        match fence.side(value) {
            Ordering::Less => outliers.low = outliers.low.saturating_add(count),
            Ordering::Greater => outliers.high = outliers.high.saturating_add(count),
            Ordering::Equal => {}
        }
    }
    outliers
}

/// The deviation from the median of rank `rank`, of values by rising value. Deviations rise away from the median on
/// either side, so that the next larger one is always the next on one of the two.
fn deviation_at_rank(values: &[(i64, u64)], median: i64, rank: u64) -> Option<u64> {
    let (below, above) = values.split_at(values.partition_point(|&(value, _)| value < median));
    let deviation = |&(value, count): &(i64, u64)| (value.abs_diff(median), count);
    let mut below = below.iter().rev().map(deviation).peekable();
    let mut above = above.iter().map(deviation).peekable();
    let rising = std::iter::from_fn(|| match (below.peek(), above.peek()) {
        (Some((low, _)), Some((high, _))) if low < high => below.next(),
        (_, Some(_)) => above.next(),
        (_, None) => below.next(),
    });
    at_rank(rising, rank)
}

/// The value of rank `rank`; the first has rank 1.
fn at_rank<T>(values: impl Iterator<Item = (T, u64)>, rank: u64) -> Option<T> {
    let mut seen = 0_u64;
    values.into_iter().find_map(|(value, count)| {
        seen = seen.saturating_add(count);
        (seen >= rank).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(values: &[i64], low: u64, high: u64) {
        let mut sorted: Vec<_> = values.iter().map(|&value| (value, 1)).collect();
        sorted.sort_unstable();
        assert_eq!(outliers(&sorted), Outliers { low, high }, "{values:?}");
    }

    #[test]
    fn nothing_and_a_single_value_have_no_outliers() {
        check(&[], 0, 0);
        check(&[5_000], 0, 0);
    }

    #[test]
    fn the_cut_is_at_14_826_times_the_median_absolute_deviation() {
        // Deviations from the median 200,000 are 0, 1,000 twice, and what is tried: their median is 1,000.
        check(&[199_000, 200_000, 200_000, 201_000, 214_826], 0, 0);
        check(&[199_000, 200_000, 201_000, 201_000, 199_000, 215_827], 0, 1);
        check(&[199_000, 200_000, 201_000, 201_000, 199_000, 214_825], 0, 0);
        check(&[199_000, 200_000, 201_000, 201_000, 201_000, 185_173, 185_174], 1, 0);
    }

    #[test]
    fn values_that_agree_are_not_torn_apart_by_the_last_digit() {
        // The floor is a thousandth of the median: 1,000, and 14,826 is the furthest that belongs.
        let mut values = vec![1_000_000; 9];
        values.extend([1_014_826, 1_014_827, 985_174, 985_173]);
        check(&values, 1, 1);
        // Near nothing it is one thousandth of the unit.
        check(&[0, 0, 0, 14, -14], 0, 0);
        check(&[0, 0, 0, 15, -15], 1, 1);
    }

    proptest! {
        #[test]
        fn the_deviation_of_a_rank_is_the_one_of_all_deviations_sorted(
            values in proptest::collection::btree_map(-50..50_i64, 1..4_u64, 1..30), rank in 1..60_u64, median in -60..60_i64,
        ) {
            let values: Vec<_> = values.into_iter().collect();
            let mut sorted: Vec<_> =
                values.iter().map(|&(value, count)| (value.abs_diff(median), count)).collect();
            sorted.sort_unstable();
            prop_assert_eq!(deviation_at_rank(&values, median, rank), at_rank(sorted.into_iter(), rank));
        }
    }

    #[test]
    fn a_fence_says_of_each_value_what_is_counted_of_all() {
        let values = [199_000, 200_000, 201_000, 201_000, 199_000, 215_827, 100_000];
        let fence = Fence::around(values).expect("values");
        assert_eq!(values.map(|value| fence.side(value) as i8), [0, 0, 0, 0, 0, 1, -1]);
        assert_eq!(Fence::around([]), None);
    }

    #[test]
    fn the_furthest_values_of_all_are_no_overflow() {
        check(&[i64::MIN, i64::MAX], 0, 1);
        check(&[i64::MIN, 0, 0, 0, i64::MAX], 1, 1);
    }
}
