//! An input that grows and has no end of its own, such as the records of a store.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// Something that grows. Whoever makes one knows where it grows; an [`crate::Input`] knows how to wait for it.
pub trait Feed: fmt::Debug + Send {
    /// Whether there is something to read.
    ///
    /// # Errors
    ///
    /// If it can no longer be read.
    fn is_ready(&mut self) -> io::Result<bool>;

    /// Takes some of what is there. Returns how many bytes; 0 if there is nothing at the moment.
    ///
    /// # Errors
    ///
    /// If it can no longer be read.
    fn take(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// What becomes readable when there may be more, where the system tells.
    fn signal(&self) -> Option<BorrowedFd<'_>>;

    /// How long to wait at most before looking again.
    fn patience(&self) -> Duration;
}
