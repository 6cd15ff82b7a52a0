//! What a request took of its limit, and how that is known.
//!
//! An answer that tells the cost of its query is believed. Else the change of `x-ratelimit-used` since the request
//! before is the cost, if no other request of ours was under way from there to here: other programs may share the
//! limit, so a change that took long to come about is not believed either. Else GitHub's documentation has the word.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use pm_github::{Door, Fingerprint, Limit};
use pm_record::{CostSource, LimitHit};

/// How old a reading may be to be compared with.
const FRESH: Duration = Duration::from_secs(10);

/// More credentials at more servers than one relay sees; beyond, it only knows less.
const MOST: usize = 256;

/// Whose limit it is.
pub(crate) type Account = (String, Option<Fingerprint>);

/// The GraphQL limits of some accounts, as the answers tell them.
#[derive(Debug, Default)]
pub(crate) struct Meter(HashMap<Account, Gauge>);

#[derive(Debug, Default)]
struct Gauge {
    /// How many requests have begun.
    begun: u64,
    under_way: u32,
    last: Option<Reading>,
}

#[derive(Debug)]
struct Reading {
    limit: Limit,
    at: Instant,
    /// The request that it came with, which had been alone.
    number: u64,
}

/// A request that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    number: u64,
    is_alone: bool,
    at: Instant,
}

impl Meter {
    pub(crate) fn begin(&mut self, account: &Account, now: Instant) -> Ticket {
        if self.0.len() >= MOST && !self.0.contains_key(account) {
            self.0.retain(|_, gauge| gauge.under_way > 0);
        }
        let gauge = self.0.entry(account.clone()).or_default();
        gauge.begun += 1;
        gauge.under_way += 1;
        Ticket { number: gauge.begun, is_alone: gauge.under_way == 1, at: now }
    }

    /// What was used, if it can be told. `limit` is none if there was no answer.
    pub(crate) fn end(
        &mut self,
        account: &Account,
        ticket: Ticket,
        limit: Option<Limit>,
        now: Instant,
    ) -> Option<u64> {
        let gauge = self.0.get_mut(account)?;
        gauge.under_way = gauge.under_way.saturating_sub(1);
        let was_alone = ticket.is_alone && gauge.begun == ticket.number;
        let before = gauge.last.take();
        let limit = limit.filter(|_| was_alone)?;
        let used = before.and_then(|before| {
            let is_next = before.number + 1 == ticket.number;
            let is_fresh = ticket.at.saturating_duration_since(before.at) <= FRESH;
            let elapsed = now.saturating_duration_since(before.at);
            if is_next && is_fresh { limit.used_since(&before.limit, elapsed) } else { None }
        });
        gauge.last = Some(Reading { limit, at: now, number: ticket.number });
        used
    }
}

/// What is known of a request that has ended.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Known {
    pub(crate) status: Option<u16>,
    pub(crate) is_limited: bool,
    pub(crate) is_authorized: bool,
    pub(crate) limit_hit: Option<LimitHit>,
    /// From the answer itself.
    pub(crate) told: Option<u64>,
    /// From the change of what was used.
    pub(crate) used: Option<u64>,
    /// From the query.
    pub(crate) estimate: Option<u64>,
}

/// What it cost, and how that is known.
pub(crate) fn cost(door: Door, endpoint: &str, known: &Known) -> Option<(u64, CostSource)> {
    let estimate = |points| Some((points, CostSource::Estimate));
    // Without a limit in its answer a request took nothing of one that we know.
    let status = known.status.filter(|_| known.is_limited)?;
    match (door, known.limit_hit) {
        (Door::Graphql, _) if known.told.is_some() => known.told.map(|points| (points, CostSource::Answer)),
        (Door::Graphql, _) if known.used.is_some() => known.used.map(|points| (points, CostSource::Used)),
        // There was nothing left to take, and nobody knows what a secondary limit takes.
        (_, Some(LimitHit::Primary)) => estimate(0),
        (Door::Graphql, None) if status == 200 => estimate(known.estimate?),
        (_, Some(_)) | (Door::Graphql, None) => None,
        (_, None) if endpoint == "/rate_limit" || status == 304 && known.is_authorized => estimate(0),
        (_, None) => estimate(1),
    }
}

#[cfg(test)]
mod tests {
    use pm_record::Timestamp;

    use super::*;

