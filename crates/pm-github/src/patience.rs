//! How long to wait before asking again.

use std::time::Duration;

use pm_record::Timestamp;

use crate::LimitHeaders;

/// The waits after one refusal or failure on the other, in the order that GitHub asks for: `retry-after`, else
/// until the reset if nothing remains, else a minute that doubles; and after so many, no more.
///
/// Start anew after each success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    failures: u32,
    most: u32,
}

const FIRST: Duration = Duration::from_mins(1);
/// No window is longer than an hour, so a server that asks for more than a day has its clock wrong.
const LONGEST: Duration = Duration::from_hours(24);

impl Patience {
    /// Waits at most `most` times on the trot.
    #[must_use]
    pub fn new(most: u32) -> Self {
        Self { failures: 0, most }
    }

    /// The wait after one more failure, with what its answer said, if there was one; `None` to give up. `now` is
    /// by this machine's clock, and counts only where the answer does not say what time it is.
    pub fn wait(&mut self, headers: &LimitHeaders, now: Timestamp) -> Option<Duration> {
        if self.failures >= self.most {
            return None;
        }
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures += 1;
        let until_reset = || {
            let reset = headers.limit.reset.filter(|_| headers.limit.remaining == Some(0))?;
            let millis = reset.as_millis().saturating_sub(headers.date.unwrap_or(now).as_millis());
            // The next window begins within the second that was named.
            Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)) + Duration::from_secs(1))
        };
        Some(headers.retry_after.or_else(until_reset).unwrap_or(doubled).min(LONGEST))
    }

    /// How many failures there were on the trot.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limit;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[track_caller]
    fn check(headers: &LimitHeaders, expected: &[u64]) {
        let mut patience = Patience::new(u32::try_from(expected.len()).expect("few"));
        let waits: Vec<_> =
            std::iter::from_fn(|| patience.wait(headers, at(1000))).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, expected);
    }

    fn limited(remaining: u64) -> LimitHeaders {
        let limit = Limit { remaining: Some(remaining), reset: Some(at(1300)), ..Limit::default() };
        LimitHeaders { limit, ..LimitHeaders::default() }
    }

    #[test]
    fn what_the_server_asks_for_goes_first() {
        check(&LimitHeaders { retry_after: Some(Duration::from_secs(7)), ..limited(0) }, &[7, 7]);
    }

    #[test]
    fn without_that_one_waits_for_the_reset_by_the_server_s_clock() {
        check(&limited(0), &[301, 301]);
        check(&LimitHeaders { date: Some(at(1250)), ..limited(0) }, &[51]);
        check(&LimitHeaders { date: Some(at(2000)), ..limited(0) }, &[1]);
    }

    #[test]
    fn else_the_waits_begin_at_a_minute_and_double() {
        check(&limited(10), &[60, 120, 240, 480]);
        check(&LimitHeaders::default(), &[60, 120]);
    }

    #[test]
    fn no_wait_is_longer_than_a_day_and_patience_ends() {
        check(&LimitHeaders { retry_after: Some(Duration::MAX), ..limited(0) }, &[86_400]);
        let mut patience = Patience::new(40);
        let waits: Vec<_> = std::iter::from_fn(|| patience.wait(&limited(1), at(0))).collect();
        assert_eq!((waits.len(), waits[39]), (40, Duration::from_hours(24)));
        assert_eq!((patience.wait(&limited(1), at(0)), patience.failures()), (None, 40));
    }
}
