//! What the requests of a run add up to: records of the relay in, the counters of the run's record out.
//!
//! Only a request that was sent counts as made: one that was answered from a store, or could not be sent, left
//! the machine as little as one that was never wanted.

use std::collections::HashMap;

use indexmap::IndexMap;
use pm_record::{ApiRequest, CacheState, GithubApi, LimitHit, RequestLimit, Thousandths, Timestamp};

/// How many requests that ran into a limit are remembered until they are made again.
const REFUSED: usize = 256;

/// How many quotas are told apart. GitHub has some fifteen for each credential.
const QUOTAS: usize = 256;

/// The quota of GraphQL, which is counted in points.
const GRAPHQL: &str = "graphql";

/// The requests of a run so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    made: u64,
    hits: u64,
    misses: u64,
    retries: u64,
    waited: Thousandths,
    /// What was used, by whose quota it is.
    used: IndexMap<Quota, Thousandths>,
    /// Whether there was a query, and what all of them cost as far as that is known.
    points: Option<Thousandths>,
    /// Whether a request was made whose cost is not known.
    has_unknown_cost: bool,
    left: RequestLimit,
    most_at_once: u32,
    /// When requests were refused for a limit, by what they ask for.
    refused: HashMap<Purpose, Timestamp>,
}

/// Whose quota it is, and which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Quota {
    credential: Option<String>,
    resource: Option<String>,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Purpose {
    method: String,
    endpoint: String,
    operation: Option<String>,
}

impl Tally {
    /// Counts one request.
    pub(crate) fn add(&mut self, request: ApiRequest) {
        match request.cache {
            Some(CacheState::Hit | CacheState::Revalidated) => self.hits += 1,
            Some(CacheState::Miss) => self.misses += 1,
            Some(CacheState::Uncacheable | CacheState::Other) | None => {}
        }
        self.most_at_once = self.most_at_once.max(request.in_flight.unwrap_or(1));
        if request.was_sent() {
            self.made += 1;
            self.retries += u64::from(request.attempt.is_some_and(|attempt| attempt > 1));
            self.charge(&request);
            self.wait(&request);
            self.keep_left(request.rate_limit);
        }
    }

    fn charge(&mut self, request: &ApiRequest) {
        let resource = &request.rate_limit.resource;
        if resource.as_deref() == Some(GRAPHQL) || request.endpoint.ends_with("/graphql") {
            let points = self.points.get_or_insert_default();
            *points = sum(*points, request.cost.unwrap_or_default());
        }
        let Some(cost) = request.cost else {
            self.has_unknown_cost = true;
            return;
        };
        let quota = Quota { credential: request.credential.clone(), resource: resource.clone() };
        // What is one too many is added where it does no harm: to the total.
        let full = self.used.len() >= QUOTAS && !self.used.contains_key(&quota);
        let quota = if full { Quota { credential: None, resource: None } } else { quota };
        let used = self.used.entry(quota).or_default();
        *used = sum(*used, cost);
    }

    /// From the end of a request that ran into a limit until it was made again, its client waited.
    fn wait(&mut self, request: &ApiRequest) {
        let purpose = Purpose {
            method: request.method.clone(),
            endpoint: request.endpoint.clone(),
            operation: request.operation.clone(),
        };
        if request.attempt.is_some_and(|attempt| attempt > 1)
            && let Some(refused) = self.refused.remove(&purpose)
        {
            let waited = request.timestamp.as_millis().saturating_sub(refused.as_millis()).max(0);
            self.waited = sum(self.waited, Thousandths(waited.saturating_mul(1000)));
        }
        if matches!(request.limit_hit, Some(LimitHit::Primary | LimitHit::Secondary))
            && self.refused.len() < REFUSED
        {
            let end = request.timestamp.as_millis().saturating_add(request.duration_ms.0 / 1000);
            self.refused.insert(purpose, Timestamp::from_millis(end));
        }
    }

    /// Keeps what is left after the last request. Answers overtake each other, so within a window it is the least.
    fn keep_left(&mut self, limit: RequestLimit) {
        let Some(remaining) = limit.remaining else { return };
        let is_same = limit.resource == self.left.resource && limit.reset_time == self.left.reset_time;
        let least = self.left.remaining.filter(|_| is_same).map_or(remaining, |before| before.min(remaining));
        self.left = RequestLimit { remaining: Some(least), ..limit };
    }

    /// What a credential's requests used of a quota; none if that is not known of every one of them.
    pub(crate) fn used(&self, credential: Option<&str>, resource: &str) -> Option<Thousandths> {
        let is_meant = |quota: &Quota| {
            let same = quota.credential.as_deref().zip(credential).is_none_or(|(one, other)| one == other);
            same && quota.resource.as_deref() == Some(resource)
        };
        let meant = self.used.iter().filter(|(quota, _)| is_meant(quota)).map(|(_, used)| *used);
        (!self.has_unknown_cost).then(|| meant.fold(Thousandths(0), sum))
    }

    /// The most requests that were under way at once; none if there was none.
    pub(crate) fn most_at_once(&self) -> Option<u32> {
        Some(self.most_at_once).filter(|&most| most > 0)
    }

    /// The counters of the run's record.
    pub(crate) fn counters(&self) -> GithubApi {
        let known = !self.has_unknown_cost || !self.used.is_empty();
        let any = |count: u64| (count > 0).then(|| Thousandths::from_count(count));
        // Without a single request that a cache could have answered there was no cache to speak of.
        let cached = |count| (self.hits + self.misses > 0).then(|| Thousandths::from_count(count));
        GithubApi {
            requests_made: Some(Thousandths::from_count(self.made)),
            rate_limit_consumed: known.then(|| self.used.values().copied().fold(Thousandths(0), sum)),
            rate_limit_remaining: self.left.remaining,
            cache_hits: cached(self.hits),
            cache_misses: cached(self.misses),
            graphql_points: self.points,
            retries: any(self.retries),
            waited_ms: Some(self.waited).filter(|waited| waited.0 > 0),
            quota_delta: None,
        }
    }
}

