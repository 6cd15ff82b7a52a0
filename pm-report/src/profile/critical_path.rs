//! The critical path through the tree of processes: for every instant of the run the one process that the end of the
//! command was waiting for.
//!
//! It is walked from the end backwards, as CRISP does for calls between services (Zhang and others, "CRISP: Critical
//! Path Analysis of Large-Scale Microservice Architectures", USENIX ATC 2022, section 3): a process that ends has
//! waited last for that child of its which ended last, so the time after that child's end is its own, the time of the
//! child is the child's, walked in the same way, and what comes before the child's start follows likewise from the
//! children that had ended by then. A child that is alive at such an instant is not waited for at that instant, and so
//! what runs in the background is on the path only from where somebody waited for it.
//!
//! The parts stand one behind the other without a gap, from the start of the run to its end. What it cannot see:
//! that a process waited for another one through a pipe or a lock (of `a | b` it names the one that ended last), and
//! that a parent did not wait for a child that happened to end before it.

use crate::profile::span::Span;
use crate::profile::tree::{Process, children};

/// A stretch of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The place of the process.
    pub(crate) process: usize,
    pub(crate) span: Span,
}

/// The path through `processes`, of which the first is the command and each stands behind its parent; in order of
/// time. Takes n·log n steps of n processes, whatever their depth.
pub(crate) fn critical_path(processes: &[Process]) -> Vec<Segment> {
    let mut by_end = children(processes);
    for children in &mut by_end {
        // Popped from the back: the one that ended last, and of equals the one that started last.
        children.sort_by_key(|&child| (processes[child].span.end, processes[child].span.start, child));
    }
    let Some(root) = processes.first() else { return Vec::new() };
    let mut path = Vec::new();
    // Each is a process that is walked, from an instant of its that is already reached back to its start.
    let mut walked = vec![(0, root.span)];
    while let Some((process, left)) = walked.last_mut() {
        let process = *process;
        let child = loop {
            match by_end[process].pop() {
                // It was alive then, or ended before all of this.
                Some(child) if processes[child].span.end > left.end => {}
                Some(child) if processes[child].span.end > left.start => break Some(child),
                _ => break None,
            }
        };
        let Some(child) = child else {
            push(&mut path, process, *left);
            walked.pop();
            continue;
        };
        let its = processes[child].span.within(*left);
        push(&mut path, process, Span::new(its.end, left.end));
        left.end = its.start;
        walked.push((child, its));
    }
    path.reverse();
    path
}

/// Stretches come in the order of the walk, so the earlier one is the later one in time.
fn push(path: &mut Vec<Segment>, process: usize, span: Span) {
    if span.length() == 0 {
        return;
    }
    match path.last_mut() {
        Some(last) if last.process == process && last.span.start == span.end => last.span.start = span.start,
        _ => path.push(Segment { process, span }),
    }
}

#[cfg(test)]
mod tests {
    use pm_record::ProcessTrace;
    use proptest::prelude::*;

    use super::*;
    use crate::profile::tree::build;
    use crate::profile::tree::tests::record;

    const TOTAL: i64 = 100_000;

    #[track_caller]
    fn check(children: &[(u32, u32, &str, i64, i64)], expected: &[&str]) {
        let children = children
            .iter()
            .map(|&(pid, parent, program, start, end)| record(pid, Some(parent), program, start, Some(end)));
        let processes =
            build(std::iter::once(record(1, None, "sh", 0, Some(100))).chain(children).collect(), TOTAL);
        let path: Vec<_> = critical_path(&processes)
            .iter()
            .map(|part| {
                let Span { start, end } = part.span;
                format!("{} {}..{}", processes[part.process].program, start / 1000, end / 1000)
            })
            .collect();
        assert_eq!(path, expected);
    }

    #[test]
    fn of_children_one_after_the_other_all_are_on_the_path() {
        check(
            &[(2, 1, "gh", 10, 50), (3, 1, "jq", 60, 70)],
            &["sh 0..10", "gh 10..50", "sh 50..60", "jq 60..70", "sh 70..100"],
        );
    }

    #[test]
    fn of_children_at_the_same_time_it_is_the_one_that_ended_last() {
        check(&[(2, 1, "slow", 10, 80), (3, 1, "quick", 10, 30)], &["sh 0..10", "slow 10..80", "sh 80..100"]);
    }

    #[test]
    fn before_the_one_that_ended_last_came_whoever_had_ended_by_its_start() {
        check(
            &[(2, 1, "a", 0, 40), (3, 1, "background", 5, 95), (4, 1, "b", 41, 60)],
            &["sh 0..5", "background 5..95", "sh 95..100"],
        );
        check(
            &[(2, 1, "a", 0, 40), (3, 1, "overlaps", 20, 50), (4, 1, "b", 45, 60)],
            &["a 0..40", "sh 40..45", "b 45..60", "sh 60..100"],
        );
    }

    #[test]
    fn who_outlives_its_parent_is_not_waited_for() {
        check(
            &[(2, 1, "launcher", 10, 20), (3, 2, "daemon", 12, 90), (4, 1, "work", 30, 95)],
            &["sh 0..10", "launcher 10..20", "sh 20..30", "work 30..95", "sh 95..100"],
        );
    }

    #[test]
    fn the_path_leads_down_as_far_as_somebody_waits() {
        check(
            &[(2, 1, "make", 10, 90), (3, 2, "cc", 20, 85), (4, 3, "as", 30, 80)],
            &["sh 0..10", "make 10..20", "cc 20..30", "as 30..80", "cc 80..85", "make 85..90", "sh 90..100"],
        );
    }

    #[test]
    fn a_process_that_was_seen_once_takes_no_time() {
        check(&[(2, 1, "blink", 50, 50)], &["sh 0..100"]);
    }

    #[test]
    fn a_tree_of_any_depth_is_walked() {
        let depth: u32 = 100_000;
        let chain = (1..=depth).map(|pid| record(pid, (pid > 1).then(|| pid - 1), "sh", 0, Some(100)));
        let processes = build(chain.collect(), TOTAL);
        let path = critical_path(&processes);
        assert_eq!(path, [Segment { process: processes.len() - 1, span: Span::new(0, TOTAL) }]);
    }

    fn trees() -> impl Strategy<Value = Vec<ProcessTrace>> {
        let one = (1..12_u32, prop::option::of(1..12_u32), -5..120_i64, prop::option::of(0..120_i64));
        prop::collection::vec(one, 1..40).prop_map(|all| {
            all.into_iter()
                .map(|(pid, parent, start, took)| {
                    record(pid, parent, "p", start, took.map(|took| start + took))
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn the_path_is_the_run_cut_into_parts(records in trees()) {
            let processes = build(records, TOTAL);
            let path = critical_path(&processes);
            let mut reached = 0;
            for part in &path {
                prop_assert_eq!(part.span.start, reached);
                prop_assert!(part.span.length() > 0);
                prop_assert_eq!(part.span.within(processes[part.process].span), part.span);
                reached = part.span.end;
            }
            prop_assert_eq!(reached, TOTAL);
        }

        #[test]
        fn nobody_is_alone_for_longer_than_it_lived(records in trees()) {
            for process in build(records, TOTAL) {
                prop_assert!((0..=process.span.length()).contains(&process.alone));
            }
        }
    }
}
