//! One resource's limit, at one moment.

use std::time::Duration;

use pm_record::{RateLimit, Thousandths, Timestamp};

/// What is allowed and left of one resource. What the server did not say is absent: limits that are off are not
/// limits of zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limit {
    /// Requests or points allowed in a window.
    pub limit: Option<u64>,
    /// What is left in this window.
    pub remaining: Option<u64>,
    /// What was used in this window.
    pub used: Option<u64>,
    /// When the next window begins, by GitHub's clock.
    pub reset: Option<Timestamp>,
}

/// GitHub's own answers name the end of one window up to a second or two apart.
const SAME_RESET: Duration = Duration::from_secs(5);

impl Limit {
    /// What was used in this window, also where only the limit and the rest were said.
    #[must_use]
    pub fn used(&self) -> Option<u64> {
        self.used.or_else(|| self.limit?.checked_sub(self.remaining?))
    }

    /// What was used between `earlier`, a reading of the same resource and credential, and this one that came
    /// `elapsed` later. `None` if a new window began in between, because then nobody knows what was still used
    /// in the old one.
    ///
    /// A window that nothing was used in has not begun: its end moves along with the time.
    #[must_use]
    pub fn used_since(&self, earlier: &Self, elapsed: Duration) -> Option<u64> {
        let (before, after) = (earlier.used()?, self.used()?);
        let moved = self.reset?.as_millis().saturating_sub(earlier.reset?.as_millis());
        let may_move = if before == 0 { elapsed + SAME_RESET } else { SAME_RESET };
        let is_same_window = moved.unsigned_abs() <= millis(SAME_RESET)
            || (moved > 0 && moved.unsigned_abs() <= millis(may_move));
        if is_same_window { after.checked_sub(before) } else { None }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl From<&Limit> for RateLimit {
    fn from(limit: &Limit) -> Self {
        Self {
            limit: limit.limit.map(Thousandths::from_count),
            remaining: limit.remaining.map(Thousandths::from_count),
            used: limit.used().map(Thousandths::from_count),
            reset_time: limit.reset,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(used: u64, reset: i64) -> Limit {
        let reset = Some(Timestamp::from_millis(reset * 1000));
        Limit { limit: Some(5000), remaining: None, used: Some(used), reset }
    }

    #[track_caller]
    fn check(earlier: (u64, i64), later: (u64, i64), elapsed: u64, expected: Option<u64>) {
        let (earlier, later) = (reading(earlier.0, earlier.1), reading(later.0, later.1));
        assert_eq!(later.used_since(&earlier, Duration::from_secs(elapsed)), expected);
    }

    #[test]
    fn use_is_the_difference_of_two_readings_of_one_window() {
        check((10, 3600), (25, 3600), 60, Some(15));
        check((10, 3600), (25, 3602), 60, Some(15));
        check((10, 3602), (25, 3600), 60, Some(15));
        check((10, 3600), (10, 3600), 60, Some(0));
    }

    #[test]
    fn across_windows_nobody_knows_what_was_used() {
        check((10, 3600), (25, 7200), 60, None);
        check((0, 3600), (25, 7200), 60, None);
        check((25, 3600), (10, 3600), 60, None);
    }

    #[test]
    fn the_end_of_a_window_in_which_nothing_was_used_moves_along() {
        check((0, 3600), (0, 3660), 60, Some(0));
        check((0, 3600), (25, 3645), 60, Some(25));
        check((10, 3600), (25, 3645), 60, None);
    }

    #[test]
    fn what_was_not_said_is_not_counted() {
        let rest = Limit { limit: Some(60), remaining: Some(50), used: None, reset: None };
        assert_eq!((rest.used(), Limit::default().used()), (Some(10), None));
        assert_eq!(rest.used_since(&rest, Duration::ZERO), None);
        let record = RateLimit::from(&Limit::default());
        assert_eq!(record, RateLimit::default());
    }
}
