//! The base-2 exponential histogram of OpenTelemetry at one fixed scale.
//!
//! Bucket i holds the values in (b^i, b^(i+1)] with b = 2^(2^−7) = 1.00543. The middle of a bucket is at
//! most (b − 1)/(b + 1) = 0.27 % away from anything in it. The scale never changes, so that two histograms
//! merge by adding counts; the cost is up to 128 counters for each doubling between the smallest and the
//! largest value, which is 20 KiB between 1 ms and 1 h.
//!
//! A value is an integer number of thousandths; its bucket is that of the value in whole units, so that a
//! bucket means the same to every other reader of exponential histograms.

use crate::boundaries::{MANTISSAS, edges_below};
use crate::buckets::Buckets;

/// Buckets for each doubling: 2^7.
pub(crate) const PER_OCTAVE: i32 = 128;
const MANTISSA_BITS: u32 = 52;
const MANTISSA_MASK: u64 = (1 << MANTISSA_BITS) - 1;
const EXPONENT_BIAS: i32 = 1023;

/// Counts of values by magnitude: zero, and buckets for either sign.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// How many values were exactly zero.
    pub zero: u64,
    /// The values above zero.
    pub positive: Buckets,
    /// The values below zero, by their magnitude.
    pub negative: Buckets,
}

impl Histogram {
    /// The scale of OpenTelemetry's exponential histograms that this one has.
    pub const SCALE: i32 = 7;

    /// Counts one value, given in thousandths.
    #[inline]
    pub fn push(&mut self, value: i64) {
        match value.signum() {
            0 => self.zero = self.zero.saturating_add(1),
            1 => self.positive.count_one(bucket_of(value.unsigned_abs())),
            _ => self.negative.count_one(bucket_of(value.unsigned_abs())),
        }
    }

    /// Forgets every value; the memory is kept.
    pub fn clear(&mut self) {
        self.zero = 0;
        self.positive.clear();
        self.negative.clear();
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        self.zero = self.zero.saturating_add(other.zero);
        self.positive.merge(&other.positive);
        self.negative.merge(&other.negative);
    }

    /// How many values were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.zero.saturating_add(self.positive.count()).saturating_add(self.negative.count())
    }

    /// What was counted, by rising value: the middle of each bucket, in thousandths, and its count.
    pub(crate) fn middles(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        let below = self.negative.iter().rev().map(|(index, count)| (-middle_of(index), count));
        let zero = (self.zero > 0).then_some((0, self.zero));
        below.chain(zero).chain(self.positive.iter().map(|(index, count)| (middle_of(index), count)))
    }

    /// The middle of the bucket that holds the value of rank `rank` (the first has rank 1), in thousandths.
    #[must_use]
    pub fn value_at_rank(&self, rank: u64) -> Option<i64> {
        let mut left = rank.checked_sub(1)?;
        let mut holds = |count| match left.checked_sub(count) {
            None => true,
            Some(rest) => {
                left = rest;
                false
            }
        };
        if let Some((index, _)) = self.negative.iter().rev().find(|&(_, count)| holds(count)) {
            return Some(-middle_of(index));
        }
        if holds(self.zero) {
            return Some(0);
        }
        self.positive.iter().find(|&(_, count)| holds(count)).map(|(index, _)| middle_of(index))
    }
}

/// The bucket of a magnitude in thousandths that is not zero.
#[inline]
fn bucket_of(thousandths: u64) -> i32 {
    let bits = (thousandths as f64 / 1000.0).to_bits();
    let exponent = (bits >> MANTISSA_BITS) as i32 - EXPONENT_BIAS;
    let mantissa = bits & MANTISSA_MASK;
    // Buckets include their upper edge, so an exact power of two belongs to the bucket below it.
    exponent * PER_OCTAVE + edges_below(mantissa) - 1
}

/// The lower edge of a bucket, in units.
fn lower_edge(index: i32) -> f64 {
    let (exponent, step) = (index.div_euclid(PER_OCTAVE), index.rem_euclid(PER_OCTAVE));
    let biased = u64::try_from(exponent + EXPONENT_BIAS).expect("an index in RANGE is a normal number");
    f64::from_bits((biased << MANTISSA_BITS) | MANTISSAS[step as usize])
}

/// The point of a bucket from which its two edges are equally far in proportion, in thousandths.
fn middle_of(index: i32) -> i64 {
    let (low, high) = (lower_edge(index), lower_edge(index + 1));
    (2000.0 * low * high / (low + high)).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_fall_into_the_bucket_below() {
        let of_units = |units: f64| bucket_of((units * 1000.0) as u64);
        assert_eq!([0.5, 1.0, 2.0, 4.0].map(of_units), [-129, -1, 127, 255]);
        assert_eq!(bucket_of(1_001), 0);
    }

    #[test]
    fn every_table_entry_is_the_mantissa_of_its_root_of_two() {
        for (step, &mantissa) in MANTISSAS.iter().enumerate() {
            let edge = f64::from_bits((1023 << MANTISSA_BITS) | mantissa);
            assert!((edge - (step as f64 / 128.0).exp2()).abs() < 1e-15, "entry {step}");
        }
    }

    #[test]
    fn a_value_lies_between_the_edges_of_its_bucket() {
        for value in (1..2_000_u64).chain((1..63).map(|shift| (1 << shift) + 1)).chain([i64::MAX as u64]) {
            let index = bucket_of(value);
            let units = value as f64 / 1000.0;
            assert!(Buckets::RANGE.contains(&index), "{value} has bucket {index}");
            assert!(lower_edge(index) < units && units <= lower_edge(index + 1) * (1.0 + 1e-15), "{value}");
        }
    }

    #[test]
    fn buckets_grow_at_either_end_and_merge_by_adding() {
        let mut histogram = Histogram::default();
        for value in [5_000, 1, 0, -40, 9_000_000, 5_000] {
            histogram.push(value);
        }
        let mut twice = histogram.clone();
        twice.merge(&histogram);
        assert_eq!((histogram.count(), twice.count()), (6, 12));
        assert_eq!(twice.positive.iter().map(|(_, count)| count).collect::<Vec<_>>(), [2, 4, 2]);
    }

    #[test]
    fn ranks_run_from_the_most_negative_to_the_largest() {
        let mut histogram = Histogram::default();
        for value in [-8_000_000, -1_000, 0, 1_000, 8_000_000] {
            histogram.push(value);
        }
        let near = |rank, wanted: i64| {
            let got = histogram.value_at_rank(rank).expect("there are five ranks");
            assert!(
                (got - wanted).abs() * 1000 <= wanted.abs() * 3,
                "rank {rank}: {got} is not near {wanted}"
            );
        };
        near(1, -8_000_000);
        near(2, -1_000);
        near(3, 0);
        near(4, 1_000);
        near(5, 8_000_000);
        assert_eq!((histogram.value_at_rank(0), histogram.value_at_rank(6)), (None, None));
    }
}
