//! Counts what each account has used of each bucket.
//!
//! A window is fixed: it ends at its `reset`, and the next one begins there. GitHub starts a window at
//! the first request after the last one ended, which no test here could tell apart.

use super::setup::Setup;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name under which callers without a token are counted.
pub(super) const ANONYMOUS: &str = "anonymous";

/// How a bucket starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Points or requests a window.
    pub limit: u64,
    /// Of these, already used when the fake starts.
    pub used: u64,
    /// The length of a window.
    pub window_seconds: u64,
    /// The epoch second at which the first window ends; `None` is one window after the start.
    pub reset: Option<u64>,
}

impl Limit {
    /// An unused bucket whose first window begins when the fake starts.
    #[must_use]
    pub fn new(limit: u64, window_seconds: u64) -> Self {
        Limit { limit, used: 0, window_seconds, reset: None }
    }
}

/// One bucket as GitHub reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// Points or requests a window.
    pub limit: u64,
    /// Of these, used in this window.
    pub used: u64,
    /// Of these, left in this window.
    pub remaining: u64,
    /// The epoch second at which the window ends.
    pub reset: u64,
}

/// A change that a test makes to one bucket; what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotaChange {
    /// Whose bucket: a login, `anonymous`, or `None` for the first account.
    pub login: Option<String>,
    /// The bucket's name, such as `core`; a name that is new makes a new bucket.
    pub bucket: String,
    /// The new limit.
    pub limit: Option<u64>,
    /// The new count of used points.
    pub used: Option<u64>,
    /// The new end of the window, in epoch seconds.
    pub reset: Option<u64>,
    /// The length of the windows after this one.
    pub window_seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    limit: u64,
    used: u64,
    reset: u64,
    window_seconds: u64,
}

impl Bucket {
    fn start(limit: Limit, now: u64) -> Self {
        let window_seconds = limit.window_seconds.max(1);
        let reset = limit.reset.unwrap_or(now + window_seconds);
        Bucket { limit: limit.limit, used: limit.used, reset, window_seconds }
    }

    /// Begins the window that `now` lies in, unless it is still the current one.
    fn roll(&mut self, now: u64) {
        if now >= self.reset {
            let windows = (now - self.reset) / self.window_seconds + 1;
            self.reset += windows * self.window_seconds;
            self.used = 0;
        }
    }

    fn report(self) -> Quota {
        Quota {
            limit: self.limit,
            used: self.used,
            remaining: self.limit.saturating_sub(self.used),
            reset: self.reset,
        }
    }
}

/// Every bucket of every account.
#[derive(Debug)]
pub(super) struct Quotas {
    accounts: BTreeMap<String, BTreeMap<String, Bucket>>,
}

impl Quotas {
    pub(super) fn start(setup: &Setup, now: u64) -> Self {
        let begin = |limits: &BTreeMap<String, Limit>| {
            limits.iter().map(|(name, &limit)| (name.clone(), Bucket::start(limit, now))).collect()
        };
        let mut accounts: BTreeMap<_, _> =
            setup.accounts.iter().map(|account| (account.login.clone(), begin(&setup.limits))).collect();
        accounts.insert(ANONYMOUS.to_owned(), begin(&setup.anonymous_limits));
        Quotas { accounts }
    }

    /// All buckets of an account at `now`.
    pub(super) fn report(&mut self, login: &str, now: u64) -> BTreeMap<String, Quota> {
        let Some(buckets) = self.accounts.get_mut(login) else { return BTreeMap::new() };
        buckets
            .iter_mut()
            .map(|(name, bucket)| {
                bucket.roll(now);
                (name.clone(), bucket.report())
            })
            .collect()
    }

    /// One bucket at `now`; `None` when the account has none of that name, hence no limit.
    pub(super) fn get(&mut self, login: &str, bucket: &str, now: u64) -> Option<Quota> {
        self.charge(login, bucket, 0, now)
    }

    /// Takes points off a bucket and reports what is left. Overdrawing leaves nothing, never less.
    pub(super) fn charge(&mut self, login: &str, bucket: &str, points: u64, now: u64) -> Option<Quota> {
        let bucket = self.accounts.get_mut(login)?.get_mut(bucket)?;
        bucket.roll(now);
        bucket.used = bucket.used.saturating_add(points);
        Some(bucket.report())
    }

    /// Applies a test's change for an account that exists.
    pub(super) fn change(&mut self, login: &str, change: &QuotaChange, now: u64) -> Option<Quota> {
        let buckets = self.accounts.get_mut(login)?;
        let fresh = || Bucket::start(Limit::new(5000, 3600), now);
        let bucket = buckets.entry(change.bucket.clone()).or_insert_with(fresh);
        bucket.roll(now);
        bucket.limit = change.limit.unwrap_or(bucket.limit);
        bucket.used = change.used.unwrap_or(bucket.used);
        bucket.reset = change.reset.unwrap_or(bucket.reset);
        bucket.window_seconds = change.window_seconds.unwrap_or(bucket.window_seconds).max(1);
        Some(bucket.report())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_ended_long_ago_is_followed_by_the_current_one() {
        let mut bucket = Bucket { limit: 10, used: 9, reset: 100, window_seconds: 60 };
        bucket.roll(99);
        assert_eq!((bucket.used, bucket.reset), (9, 100));
        bucket.roll(100);
        assert_eq!((bucket.used, bucket.reset), (0, 160));
        bucket.roll(400);
        assert_eq!(bucket.reset, 460);
    }
}