    fn account() -> Account {
        ("api.github.com".to_owned(), None)
    }

    fn used(used: u64) -> Limit {
        let reset = Some(Timestamp::from_millis(1_700_000_000_000));
        Limit { limit: Some(5000), used: Some(used), reset, ..Limit::default() }
    }

    #[test]
    fn what_one_request_after_the_other_uses_is_the_change_since_the_last() {
        let (mut meter, now) = (Meter::default(), Instant::now());
        let mut ask = |reading| {
            let ticket = meter.begin(&account(), now);
            meter.end(&account(), ticket, Some(used(reading)), now)
        };
        assert_eq!([ask(10), ask(11), ask(40), ask(40)], [None, Some(1), Some(29), Some(0)]);
    }

    #[test]
    fn requests_that_overlap_are_not_told_apart_and_the_next_but_one_is() {
        let (mut meter, now, account) = (Meter::default(), Instant::now(), account());
        let first = meter.begin(&account, now);
        meter.end(&account, first, Some(used(1)), now);
        let (a, b) = (meter.begin(&account, now), meter.begin(&account, now));
        assert_eq!(meter.end(&account, a, Some(used(2)), now), None);
        assert_eq!(meter.end(&account, b, Some(used(3)), now), None);
        let alone = meter.begin(&account, now);
        assert_eq!(meter.end(&account, alone, Some(used(4)), now), None);
        let next = meter.begin(&account, now);
        assert_eq!(meter.end(&account, next, Some(used(6)), now), Some(2));
    }

    #[test]
    fn a_change_that_took_long_may_be_anybodys() {
        let (mut meter, now, account) = (Meter::default(), Instant::now(), account());
        let first = meter.begin(&account, now);
        meter.end(&account, first, Some(used(1)), now);
        let later = now + FRESH + Duration::from_secs(1);
        let second = meter.begin(&account, later);
        assert_eq!(meter.end(&account, second, Some(used(900)), later), None);
    }

    #[test]
    fn a_request_without_an_answer_makes_the_next_reading_the_first() {
        let (mut meter, now, account) = (Meter::default(), Instant::now(), account());
        for (reading, expected) in
            [(Some(used(1)), None), (None, None), (Some(used(5)), None), (Some(used(6)), Some(1))]
        {
            let ticket = meter.begin(&account, now);
            assert_eq!(meter.end(&account, ticket, reading, now), expected);
        }
    }

    #[track_caller]
    fn check(door: Door, endpoint: &str, known: Known, expected: Option<(u64, CostSource)>) {
        assert_eq!(cost(door, endpoint, &Known { is_limited: true, ..known }), expected);
    }

    #[test]
    fn a_request_of_rest_costs_one_and_an_unchanged_answer_nothing() {
        let estimate = |points| Some((points, CostSource::Estimate));
        let answered = |status| Known { status: Some(status), is_authorized: true, ..Known::default() };
        check(Door::Rest, "/user", answered(200), estimate(1));
        check(Door::Rest, "/user", answered(404), estimate(1));
        check(Door::Rest, "/user", answered(304), estimate(0));
        check(Door::Rest, "/user", Known { is_authorized: false, ..answered(304) }, estimate(1));
        check(Door::Rest, "/rate_limit", answered(200), estimate(0));
        check(
            Door::Rest,
            "/user",
            Known { limit_hit: Some(LimitHit::Primary), ..answered(403) },
            estimate(0),
        );
        check(Door::Rest, "/user", Known { limit_hit: Some(LimitHit::Secondary), ..answered(403) }, None);
        assert_eq!(cost(Door::Rest, "/user", &answered(200)), None);
    }

    #[test]
    fn of_graphql_the_answer_goes_before_the_change_and_that_before_the_estimate() {
        let all = || Known {
            status: Some(200),
            told: Some(3),
            used: Some(4),
            estimate: Some(5),
            ..Known::default()
        };
        check(Door::Graphql, "/graphql", all(), Some((3, CostSource::Answer)));
        check(Door::Graphql, "/graphql", Known { told: None, ..all() }, Some((4, CostSource::Used)));
        check(
            Door::Graphql,
            "/graphql",
            Known { told: None, used: None, ..all() },
            Some((5, CostSource::Estimate)),
        );
        check(Door::Graphql, "/graphql", Known { status: Some(502), told: None, used: None, ..all() }, None);
    }
}
