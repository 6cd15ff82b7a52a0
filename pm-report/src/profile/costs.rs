//! What a run spent its time on: every instant of the critical path has one cause, so that costs add up to the run.
//!
//! While a request to GitHub's API was under way the cause is that request, of several the one that had begun first;
//! else it is the program that was on the path. Who sent a request is not recorded, so one that runs beside the path,
//! in the background, is blamed for time that somebody else may have used.

use indexmap::IndexMap;

use crate::profile::figures::computing;
use crate::profile::requests::{Request, most_at_once, under_way};
use crate::profile::timeline::Timeline;

/// What an instant is blamed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Cause<'a> {
    /// Requests of one kind.
    Requests(&'a str),
    /// The processes of one program.
    Program(&'a str),
}

/// One cause, and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cost<'a> {
    pub(crate) cause: Cause<'a>,
    pub(crate) time: i64,
    /// How many requests or processes there were, and how long each took on average.
    pub(crate) count: usize,
    pub(crate) each: i64,
    /// How many requests of the kind were under way at once, at most.
    pub(crate) at_once: usize,
    /// How much of the time the processes computed, where that is known.
    pub(crate) computing: Option<i64>,
}

/// The causes of a run, the most expensive first.
pub(crate) fn costs(run: &Timeline) -> Vec<Cost<'_>> {
    let busy = under_way(&run.requests);
    let mut by_request = vec![0; run.requests.len()];
    let mut by_process = vec![0; run.processes.len()];
    let mut next = 0;
    for part in &run.path {
        let mut left = part.span.length();
        // What ends before this part has no share in the later ones either.
        while busy.get(next).is_some_and(|(span, _)| span.end <= part.span.start) {
            next += 1;
        }
        for &(span, request) in busy[next..].iter().take_while(|(span, _)| span.start < part.span.end) {
            let shared = span.overlap(part.span);
            by_request[request] += shared;
            left -= shared;
        }
        by_process[part.process] += left;
    }
    let mut costs: Vec<_> = of_requests(run, &by_request).chain(of_programs(run, &by_process)).collect();
    costs.retain(|cost| cost.time > 0);
    costs.sort_by(|one, other| other.time.cmp(&one.time).then_with(|| one.cause.cmp(&other.cause)));
    costs
}

fn of_requests<'a>(run: &'a Timeline, times: &[i64]) -> impl Iterator<Item = Cost<'a>> {
    let mut kinds: IndexMap<&str, (i64, Vec<&Request>)> = IndexMap::new();
    for (request, time) in run.requests.iter().zip(times) {
        let (sum, requests) = kinds.entry(&request.label).or_default();
        *sum += time;
        requests.push(request);
    }
    kinds.into_iter().map(|(label, (time, requests))| Cost {
        cause: Cause::Requests(label),
        time,
        count: requests.len(),
        each: mean(requests.iter().map(|request| request.span.length())),
        at_once: most_at_once(requests.into_iter()),
        computing: None,
    })
}

fn of_programs<'a>(run: &'a Timeline, times: &[i64]) -> impl Iterator<Item = Cost<'a>> {
    let mut programs: IndexMap<&str, (i64, Option<i64>, Vec<i64>)> = IndexMap::new();
    for ((process, path), &time) in run.processes.iter().zip(run.path_times()).zip(times) {
        let (sum, computed, lives) = programs.entry(&process.program).or_insert((0, Some(0), Vec::new()));
        if time == 0 {
            continue;
        }
        *sum += time;
        // While a request is under way a process is taken to wait for it.
        let own = computing(process, path).map(|computing| computing.min(time));
        *computed = computed.zip(own).map(|(sum, own)| sum + own);
        lives.push(process.span.length());
    }
    programs.into_iter().map(|(program, (time, computing, lives))| Cost {
        cause: Cause::Program(program),
        time,
        count: lives.len(),
        each: mean(lives.into_iter()),
        at_once: 0,
        computing,
    })
}

fn mean(values: impl ExactSizeIterator<Item = i64>) -> i64 {
    let count = i64::try_from(values.len()).unwrap_or(i64::MAX).max(1);
    values.fold(0, i64::saturating_add) / count
}

#[cfg(test)]
mod tests {
    use pm_record::{PerformanceMetrics, Thousandths, Timestamp};
    use proptest::prelude::*;

    use super::*;
    use crate::profile::requests::tests::record as request;
    use crate::profile::tree::tests::record;

    fn run(processes: &[(u32, u32, &str, i64, i64)], requests: &[(&str, i64, i64)]) -> Timeline {
        let run =
            PerformanceMetrics::new("x".into(), Timestamp::from_millis(1000), Thousandths::from_units(100));
        let children = processes
            .iter()
            .map(|&(pid, parent, program, start, end)| record(pid, Some(parent), program, start, Some(end)));
        let processes = std::iter::once(record(1, None, "sh", 0, Some(100))).chain(children).collect();
        let requests: Vec<_> = requests
            .iter()
            .map(|&(endpoint, start, end)| request(endpoint, 1000 + start, end - start))
            .collect();
        Timeline::new(Some(&run), processes, &requests)
    }

    #[track_caller]
    fn check(processes: &[(u32, u32, &str, i64, i64)], requests: &[(&str, i64, i64)], expected: &[&str]) {
        let run = run(processes, requests);
        let seen: Vec<_> = costs(&run)
            .iter()
            .map(|cost| {
                let Cost { time, count, each, at_once, .. } = cost;
                let name = match cost.cause {
                    Cause::Requests(name) | Cause::Program(name) => name,
                };
                format!("{name}: {} in {count} of {}, {at_once} at once", time / 1000, each / 1000)
            })
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn while_a_request_is_under_way_it_is_the_cause() {
        check(
            &[(2, 1, "gh", 10, 60), (3, 1, "jq", 60, 75), (4, 1, "jq", 75, 80)],
            &[("/a", 20, 35), ("/a", 36, 50), ("/b", 40, 55)],
            &[
                "sh: 30 in 1 of 100, 0 at once",
                "GET /a: 29 in 2 of 14, 1 at once",
                "jq: 20 in 2 of 10, 0 at once",
                "gh: 16 in 1 of 50, 0 at once",
                "GET /b: 5 in 1 of 15, 1 at once",
            ],
        );
    }

    #[test]
    fn a_program_that_nobody_waited_for_costs_nothing() {
        check(
            &[(2, 1, "background", 10, 40), (3, 1, "work", 0, 95)],
            &[],
            &["work: 95 in 1 of 95, 0 at once", "sh: 5 in 1 of 100, 0 at once"],
        );
    }

    proptest! {
        #[test]
        fn costs_add_up_to_the_run(
            processes in prop::collection::vec((2..9_u32, 1..9_u32, 0..100_i64, 0..100_i64), 0..20),
            requests in prop::collection::vec((-20..120_i64, 0..60_i64), 0..20),
        ) {
            let processes: Vec<_> =
                processes.iter().map(|&(pid, parent, start, took)| (pid, parent, "p", start, start + took)).collect();
            let requests: Vec<_> = requests.iter().map(|&(start, took)| ("/x", start, start + took)).collect();
            let run = run(&processes, &requests);
            prop_assert_eq!(costs(&run).iter().map(|cost| cost.time).sum::<i64>(), 100_000);
        }
    }
}
