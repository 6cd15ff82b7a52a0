//! Moments and quantiles of one metric: exact while there are few values, within 0.27 % afterwards.
//!
//! Quantile q of n values is the element of rank ⌈q·n⌉ (the nearest rank): always a value that occurred,
//! or the middle of its bucket, never a point between two values. Tools that interpolate give other
//! answers for small n.

use crate::outliers::outliers;
use crate::{Histogram, Moments, Outliers};

/// Up to this many values are kept as they are.
pub const EXACT_VALUES: usize = 64;

/// What is known of the values beyond their moments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sample {
    /// Every value, in rising order: there are at most [`EXACT_VALUES`].
    Values(Vec<i64>),
    /// Their counts by magnitude.
    Histogram(Histogram),
}

/// The values of one metric, summarized; in thousandths of its unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    moments: Moments,
    sample: Sample,
}

impl Default for Distribution {
    fn default() -> Self {
        Self { moments: Moments::default(), sample: Sample::Values(Vec::new()) }
    }
}

impl Distribution {
    /// Restores a distribution from its parts, as a partial result carries them.
    ///
    /// Returns `None` if the sample cannot be the one that the moments were taken from.
    #[must_use]
    pub fn from_parts(moments: &Moments, sample: Sample) -> Option<Self> {
        let restored = match sample {
            Sample::Values(values) if values.len() > EXACT_VALUES => return None,
            Sample::Values(values) => values.into_iter().collect(),
            Sample::Histogram(histogram) if histogram.count() != moments.count() => return None,
            histogram @ Sample::Histogram(_) => Self { moments: moments.clone(), sample: histogram },
        };
        (restored.moments == *moments).then_some(restored)
    }

    /// Adds one value.
    #[inline]
    pub fn push(&mut self, value: i64) {
        self.moments.push(value);
        match &mut self.sample {
            Sample::Values(values) if values.len() < EXACT_VALUES => {
                let place = values.partition_point(|&kept| kept <= value);
                if values.len() == values.capacity() {
                    // Most groups stay small, and doubling would leave half of it empty.
                    values.reserve_exact(values.len().clamp(1, 16));
                }
                values.insert(place, value);
            }
            Sample::Values(_) => self.as_histogram().push(value),
            Sample::Histogram(histogram) => histogram.push(value),
        }
    }

    /// Adds everything that `other` has seen.
    pub fn merge(&mut self, other: &Self) {
        self.moments.merge(&other.moments);
        match (&mut self.sample, &other.sample) {
            (Sample::Values(mine), Sample::Values(theirs)) if mine.len() + theirs.len() <= EXACT_VALUES => {
                mine.extend_from_slice(theirs);
                mine.sort_unstable();
            }
            (_, Sample::Values(theirs)) => {
                let histogram = self.as_histogram();
                for &value in theirs {
                    histogram.push(value);
                }
            }
            (_, Sample::Histogram(theirs)) => self.as_histogram().merge(theirs),
        }
    }

    /// Turns kept values into counts, once and for good.
    fn as_histogram(&mut self) -> &mut Histogram {
        if let Sample::Values(values) = &self.sample {
            let mut histogram = Histogram::default();
            for &value in values {
                histogram.push(value);
            }
            self.sample = Sample::Histogram(histogram);
        }
        match &mut self.sample {
            Sample::Histogram(histogram) => histogram,
            Sample::Values(_) => unreachable!("values were turned into a histogram above"),
        }
    }

    /// Count, sum, mean and the rest.
    #[must_use]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// The values or their histogram.
    #[must_use]
    pub fn sample(&self) -> &Sample {
        &self.sample
    }

    /// The values or their histogram, taken out.
    #[must_use]
    pub fn into_sample(self) -> Sample {
        self.sample
    }

