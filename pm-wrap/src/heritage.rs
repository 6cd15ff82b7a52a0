//! What we were started with of signals, handed on to whatever we start.
//!
//! This is the crate's only unsafe code. While the command runs, nearly every signal is blocked here (see
//! `signals`), SIGCHLD has its default action, without which nothing could be waited for, and SIGXFSZ and
//! SIGPIPE are ignored, so that a record that cannot be written does not end us. A mask and an ignored
//! signal survive `exec`, so the command would inherit all of that. The standard library has no other way
//! to set them in a new process alone than `pre_exec`, at the cost of a plain `fork` in place of
//! `posix_spawn`, which a process of two megabytes hardly feels.
#![expect(unsafe_code, reason = "`pre_exec`, `signal` and a start-up function have no safe form")]

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal};
use rustix::process::Pid;

/// The signals whose action we change in this process.
const CHANGED: [(Signal, SigHandler); 2] =
    [(Signal::SIGCHLD, SigHandler::SigDfl), (Signal::SIGXFSZ, SigHandler::SigIgn)];

/// The mask and the actions from before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heritage {
    mask: SigSet,
    /// Signals that go back to being ignored or to their default action.
    actions: [(Signal, SigHandler); 3],
}

impl Heritage {
    /// Blocks `signals` and changes the actions that would be in our way.
    pub(crate) fn set_aside(signals: &SigSet) -> nix::Result<Self> {
        let mask = signals.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let pipe =
            if PIPE_WAS_IGNORED.load(Ordering::Relaxed) { SigHandler::SigIgn } else { SigHandler::SigDfl };
        let mut actions = [(Signal::SIGPIPE, pipe); 3];
        for (place, (number, action)) in actions.iter_mut().zip(CHANGED) {
            // SAFETY: neither the default action nor ignoring runs any code of ours.
            *place = (number, unsafe { signal(number, action) }?);
        }
        Ok(Self { mask, actions })
    }

    /// Starts `command` with what we were started with.
    pub(crate) fn give_to(self, command: &mut Command) {
        let set = move || {
            for (number, action) in self.actions {
                // SAFETY: as above; and what was there before was no handler, for `exec` leaves none.
                unsafe { signal(number, action) }?;
            }
            self.mask.thread_set_mask()?;
            Ok(())
        };
        // SAFETY: between fork and exec only async-signal-safe functions may be called. `set` calls signal and
        // pthread_sigmask, which are, on values that were copied before the fork, and allocates nothing:
        // an error is a bare number.
        unsafe { command.pre_exec(set) };
    }

    /// Takes back the mask for this process: from here on a signal ends it as it would any other.
    pub(crate) fn take_back_mask(self) -> nix::Result<()> {
        self.mask.thread_set_mask()
    }
}

/// Sends a signal by its number, which may be that of a real-time signal.
pub(crate) fn send(process: Pid, number: i32) {
    // SAFETY: a number must not be 0 nor one that the C library reserves for itself; ours are those of signals
    // that were received, or named.
    let signal = unsafe { rustix::process::Signal::from_raw_unchecked(number) };
    // It fails only when the process has ended, and then there is nobody to tell.
    let _ = rustix::process::kill_process(process, signal);
}

/// Whether SIGPIPE was ignored before Rust's own start-up ignored it.
static PIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);

/// Rust ignores SIGPIPE before `main`, so whoever wants to know what was there must look earlier.
#[cfg(target_os = "linux")]
#[used]
// SAFETY: functions in this section are called before `main`, in a process of one thread, and this one
// only reads an action and writes an atomic.
#[unsafe(link_section = ".init_array")]
static LOOK_AT_PIPE: extern "C" fn() = {
    extern "C" fn look() {
        // SAFETY: ignoring and default run no code of ours; what was there is put back at once.
        let before = unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) };
        if let Ok(before) = before {
            PIPE_WAS_IGNORED.store(matches!(before, SigHandler::SigIgn), Ordering::Relaxed);
            // SAFETY: as above.
            let _ = unsafe { signal(Signal::SIGPIPE, before) };
        }
    }
    look
};
