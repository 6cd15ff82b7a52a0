//! Signals that reach this process while the command runs.
//!
//! They are blocked and read from a descriptor, for two reasons. The descriptor says where a signal came
//! from: what the terminal sends goes to the whole process group, so the command has it already, and
//! what somebody sent to us alone is passed on. And a signal that was ignored when we were started is
//! still ignored, by us and by the command, as `nohup` wants it.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use rustix::process::Pid;

/// What would end or stop us before the command, and what tells of its end.
const WATCHED: [Signal; 10] = [
    Signal::SIGCHLD,
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGALRM,
    Signal::SIGTSTP,
    Signal::SIGCONT,
];

/// The kernel itself sent the signal: for a terminal, or on its behalf.
const SENT_BY_KERNEL: i32 = 0x80;

/// Signals, blocked from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    descriptor: SignalFd,
    original: SigSet,
}

/// What a signal asks of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// The command has ended, stopped or gone on.
    Look,
    /// The command has not had this signal yet.
    Pass(i32),
}

impl Signals {
    /// Blocks the signals. What is started later would inherit the block, so it is given
    /// [`Signals::original`].
    pub(crate) fn block() -> std::io::Result<Self> {
        let watched: SigSet = WATCHED.into_iter().collect();
        let original = watched.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        Ok(Self { descriptor: SignalFd::with_flags(&watched, SfdFlags::SFD_CLOEXEC)?, original })
    }

    /// The mask from before.
    pub(crate) fn original(&self) -> SigSet {
        self.original
    }

    /// Waits for the next signal that asks something of us. `child` is the command.
    pub(crate) fn next(&self, child: Pid) -> std::io::Result<Request> {
        loop {
            match self.descriptor.read_signal() {
                Ok(Some(signal)) => {
                    if let Some(request) = request(&signal, child) {
                        return Ok(request);
                    }
                }
                Ok(None) | Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn request(signal: &siginfo, child: Pid) -> Option<Request> {
    let number = i32::try_from(signal.ssi_signo).ok()?;
    let is = |watched: Signal| number == watched as i32;
    if is(Signal::SIGCHLD) {
        return Some(Request::Look);
    }
    // The command may signal its own process group, us included; it must not hear its own echo.
    let from_command = i32::try_from(signal.ssi_pid).is_ok_and(|pid| pid == child.as_raw_nonzero().get());
    let had_already = signal.ssi_code == SENT_BY_KERNEL || from_command;
    (!had_already).then_some(Request::Pass(number))
}