fn sum(one: Thousandths, other: Thousandths) -> Thousandths {
    Thousandths(one.0.saturating_add(other.0))
}

#[cfg(test)]
mod tests {
    use pm_record::Record;

    use super::*;

    fn request(time: &str, fields: &str) -> ApiRequest {
        let line = format!(
            r#"{{"api_request":{{"timestamp":"2024-12-06T{time}Z","method":"GET","endpoint":"/user","duration_ms":20,{fields}}}}}"#
        );
        let Ok(Record::Request(request)) = Record::parse(line.as_bytes()) else { panic!("{line}") };
        *request
    }

    fn tally(requests: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for fields in requests {
            tally.add(request("10:30:15", fields));
        }
        tally
    }

    #[track_caller]
    fn check(requests: &[&str], expected: &str) {
        let counters = tally(requests).counters();
        assert_eq!(serde_json::to_string(&counters).expect("counters"), expected);
    }

    #[test]
    fn a_run_without_a_request_made_none() {
        check(&[], r#"{"requests_made":0,"rate_limit_consumed":0}"#);
        assert_eq!(tally(&[]).most_at_once(), None);
    }

    #[test]
    fn only_what_was_sent_counts_as_made() {
        check(
            &[
                r#""wait_ms":1,"status":200,"cost":1"#,
                r#""wait_ms":1,"error":"truncated""#,
                r#""status":502,"error":"unreachable""#,
                r#""status":200,"cache":"hit""#,
            ],
            r#"{"requests_made":2,"rate_limit_consumed":1,"cache_hits":1,"cache_misses":0}"#,
        );
    }

    #[test]
    fn points_are_counted_apart_and_in_the_total() {
        check(
            &[
                r#""wait_ms":1,"cost":1,"rate_limit":{"resource":"core","remaining":4999}"#,
                r#""wait_ms":1,"cost":11,"rate_limit":{"resource":"graphql","remaining":4800}"#,
            ],
            r#"{"requests_made":2,"rate_limit_consumed":12,"rate_limit_remaining":4800,"graphql_points":11}"#,
        );
    }

    #[test]
    fn an_unknown_cost_is_not_made_up() {
        check(&[r#""wait_ms":1"#], r#"{"requests_made":1}"#);
        let tally = tally(&[r#""wait_ms":1"#, r#""wait_ms":1,"cost":1,"rate_limit":{"resource":"core"}"#]);
        assert_eq!(tally.used(None, "core"), None);
    }

    #[test]
    fn revalidated_answers_are_hits_that_were_made_and_cost_nothing() {
        check(
            &[r#""wait_ms":1,"cost":0,"cache":"revalidated""#, r#""wait_ms":1,"cost":1,"cache":"miss""#],
            r#"{"requests_made":2,"rate_limit_consumed":1,"cache_hits":1,"cache_misses":1}"#,
        );
    }

    #[test]
    fn answers_that_overtake_each_other_do_not_raise_what_is_left() {
        let core = |remaining, hour| {
            format!(
                r#""wait_ms":1,"cost":1,"rate_limit":{{"resource":"core","remaining":{remaining},"reset_time":"2024-12-06T{hour}:00:00Z"}}"#
            )
        };
        let left = |readings: &[(u32, u32)]| {
            let lines: Vec<_> = readings.iter().map(|&(left, hour)| core(left, hour)).collect();
            tally(&lines.iter().map(String::as_str).collect::<Vec<_>>()).counters().rate_limit_remaining
        };
        assert_eq!(left(&[(10, 11), (8, 11), (9, 11)]), Some(Thousandths(8_000)));
        assert_eq!(left(&[(8, 11), (4999, 12)]), Some(Thousandths(4_999_000)));
    }

    #[test]
    fn whoever_repeats_a_refused_request_has_waited_in_between() {
        let mut tally = tally(&[r#""wait_ms":1,"limit_hit":"secondary","cost":0"#]);
        tally.add(request("10:30:17.520", r#""wait_ms":1,"cost":1,"attempt":2"#));
        let counters = tally.counters();
        assert_eq!(
            (counters.retries, counters.waited_ms),
            (Some(Thousandths(1000)), Some(Thousandths(2_500_000)))
        );
    }

    #[test]
    fn quotas_are_told_apart_by_whose_they_are() {
        let of = |credential, cost| {
            format!(
                r#""wait_ms":1,"cost":{cost},"credential":"{credential}","rate_limit":{{"resource":"core"}}"#
            )
        };
        let tally = tally(&[&of("a", 1), &of("b", 5), &of("a", 2)]);
        let used = |credential| tally.used(credential, "core").map(|used| used.0 / 1000);
        assert_eq!(
            (used(Some("a")), used(Some("b")), used(Some("c")), used(None)),
            (Some(3), Some(5), Some(0), Some(8))
        );
        assert_eq!(tally.used(None, GRAPHQL), Some(Thousandths(0)));
    }

    #[test]
    fn the_most_that_were_under_way_at_once_are_known() {
        assert_eq!(
            tally(&[r#""in_flight":2"#, r#""in_flight":7"#, r#""in_flight":1"#]).most_at_once(),
            Some(7)
        );
    }
}
