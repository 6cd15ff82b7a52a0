//! A profile in plain words.

use pm_cli::{human, printable};

use crate::profile::Profile;
use crate::profile::costs::{Cause, Cost};
use crate::profile::timeline::Seen;
use crate::times;

/// Processes that are this short, in microseconds, are mostly the cost of starting them.
const SHORT: i64 = 20_000;

/// From so many on, requests or short processes are worth a word.
const MANY: usize = 5;

/// A duration of microseconds.
pub(crate) fn duration(micros: i64) -> String {
    human::duration(micros as f64 / 1000.0)
}

/// A part of the run.
pub(crate) fn share(part: i64, total: i64) -> String {
    human::percentage(if total == 0 { 0.0 } else { part as f64 / total as f64 })
}

/// What a cost is, what it took, and what can be said of it. Safe for a terminal.
pub(crate) fn cost(cost: &Cost, total: i64) -> String {
    let took = format!("{}, {} of the run", duration(cost.time), share(cost.time, total));
    match cost.cause {
        Cause::Requests(label) => {
            let label = printable(label);
            format!("GitHub's API, {label}: {took}. {}", requests(cost))
        }
        Cause::Program(name) => format!("{}: {took}. {}", printable(name), processes(cost)),
    }
}

fn requests(cost: &Cost) -> String {
    let each = duration(cost.each);
    match (cost.count, cost.at_once) {
        (1, _) => "1 request.".to_owned(),
        (count, 0 | 1) if count >= MANY => format!(
            "{} requests, one after the other, {each} each: those that do not need each other's answers could run \
             at the same time, or be asked in one query.",
            number(count)
        ),
        (count, 0 | 1) => format!("{} requests, one after the other, {each} each.", number(count)),
        (count, most) => format!("{} requests, up to {most} at once, {each} each.", number(count)),
    }
}

fn processes(cost: &Cost) -> String {
    let nature = cost.computing.map_or_else(String::new, |computing| nature(computing, cost.time));
    match cost.count {
        1 => format!("1 process{nature}."),
        count if count >= MANY && cost.each < SHORT => format!(
            "{} processes, {} each{nature}: most of that is to start them, and fewer could do the same.",
            number(count),
            duration(cost.each)
        ),
        count => format!("{} processes, {} each{nature}.", number(count), duration(cost.each)),
    }
}

/// Whether it computes or waits; in between both are said.
fn nature(computing: i64, time: i64) -> String {
    match computing.saturating_mul(100) / time.max(1) {
        0..=9 => ", waiting nearly all of that time".to_owned(),
        10..=33 => format!(", waiting for most of it ({})", duration(time - computing)),
        34..=66 => format!(", computing {} and waiting {}", duration(computing), duration(time - computing)),
        67..=89 => format!(", computing for most of it ({})", duration(computing)),
        _ => ", computing nearly all of that time".to_owned(),
    }
}

/// When it ran, how long it took and how it ended; each with whether it is bad news.
pub(crate) fn facts(profile: &Profile) -> Vec<(String, bool)> {
    let run = profile.shown();
    let total = profile.figures.total;
    let mut facts = Vec::new();
    facts.extend(run.began.map(|began| (times::span(began, began), false)));
    facts.push(match profile.runs.len() {
        1 => (duration(total.median), false),
        runs => {
            let [median, least, most] = [total.median, total.least, total.most].map(duration);
            (format!("{} runs, median {median} ({least} to {most})", number(runs)), false)
        }
    });
    facts.extend(run.cpu.map(|cpu| (format!("{} CPU", duration(cpu)), false)));
    facts.extend(run.peak_memory.map(|peak| (human::mebibytes(peak as f64 / 1000.0), false)));
    if run.seen != Seen::NotRecorded {
        facts.push((counted(run.processes.len(), "process", "processes"), false));
    }
    if !run.requests.is_empty() {
        facts.push((counted(run.requests.len(), "API request", "API requests"), false));
    }
    facts.extend(run.trouble.clone().map(|trouble| (trouble, true)));
    facts
}

/// Which of several runs is shown in detail.
pub(crate) fn which(profile: &Profile) -> Option<String> {
    let runs = profile.runs.len();
    (runs > 1).then(|| {
        format!(
            "Costs, timeline and path are those of run {}, which took the median time; figures are medians of all.",
            profile.shown + 1
        )
    })
}

/// A number with the word for what it counts.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// A count.
pub(crate) fn number(count: usize) -> String {
    human::count(u64::try_from(count).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cause: Cause, [count, at_once]: [usize; 2], each: i64, computing: Option<i64>, expected: &str) {
        let cost_of = Cost { cause, time: 600_000, count, each, at_once, computing };
        assert_eq!(cost(&cost_of, 1_000_000), expected);
    }

    #[test]
    fn requests_are_told_with_what_could_be_done() {
        let cause = Cause::Requests("GET /user");
        check(cause, [1, 1], 600_000, None, "GitHub's API, GET /user: 600ms, 60% of the run. 1 request.");
        check(
            cause,
            [12, 1],
            50_000,
            None,
            "GitHub's API, GET /user: 600ms, 60% of the run. 12 requests, one after the other, 50ms each: those that do not need each other's answers could run at the same time, or be asked in one query.",
        );
        check(
            cause,
            [12, 3],
            150_000,
            None,
            "GitHub's API, GET /user: 600ms, 60% of the run. 12 requests, up to 3 at once, 150ms each.",
        );
    }

    #[test]
    fn processes_compute_or_wait() {
        let cause = Cause::Program("j\x1bq");
        check(cause, [1, 0], 600_000, None, r"j\u{1b}q: 600ms, 60% of the run. 1 process.");
        check(
            cause,
            [2, 0],
            300_000,
            Some(0),
            r"j\u{1b}q: 600ms, 60% of the run. 2 processes, 300ms each, waiting nearly all of that time.",
        );
        check(
            cause,
            [1, 0],
            600_000,
            Some(300_000),
            r"j\u{1b}q: 600ms, 60% of the run. 1 process, computing 300ms and waiting 300ms.",
        );
        check(
            cause,
            [200, 0],
            3000,
            Some(590_000),
            r"j\u{1b}q: 600ms, 60% of the run. 200 processes, 3.0ms each, computing nearly all of that time: most of that is to start them, and fewer could do the same.",
        );
    }
}
