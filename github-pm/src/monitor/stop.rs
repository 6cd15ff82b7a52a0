//! `monitor stop`: ends the monitor and everything that it runs, and waits for that.

use std::thread::sleep;
use std::time::{Duration, Instant};

use pm_cli::Exit;
use pm_store::{Monitor, Process, Standing, Store};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use super::lookout::{Holder, holder};
use crate::Error;

/// How long it may take to end by itself; then it is ended.
const PATIENCE: Duration = Duration::from_millis(1700);

/// How long the system may take after that.
const FORCE: Duration = Duration::from_secs(5);

const PAUSE: Duration = Duration::from_millis(5);

/// Ends the monitor of a store.
pub(super) fn end(store: &Store, text: &mut String) -> Result<Exit, Error> {
    let monitor = match holder(store)? {
        Holder::Nobody => {
            text.push_str("no monitor runs\n");
            return Ok(Exit::Done);
        }
        Holder::Elsewhere(monitor) => {
            return Err(Error::MonitorElsewhere { host: monitor.process.host });
        }
        Holder::Here(None) => return Err(Error::UnknownMonitor { store: store.root().to_owned() }),
        Holder::Here(Some(monitor)) => monitor,
    };
    send(&monitor.process, Signal::TERM)?;
    if !wait(store, &monitor, PATIENCE)? {
        // What it runs ends with it.
        send(&monitor.process, Signal::KILL)?;
        wait(store, &monitor, FORCE)?;
    }
    text.push_str("the monitor has ended\n");
    Ok(Exit::Done)
}

fn send(process: &Process, signal: Signal) -> Result<(), Error> {
    let pid = Pid::from_raw(process.pid);
    let sent = match process.standing() {
        Standing::Alive => pid.map_or(Ok(()), |pid| kill_process(pid, signal)),
        Standing::Gone => Ok(()),
        Standing::Hidden | Standing::Elsewhere => {
            return Err(Error::MonitorElsewhere { host: process.host.clone() });
        }
    };
    match sent {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(Error::CannotStop { pid: process.pid, source: error.into() }),
    }
}

/// Waits until neither it nor anything that it runs is there.
fn wait(store: &Store, monitor: &Monitor, limit: Duration) -> Result<bool, Error> {
    let end = Instant::now() + limit;
    loop {
        let is_gone = monitor.process.standing() == Standing::Gone;
        let are_gone = monitor.workers.iter().filter_map(|worker| worker.pid).all(|pid| !is_there(pid));
        if is_gone && are_gone && !store.is_monitored()? {
            return Ok(true);
        }
        if Instant::now() >= end {
            return Ok(false);
        }
        sleep(PAUSE);
    }
}

fn is_there(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}
