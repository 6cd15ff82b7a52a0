//! Descriptors that whoever started this program has opened for it.
//!
//! A number on the command line is no borrow that the compiler could check, so this module has the relay's only
//! unsafe code. It asks the kernel for a copy of the descriptor, which is ours to own: a number that names nothing
//! fails there, and the original is not touched. The cost is that it stays open until the end, where a listening
//! socket goes on to take connections that nobody accepts; its owner has it open anyway.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// A copy of an inherited descriptor, which a program that we start would not inherit.
pub(crate) fn copy(number: u16) -> io::Result<OwnedFd> {
    // SAFETY: the descriptor is only handed to the kernel, in this one call, which refuses what is not open.
    // Nobody in this process closes what was inherited. The number cannot be -1, which is no descriptor.
    let inherited = unsafe { BorrowedFd::borrow_raw(i32::from(number)) };
    Ok(rustix::io::fcntl_dupfd_cloexec(inherited, 3)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_names_nothing_is_an_error() {
        assert_eq!(copy(u16::MAX).expect_err("nothing there").raw_os_error(), Some(9));
    }
}
