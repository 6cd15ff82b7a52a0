//! Which requests repeat one that failed.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// No window of a limit is longer, so nobody is asked to wait for more.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Failures of more different requests than this are not remembered.
const MOST: usize = 256;

/// The requests that have failed lately.
#[derive(Debug, Default)]
pub(crate) struct Attempts(VecDeque<Failure>);

#[derive(Debug)]
struct Failure {
    request: u64,
    attempts: u32,
    at: Instant,
}

impl Attempts {
    /// Which attempt it was, from 1 on, that began at `began` and has ended now. `request` is the same number for
    /// the same method, address, credential and body.
    pub(crate) fn ended(&mut self, request: u64, failed: bool, began: Instant, now: Instant) -> u32 {
        while self.0.front().is_some_and(|oldest| now.saturating_duration_since(oldest.at) > REMEMBERED) {
            self.0.pop_front();
        }
        // One that was under way already when another failed does not repeat it.
        let place = self.0.iter().position(|failure| failure.request == request && failure.at <= began);
        let attempt = place.and_then(|place| self.0.remove(place)).map_or(0, |failure| failure.attempts) + 1;
        if failed {
            if self.0.len() == MOST {
                self.0.pop_front();
            }
            self.0.push_back(Failure { request, attempts: attempt, at: now });
        }
        attempt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_count_from_failure_to_failure_and_end_with_success() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        let mut end = |request, failed| attempts.ended(request, failed, now, now);
        assert_eq!([end(1, true), end(1, true), end(2, true), end(1, false), end(1, true)], [1, 2, 1, 3, 1]);
    }

    #[test]
    fn what_was_under_way_already_repeats_nothing_and_what_comes_late_neither() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        let later = start + Duration::from_secs(1);
        assert_eq!(attempts.ended(1, true, start, later), 1);
        assert_eq!(attempts.ended(1, false, start, later), 1);
        assert_eq!(attempts.ended(1, false, later, later), 2);
        attempts.ended(1, true, later, later);
        let much_later = later + REMEMBERED * 2;
        assert_eq!(attempts.ended(1, false, much_later, much_later), 1);
    }

    #[test]
    fn the_oldest_failures_are_forgotten_first() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for request in 0..=MOST as u64 {
            attempts.ended(request, true, now, now);
        }
        assert_eq!(attempts.ended(0, false, now, now), 1);
        assert_eq!(attempts.ended(1, false, now, now), 2);
    }
}
