//! Signals taken by handlers, for systems without `signalfd`.
//!
//! A handler is not told where a signal came from, so what a terminal sends reaches the command twice,
//! and a signal that was ignored when we were started is no longer ignored. Both are the price of
//! working at all where nothing better is at hand.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use nix::sys::signal::Signal;
use rustix::process::Pid;
use signal_hook::consts::{SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::SignalOnly;

use super::{Origin, Position, Request, asks_to_end, request};
use crate::heritage::Heritage;

const WATCHED: [i32; 9] = [SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT];

type Handlers = SignalDelivery<UnixStream, SignalOnly>;

/// Signals, taken from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    handlers: RefCell<Handlers>,
    /// Taken from the handlers and not yet asked for.
    waiting: RefCell<VecDeque<i32>>,
    wakes: UnixStream,
    heritage: Heritage,
}

impl Signals {
    /// Takes the signals. What is started later does not inherit the handlers.
    pub(crate) fn block() -> io::Result<Self> {
        let heritage = Heritage::set_aside()?;
        let (wakes, handler_end) = UnixStream::pair()?;
        let handlers = Handlers::with_pipe(wakes.try_clone()?, handler_end, SignalOnly, WATCHED)?;
        Ok(Self { handlers: RefCell::new(handlers), waiting: RefCell::default(), wakes, heritage })
    }

    /// What was set aside, for whatever is started.
    pub(crate) fn heritage(&self) -> Heritage {
        self.heritage
    }

    /// Readable when a signal waits.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.wakes.as_fd()
    }

    /// Takes one signal, if one waits, and says what it asks of us, if anything. `child` is the command.
    pub(crate) fn take(&self, child: Pid) -> io::Result<Option<Request>> {
        let (unknown, position) = (Origin::Process(0), Position { child, leads_session: false });
        let mut waiting = self.waiting.borrow_mut();
        waiting.extend(self.handlers.borrow_mut().pending());
        let number = waiting.pop_front();
        // What is left must make the descriptor readable again, as it would be where signals are read from it.
        if !waiting.is_empty() {
            signal_hook::low_level::raise(SIGCHLD)?;
        }
        Ok(number.and_then(|number| request(number, unknown, position)))
    }

    /// Takes the signals that wait, and says whether one of them is to end us.
    pub(crate) fn asked_to_end(&self) -> bool {
        self.handlers.borrow_mut().pending().any(asks_to_end)
    }

    /// Lets signals act on this process again, once the command has ended.
    pub(crate) fn release(&self) {
        let _ = self.heritage.take_back_mask();
    }
}

/// Nothing is blocked.
#[expect(clippy::unnecessary_wraps, reason = "where signals are blocked this can fail")]
pub(crate) fn block_again() -> io::Result<()> {
    Ok(())
}

/// Stops this process by one of the signals of job control, as the command was stopped.
pub(crate) fn stop_by(signal: Signal) {
    let _ = nix::sys::signal::raise(signal);
}
