//! When the memory of the tree is read, and what is read of it.

use std::time::Duration;

use rustix::process::Pid;

use crate::memory::{Memory, MemoryUse, Source, next_sample};
use crate::sightings::Sightings;
use crate::tree::Tree;

/// A reading of proportional sizes may cost this part of the run, all readings together: a thousandth.
const PROPORTIONAL_SHARE: u32 = 1000;

/// What a command grows by at least between its birth and its end, in KiB: a high-water mark that is no
/// larger than the new process was may be that of the process and not of the command.
const GROWTH_KIB: u64 = 64;

/// The readings of one run.
#[derive(Debug)]
pub(crate) struct Sampler {
    tree: Tree,
    memory: Memory,
    /// Since when there is a command to read, and when it is read next.
    next: Option<Duration>,
    /// How large the new process was before it became the command, in KiB.
    own_peak_kib: Option<u64>,
    proportional_cost: Duration,
}

impl Sampler {
    /// Nothing is read yet: the new process is still a copy of this one.
    pub(crate) fn of(root: Pid) -> Self {
        let proportional_cost = Duration::ZERO;
        Self {
            tree: Tree::of(root),
            memory: Memory::default(),
            next: None,
            own_peak_kib: None,
            proportional_cost,
        }
    }

    /// The command's program is loaded, and the process was so large before.
    pub(crate) fn begin(&mut self, now: Duration, own_peak_kib: u64) {
        self.own_peak_kib = Some(own_peak_kib);
        self.next = Some(next_sample(now, Duration::ZERO));
    }

    /// When the next reading is due.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.next
    }

    /// Reads the tree, if that is due, and notes who is there if that is asked for. `clock` is the time since the
    /// start.
    pub(crate) fn read_if_due(&mut self, clock: impl Fn() -> Duration, sightings: Option<&mut Sightings>) {
        let now = clock();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        if let Some(resident) = self.tree.resident_kib() {
            self.note(now, resident, &clock);
            if let Some(sightings) = sightings {
                sightings.look(now, self.tree.sightings());
            }
        }
        self.next = Some(next_sample(now, clock().saturating_sub(now)));
    }

    fn note(&mut self, now: Duration, resident: u64, clock: &impl Fn() -> Duration) {
        match self.proportional(now, resident, clock) {
            Some(proportional) => self.memory.sample(now, proportional, Source::Pss),
            None => self.memory.sample(now, resident, Source::Rss),
        }
        // Of a command this small the kernel's account tells nothing in the end, so its mark is read here.
        if resident <= self.floor_kib()
            && let Some(mark) = self.tree.high_water_kib()
        {
            self.memory.mark(Source::Hwm, mark);
        }
    }

    /// Proportional sizes matter when a new largest sum counts shared pages more than once.
    fn proportional(&mut self, now: Duration, resident: u64, clock: &impl Fn() -> Duration) -> Option<u64> {
        let affordable = self.proportional_cost * PROPORTIONAL_SHARE < now;
        if self.tree.len() < 2 || resident <= self.memory.largest_sum() || !affordable {
            return None;
        }
        let before = clock();
        let proportional = self.tree.proportional_kib();
        self.proportional_cost += clock().saturating_sub(before);
        proportional
    }

    fn floor_kib(&self) -> u64 {
        self.own_peak_kib.map_or(u64::MAX, |own| own + GROWTH_KIB)
    }

    /// The figures of a run whose largest process, as the kernel says, held `largest_kib`, and whose largest
    /// traced process `traced_kib`.
    pub(crate) fn finish(
        mut self,
        total: Duration,
        largest_kib: Option<u64>,
        traced_kib: Option<u64>,
    ) -> MemoryUse {
        if let Some(mark) = traced_kib {
            self.memory.mark(Source::Hwm, mark);
        }
        if let Some(largest) = largest_kib.filter(|&largest| largest > self.floor_kib()) {
            self.memory.mark(Source::Rusage, largest);
        }
        self.memory.finish(total)
    }
}
