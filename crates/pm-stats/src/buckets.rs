//! Counters of neighboring buckets: one dense run around the range that was seen.
//!
//! A counter has 16 bits, because a group has hundreds of them and mostly small numbers; what does not fit goes
//! into a short list beside them, in steps of 65,536. The cost is one look at that list every 65,536 values.

use crate::histogram::PER_OCTAVE;

/// What one step of a counter that overflowed stands for.
const SPILL: u64 = 1 << 16;

/// How many counters are added at least when one is needed.
const ROOM: usize = 32;

/// Counts of buckets.
#[derive(Debug, Clone, Default)]
pub struct Buckets {
    first: i32,
    counts: Vec<u16>,
    /// Index and count of what did not fit, always whole steps; rising.
    spilled: Vec<(i32, u64)>,
}

impl Buckets {
    /// The smallest and the largest index that a value in thousandths can have.
    pub const RANGE: std::ops::RangeInclusive<i32> = -10 * PER_OCTAVE..=54 * PER_OCTAVE;

    /// Adds `count` to the bucket `index`.
    ///
    /// # Panics
    ///
    /// If `index` lies outside [`Buckets::RANGE`]; a reader of foreign data checks it first.
    pub fn add(&mut self, index: i32, count: u64) {
        assert!(Self::RANGE.contains(&index), "bucket {index} cannot hold a metric");
        let place = usize::try_from(i64::from(index) - i64::from(self.first)).ok();
        if let Some(counter) = place.and_then(|place| self.counts.get_mut(place))
            && let Some(sum) = u64::from(*counter).checked_add(count)
            && let Ok(sum) = u16::try_from(sum)
        {
            *counter = sum;
            return;
        }
        let counter = self.counter(index);
        let (sum, overflowed) = counter.overflowing_add((count % SPILL) as u16);
        *counter = sum;
        if overflowed {
            self.spill(index, SPILL);
        }
        if count >= SPILL {
            self.spill(index, count - count % SPILL);
        }
    }

    /// Adds one to a bucket in [`Buckets::RANGE`].
    #[inline]
    pub(crate) fn count_one(&mut self, index: i32) {
        let offset = i64::from(index) - i64::from(self.first);
        match usize::try_from(offset).ok().and_then(|offset| self.counts.get_mut(offset)) {
            Some(counter) if *counter < u16::MAX => *counter += 1,
            _ => self.add(index, 1),
        }
    }

    /// The counter of a bucket, which is made if there is none.
    fn counter(&mut self, index: i32) -> &mut u16 {
        if self.counts.is_empty() {
            self.first = index;
        }
        if index < self.first {
            let room = index.abs_diff(*Self::RANGE.start()) as usize;
            let missing = self.first.abs_diff(index) as usize + room.min(ROOM);
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first -= i32::try_from(missing).unwrap_or(0);
        }
        let offset = index.abs_diff(self.first) as usize;
        if offset >= self.counts.len() {
            self.counts.reserve_exact(offset + ROOM - self.counts.len());
            self.counts.resize(offset + 1, 0);
        }
        &mut self.counts[offset]
    }

    fn spill(&mut self, index: i32, count: u64) {
        match self.spilled.binary_search_by_key(&index, |&(spilled, _)| spilled) {
            // Only hostile partial results can come near the limit.
            Ok(place) => self.spilled[place].1 = self.spilled[place].1.saturating_add(count),
            Err(place) => self.spilled.insert(place, (index, count)),
        }
    }

    /// Empties every bucket; the memory is kept.
    pub(crate) fn clear(&mut self) {
        self.counts.clear();
        self.spilled.clear();
    }

    /// Adds the counts of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        if self.counts.is_empty() {
            self.clone_from(other);
            return;
        }
        for (index, count) in other.iter() {
            self.add(index, count);
        }
    }

    /// The buckets that hold something, by rising index.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (i32, u64)> + '_ {
        let spilled = |index| match self.spilled.binary_search_by_key(&index, |&(spilled, _)| spilled) {
            Ok(place) => self.spilled[place].1,
            Err(_) => 0,
        };
        self.counts
            .iter()
            .enumerate()
            .map(move |(offset, &count)| {
                let index = self.first + i32::try_from(offset).unwrap_or(0);
                (index, spilled(index).saturating_add(count.into()))
            })
            .filter(|&(_, count)| count > 0)
    }

    /// How many values the buckets hold.
    #[must_use]
    pub fn count(&self) -> u64 {
        // There are fewer buckets than would let a sum of 16-bit numbers overflow.
        let counted = self.counts.iter().map(|&count| u64::from(count)).sum();
        self.spilled.iter().fold(counted, |total: u64, &(_, count)| total.saturating_add(count))
    }
}

impl PartialEq for Buckets {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Buckets {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_more_than_its_counter_does() {
        let (mut one_by_one, mut at_once) = (Buckets::default(), Buckets::default());
        for _ in 0..200_000 {
            one_by_one.count_one(7);
        }
        one_by_one.count_one(-1280);
        at_once.add(-1280, 1);
        at_once.add(7, 199_999);
        at_once.add(7, 1);
        assert_eq!(one_by_one.iter().collect::<Vec<_>>(), [(-1280, 1), (7, 200_000)]);
        assert_eq!(one_by_one, at_once);
        at_once.merge(&one_by_one);
        assert_eq!(at_once.count(), 400_002);
    }

    #[test]
    fn more_than_can_be_counted_is_the_most_that_can_whatever_the_order() {
        for counts in [[u64::MAX, 1, 70_000], [70_000, u64::MAX, 1]] {
            let mut buckets = Buckets::default();
            for count in counts {
                buckets.add(0, count);
            }
            assert_eq!(buckets.iter().collect::<Vec<_>>(), [(0, u64::MAX)]);
        }
    }
}
