//! Waiting for a store to grow, or for a signal alone.

use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use pm_cli::{Feed, Input, Streams};
use pm_store::{Follow, From, Store};

use crate::Error;
use crate::backlog::Backlog;
use crate::config::{Config, Form};
use crate::intake::{self, Taker};

/// How often a store is looked at where the system does not tell of changes.
const LOOK: Duration = Duration::from_secs(1);

/// Reads what is new in a store, once, or again and again until a signal comes.
pub(crate) fn follow(
    config: &Config,
    store: &Store,
    backlog: &mut Backlog,
    taker: &mut dyn Taker,
    io: &mut Streams,
) -> Result<(), Error> {
    // Watching begins first, so that nothing falls between the two.
    let follow = config.follow.then(|| store.follow(&From::Now)).transpose()?;
    let mut wake = follow.map(|follow| io.fed(store.root(), Box::new(Wake::new(follow))));
    // Whoever asks a server decides how often; lines that are printed are printed as they come.
    let is_paced = match &config.form {
        Form::Push(_) => true,
        Form::Metrics { listen, .. } => listen.is_none(),
        _ => false,
    };
    let mut never = io.fed("nothing".as_ref(), Box::new(Never));
    loop {
        let begun = Instant::now();
        match backlog.read(taker, io) {
            Ok(skipped) => intake::tell(&skipped, io),
            // Whoever goes on without an end tries again as long as it takes.
            Err(error @ Error::Undelivered { .. }) if wake.is_some() && io.interrupted().is_none() => {
                io.complain(crate::TOOL, &error);
            }
            Err(error) => return Err(error),
        }
        taker.tell(io);
        let Some(wake) = &mut wake else { return Ok(()) };
        Wake::wait(wake, LOOK).map_err(Error::Read)?;
        while is_paced && io.interrupted().is_none() {
            let left = config.interval.saturating_sub(begun.elapsed());
            if left.is_zero() || never.ready_within(left).map_err(Error::Read)? {
                break;
            }
        }
        if io.interrupted().is_some() {
            return Ok(());
        }
    }
}

/// Becomes ready when something was appended to a store. What it was is read elsewhere.
#[derive(Debug)]
pub(crate) struct Wake {
    follow: Follow,
}

impl Wake {
    pub(crate) fn new(follow: Follow) -> Self {
        Self { follow }
    }

    /// Waits until something was appended, for `limit` at most, or until a signal comes.
    pub(crate) fn wait(wake: &mut Input, limit: Duration) -> io::Result<()> {
        let mut piece = vec![0; 64 << 10];
        // Whatever is there by now is read together.
        if wake.ready_within(limit)? {
            while !wake.would_wait() && wake.read(&mut piece)? > 0 {}
        }
        Ok(())
    }
}

impl Feed for Wake {
    fn is_ready(&mut self) -> io::Result<bool> {
        self.follow.is_ready()
    }

    fn take(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.follow.take(buffer)
    }

    fn signal(&self) -> Option<BorrowedFd<'_>> {
        self.follow.signal()
    }

    fn patience(&self) -> Duration {
        self.follow.patience()
    }
}

/// Never becomes ready.
#[derive(Debug)]
pub(crate) struct Never;

impl Feed for Never {
    fn is_ready(&mut self) -> io::Result<bool> {
        Ok(false)
    }

    fn take(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }

    fn signal(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    fn patience(&self) -> Duration {
        Duration::from_hours(1)
    }
}
