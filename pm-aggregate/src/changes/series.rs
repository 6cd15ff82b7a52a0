//! The values of one metric of one group, in the order of time.

use std::collections::VecDeque;

use pm_record::Timestamp;
use pm_stats::{ChangePoint, ChangeStream};

/// So many runs wait until their order is known; a longer series is looked at in pieces.
pub(super) const LONGEST: usize = 1 << 20;

/// A change, with the times of the first run after it, and of the first and the last run that may be it.
pub(super) type Timed = (ChangePoint, [Timestamp; 3]);

/// One metric over time.
#[derive(Debug, Default)]
pub(super) struct Series {
    /// What came since the last scan, in the order in which it came.
    pending: Vec<(Timestamp, i64)>,
    values: ChangeStream,
    /// When those runs started whose values are still needed.
    times: VecDeque<Timestamp>,
    /// Changes that were found while values came and are not told yet.
    found: Vec<Timed>,
}

impl Series {
    /// Adds the value of a run, in thousandths.
    pub(super) fn push(&mut self, start: Timestamp, value: i64) {
        self.pending.push((start, value));
        if self.pending.len() >= LONGEST {
            self.look();
        }
    }

    /// The changes that are new.
    pub(super) fn scan(&mut self) -> Vec<Timed> {
        self.look();
        std::mem::take(&mut self.found)
    }

    fn look(&mut self) {
        // Of runs that started together the order of the input is kept.
        self.pending.sort_by_key(|&(start, _)| start);
        for (start, value) in self.pending.drain(..) {
            self.values.push(value as f64 / 1000.0);
            self.times.push_back(start);
        }
        let first = self.values.count() - self.times.len();
        for change in self.values.scan() {
            let time = |place: usize| self.times.get(place - first).copied();
            let times = [change.at, change.between.0, change.between.1].map(time);
            if let [Some(at), Some(from), Some(to)] = times {
                self.found.push((change, [at, from, to]));
            }
        }
        let gone = self.values.gone() - first;
        self.times.drain(..gone);
    }
}
