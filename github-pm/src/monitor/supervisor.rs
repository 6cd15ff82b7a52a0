//! The monitor itself: holds the lock, starts the programs, and starts again what ends.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime};

use pm_cli::{Exit, Interrupts, Streams};
use pm_record::Timestamp;
use pm_store::{Monitor, MonitorLock, Process, Store};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::lookout::{Holder, become_it};
use super::worker::Tended;
use super::{Order, Role, start};
use crate::surroundings::Surroundings;
use crate::{Error, TOOL};

/// How often it looks around although nothing has happened.
const LOOK: Duration = Duration::from_secs(1);

/// How long programs may take to end. `monitor stop` promises two seconds.
const FAREWELL: Duration = Duration::from_millis(1200);

/// Is the monitor until a signal comes or the time is up.
pub(super) fn run(order: &Order, here: &Surroundings, io: &mut Streams) -> Result<Exit, Error> {
    let detached = order.role != Role::Foreground;
    if detached {
        // Whoever started this is about to end, and its terminal is none of ours.
        let _ = rustix::process::setsid();
    }
    let interrupts = Interrupts::watch().map_err(Error::Watch)?;
    let lock = match become_it(&order.store)? {
        Ok(lock) => lock,
        Err(holder) => return held(&holder, detached, io),
    };
    let mut supervisor = Supervisor::new(order, here, lock);
    if detached {
        to_log(order)?;
        supervisor.tend(io);
        // Whoever waited may have left; that is no reason to end.
        let _ = io.output.write_all(start::UP.as_bytes()).and_then(|()| io.output.flush());
    } else {
        supervisor.tend(io);
        io.tell(TOOL, &start::headline(&supervisor.monitor));
    }
    let exit = supervisor.run(&interrupts, io);
    supervisor.end();
    exit
}

/// From here on, what there is to say goes to the store's log, also what programs say that are started now.
fn to_log(order: &Order) -> Result<(), Error> {
    let (path, log) = order.store.monitor_log()?;
    let moved = rustix::stdio::dup2_stdout(&log).and_then(|()| rustix::stdio::dup2_stderr(&log));
    moved.map_err(|error| Error::file("write to", path)(error.into()))
}

fn held(holder: &Holder, detached: bool, io: &mut Streams) -> Result<Exit, Error> {
    match holder {
        Holder::Elsewhere(monitor) => Err(Error::MonitorElsewhere { host: monitor.process.host.clone() }),
        _ if detached => {
            let _ = io.output.write_all(start::HELD.as_bytes());
            Ok(Exit::Done)
        }
        holder => {
            io.output.write_all(start::already(holder).as_bytes()).map_err(Error::Write)?;
            Ok(Exit::Done)
        }
    }
}

/// When the files were changed by which alerts are judged.
fn settings(store: &Store) -> [Option<SystemTime>; 2] {
    ["alerts.yml", "benchmarks.yml"].map(|name| store.root().join(name).metadata().ok()?.modified().ok())
}

struct Supervisor<'a> {
    order: &'a Order,
    here: &'a Surroundings,
    lock: MonitorLock,
    monitor: Monitor,
    workers: Vec<Tended>,
    end: Option<Instant>,
    /// When each of the settings was last changed.
    settings: [Option<SystemTime>; 2],
    /// Whether it was said that nobody can be told.
    is_dumb: bool,
}

impl<'a> Supervisor<'a> {
    fn new(order: &'a Order, here: &'a Surroundings, lock: MonitorLock) -> Self {
        let now = Instant::now();
        // What was killed together with an earlier monitor.
        let _ = order.store.sweep_run();
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let until = order.duration.map(|duration| here.now.saturating_add(millis(duration)));
        Self {
            order,
            here,
            lock,
            monitor: Monitor {
                process: Process::current(),
                since: Timestamp::from_millis(here.now),
                until: until.map(Timestamp::from_millis),
                interval_ms: u64::try_from(order.interval.as_millis()).unwrap_or(u64::MAX),
                workers: Vec::new(),
            },
            workers: Tended::all(order, here, now),
            end: order.duration.and_then(|duration| now.checked_add(duration)),
            settings: settings(&order.store),
            is_dumb: false,
        }
    }

    fn run(&mut self, interrupts: &Interrupts, io: &mut Streams) -> Result<Exit, Error> {
        while interrupts.signal().is_none() {
            if self.end.is_some_and(|end| end <= Instant::now()) {
                return Ok(Exit::Done);
            }
            if !self.lock.counts() {
                return Err(Error::LockIsGone { store: self.order.store.root().to_owned() });
            }
            self.tend(io);
            self.sleep(interrupts);
        }
        Ok(Exit::Done)
    }

    /// Looks after every program, and says how they are if that has changed.
    fn tend(&mut self, io: &mut Streams) {
        let now = Instant::now();
        let settings = settings(&self.order.store);
        if std::mem::replace(&mut self.settings, settings) != settings {
            self.workers.iter_mut().for_each(|worker| worker.renew(now));
        }
        for worker in &mut self.workers {
            if let Some(text) = worker.tend(&self.order.role, self.here, now) {
                let time = Timestamp::from_millis(io.clock.now_millis());
                io.tell(TOOL, &format!("{time}: {text}"));
            }
        }
        let workers: Vec<_> = self.workers.iter().map(Tended::report).collect();
        if workers == self.monitor.workers {
            return;
        }
        self.monitor.workers = workers;
        match self.lock.say(&self.monitor) {
            Ok(()) => self.is_dumb = false,
            Err(error) => {
                if !std::mem::replace(&mut self.is_dumb, true) {
                    io.complain(TOOL, &Error::Store(error));
                }
            }
        }
    }

    fn sleep(&self, interrupts: &Interrupts) {
        let due = self.workers.iter().filter_map(Tended::due).chain(self.end).min();
        let left = due.map_or(LOOK, |due| due.saturating_duration_since(Instant::now()).min(LOOK));
        let mut ends = vec![PollFd::new(interrupts, PollFlags::IN)];
        ends.extend(self.workers.iter().filter_map(Tended::end).map(|end| PollFd::new(end, PollFlags::IN)));
        // Whatever it says, everything is looked at again.
        let _ = poll(&mut ends, Timespec::try_from(left).ok().as_ref());
    }

    /// Ends every program, at last by force.
    fn end(mut self) {
        self.workers.iter_mut().for_each(|worker| worker.send(Signal::TERM));
        let end = Instant::now() + FAREWELL;
        while !self.workers.iter_mut().all(Tended::is_over) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.workers.iter_mut().for_each(|worker| worker.send(Signal::KILL));
        self.lock.fall_silent();
    }
}
