//! When the memory of the tree is read, and what is read of it.

use std::time::Duration;

use rustix::process::Pid;

use crate::memory::{Memory, MemoryUse, Rhythm, Source, next_sample};
use crate::sightings::Sightings;
use crate::tree::Tree;

/// A reading of proportional sizes may cost this part of the run, all readings together: a thousandth.
const PROPORTIONAL_SHARE: u32 = 1000;

/// The readings of one run.
#[derive(Debug)]
pub(crate) struct Sampler {
    tree: Tree,
    memory: Memory,
    /// Since when there is a command to read, and when it is read next.
    next: Option<Duration>,
    /// How large the new process can have been before it became the command, in KiB: a high-water mark up to this
    /// says nothing.
    floor_kib: u64,
    proportional_cost: Duration,
    /// What the last proportional reading said.
    shared: Option<Shared>,
    rhythm: Rhythm,
}

/// A proportional reading.
#[derive(Debug, Clone, Copy)]
struct Shared {
    processes: usize,
    /// The sum of resident sizes, in KiB.
    resident: u64,
    /// How much of it was there more than once.
    kib: u64,
}

impl Sampler {
    /// Nothing is read yet: the new process is still a copy of this one.
    pub(crate) fn of(root: Pid, floor_kib: u64, rhythm: Rhythm) -> Self {
        let proportional_cost = Duration::ZERO;
        Self {
            tree: Tree::of(root),
            memory: Memory::default(),
            next: None,
            floor_kib,
            proportional_cost,
            shared: None,
            rhythm,
        }
    }

    /// The command's program is loaded.
    pub(crate) fn begin(&mut self, now: Duration) {
        self.next = Some(next_sample(now, Duration::ZERO, self.rhythm));
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
        if let Some(sightings) = sightings.filter(|_| resident.is_some()) {
            sightings.look(now, self.tree.sightings());
        }
        // What follows is done seldom, and has a bound of its own.
        self.next = Some(next_sample(now, own_cpu().saturating_sub(before), self.rhythm));
        if let Some(resident) = resident {
            self.note(now, resident);
        }
    }

    fn note(&mut self, now: Duration, resident: u64) {
        match self.proportional(now, resident) {
            Some(proportional) => {
                self.memory.sample(now, proportional, Source::Pss);
                self.memory.refine(resident, proportional);
            }
            None => self.memory.sample(now, resident - self.counted_twice(resident), Source::Rss),
        }
        // Of a command this small the kernel's account tells nothing in the end, so its mark is read here.
        if resident <= self.floor_kib
            && let Some(mark) = self.tree.high_water_kib()
        {
            self.memory.mark(Source::Hwm, mark);
        }
    }

    /// Proportional sizes are read when there is more than one process to share pages and the tree has changed
    /// since the last time.
    fn proportional(&mut self, now: Duration, resident: u64) -> Option<u64> {
        let processes = self.tree.len();
        let affordable = self.proportional_cost * PROPORTIONAL_SHARE < now;
        let unchanged = self.shared.is_some_and(|last| {
            last.processes == processes && resident.abs_diff(last.resident) <= last.resident / 16
        });
        if processes < 2 || unchanged || !affordable {
            return None;
        }
        let before = own_cpu();
        let proportional = self.tree.proportional_kib();
        self.proportional_cost += own_cpu().saturating_sub(before);
        let proportional = proportional?;
        self.shared = Some(Shared { processes, resident, kib: resident.saturating_sub(proportional) });
        Some(proportional)
    }

    /// How much of a sum of resident sizes is there more than once, as far as the last proportional reading tells:
    /// as much for each process but the first, and never so much that less than a process is left.
    fn counted_twice(&self, resident: u64) -> u64 {
        let Some(last) = self.shared else { return 0 };
        let [now, then] =
            [self.tree.len(), last.processes].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
        let counted = last.kib.saturating_mul(now.saturating_sub(1)) / (then - 1).max(1);
        counted.min(resident - resident / now.max(1))
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
        if let Some(largest) = largest_kib.filter(|&largest| largest > self.floor_kib) {
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