    /// The element of rank ⌈q·n⌉; none when there are no values.
    ///
    /// Exact up to [`EXACT_VALUES`] values, within 0.27 % beyond, and never outside smallest and largest.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<i64> {
        let count = self.moments.count();
        if count == 0 { None } else { self.at_rank(((q * count as f64).ceil() as u64).clamp(1, count)) }
    }

    /// The value of rank `rank`; the smallest has rank 1.
    fn at_rank(&self, rank: u64) -> Option<i64> {
        let (min, max) = (self.moments.min()?, self.moments.max()?);
        match &self.sample {
            Sample::Values(values) => values.get(usize::try_from(rank.checked_sub(1)?).ok()?).copied(),
            Sample::Histogram(histogram) => histogram.value_at_rank(rank).map(|value| value.clamp(min, max)),
        }
    }

    /// The middle value, or the mean of the two in the middle, in the metric's unit: what [`Median`](crate::Median)
    /// has of the same values, without a look at each of them.
    #[must_use]
    pub fn median(&self) -> Option<f64> {
        let count = self.moments.count();
        let units = |rank| self.at_rank(rank).map(|value| value as f64 / 1000.0);
        Some(f64::midpoint(units(count.div_ceil(2))?, units(count / 2 + 1)?))
    }

    /// How many values stand apart from the others; from a histogram, to within its 0.27 %.
    #[must_use]
    pub fn outliers(&self) -> Outliers {
        match (&self.sample, self.moments.min().zip(self.moments.max())) {
            (Sample::Values(values), _) => {
                outliers(&values.iter().map(|&value| (value, 1)).collect::<Vec<_>>())
            }
            (Sample::Histogram(histogram), Some((min, max))) => {
                let middles = histogram.middles().map(|(value, count)| (value.clamp(min, max), count));
                outliers(&middles.collect::<Vec<_>>())
            }
            (Sample::Histogram(_), None) => Outliers::default(),
        }
    }
}

impl FromIterator<i64> for Distribution {
    fn from_iter<I: IntoIterator<Item = i64>>(values: I) -> Self {
        let mut distribution = Self::default();
        for value in values {
            distribution.push(value);
        }
        distribution
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_values_have_no_quantile() {
        assert_eq!(Distribution::default().quantile(0.5), None);
    }

    #[test]
    fn quantiles_take_the_nearest_rank() {
        let ten: Distribution = (1..=10).map(|value| value * 1000).collect();
        let at = |q| ten.quantile(q).expect("there are values") / 1000;
        assert_eq!([0.0, 0.1, 0.5, 0.51, 0.9, 0.95, 0.99, 1.0].map(at), [1, 1, 5, 6, 9, 10, 10, 10]);
    }

    #[test]
    fn sixty_four_values_are_exact_and_the_next_one_is_within_a_bucket() {
        let exact: Distribution = (1..=64).map(|value| value * 1_234_567).collect();
        assert_eq!(exact.quantile(0.5), Some(32 * 1_234_567));
        let binned: Distribution = (1..=65).map(|value| value * 1_234_567).collect();
        let (got, wanted) = (binned.quantile(0.5).expect("values"), 33 * 1_234_567);
        assert!((got - wanted).abs() * 10_000 <= wanted * 28, "{got} is not within 0.28 % of {wanted}");
    }

    #[test]
    fn outliers_are_counted_from_values_and_from_their_histogram_alike() {
        for runs in [40, 400] {
            let mut durations: Distribution = (0..runs).map(|run| 200_000 + run % 7 * 1_000).collect();
            durations.push(20_000);
            durations.push(900_000);
            durations.push(950_000);
            assert_eq!(durations.outliers(), Outliers { low: 1, high: 2 }, "{runs}");
        }
    }

    #[test]
    fn the_median_is_the_same_with_and_without_its_interval() {
        for runs in [0, 1, 2, 63, 64, 65, 500, 501] {
            let values: Distribution = (0..runs).map(|run| run * run * 7_919 % 90_001 - 30_000).collect();
            let median = crate::Median::of(&crate::Tally::from(&values), 0.95).map(|median| median.value);
            assert_eq!(values.median(), median, "{runs}");
        }
    }

    #[test]
    fn a_sample_must_be_the_one_that_the_moments_were_taken_from() {
        let two: Distribution = [1, 2].into_iter().collect();
        assert!(Distribution::from_parts(two.moments(), Sample::Values(vec![2, 1])).is_some());
        assert!(Distribution::from_parts(two.moments(), Sample::Values(vec![1])).is_none());
        assert!(Distribution::from_parts(two.moments(), Sample::Values(vec![2, 2])).is_none());
    }
}
