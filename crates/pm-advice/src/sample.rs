//! A sample of a stream that is spread evenly over it, however long it turns out to be.
//!
//! Every value is kept at first. When there is no room left, every second one goes, and from there on only every
//! second one comes. No chance is involved, so the same stream gives the same sample.

/// How many values are kept at most.
pub(crate) const MOST: usize = 1_024;

/// The sample.
#[derive(Debug)]
pub(crate) struct Sample<T> {
    kept: Vec<T>,
    /// One of so many is kept.
    step: u64,
    seen: u64,
}

impl<T> Default for Sample<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), step: 1, seen: 0 }
    }
}

impl<T> Sample<T> {
    pub(crate) fn push(&mut self, value: T) {
        if self.seen.is_multiple_of(self.step) {
            if self.kept.len() == MOST {
                let mut place = 0;
                self.kept.retain(|_| {
                    place += 1;
                    place % 2 == 1
                });
                self.step *= 2;
            }
            if self.seen.is_multiple_of(self.step) {
                self.kept.push(value);
            }
        }
        self.seen += 1;
    }

    pub(crate) fn kept(&self) -> &[T] {
        &self.kept
    }

    /// How many values there were.
    pub(crate) fn seen(&self) -> u64 {
        self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_spread_evenly_over_all_of_the_stream() {
        for length in [10, MOST, MOST + 1, 5_000, 100_000] {
            let mut sample = Sample::default();
            (0..length).for_each(|value| sample.push(value));
            let kept = sample.kept();
            assert!(kept.len() <= MOST && kept.len() >= length.min(MOST / 2), "{length}: {}", kept.len());
            assert!(kept.windows(2).all(|pair| pair[1] - pair[0] == kept[1] - kept[0]), "{length}");
            assert_eq!(sample.seen(), length as u64);
        }
    }
}
