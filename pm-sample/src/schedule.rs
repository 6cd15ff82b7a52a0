//! When ticks are due: at whole multiples of the interval after the start, whatever happens in between.
//!
//! A tick that comes late does not move those after it. One that comes so late that others were due meanwhile
//! stands for the last of them, and the others are missed. The last tick of a duration is due at its end, also
//! where that is no multiple. It is arithmetic; what the time is, it is told.

use std::time::Duration;

/// The ticks of a run. Times are since its start.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    interval: Duration,
    end: Option<Duration>,
    /// How many of the ticks are behind us.
    passed: u128,
}

/// A tick that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tick {
    /// How much later than due.
    pub(crate) late: Duration,
    /// How many ticks before it were due and were not taken.
    pub(crate) missed: u128,
}

impl Schedule {
    /// Ticks `interval` apart, which is not zero, until `end`.
    pub(crate) fn new(interval: Duration, end: Option<Duration>) -> Self {
        Self { interval, end, passed: 0 }
    }

    /// When the next tick is due; none after the end.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.due_of(self.passed + 1)
    }

    /// The tick that is taken at `now`; none if it is not due.
    pub(crate) fn take(&mut self, now: Duration) -> Option<Tick> {
        if self.due()? > now {
            return None;
        }
        let mut taken = self.index_at(now);
        if self.end.is_some_and(|end| end <= now) {
            taken = self.last();
        }
        let due = self.due_of(taken)?;
        let missed = taken - self.passed - 1;
        self.passed = taken;
        Some(Tick { late: now.saturating_sub(due), missed })
    }

    /// The last tick that is a multiple of the interval and due at `now`.
    fn index_at(&self, now: Duration) -> u128 {
        now.as_nanos() / self.interval.as_nanos()
    }

    /// The tick at the end, which is the first that is not before it.
    fn last(&self) -> u128 {
        self.end.map_or(u128::MAX, |end| end.as_nanos().div_ceil(self.interval.as_nanos()))
    }

    fn due_of(&self, index: u128) -> Option<Duration> {
        if index > self.last() {
            return None;
        }
        let nanos = self.interval.as_nanos().saturating_mul(index);
        let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
        let due = Duration::new(seconds, u32::try_from(nanos % 1_000_000_000).ok()?);
        Some(self.end.map_or(due, |end| due.min(end)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    /// Takes a tick at each of `times`, in milliseconds; of each that was due, how late it was and how many
    /// were missed.
    #[track_caller]
    fn check(interval: u64, end: Option<u64>, times: &[u64], expected: &[Option<(u64, u128)>]) {
        let mut schedule = Schedule::new(ms(interval), end.map(ms));
        let taken: Vec<_> = times.iter().map(|&time| schedule.take(ms(time))).collect();
        let expected: Vec<_> =
            expected.iter().map(|tick| tick.map(|(late, missed)| Tick { late: ms(late), missed })).collect();
        assert_eq!(taken, expected);
    }

    #[test]
    fn a_late_tick_does_not_move_those_after_it() {
        check(100, None, &[100, 207, 300, 399], &[Some((0, 0)), Some((7, 0)), Some((0, 0)), None]);
    }

    #[test]
    fn a_tick_that_comes_after_others_were_due_stands_for_the_last_of_them() {
        check(100, None, &[100, 510, 600], &[Some((0, 0)), Some((10, 3)), Some((0, 0))]);
    }

    #[test]
    fn the_last_tick_is_at_the_end() {
        check(
            100,
            Some(250),
            &[100, 200, 249, 250, 300],
            &[Some((0, 0)), Some((0, 0)), None, Some((0, 0)), None],
        );
        check(100, Some(200), &[100, 200, 300], &[Some((0, 0)), Some((0, 0)), None]);
        check(10_000, Some(5_000), &[4_999, 5_000], &[None, Some((0, 0))]);
        check(100, Some(250), &[100, 900], &[Some((0, 0)), Some((650, 1))]);
    }

    proptest! {
        #[test]
        fn every_tick_is_taken_or_missed_and_none_twice(
            interval in 1_u64..2_000,
            end in proptest::option::of(1_u64..100_000),
            gaps in proptest::collection::vec(0_u64..5_000, 1..60),
        ) {
            let mut schedule = Schedule::new(ms(interval), end.map(ms));
            let (mut now, mut ticks) = (0, 0);
            for gap in gaps {
                now += gap;
                if let Some(tick) = schedule.take(ms(now)) {
                    ticks += 1 + tick.missed;
                    prop_assert!(tick.late < ms(interval) || end.is_some_and(|end| end <= now));
                }
                prop_assert!(schedule.due().is_none_or(|due| due > ms(now)));
            }
            let whole = u128::from(now / interval);
            let expected = end.filter(|&end| end <= now).map_or(whole, |end| u128::from(end.div_ceil(interval)));
            prop_assert_eq!(ticks, expected);
        }
    }
}
