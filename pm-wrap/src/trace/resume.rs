//! Lets a stopped thread go on: the one request of `ptrace` for which nix has no safe form that takes every
//! signal.
#![expect(unsafe_code, reason = "`ptrace` has no safe form for real-time signals and `PTRACE_LISTEN`")]

use std::ptr::{null_mut, without_provenance_mut};

use nix::libc;

/// How a stopped thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resume {
    /// It runs until its next stop.
    Continue,
    /// It stays where job control has put it, and tells when that is over.
    Listen,
    /// It runs, and is not followed any more.
    Detach,
}

/// Lets a thread that has stopped for us go on. `signal` reaches it, if it is not 0.
pub(crate) fn resume(tid: i32, how: Resume, signal: i32) {
    let request = match how {
        Resume::Continue => libc::PTRACE_CONT,
        Resume::Listen => libc::PTRACE_LISTEN,
        Resume::Detach => libc::PTRACE_DETACH,
    };
    let data = without_provenance_mut::<libc::c_void>(usize::try_from(signal).unwrap_or(0));
    // SAFETY: none of these requests touches memory of this process: the address is not used, and the data
    // is a number. Both have the size of a pointer, as a function of any number of arguments expects.
    // It fails only for a thread that was killed where it stood, and that is told next.
    let _ = unsafe { libc::ptrace(request, tid, null_mut::<libc::c_void>(), data) };
}
