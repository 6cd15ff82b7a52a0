//! How much of GitHub's quota the runs will need, and whether that is there.

use std::collections::HashMap;
use std::ffi::OsString;

use pm_cli::{Streams, human};
use pm_record::{ApiMonitoring, PerformanceSummary, Record, Thousandths, Timestamp};

use super::results::filter;
use super::{Benchmark, Trouble};
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;
use crate::{Error, TOOL};

/// From how long ago on runs say what a command needs, in milliseconds.
const BACK: i64 = 30 * 24 * 3_600_000;

/// What one run of a command needs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Need {
    /// Of the quota that it is taken from.
    points: f64,
    /// Whether these are points of GraphQL, and not requests.
    is_graphql: bool,
}

/// Says how much quota the runs need, as the store has it of earlier ones, and refuses where that is not left.
pub(super) fn check(benchmark: &Benchmark, here: &Surroundings, io: &mut Streams) -> Result<(), Error> {
    let Some(aggregate) = here.tool("pm-aggregate").filter(|_| benchmark.store.exists()) else {
        return Ok(());
    };
    let mut store = OsString::from("--store=");
    store.push(benchmark.store.root());
    let since = format!("--since={}", Timestamp::from_millis(here.now.saturating_sub(BACK)));
    let question = Invocation::new(aggregate, [store, since.into(), "--by=command".into()]);
    let (answer, _) = filter(&question, b"")?;
    let needs = needs(&answer);
    let runs = |arm: usize| benchmark.turns.iter().filter(|turn| turn.arm == arm).count() as f64;
    let of_arm =
        |(place, arm): (usize, &super::Arm)| needs.get(&arm.command).map(|need| (*need, runs(place)));
    let all: Vec<_> = benchmark.arms.iter().enumerate().filter_map(of_arm).collect();
    let sum = |graphql: bool| {
        let of_kind = all.iter().filter(|(need, _)| need.is_graphql == graphql);
        of_kind.map(|(need, runs)| need.points * runs).sum::<f64>()
    };
    for (needed, resource) in [(sum(true), "graphql"), (sum(false), "core")] {
        if needed < 1.0 {
            continue;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some points")]
        let needed = needed.ceil() as u64;
        let left = left(resource, here)?;
        let of = format!(
            "these runs need about {} of the {resource} quota, as runs of the last 30 days did",
            human::count(needed)
        );
        match left {
            None => io.tell(TOOL, &format!("{of}; how much is left is not known")),
            Some(left) if left >= needed || benchmark.insists => {
                io.tell(TOOL, &format!("{of}; {} are left", human::count(left)));
            }
            Some(left) => return Err(Trouble::NoQuota { needed, left }.into()),
        }
    }
    Ok(())
}

/// What one run of each command needs, on average, by the summaries of them.
fn needs(summaries: &[u8]) -> HashMap<String, Need> {
    let summaries = summaries.split(|byte| *byte == b'\n').filter_map(|line| match Record::parse(line) {
        Ok(Record::Summary(summary)) => Some(summary),
        _ => None,
    });
    summaries.filter_map(|summary| Some((summary.by.get("command")?.to_string(), need(&summary)?))).collect()
}

fn need(summary: &PerformanceSummary) -> Option<Need> {
    let total = |name: &str| summary.api_totals.get(name).map(|total: &Thousandths| total.to_f64());
    let runs = summary.metrics.get("github_api.requests_made").map_or(summary.count, |metric| metric.count);
    let graphql = total("graphql_points").filter(|&points| points > 0.0);
    let points = graphql.or_else(|| total("rate_limit_consumed")).or_else(|| total("requests_made"))?;
    (runs > 0).then(|| Need { points: points / runs as f64, is_graphql: graphql.is_some() })
}

/// What is left of a resource; none if GitHub cannot be asked.
fn left(resource: &str, here: &Surroundings) -> Result<Option<u64>, Error> {
    let Some(program) = here.tool("pm-ratelimit") else { return Ok(None) };
    let (answer, _) = filter(&Invocation::new(program, ["--once", "--limits-only"]), b"")?;
    let Ok(Record::Api(reading)) = Record::parse(&answer) else { return Ok(None) };
    Ok(remaining(&reading, resource))
}

fn remaining(reading: &ApiMonitoring, resource: &str) -> Option<u64> {
    let remaining = reading.resources.get(resource)?.remaining?;
    u64::try_from(remaining.0 / 1000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(totals: &str, expected: Option<(f64, bool)>) {
        let line = format!(
            r#"{{"performance_summary":{{"by":{{"command":"batch"}},"window":{{"start":"2026-11-01T00:00:00Z","end":"2026-11-02T00:00:00Z"}},"count":10,"metrics":{{"github_api.requests_made":{{"count":5,"sum":60}}}},"api_totals":{totals}}}}}"#
        );
        let found = needs(line.as_bytes()).get("batch").map(|need| (need.points, need.is_graphql));
        assert_eq!(found, expected, "{totals}");
    }

    #[test]
    fn a_run_needs_what_the_runs_needed_whose_requests_were_counted() {
        check(r#"{"requests_made":60,"rate_limit_consumed":100,"graphql_points":75}"#, Some((15.0, true)));
        check(r#"{"requests_made":60,"rate_limit_consumed":100,"graphql_points":0}"#, Some((20.0, false)));
        check(r#"{"requests_made":60}"#, Some((12.0, false)));
        check("{}", None);
    }
}
