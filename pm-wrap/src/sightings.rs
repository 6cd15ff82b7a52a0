//! The processes of a tree as they were seen from time to time, for where they cannot be traced.
//!
//! What lived between two looks was never seen, and of the others the end is known only as well as the looks are
//! dense; the start is known to a tick of the kernel where that is finer. Nothing is known of how a process ended, and
//! of its processor time only what it had used when it was last seen.

use std::collections::HashSet;
use std::time::Duration;

use indexmap::IndexMap;
use pm_record::{ProcessTrace, Schema};

use crate::amounts::{mebibytes, millis};

/// How many processes are remembered.
const REMEMBERED: usize = 100_000;

/// One process at one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) pid: i32,
    pub(crate) parent: i32,
    pub(crate) program: String,
    /// The most memory it has held so far, in KiB.
    pub(crate) peak_kib: Option<u64>,
    /// What it has used of processors so far, in ticks of the kernel.
    pub(crate) cpu: Option<Duration>,
    /// When it started, on a clock that is the same for all of them.
    pub(crate) since_boot: Option<Duration>,
}

/// All looks so far.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    /// Those of the last look, by number.
    living: IndexMap<i32, Seen>,
    ended: Vec<Seen>,
    last_look: Duration,
    /// When the command started, on the clock of [`Sighting::since_boot`].
    began: Option<Duration>,
}

#[derive(Debug)]
struct Seen {
    last: Sighting,
    first_at: Duration,
    last_at: Duration,
}

impl Sightings {
    /// Takes in a look at the tree.
    pub(crate) fn look(&mut self, now: Duration, tree: impl Iterator<Item = Sighting>) {
        let mut before = std::mem::take(&mut self.living);
        for sighting in tree {
            let began = *self.began.get_or_insert(sighting.since_boot.unwrap_or_default());
            let known = before.shift_remove(&sighting.pid).map(|seen| seen.first_at);
            let first_at = known.unwrap_or_else(|| {
                // It came after the last look, at which it was not there, and no later than this one.
                let told = sighting.since_boot.map_or(now, |since_boot| since_boot.saturating_sub(began));
                told.clamp(self.last_look, now)
            });
            let seen = Seen { first_at, last_at: now, last: sighting };
            self.living.insert(seen.last.pid, seen);
        }
        self.last_look = now;
        let room = REMEMBERED.saturating_sub(self.ended.len());
        self.ended.extend(before.into_values().take(room));
    }

    /// One record a process, in the order of their first sighting.
    pub(crate) fn into_records(self) -> Vec<ProcessTrace> {
        let mut seen: Vec<_> = self.ended.into_iter().chain(self.living.into_values()).collect();
        seen.sort_by_key(|seen| (seen.first_at, seen.last.pid));
        let numbers: HashSet<_> = seen.iter().map(|seen| seen.last.pid).collect();
        seen.into_iter()
            .map(|seen| {
                // The parent of the command itself is none of its processes.
                let parent = Some(seen.last.parent).filter(|parent| numbers.contains(parent));
                record(seen, parent)
            })
            .collect()
    }
}

fn record(seen: Seen, parent: Option<i32>) -> ProcessTrace {
    let number = |pid| u32::try_from(pid).ok();
    let Seen { last, first_at, last_at } = seen;
    ProcessTrace {
        schema: Schema,
        execution_id: None,
        timestamp: None,
        pid: number(last.pid).unwrap_or(0),
        parent: parent.and_then(number),
        program: last.program,
        start_ms: millis(first_at),
        duration_ms: Some(millis(last_at.saturating_sub(first_at))),
        cpu_time_ms: last.cpu.map(millis),
        peak_memory_mb: last.peak_kib.map(mebibytes),
        exit_code: None,
        signal: None,
    }
}

#[cfg(test)]
mod tests {
    use pm_record::Thousandths;

    use super::*;

    fn sighting(pid: i32, program: &str) -> Sighting {
        let program = program.to_owned();
        Sighting { pid, parent: 1, program, peak_kib: Some(2048), cpu: None, since_boot: None }
    }

    #[test]
    fn a_process_lasts_from_its_first_sighting_to_its_last() {
        let mut sightings = Sightings::default();
        let looks =
            [(1, &[(7, "sh")][..]), (3, &[(7, "sh"), (8, "git")]), (9, &[(7, "sh")]), (20, &[(8, "gh")])];
        for (at, tree) in looks {
            let tree = tree.iter().map(|&(pid, program)| sighting(pid, program));
            sightings.look(Duration::from_millis(at), tree);
        }
        let records = sightings.into_records();
        let times: Vec<_> = records
            .iter()
            .map(|record| (record.program.as_str(), record.start_ms.0, record.duration_ms.map(|ms| ms.0)))
            .collect();
        let expected = [("sh", 1000, Some(8000)), ("git", 3000, Some(0)), ("gh", 20_000, Some(0))];
        assert_eq!(times, expected);
        assert_eq!(records[0].peak_memory_mb, Some(Thousandths(2000)));
    }

    #[test]
    fn a_start_is_what_the_kernel_says_if_that_lies_between_two_looks() {
        let mut sightings = Sightings::default();
        let told = |pid, tens| {
            let since_boot = Some(Duration::from_millis(7000 + tens * 10));
            Sighting { since_boot, cpu: Some(Duration::from_millis(tens)), ..sighting(pid, "sh") }
        };
        sightings.look(Duration::from_millis(100), [told(1, 0)].into_iter());
        sightings
            .look(Duration::from_millis(200), [told(1, 0), told(2, 15), told(3, 9), told(4, 30)].into_iter());
        let records = sightings.into_records();
        let starts: Vec<_> = records.iter().map(|record| (record.pid, record.start_ms.0)).collect();
        assert_eq!(starts, [(1, 0), (3, 100_000), (2, 150_000), (4, 200_000)]);
        assert_eq!(records[2].cpu_time_ms, Some(Thousandths(15_000)));
    }
}
