//! The processes of one run as a tree.
//!
//! A record names its parent by a number that the system may give again, so the parent is the process of that number
//! that had started last. Whoever has no parent there, except for the first, hangs below the first: a daemon that was
//! adopted, or a process whose parent lived and died between two looks.

use std::collections::HashMap;

use pm_record::ProcessTrace;

use crate::profile::span::{Span, length, micros, union};
use crate::report::{LONGEST_LABEL, kept};

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// Its place among all; the first has none.
    pub(crate) parent: Option<usize>,
    /// How many are above it.
    pub(crate) depth: usize,
    /// Raw: to be made printable by whoever shows it.
    pub(crate) program: String,
    pub(crate) span: Span,
    /// Whether it was still alive when the run ended.
    pub(crate) is_open: bool,
    /// Its own processor time.
    pub(crate) cpu: Option<i64>,
    /// How long it lived with no child of its alive.
    pub(crate) alone: i64,
    /// In thousandths of a mebibyte.
    pub(crate) peak_memory: Option<i64>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) signal: Option<i32>,
}

/// The processes in order of start, each behind its parent. The first is the command itself, and is taken to last as
/// long as the run: from 0 to `total`, which all others are cut to.
pub(crate) fn build(mut records: Vec<ProcessTrace>, total: i64) -> Vec<Process> {
    let run = Span::new(0, total);
    // The command itself first, then by start; what is equal keeps the order of its records.
    records.sort_by_key(|record| (micros(record.start_ms), record.parent.is_some()));
    if let Some(root) = records.iter().position(|record| record.parent.is_none()) {
        records[..=root].rotate_right(1);
    }
    let mut latest = HashMap::with_capacity(records.len());
    let mut processes: Vec<Process> = Vec::with_capacity(records.len());
    for (place, record) in records.into_iter().enumerate() {
        let known = record.parent.and_then(|pid| latest.get(&pid).copied());
        let parent = (place > 0).then(|| known.unwrap_or(0));
        latest.insert(record.pid, place);
        let depth = parent.map_or(0, |parent| processes[parent].depth + 1);
        let span = if place == 0 { run } else { lifetime(&record, run) };
        processes.push(Process { parent, depth, span, ..process(&record) });
    }
    let children = children(&processes);
    for (place, children) in children.iter().enumerate() {
        let own = processes[place].span;
        let spans = children.iter().map(|&child| processes[child].span.within(own));
        processes[place].alone = own.length() - length(&union(spans));
    }
    processes
}

/// A tree of one, for a run whose processes were not recorded.
pub(crate) fn alone(program: &str, total: i64, cpu: Option<i64>) -> Vec<Process> {
    vec![Process {
        pid: 0,
        parent: None,
        depth: 0,
        program: kept(program, LONGEST_LABEL),
        span: Span::new(0, total),
        is_open: false,
        cpu,
        alone: total.max(0),
        peak_memory: None,
        exit_code: None,
        signal: None,
    }]
}

/// The children of each process, in order of start.
pub(crate) fn children(processes: &[Process]) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); processes.len()];
    for (place, process) in processes.iter().enumerate() {
        if let Some(parent) = process.parent {
            children[parent].push(place);
        }
    }
    children
}

fn lifetime(record: &ProcessTrace, run: Span) -> Span {
    let start = micros(record.start_ms);
    let end = record.duration_ms.map_or(run.end, |duration| start.saturating_add(micros(duration)));
    Span::new(start, end).within(run)
}

fn process(record: &ProcessTrace) -> Process {
    Process {
        pid: record.pid,
        parent: None,
        depth: 0,
        program: kept(&record.program, LONGEST_LABEL),
        span: Span::default(),
        is_open: record.duration_ms.is_none(),
        cpu: record.cpu_time_ms.map(micros),
        alone: 0,
        peak_memory: record.peak_memory_mb.map(|peak| peak.0),
        exit_code: record.exit_code,
        signal: record.signal,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use pm_record::{Schema, Thousandths};

    use super::*;

    /// A record of `pid`, child of `parent`, that ran `program` from one millisecond to another, if it ended.
    pub(crate) fn record(
        pid: u32,
        parent: Option<u32>,
        program: &str,
        start: i64,
        end: Option<i64>,
    ) -> ProcessTrace {
        ProcessTrace {
            schema: Schema,
            execution_id: None,
            timestamp: None,
            pid,
            parent,
            program: program.to_owned(),
            start_ms: Thousandths::from_units(start),
            duration_ms: end.map(|end| Thousandths::from_units(end - start)),
            cpu_time_ms: None,
            peak_memory_mb: None,
            exit_code: Some(0),
            signal: None,
        }
    }

    /// The words of [`record`].
    type Words<'a> = (u32, Option<u32>, &'a str, i64, Option<i64>);

    #[track_caller]
    fn check(records: &[Words], expected: &[&str]) {
        let records = records
            .iter()
            .map(|&(pid, parent, program, start, end)| record(pid, parent, program, start, end));
        let seen: Vec<_> = build(records.collect(), 100_000)
            .iter()
            .map(|process| {
                let Process { pid, parent, depth, program, span, is_open, alone, .. } = process;
                let parent = parent.map_or("-".to_owned(), |parent| parent.to_string());
                let open = if *is_open { " open" } else { "" };
                format!(
                    "{pid} {program} of {parent} at {depth}: {}..{} alone {alone}{open}",
                    span.start, span.end
                )
            })
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn the_first_lasts_as_long_as_the_run_and_the_others_are_cut_to_it() {
        check(
            &[(1, None, "sh", 1, Some(90)), (2, Some(1), "gh", 10, Some(50)), (3, Some(2), "git", 20, None)],
            &[
                "1 sh of - at 0: 0..100000 alone 60000",
                "2 gh of 0 at 1: 10000..50000 alone 10000",
                "3 git of 1 at 2: 20000..100000 alone 80000 open",
            ],
        );
    }

    #[test]
    fn a_number_that_comes_again_is_the_parent_of_what_starts_after_it_only() {
        check(
            &[
                (1, None, "sh", 0, Some(100)),
                (2, Some(1), "a", 10, Some(20)),
                (3, Some(2), "b", 11, Some(19)),
                (2, Some(1), "c", 30, Some(60)),
                (4, Some(2), "d", 40, Some(50)),
            ],
            &[
                "1 sh of - at 0: 0..100000 alone 60000",
                "2 a of 0 at 1: 10000..20000 alone 2000",
                "3 b of 1 at 2: 11000..19000 alone 8000",
                "2 c of 0 at 1: 30000..60000 alone 20000",
                "4 d of 3 at 2: 40000..50000 alone 10000",
            ],
        );
    }

    #[test]
    fn whoever_has_no_known_parent_hangs_below_the_first_and_nobody_is_lost() {
        check(
            &[
                (9, Some(7), "orphan", 0, Some(5)),
                (8, Some(8), "own", 2, Some(3)),
                (1, None, "sh", 3, Some(100)),
            ],
            &[
                "1 sh of - at 0: 0..100000 alone 95000",
                "9 orphan of 0 at 1: 0..5000 alone 5000",
                "8 own of 0 at 1: 2000..3000 alone 1000",
            ],
        );
        check(&[(2, Some(1), "x", 5, Some(2000))], &["2 x of - at 0: 0..100000 alone 100000"]);
        check(&[], &[]);
    }
}
