//! The signal mask that we were started with, given to whatever we start.
//!
//! This is the crate's only unsafe code. Signals are blocked while the command runs (see `signals`), a
//! mask survives `exec`, and the standard library has no other way to change it in a new process alone.
//! The cost is a plain `fork` in place of `posix_spawn`, which a process of two megabytes hardly feels.
#![expect(unsafe_code, reason = "`pre_exec` has no safe form")]

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::sys::signal::SigSet;

/// Starts `command` with `mask` rather than with ours.
pub(crate) fn give(command: &mut Command, mask: SigSet) {
    let set = move || mask.thread_set_mask().map_err(std::io::Error::from);
    // SAFETY: between fork and exec only async-signal-safe functions may be called. `set` makes one call
    // of pthread_sigmask, which is one, on a value that was copied before the fork, and allocates nothing:
    // the error is a bare number.
    unsafe { command.pre_exec(set) };
}
