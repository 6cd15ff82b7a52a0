//! What has no safe wrapper: the crate's only unsafe code, in small functions that are safe to call.
//!
//! Each does one thing whose danger is in its use, and leaves no room for that use: an action is "default"
//! or "ignore" and never a handler, and a fork is made by a process of one thread.
#![expect(
    unsafe_code,
    reason = "signals, `fork`, `pre_exec`, `ptrace` and a start-up function have no safe form"
)]

use std::io;
use std::os::fd::RawFd;
#[cfg(target_os = "linux")]
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

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

/// A set of signals, one bit each, the first for signal 1: the C libraries keep some of the real-time signals
/// for themselves and leave them out of every set of theirs.
#[cfg(target_os = "linux")]
pub(crate) type SignalBits = u64;

/// Blocks exactly these signals, and says which were blocked before.
#[cfg(target_os = "linux")]
pub(crate) fn swap_mask(blocked: SignalBits) -> nix::Result<SignalBits> {
    let mut before: SignalBits = 0;
    let (set, old) = (std::ptr::from_ref(&blocked), std::ptr::from_mut(&mut before));
    // SAFETY: the kernel reads one set and writes another, both of the size that it is told, and this program
    // has one thread, whose C library sends itself no signals.
    let result = unsafe {
        nix::libc::syscall(
            nix::libc::SYS_rt_sigprocmask,
            nix::libc::SIG_SETMASK,
            set,
            old,
            size_of::<SignalBits>(),
        )
    };
    nix::errno::Errno::result(result).map(|_| before)
}

/// A descriptor that blocked signals can be read from.
#[cfg(target_os = "linux")]
pub(crate) fn signal_descriptor(signals: SignalBits) -> nix::Result<OwnedFd> {
    let flags = nix::libc::SFD_CLOEXEC | nix::libc::SFD_NONBLOCK;
    // SAFETY: the kernel reads one set of the size that it is told.
    let result = unsafe {
        let set = std::ptr::from_ref(&signals);
        nix::libc::syscall(nix::libc::SYS_signalfd4, -1, set, size_of::<SignalBits>(), flags)
    };
    let number = nix::errno::Errno::result(result)?;
    // SAFETY: the descriptor was just made, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(i32::try_from(number).map_err(|_| nix::errno::Errno::EBADF)?) })
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

/// Has `command` start in a session of its own, with these descriptors, which close in every other program.
pub(crate) fn apart_with(command: &mut Command, descriptors: [RawFd; 3]) {
    before_exec(command, move || {
        nix::unistd::setsid()?;
        for descriptor in descriptors {
            // SAFETY: this only changes a flag of a descriptor, and of one that is not there it changes nothing.
            nix::errno::Errno::result(unsafe { nix::libc::fcntl(descriptor, nix::libc::F_SETFD, 0) })?;
        }
        Ok(())
    });
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

/// Which of the standard descriptors were closed: Rust's own start-up opens them on `/dev/null`.
pub(crate) fn closed_at_start() -> impl Iterator<Item = i32> {
    let closed = CLOSED.load(Ordering::Relaxed);
    (0..3).filter(move |descriptor| closed >> descriptor & 1 == 1)
}

static CLOSED: AtomicU8 = AtomicU8::new(0);

/// Whether SIGPIPE was ignored before Rust's own start-up ignored it.
pub(crate) fn pipe_was_ignored() -> bool {
    PIPE_WAS_IGNORED.load(Ordering::Relaxed)
}

static PIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);

/// Rust ignores SIGPIPE and opens closed descriptors before `main`, so whoever wants to know what was there
/// must look earlier.
#[cfg(target_os = "linux")]
#[used]
// SAFETY: functions in this section are called before `main`, in a process of one thread, and this one
// only asks for an action and for descriptors, and writes atomics.
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = {
    extern "C" fn look() {
        if let Ok(before) = set_action(Signal::SIGPIPE, Action::Ignore) {
            PIPE_WAS_IGNORED.store(before == Action::Ignore, Ordering::Relaxed);
            let _ = set_action(Signal::SIGPIPE, before);
        }
        let closed = (0..3).filter(|&descriptor| {
            // SAFETY: this only asks whether there is such a descriptor.
            unsafe { nix::libc::fcntl(descriptor, nix::libc::F_GETFD) == -1 }
        });
        CLOSED.store(closed.map(|descriptor| 1 << descriptor).sum(), Ordering::Relaxed);
    }
    look
};
