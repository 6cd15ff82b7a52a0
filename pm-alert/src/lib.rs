//! Turns records into alerts and notifies: NDJSON in, alerts out, as records or as text.
//!
//! Each record is judged by rules that know nothing of each other; what they count is kept in a ledger
//! from one run to the next, because a command that is wrapped is judged by a run of its own.
//! Memory is bounded by the number of subjects that are remembered, never by the number of records.
//!
//! This library exists for the program and its tests and may change at any time; the command line and
//! the records are the contract.

#![forbid(unsafe_code)]

mod alert;
pub mod args;
mod config;
mod desk;
mod error;
mod judge;
mod ledger;
mod reading;
mod rules;
mod state;

use std::ffi::OsString;
use std::io;
use std::path::Path;

use pm_cli::{Exit, Input, Streams};
use pm_record::{Lines, Skipped};
use pm_store::{Alerts, Benchmarks, StateFile, Store};

use crate::args::Args;
use crate::config::{Config, Counts, Source};
use crate::desk::Desk;
pub use crate::error::Error;
use crate::judge::Judge;
use crate::ledger::{Home, Ledger};

/// The program's name.
pub const TOOL: &str = "pm-alert";

/// The whole life of the tool: arguments and streams in, exit status out.
///
/// # Errors
///
/// Wrong usage or settings, an input that cannot be read, an output that cannot be written, or, with
/// `--strict`, the first line that is no record. Trouble with the state or a channel is told and shows in
/// the exit status, but ends nothing.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let config = Config::new(args, io.clock.now_millis())?;
    let store = store(&config, io)?;
    let judge = judge(&config, store.as_ref(), io)?;
    if judge.watches_nothing() && io.output.is_terminal() {
        io.complain(TOOL, &Error::NothingWatched);
    }
    io.outlive_interrupts().map_err(Error::Watch)?;
    let mut lines = Lines::new(open(&config, io)?);
    let ledger = Ledger::new(home(&config, store.as_ref(), io));
    let mut desk = Desk::new(&config, judge, ledger, store);
    let mut skipped = Skipped::default();
    let read = read(&config, &mut lines, &mut desk, &mut skipped, io);
    // Also when reading failed: what was read before is judged and told.
    desk.settle(io).map_err(Error::Write)?;
    read?;
    if !skipped.is_empty() {
        io.tell(TOOL, &skipped.to_string());
    }
    Ok(desk.exit())
}

fn read(
    config: &Config,
    lines: &mut Lines<std::vec::IntoIter<Input>>,
    desk: &mut Desk<'_>,
    skipped: &mut Skipped,
    io: &mut Streams,
) -> Result<(), Error> {
    loop {
        let mut write_failed = None;
        let next = lines.next_line(|input| {
            if !input.would_wait() {
                return Ok(());
            }
            let written = desk.settle(io).and_then(|()| io::Write::flush(&mut io.output));
            // It passes through the reader, which would call it a failure of its own.
            written.map_err(|error| io::Error::from(write_failed.insert(error).kind()))
        });
        let next = match write_failed {
            Some(error) => return Err(Error::Write(error)),
            None => next.map_err(Error::Read)?,
        };
        let Some(line) = next else { return Ok(()) };
        skipped.seen();
        match line.record() {
            Ok(record) => desk.take(&record, line.bytes),
            Err(reason) if config.strict => return Err(Error::bad_line(line.position, reason)),
            Err(reason) => skipped.skip(line.position, &reason),
        }
        if desk.is_full() {
            desk.settle(io).map_err(Error::Write)?;
        }
    }
}

/// The store that holds settings and state, if there is one.
fn store(config: &Config, io: &Streams) -> Result<Option<Store>, Error> {
    let named = match &config.source {
        Source::Store(named) => named.as_deref(),
        Source::Named(_) => None,
    };
    match meant(named, io) {
        Ok(store) => Ok(Some(store).filter(Store::exists)),
        Err(pm_store::Error::Nowhere) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn meant(named: Option<&Path>, io: &Streams) -> Result<Store, pm_store::Error> {
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    Store::meant(named, io.environment.current_dir(), directory)
}

fn judge(config: &Config, store: Option<&Store>, io: &Streams) -> Result<Judge, Error> {
    let alerts = match (&config.rules, store) {
        (Some(file), _) => Alerts::read(&io.environment.current_dir().join(file))?,
        (None, Some(store)) => Alerts::of(store)?,
        (None, None) => Alerts::default(),
    };
    let benchmarks = store.map(Benchmarks::of).transpose()?.unwrap_or_default();
    Judge::new(alerts, &benchmarks)
}

fn home(config: &Config, store: Option<&Store>, io: &Streams) -> Home {
    match (&config.counts, store) {
        (Counts::File(file), _) => Home::File(StateFile::at(io.environment.current_dir().join(file))),
        (Counts::Store, Some(store)) => Home::Store(store.clone()),
        (Counts::Store, None) | (Counts::Replay, _) => Home::Memory,
    }
}

fn open(config: &Config, io: &mut Streams) -> Result<Vec<Input>, Error> {
    match &config.source {
        Source::Named(files) => Ok(io.inputs(files)?),
        Source::Store(named) => Ok(io.files(&meant(named.as_deref(), io)?.record_files(config.since)?)?),
    }
}
