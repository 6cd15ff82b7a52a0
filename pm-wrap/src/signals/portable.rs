//! Signals taken by handlers, for systems without `signalfd`.
//!
//! A handler is not told where a signal came from, so what a terminal sends reaches the command twice,
//! and a signal that was ignored when we were started is no longer ignored. Both are the price of
//! working at all where nothing better is at hand.

use std::cell::RefCell;
use std::io;

use nix::sys::signal::{SigSet, Signal};
use rustix::process::Pid;
use signal_hook::consts::{SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals as Handlers;

use super::{Origin, Position, Request, request};
use crate::heritage::Heritage;

const WATCHED: [i32; 9] = [SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT];

/// Signals, taken from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    handlers: RefCell<Handlers>,
    heritage: Heritage,
}

impl Signals {
    /// Takes the signals. What is started later does not inherit the handlers.
    pub(crate) fn block() -> io::Result<Self> {
        let heritage = Heritage::set_aside(&SigSet::empty())?;
        Ok(Self { handlers: RefCell::new(Handlers::new(WATCHED)?), heritage })
    }

    /// What was set aside, for whatever is started.
    pub(crate) fn heritage(&self) -> Heritage {
        self.heritage
    }

    /// Waits for the next signal that asks something of us. `child` is the command.
    pub(crate) fn next(&self, child: Pid) -> io::Result<Request> {
        let (unknown, position) = (Origin::Process(0), Position { child, leads_session: false });
        let mut handlers = self.handlers.borrow_mut();
        let next = handlers.forever().find_map(|number| request(number, unknown, position));
        next.ok_or_else(|| io::Error::other("the signal handlers are gone"))
    }

    /// Lets signals act on this process again, once the command has ended.
    pub(crate) fn release(&self) {
        let _ = self.heritage.take_back_mask();
    }
}

/// Stops this process by one of the signals of job control, as the command was stopped.
pub(crate) fn stop_by(signal: Signal) {
    let _ = nix::sys::signal::raise(signal);
}
