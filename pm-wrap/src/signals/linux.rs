//! Signals, blocked and read from a descriptor.
//!
//! Handlers would be simpler, but there are two reasons against them. The descriptor says where a signal
//! came from, so that what the terminal told the whole process group is not passed on a second time. And
//! a signal that was ignored when we were started is still ignored, by us and by the command, as `nohup`
//! wants it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::unistd::{getpid, getsid};
use rustix::process::Pid;

use super::{Origin, Position, Request, request};
use crate::heritage::Heritage;

/// What an instruction of our own can raise: blocking it would turn a bug into an endless loop.
const FAULTS: [Signal; 6] =
    [Signal::SIGILL, Signal::SIGTRAP, Signal::SIGBUS, Signal::SIGFPE, Signal::SIGSEGV, Signal::SIGSYS];

/// The kernel itself sent the signal: for a terminal, a timer, or a limit.
const SENT_BY_KERNEL: i32 = 0x80;

/// Signals, blocked from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    descriptor: SignalFd,
    heritage: Heritage,
    leads_session: bool,
}

impl Signals {
    /// Blocks every signal but faults.
    pub(crate) fn block() -> io::Result<Self> {
        let mut watched = SigSet::all();
        for fault in FAULTS {
            watched.remove(fault);
        }
        let heritage = Heritage::set_aside(&watched)?;
        let descriptor = SignalFd::with_flags(&watched, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        // Rustix takes a process number for never 0, and the leader of a session that began outside of a
        // container has this number inside.
        let leads_session = getsid(None).is_ok_and(|leader| leader == getpid());
        Ok(Self { descriptor, heritage, leads_session })
    }

    /// What was set aside, for whatever is started.
    pub(crate) fn heritage(&self) -> Heritage {
        self.heritage
    }

    /// Readable when a signal waits.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Takes one signal, if one waits, and says what it asks of us, if anything. `child` is the command.
    pub(crate) fn take(&self, child: Pid) -> io::Result<Option<Request>> {
        let Some(signal) = self.descriptor.read_signal()? else { return Ok(None) };
        let Ok(number @ 1..) = i32::try_from(signal.ssi_signo) else { return Ok(None) };
        Ok(request(number, origin(&signal), Position { child, leads_session: self.leads_session }))
    }

    /// Lets signals act on this process again, once the command has ended. Those that came before were
    /// meant for the command.
    pub(crate) fn release(&self) {
        while let Ok(Some(_)) = self.descriptor.read_signal() {}
        // Should it fail, this process is only deaf for the few milliseconds that it still has to live.
        let _ = self.heritage.take_back_mask();
    }
}

/// Stops this process by one of the signals of job control, as the command was stopped.
pub(crate) fn stop_by(signal: Signal) {
    let one: SigSet = std::iter::once(signal).collect();
    // The terminal's own may wait here still, and becomes one with ours as long as it is blocked; after the
    // unblocking it would be a second stop.
    let _ = nix::sys::signal::raise(signal);
    if one.thread_unblock().is_ok() {
        let _ = one.thread_block();
    }
}

fn origin(signal: &siginfo) -> Origin {
    match i32::try_from(signal.ssi_pid) {
        Ok(pid) if signal.ssi_code != SENT_BY_KERNEL => Origin::Process(pid),
        _ => Origin::Kernel,
    }
}
