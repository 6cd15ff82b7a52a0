//! Signals, blocked and read from a descriptor.
//!
//! Handlers would be simpler, but there are two reasons against them. The descriptor says where a signal
//! came from: what the terminal sends goes to the whole process group, so the command has it already,
//! and what somebody sent to us alone is passed on. And a signal that was ignored when we were started is
//! still ignored, by us and by the command, as `nohup` wants it.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use rustix::process::Pid;

use super::{Origin, Request, request};

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
                    let number = i32::try_from(signal.ssi_signo).unwrap_or(0);
                    if let Some(request) = request(number, origin(&signal), child) {
                        return Ok(request);
                    }
                }
                Ok(None) | Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn origin(signal: &siginfo) -> Origin {
    match i32::try_from(signal.ssi_pid) {
        Ok(pid) if signal.ssi_code != SENT_BY_KERNEL => Origin::Process(pid),
        _ => Origin::Kernel,
    }
}
