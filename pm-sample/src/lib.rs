//! Emits what chosen processes and the system use, one record a tick.
//!
//! Ticks are due at whole multiples of the interval after the start, so that they never drift; one that comes
//! late says so, and so do those that could not be taken.
//!
//! This library exists for the program and its tests and may change at any time; the command line and
//! the records are the contract.

mod accounting;
pub mod args;
mod config;
mod destination;
mod error;
mod folders;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
mod reading;
mod record;
mod schedule;
mod upkeep;
mod wait;

use std::ffi::OsString;
use std::time::Duration;

use pm_cli::{Exit, Interrupts, Streams};
use pm_record::Timestamp;

use crate::args::Args;
use crate::config::Config;
use crate::destination::{Destination, Written};
pub use crate::error::Error;
use crate::folders::Folders;
#[cfg(target_os = "linux")]
use crate::linux::Probe;
#[cfg(not(target_os = "linux"))]
use crate::portable::Probe;
use crate::record::{Circumstances, Identity};
use crate::schedule::{Schedule, Tick};
use crate::wait::Woken;

/// The program's name.
pub const TOOL: &str = "pm-sample";

/// The whole life of the tool.
///
/// # Errors
///
/// Wrong usage, a store that cannot be used, a standard output that cannot be written.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let config = Config::try_from(args)?;
    let interrupts = Interrupts::watch().map_err(Error::Prepare)?;
    let destination = Destination::open(config.destination, io)?;
    let mut schedule = Schedule::new(config.interval, config.duration);
    let mut sampler = Sampler::start(Probe::new(config.choice, config.memory), destination, interrupts, io);
    let mut left = config.count.map_or(u64::MAX, std::num::NonZeroU64::get);
    let mut last = Written::Whole;
    while left > 0
        && let Some(due) = schedule.due()
    {
        let woken = sampler.sleep_until(due)?;
        if woken == Woken::ReaderLeft {
            break;
        }
        if let Some(tick) = schedule.take(sampler.since_start()) {
            last = sampler.tick(tick, io)?;
            left -= 1;
        }
        match woken {
            // What was due is written, and a signal is met as if we had not seen it coming.
            Woken::Signal(signal) => return Ok(Exit::Signal(signal)),
            _ if last == Written::Unread => break,
            _ => {}
        }
    }
    Ok(if last == Written::Lost { Exit::Environment } else { Exit::Done })
}

/// Everything that lasts from tick to tick.
struct Sampler {
    probe: Probe,
    folders: Option<Folders>,
    identity: Identity,
    destination: Destination,
    interrupts: Interrupts,
    /// By the clock that goes on while the machine is suspended.
    start: Duration,
    /// When the reading before was taken, by the one that does not.
    before: Duration,
}

impl Sampler {
    /// Takes the first reading, which the first tick is compared with.
    fn start(mut probe: Probe, destination: Destination, interrupts: Interrupts, io: &Streams) -> Self {
        // Figures of a store that cannot be used are left out; one that is written to was refused before.
        let nearest = || destination::store(None, io).ok().as_ref().map(Folders::of);
        let folders = destination.store().map(Folders::of).or_else(nearest);
        let identity = Identity { host: pm_cli::host(), machine: pm_cli::machine() };
        let (start, before) = (wait::elapsing(), wait::awake());
        probe.look();
        Self { probe, folders, identity, destination, interrupts, start, before }
    }

    fn since_start(&self) -> Duration {
        wait::elapsing().saturating_sub(self.start)
    }

    fn sleep_until(&self, due: Duration) -> Result<Woken, Error> {
        let due = self.start.saturating_add(due);
        wait::until(due, &self.interrupts, self.destination.stdout()).map_err(Error::Prepare)
    }

    fn tick(&mut self, tick: Tick, io: &mut Streams) -> Result<Written, Error> {
        let timestamp = Timestamp::from_millis(io.clock.now_millis());
        let now = wait::awake();
        let reading = self.probe.look();
        let elapsed = now.saturating_sub(std::mem::replace(&mut self.before, now));
        let space = self.folders.as_mut().map(|folders| folders.look(now)).unwrap_or_default();
        let circumstances = Circumstances { identity: &self.identity, timestamp, tick, elapsed, space };
        let line = record::line(&reading, &circumstances);
        self.destination.write(&line, &self.interrupts, io)
    }
}
