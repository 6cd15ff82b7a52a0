//! Values in rising order with how often each occurs: what every method here takes, so that it works alike on
//! values that were kept and on the counts of a histogram.

use crate::{Distribution, Sample};

/// Finite values in rising order, none twice, each with how often it occurs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    entries: Vec<(f64, u64)>,
    count: u64,
    binned: bool,
}

impl Tally {
    /// A tally of values in any order. Those that are no finite numbers are left out.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        values.sort_unstable_by(f64::total_cmp);
        Self::of_rising(values.into_iter().map(|value| (value, 1)))
    }

    fn of_rising(counted: impl Iterator<Item = (f64, u64)>) -> Self {
        let mut entries: Vec<(f64, u64)> = Vec::new();
        let mut total = 0_u64;
        for (value, count) in counted {
            total = total.saturating_add(count);
            match entries.last_mut() {
                // Also where one of the zeros is negative.
                Some((last, same)) if *last == value => *same = same.saturating_add(count),
                _ => entries.push((value, count)),
            }
        }
        Self { entries, count: total, binned: false }
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether values that lie within 0.54 % of each other may have become one.
    #[must_use]
    pub fn is_binned(&self) -> bool {
        self.binned
    }

    /// The values, rising, and how often each occurs.
    #[must_use]
    pub fn entries(&self) -> &[(f64, u64)] {
        &self.entries
    }

    /// The value that all of them have, if they do.
    #[must_use]
    pub fn constant(&self) -> Option<f64> {
        if let [(value, _)] = self.entries[..] { Some(value) } else { None }
    }

    /// The value of rank `rank`; the smallest has rank 1.
    #[must_use]
    pub fn at_rank(&self, rank: u64) -> Option<f64> {
        let mut below = 0_u64;
        let of_rank = |&&(_, count): &&(f64, u64)| {
            below = below.saturating_add(count);
            below >= rank
        };
        if rank == 0 { None } else { self.entries.iter().find(of_rank).map(|&(value, _)| value) }
    }

    /// The same values through a function that keeps their order.
    pub(crate) fn map(&self, rising: impl Fn(f64) -> f64) -> Self {
        let entries = self.entries.iter().map(|&(value, count)| (rising(value), count));
        Self { binned: self.binned, ..Self::of_rising(entries) }
    }

    /// Whether a logarithm can be taken of each.
    pub(crate) fn is_positive(&self) -> bool {
        self.entries.first().is_some_and(|&(least, _)| least > 0.0)
    }
}

/// In the metric's unit. Values that are not kept are the middles of their buckets.
impl From<&Distribution> for Tally {
    fn from(distribution: &Distribution) -> Self {
        let units = |value: i64| value as f64 / 1000.0;
        match distribution.sample() {
            Sample::Values(values) => Self::of_rising(values.iter().map(|&value| (units(value), 1))),
            Sample::Histogram(histogram) => {
                let moments = distribution.moments();
                let (min, max) = (moments.min().unwrap_or(i64::MIN), moments.max().unwrap_or(i64::MAX));
                let middles = histogram.middles().map(|(value, count)| (units(value.clamp(min, max)), count));
                // A single value is what it is, however often it occurs.
                Self { binned: min != max, ..Self::of_rising(middles) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_are_one_entry_and_ranks_count_each() {
        let tally = Tally::new([3.0, 1.0, 3.0, f64::NAN, -0.0, 0.0]);
        assert_eq!(tally.entries(), [(0.0, 2), (1.0, 1), (3.0, 2)]);
        assert_eq!(
            [0, 1, 3, 4, 5, 6].map(|rank| tally.at_rank(rank)),
            [None, Some(0.0), Some(1.0), Some(3.0), Some(3.0), None]
        );
        assert_eq!((tally.count(), tally.constant()), (5, None));
    }

    #[test]
    fn a_distribution_is_exact_while_it_keeps_values_or_has_but_one() {
        let few: Distribution = [2_500, 1_000].into_iter().collect();
        assert_eq!(Tally::from(&few), Tally::new([1.0, 2.5]));
        let many: Distribution = (0..100).map(|value| 1_000 + value).collect();
        let tally = Tally::from(&many);
        assert!(tally.is_binned() && tally.entries().len() < 30 && tally.count() == 100);
        let same: Distribution = std::iter::repeat_n(12_000, 100).collect();
        assert_eq!((Tally::from(&same).constant(), Tally::from(&same).is_binned()), (Some(12.0), false));
    }
}
