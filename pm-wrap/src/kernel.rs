//! What has no safe wrapper: the crate's only unsafe code, in small functions that are safe to call.
//!
//! Each does one thing whose danger is in its use, and leaves no room for that use: an action is "default"
//! or "ignore" and never a handler, and a fork is made by a process of one thread.
#![expect(
    unsafe_code,
    reason = "`fork`, `pre_exec`, `signal`, `ptrace` and a start-up function have no safe form"
)]

use std::io;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SigHandler, Signal, signal};
use nix::unistd::ForkResult;
use rustix::process::Pid;

/// What a signal does to a process that has no handler for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Default,
    Ignore,
}

/// Changes what a signal does, and says what it did before.
pub(crate) fn set_action(number: Signal, action: Action) -> nix::Result<Action> {
    let handler = match action {
        Action::Default => SigHandler::SigDfl,
        Action::Ignore => SigHandler::SigIgn,
    };
    // SAFETY: neither the default action nor ignoring runs any code of ours.
    let before = unsafe { signal(number, handler) }?;
    Ok(if matches!(before, SigHandler::SigIgn) { Action::Ignore } else { Action::Default })
}

/// Splits this process in two; the new one is told nothing.
///
/// This program has one thread, so whatever the new process calls before `exec` finds no lock that another
/// thread held.
pub(crate) fn fork() -> nix::Result<Option<Pid>> {
    // SAFETY: there is one thread, so the child may allocate and call what it likes.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => Ok(Pid::from_raw(child.as_raw())),
        ForkResult::Child => Ok(None),
    }
}

/// Ends a process made by [`fork`] without running what the first one has to do at its end.
pub(crate) fn leave(status: i32) -> ! {
    // SAFETY: this only ends the process.
    unsafe { nix::libc::_exit(status) }
}

/// Has `last` called in the new process when everything else is done and before `exec`.
pub(crate) fn before_exec(
    command: &mut Command,
    last: impl FnMut() -> io::Result<()> + Send + Sync + Copy + 'static,
) {
    // SAFETY: between fork and exec only async-signal-safe functions may be called, and nothing may be freed.
    // `last` is a plain copy of values that owns nothing, and its caller only sets actions and a mask in it.
    unsafe { command.pre_exec(last) };
}

/// Sends a signal by its number, which may be that of a real-time signal.
pub(crate) fn send(process: Pid, number: i32) {
    // SAFETY: a number must not be 0 nor one that the C library reserves for itself; ours are those of signals
    // that were received, or named.
    let signal = unsafe { rustix::process::Signal::from_raw_unchecked(number) };
    // It fails only when the process has ended, and then there is nobody to tell.
    let _ = rustix::process::kill_process(process, signal);
}

/// How a stopped thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg(target_os = "linux")]
pub(crate) enum Resume {
    /// It runs until its next stop.
    Continue,
    /// It stays where job control has put it, and tells when that is over.
    Listen,
    /// It runs, and is not followed any more.
    Detach,
}

/// Lets a thread that has stopped for us go on. `signal` reaches it, if it is not 0.
#[cfg(target_os = "linux")]
pub(crate) fn resume(tid: i32, how: Resume, signal: i32) {
    let request = match how {
        Resume::Continue => nix::libc::PTRACE_CONT,
        Resume::Listen => nix::libc::PTRACE_LISTEN,
        Resume::Detach => nix::libc::PTRACE_DETACH,
    };
    let data = std::ptr::without_provenance_mut::<nix::libc::c_void>(usize::try_from(signal).unwrap_or(0));
    // SAFETY: none of these requests touches memory of this process: the address is not used, and the data
    // is a number. Both have the size of a pointer, as a function of any number of arguments expects.
    // It fails only for a thread that was killed where it stood, and that is told next.
    let _ = unsafe { nix::libc::ptrace(request, tid, std::ptr::null_mut::<nix::libc::c_void>(), data) };
}

/// Whether SIGPIPE was ignored before Rust's own start-up ignored it.
pub(crate) fn pipe_was_ignored() -> bool {
    PIPE_WAS_IGNORED.load(Ordering::Relaxed)
}

static PIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);

/// Rust ignores SIGPIPE before `main`, so whoever wants to know what was there must look earlier.
#[cfg(target_os = "linux")]
#[used]
// SAFETY: functions in this section are called before `main`, in a process of one thread, and this one
// only reads an action and writes an atomic.
#[unsafe(link_section = ".init_array")]
static LOOK_AT_PIPE: extern "C" fn() = {
    extern "C" fn look() {
        if let Ok(before) = set_action(Signal::SIGPIPE, Action::Ignore) {
            PIPE_WAS_IGNORED.store(before == Action::Ignore, Ordering::Relaxed);
            let _ = set_action(Signal::SIGPIPE, before);
        }
    }
    look
};
