//! Waiting for the next reading, while somebody still reads the last.

use std::os::fd::BorrowedFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::Error;

/// Why a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    Due,
    ReaderLeft,
}

/// Sleeps until `due`, or until nobody reads `output` any more.
pub(crate) fn until(due: Instant, output: Option<BorrowedFd<'_>>) -> Result<Woken, Error> {
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Woken::Due);
        }
        // Asking for nothing still tells of a pipe without a reader.
        let mut ends: Vec<_> =
            output.iter().map(|output| PollFd::from_borrowed_fd(*output, PollFlags::empty())).collect();
        // A time that is too long to say is as good as none.
        match poll(&mut ends, Timespec::try_from(left).ok().as_ref()) {
            Ok(_) if ends.iter().any(|end| end.revents().contains(PollFlags::ERR)) => {
                return Ok(Woken::ReaderLeft);
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Error::Wait(error.into())),
        }
    }
}
