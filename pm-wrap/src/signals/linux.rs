//! Signals, blocked and read from a descriptor.
//!
//! Handlers would be simpler, but there are two reasons against them. The descriptor says where a signal
//! came from, so that what the terminal told the whole process group is not passed on a second time. And
//! a signal that was ignored when we were started is still ignored, by us and by the command, as `nohup`
//! wants it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{getpid, getsid};
use rustix::io::Errno;
use rustix::process::Pid;

use super::{Origin, Position, Request, asks_to_end, request};
use crate::heritage::Heritage;
use crate::kernel;

/// The kernel itself sent the signal: for a terminal, a timer, or a limit.
const SENT_BY_KERNEL: i32 = 0x80;

/// Signals, blocked from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    descriptor: OwnedFd,
    heritage: Heritage,
    leads_session: bool,
}

impl Signals {
    /// Blocks every signal. A fault of our own ends us all the same: the kernel does not ask then.
    pub(crate) fn block() -> io::Result<Self> {
        let heritage = Heritage::set_aside()?;
        let descriptor = kernel::signal_descriptor(kernel::SignalBits::MAX)?;
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
        let Some(signal) = self.read()? else { return Ok(None) };
        Ok(request(signal.number, signal.origin, Position { child, leads_session: self.leads_session }))
    }

    fn read(&self) -> io::Result<Option<Received>> {
        let mut bytes = [0; Received::SIZE];
        match rustix::io::read(&self.descriptor, &mut bytes) {
            Ok(_) => Ok(Some(Received::from(&bytes))),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the signals that wait, and says whether one of them is to end us.
    pub(crate) fn asked_to_end(&self) -> bool {
        while let Ok(Some(signal)) = self.read() {
            if asks_to_end(signal.number) {
                return true;
            }
        }
        false
    }

    /// Lets signals act on this process again, once the command has ended. Those that came before were
    /// meant for the command.
    pub(crate) fn release(&self) {
        while let Ok(Some(_)) = self.read() {}
        // Should it fail, this process is only deaf for the few milliseconds that it still has to live.
        let _ = self.heritage.take_back_mask();
    }
}

/// Blocks again what a C library has unblocked while it started a process: it gives back the mask as it knows it.
pub(crate) fn block_again() -> io::Result<()> {
    kernel::swap_mask(kernel::SignalBits::MAX)?;
    Ok(())
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

/// A signal as the kernel describes it.
struct Received {
    number: i32,
    origin: Origin,
}

impl Received {
    /// Of `struct signalfd_siginfo`.
    const SIZE: usize = 128;
}

impl From<&[u8; Received::SIZE]> for Received {
    /// The number, an error number, where it came from and from which process are the first four fields.
    fn from(bytes: &[u8; Self::SIZE]) -> Self {
        let field = |index: usize| {
            let bytes = bytes[index * 4..].first_chunk().copied();
            i32::from_ne_bytes(bytes.unwrap_or_default())
        };
        let origin = if field(2) == SENT_BY_KERNEL { Origin::Kernel } else { Origin::Process(field(3)) };
        Self { number: field(0), origin }
    }
}
