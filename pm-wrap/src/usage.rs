//! What the children of this process have used, as the kernel adds it up when they are waited for.

use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::{TimeVal, TimeValLike};
use pm_record::Thousandths;

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
