//! Requests to GitHub's API on the time axis of a run.
//!
//! A request and its run tell their times by the clock of the day in whole milliseconds, so a request may stand up to
//! a millisecond beside its place.

use std::collections::BTreeSet;

use pm_record::{ApiRequest, Timestamp};

use crate::profile::span::{Span, micros};
use crate::report::{LONGEST_LABEL, kept};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// What was asked: `GET /user`, `POST /graphql (viewer)`. Raw: to be made printable by whoever shows it.
    pub(crate) label: String,
    pub(crate) span: Span,
    /// The status of the answer, or in a word why there was none.
    pub(crate) outcome: Option<String>,
}

/// The requests of a run that began at `began`, in order of start.
pub(crate) fn place(records: &[ApiRequest], began: Timestamp, total: i64) -> Vec<Request> {
    let mut requests: Vec<_> = records
        .iter()
        .map(|record| {
            let offset = record.timestamp.as_millis().saturating_sub(began.as_millis());
            let start = offset.saturating_mul(1000);
            let span = Span::new(start, start.saturating_add(micros(record.duration_ms)));
            Request { label: label(record), span: span.within(Span::new(0, total)), outcome: outcome(record) }
        })
        .collect();
    requests.sort_by_key(|request| request.span);
    requests
}

fn label(record: &ApiRequest) -> String {
    let operation = record.operation.as_ref().map_or_else(String::new, |operation| format!(" ({operation})"));
    kept(&format!("{} {}{operation}", record.method, record.endpoint), LONGEST_LABEL)
}

fn outcome(record: &ApiRequest) -> Option<String> {
    let status = record.status.map(|status| status.to_string());
    status.or_else(|| record.error.as_ref().map(|error| kept(error, LONGEST_LABEL)))
}

/// When any request was under way, and which: of several the one that had begun first. In order of time.
pub(crate) fn under_way(requests: &[Request]) -> Vec<(Span, usize)> {
    let mut ends: Vec<_> =
        requests.iter().enumerate().map(|(place, request)| (request.span.end, place)).collect();
    ends.sort_unstable();
    let mut edges: Vec<_> =
        requests.iter().flat_map(|request| [request.span.start, request.span.end]).collect();
    edges.sort_unstable();
    edges.dedup();
    let (mut begun, mut ended) = (0, 0);
    let mut active = BTreeSet::new();
    let mut covered: Vec<(Span, usize)> = Vec::new();
    for edge in edges.windows(2) {
        while requests.get(begun).is_some_and(|request| request.span.start <= edge[0]) {
            active.insert(begun);
            begun += 1;
        }
        while ends.get(ended).is_some_and(|&(end, _)| end <= edge[0]) {
            active.remove(&ends[ended].1);
            ended += 1;
        }
        let Some(&first) = active.first() else { continue };
        match covered.last_mut() {
            Some((span, request)) if *request == first && span.end == edge[0] => span.end = edge[1],
            _ => covered.push((Span::new(edge[0], edge[1]), first)),
        }
    }
    covered
}

/// How many of `requests` were under way at once, at most.
pub(crate) fn most_at_once<'a>(requests: impl Iterator<Item = &'a Request>) -> usize {
    let mut edges: Vec<_> = requests
        .filter(|request| request.span.length() > 0)
        .flat_map(|request| [(request.span.start, true), (request.span.end, false)])
        .collect();
    // At the same instant one ends before the next one begins: `false` comes first.
    edges.sort_unstable();
    let (mut now, mut most) = (0_usize, 0);
    for (_, begins) in edges {
        now = if begins { now + 1 } else { now - 1 };
        most = most.max(now);
    }
    most
}

#[cfg(test)]
pub(crate) mod tests {
    use pm_record::Thousandths;

    use super::*;

    /// A request for `endpoint` that arrived `at` milliseconds after the epoch and took some.
    pub(crate) fn record(endpoint: &str, at: i64, took: i64) -> ApiRequest {
        let at = Timestamp::from_millis(at);
        let duration_ms = Thousandths::from_units(took);
        ApiRequest { duration_ms, ..ApiRequest::new(at, "GET".to_owned(), endpoint.to_owned()) }
    }

    #[track_caller]
    fn check(requests: &[(i64, i64)], expected: &[(i64, i64, usize)], at_once: usize) {
        let records: Vec<_> =
            requests.iter().map(|&(start, end)| record("/x", 1000 + start, end - start)).collect();
        let requests = place(&records, Timestamp::from_millis(1000), 100_000);
        let seen: Vec<_> = under_way(&requests)
            .into_iter()
            .map(|(span, request)| (span.start / 1000, span.end / 1000, request))
            .collect();
        assert_eq!(seen, expected);
        assert_eq!(most_at_once(requests.iter()), at_once);
    }

    #[test]
    fn an_instant_belongs_to_the_request_that_had_begun_first() {
        check(&[(10, 30), (20, 50), (25, 28), (60, 70)], &[(10, 30, 0), (30, 50, 1), (60, 70, 3)], 3);
        check(&[(10, 20), (20, 30)], &[(10, 20, 0), (20, 30, 1)], 1);
        check(&[], &[], 0);
    }

    #[test]
    fn what_lies_outside_of_the_run_is_cut_off() {
        check(&[(-20, 10), (90, 400), (500, 600)], &[(0, 10, 0), (90, 100, 1)], 1);
    }

    #[test]
    fn a_request_is_named_by_what_it_asked_for() {
        let rest = record("/repos/{owner}/{repo}", 0, 1);
        assert_eq!(label(&rest), "GET /repos/{owner}/{repo}");
        let graphql = ApiRequest {
            method: "POST".into(),
            operation: Some("viewer".into()),
            ..record("/graphql", 0, 1)
        };
        assert_eq!(label(&graphql), "POST /graphql (viewer)");
    }
}
