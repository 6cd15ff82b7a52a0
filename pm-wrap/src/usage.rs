//! What the children of this process have used, as the kernel adds it up when they are waited for.
//!
//! Reads and writes stand in `/proc/self/io`, together with those of this process itself, so they are read
//! just before and just after the waiting: between the two there is one read of ours, which is known.

use std::os::fd::OwnedFd;

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use pm_record::Thousandths;
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::proc;

/// What the kernel counts memory in: KiB, but bytes on Apple's systems.
const PER_KIB: i64 = if cfg!(target_vendor = "apple") { 1024 } else { 1 };

/// A reading of the kernel's account of all children so far.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account(Option<Usage>);

/// What one child and its descendants have used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Used {
    /// Time in the programs, in milliseconds.
    pub(crate) user: Option<Thousandths>,
    /// Time in the kernel, in milliseconds.
    pub(crate) system: Option<Thousandths>,
    /// The largest single process, in KiB; none if an earlier child was larger.
    pub(crate) largest_kib: Option<u64>,
    pub(crate) page_faults: Option<u64>,
    pub(crate) context_switches: Option<u64>,
}

impl Account {
    pub(crate) fn now() -> Self {
        Self(getrusage(UsageWho::RUSAGE_CHILDREN).ok())
    }

    /// What was added since `before`. The account is not always empty at first: whatever started us by
    /// `exec` in its own place left us the account of its own children.
    pub(crate) fn since(self, before: Self) -> Used {
        let (Some(before), Some(after)) = (before.0, self.0) else { return Used::default() };
        let time = |read: fn(&Usage) -> TimeVal| {
            // A microsecond is a thousandth of a millisecond.
            Some(Thousandths(read(&after).num_microseconds() - read(&before).num_microseconds()))
        };
        let count = |read: fn(&Usage) -> i64| u64::try_from(read(&after) - read(&before)).ok();
        Used {
            user: time(Usage::user_time),
            system: time(Usage::system_time),
            largest_kib: u64::try_from(after.max_rss() / PER_KIB)
                .ok()
                .filter(|_| after.max_rss() > before.max_rss()),
            page_faults: count(|usage| usage.minor_page_faults() + usage.major_page_faults()),
            context_switches: count(|usage| {
                usage.voluntary_context_switches() + usage.involuntary_context_switches()
            }),
        }
    }
}

/// Calls that read or wrote, and what went through them: files, pipes and terminals, in cache or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Transfers {
    pub(crate) operations: u64,
    pub(crate) read_bytes: u64,
    pub(crate) written_bytes: u64,
}

/// The account of reads and writes of this process and of whom it has waited for.
#[derive(Debug)]
pub(crate) struct TransferAccount {
    file: Option<OwnedFd>,
    sum: Option<Transfers>,
}

impl TransferAccount {
    /// Where there is no such account, everything stays unknown.
    pub(crate) fn open() -> Self {
        let file = openat(CWD, "/proc/self/io", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok();
        Self { sum: file.as_ref().map(|_| Transfers::default()), file }
    }

    /// Waits for a child with `wait`, and adds what the kernel then adds to our account.
    pub(crate) fn around<T>(&mut self, wait: impl FnOnce() -> T) -> T {
        let before = self.read();
        let result = wait();
        let after = self.read();
        self.sum = (|| {
            let (sum, (before, length), (after, _)) = (self.sum?, before?, after?);
            Some(Transfers {
                // One call is our own reading before.
                operations: sum.operations + (after.operations - before.operations).saturating_sub(1),
                read_bytes: sum.read_bytes + (after.read_bytes - before.read_bytes).saturating_sub(length),
                written_bytes: sum.written_bytes + (after.written_bytes - before.written_bytes),
            })
        })();
        result
    }

    /// Leaves out what was our own.
    pub(crate) fn leave_out(&mut self, own: Transfers) {
        if let Some(sum) = &mut self.sum {
            sum.operations = sum.operations.saturating_sub(own.operations);
            sum.read_bytes = sum.read_bytes.saturating_sub(own.read_bytes);
            sum.written_bytes = sum.written_bytes.saturating_sub(own.written_bytes);
        }
    }

    /// What was added so far.
    pub(crate) fn sum(&self) -> Option<Transfers> {
        self.sum
    }

    /// The account, and how long its text was.
    fn read(&self) -> Option<(Transfers, u64)> {
        let mut text = [0; 512];
        let count = rustix::io::pread(self.file.as_ref()?, &mut text, 0).ok()?;
        let field = |name| proc::field(&text[..count], name);
        let transfers = Transfers {
            operations: field("syscr:")? + field("syscw:")?,
            read_bytes: field("rchar:")?,
            written_bytes: field("wchar:")?,
        };
        Some((transfers, u64::try_from(count).ok()?))
    }
}
