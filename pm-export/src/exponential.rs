//! The base-2 exponential histogram that OpenTelemetry takes, in the unit that is exported.
//!
//! The one of `pm-stats` is in the unit of records, and a factor of a thousand between two units is no power of the
//! base: its buckets cannot be renamed. So values are counted here once more, in seconds and bytes.

use std::collections::BTreeMap;

/// How fine buckets are: each is 0.54 % wide.
pub(crate) const SCALE: i32 = 7;

/// How many buckets receivers expect at most.
const MOST: usize = 160;

/// Counts of values by magnitude.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    pub(crate) zero: u64,
    pub(crate) buckets: BTreeMap<i32, u64>,
}

/// The same as receivers take it: every bucket from the first to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dense {
    pub(crate) scale: i32,
    pub(crate) offset: i32,
    pub(crate) counts: Vec<u64>,
}

impl Sketch {
    /// Counts a value that is not negative, in units.
    pub(crate) fn push(&mut self, units: f64) {
        if units > 0.0 {
            let count = self.buckets.entry(index(units)).or_default();
            *count = count.saturating_add(1);
        } else {
            self.zero = self.zero.saturating_add(1);
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.buckets.values().fold(self.zero, |total, &count| total.saturating_add(count))
    }

    /// As fine as it can be with so many buckets as receivers expect.
    pub(crate) fn dense(&self) -> Dense {
        let (Some((&first, _)), Some((&last, _))) =
            (self.buckets.first_key_value(), self.buckets.last_key_value())
        else {
            return Dense { scale: SCALE, offset: 0, counts: Vec::new() };
        };
        let span = |shift: i32| (last >> shift).abs_diff(first >> shift) as usize + 1;
        let shift = (0..31).find(|&shift| span(shift) <= MOST).unwrap_or_default();
        let offset = first >> shift;
        let mut counts = vec![0_u64; span(shift)];
        for (&index, &count) in &self.buckets {
            let place = (index >> shift).abs_diff(offset) as usize;
            counts[place] = counts[place].saturating_add(count);
        }
        Dense { scale: SCALE - shift, offset, counts }
    }
}

/// The bucket i of a value above zero, which lies in (b^i, b^(i+1)].
#[expect(clippy::cast_possible_truncation, reason = "the logarithm of a number is small")]
fn index(units: f64) -> i32 {
    let steps = units.log2() * f64::from(1 << SCALE);
    steps.ceil() as i32 - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_the_base_fall_into_the_bucket_below() {
        assert_eq!([0.5, 1.0, 2.0, 4.0, 3.0].map(index), [-129, -1, 127, 255, 202]);
    }

    #[test]
    fn many_buckets_become_fewer_that_are_twice_as_wide_and_lose_no_count() {
        let mut sketch = Sketch::default();
        for value in 0..1000 {
            sketch.push(f64::from(value));
        }
        let dense = sketch.dense();
        assert!(dense.counts.len() <= MOST && dense.scale == 3, "{dense:?}");
        assert_eq!(dense.counts.iter().sum::<u64>() + sketch.zero, 1000);
        // With the base 2^(1/8), 1 lies in (2^(-1/8), 1], the bucket -1.
        assert_eq!(dense.offset, -1);
    }

    #[test]
    fn nothing_has_no_buckets() {
        assert_eq!(Sketch::default().dense(), Dense { scale: SCALE, offset: 0, counts: Vec::new() });
    }
}
