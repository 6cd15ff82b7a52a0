//! Signals taken by handlers, for systems without `signalfd`.
//!
//! A handler is not told where a signal came from, so what a terminal sends reaches the command twice,
//! and a signal that was ignored when we were started is no longer ignored. Both are the price of
//! working at all where nothing better is at hand.

use std::cell::RefCell;
use std::io;

use nix::sys::signal::SigSet;
use rustix::process::Pid;
use signal_hook::consts::{SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals as Handlers;

use super::{Origin, Request, request};

const WATCHED: [i32; 9] = [SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGCONT];

/// Signals, taken from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    handlers: RefCell<Handlers>,
    original: SigSet,
}

impl Signals {
    /// Takes the signals. What is started later does not inherit the handlers.
    pub(crate) fn block() -> io::Result<Self> {
        Ok(Self { handlers: RefCell::new(Handlers::new(WATCHED)?), original: SigSet::thread_get_mask()? })
    }

    /// The mask from before.
    pub(crate) fn original(&self) -> SigSet {
        self.original
    }

    /// Waits for the next signal that asks something of us. `child` is the command.
    pub(crate) fn next(&self, child: Pid) -> io::Result<Request> {
        let unknown = Origin::Process(0);
        let mut handlers = self.handlers.borrow_mut();
        let next = handlers.forever().find_map(|number| request(number, unknown, child));
        next.ok_or_else(|| io::Error::other("the signal handlers are gone"))
    }
}
