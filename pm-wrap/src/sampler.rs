//! When the memory of the tree is read, and what is read of it.

use std::time::Duration;

use rustix::process::Pid;

use crate::memory::{Memory, MemoryUse, Source, next_sample};
use crate::sightings::Sightings;
use crate::tree::Tree;

/// A reading of proportional sizes may cost this part of the run, all readings together: a thousandth.
const PROPORTIONAL_SHARE: u32 = 1000;

/// How much larger than the new process, in KiB, a high-water mark has to be to be that of the command. The
/// process grows by some pages of its program while it calls `exec`, and the kernel's account of pages is
/// rough, by up to 128 KiB for each processor that it ran on.
const GROWTH_KIB: u64 = 384;

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
    /// Whether the command waits for us now and then.
    traced: bool,
}

impl Sampler {
    /// Nothing is read yet: the new process is still a copy of this one.
    pub(crate) fn of(root: Pid, traced: bool) -> Self {
        let proportional_cost = Duration::ZERO;
        Self {
            tree: Tree::of(root),
            memory: Memory::default(),
            next: None,
            own_peak_kib: None,
            proportional_cost,
            traced,
        }
    }

    /// The command's program is loaded, and the process was so large before.
    pub(crate) fn begin(&mut self, now: Duration, own_peak_kib: u64) {
        self.own_peak_kib = Some(own_peak_kib);
        self.next = Some(next_sample(now, Duration::ZERO, self.traced));
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
        let before = own_cpu();
        let resident = self.tree.resident_kib();
        // What follows is done seldom or was asked for, and has bounds of its own.
        self.next = Some(next_sample(now, own_cpu().saturating_sub(before), self.traced));
        let Some(resident) = resident else { return };
        self.note(now, resident);
        if let Some(sightings) = sightings {
            sightings.look(now, self.tree.sightings());
        }
    }

    fn note(&mut self, now: Duration, resident: u64) {
        match self.proportional(now, resident) {
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
    fn proportional(&mut self, now: Duration, resident: u64) -> Option<u64> {
        let affordable = self.proportional_cost * PROPORTIONAL_SHARE < now;
        if self.tree.len() < 2 || resident <= self.memory.largest_sum() || !affordable {
            return None;
        }
        let before = own_cpu();
        let proportional = self.tree.proportional_kib();
        self.proportional_cost += own_cpu().saturating_sub(before);
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

/// The processor time that this process has used. The time of day would also count what others used
/// meanwhile, and a single interruption would silence the readings of a whole second.
fn own_cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
