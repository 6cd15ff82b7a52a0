//! Real time, and sleeping in it.
//!
//! Two clocks, neither of which anybody can set. Ticks are due by one that goes on while the machine is
//! suspended, so that those which could not be taken are known as missed. Shares of a processor are taken of
//! the time in which the machine was awake.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use pm_cli::Interrupts;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};

/// Time that goes on while the machine is suspended, where the system has such a clock.
pub(crate) fn elapsing() -> Duration {
    #[cfg(target_os = "linux")]
    return read(ClockId::Boottime);
    #[cfg(not(target_os = "linux"))]
    read(ClockId::Monotonic)
}

/// Time in which the machine was awake.
pub(crate) fn awake() -> Duration {
    read(ClockId::Monotonic)
}

fn read(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).unwrap_or_default()
}

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    Due,
    Signal(i32),
    ReaderLeft,
}

/// Sleeps until [`elapsing`] shows `due`, a signal has come, or nobody reads `output` any more.
pub(crate) fn until(
    due: Duration,
    interrupts: &Interrupts,
    output: Option<BorrowedFd<'_>>,
) -> io::Result<Woken> {
    loop {
        if let Some(signal) = interrupts.signal() {
            return Ok(Woken::Signal(signal));
        }
        let left = due.saturating_sub(elapsing());
        if left.is_zero() {
            return Ok(Woken::Due);
        }
        // Asking for nothing still tells of a pipe without a reader.
        let watched = output.unwrap_or(interrupts.as_fd());
        let mut ends =
            [PollFd::new(interrupts, PollFlags::IN), PollFd::from_borrowed_fd(watched, PollFlags::empty())];
        // A time that is too long to say is as good as none.
        match poll(&mut ends, Timespec::try_from(left).ok().as_ref()) {
            Ok(_) if output.is_some() && ends[1].revents().contains(PollFlags::ERR) => {
                return Ok(Woken::ReaderLeft);
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits until `output` takes something. False if a signal has come first: whoever reads it may take its
/// time, and must not make us deaf to whoever wants us to end.
pub(crate) fn until_writable(output: BorrowedFd<'_>, interrupts: &Interrupts) -> bool {
    loop {
        let mut ends =
            [PollFd::from_borrowed_fd(output, PollFlags::OUT), PollFd::new(interrupts, PollFlags::IN)];
        match poll(&mut ends, None) {
            Err(rustix::io::Errno::INTR) => {}
            // What cannot be waited for is written to without waiting.
            Err(_) => return true,
            Ok(_) => return !ends[0].revents().is_empty(),
        }
    }
}
