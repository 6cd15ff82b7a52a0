//! Who is the monitor of a store, as far as can be told from here.

use std::thread::sleep;
use std::time::{Duration, Instant};

use pm_store::{Monitor, MonitorLock, Standing, Store};

use crate::Error;

/// How long one that begins or ends may take to say so, and how often it is looked for.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(10);

/// Who is the monitor.
#[derive(Debug)]
pub(super) enum Holder {
    Nobody,
    /// Somebody on this machine; unknown if he could not say so, for want of space on the disk.
    Here(Option<Box<Monitor>>),
    /// Somebody on another machine, who is believed.
    Elsewhere(Box<Monitor>),
}

/// Who is the monitor now.
pub(super) fn holder(store: &Store) -> Result<Holder, Error> {
    let end = Instant::now() + PATIENCE;
    loop {
        let is_held = store.is_monitored()?;
        let monitor = store.monitor()?.map(Box::new);
        match monitor.map(|monitor| (monitor.process.standing(), monitor)) {
            Some((Standing::Elsewhere, monitor)) if !is_held => return Ok(Holder::Elsewhere(monitor)),
            Some((Standing::Alive, monitor)) => return Ok(Holder::Here(Some(monitor))),
            Some((Standing::Hidden, monitor)) if is_held => return Ok(Holder::Here(Some(monitor))),
            _ if !is_held => return Ok(Holder::Nobody),
            // Somebody just begins, or just ends, or only looks as we do.
            _ if Instant::now() < end => sleep(PAUSE),
            _ => return Ok(Holder::Here(None)),
        }
    }
}

/// Becomes the monitor, or says who is.
pub(super) fn become_it(store: &Store) -> Result<Result<MonitorLock, Holder>, Error> {
    let end = Instant::now() + PATIENCE;
    loop {
        match holder(store)? {
            Holder::Nobody => {}
            other => return Ok(Err(other)),
        }
        match store.lock_monitor()? {
            Some(lock) if lock.counts() => return Ok(Ok(lock)),
            _ if Instant::now() >= end => return Ok(Err(Holder::Here(None))),
            _ => sleep(PAUSE),
        }
    }
}
