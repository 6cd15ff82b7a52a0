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
mod channels;
mod config;
mod console;
mod desk;
mod digest;
mod errand;
mod error;
mod facts;
mod following;
mod judge;
mod known;
mod ledger;
mod names;
mod notice;
mod reading;
mod rule;
mod rules;
mod state;
mod tips;

use std::cell::Cell;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use pm_cli::{Exit, Input, Opener, Source, Streams};
use pm_record::{Lines, RunReader, Skipped};
use pm_store::{AlertSource, Alerts, Benchmarks, From, StateFile, Store, Trust};

use crate::args::Args;
use crate::channels::Channels;
use crate::config::{Config, Counts};
use crate::desk::Desk;
pub use crate::error::Error;
use crate::following::{Following, Progress};
use crate::judge::Judge;
use crate::ledger::{Home, Ledger};

/// The program's name.
pub const TOOL: &str = "pm-alert";

/// The files that hold limits.
const ALERTS: &str = "alerts.yml";
const BENCHMARKS: &str = "benchmarks.yml";

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
    let alerts = alerts(&config, store.as_ref(), io)?;
    let judge = judge(&config, &alerts, store.as_ref(), io)?;
    let is_trusted = is_trusted(&config, &alerts, store.as_ref(), io);
    if let Some(errand) = &config.errand {
        let named = named_rules(&config, io);
        return errand::run(errand, &alerts, &judge, named, store.as_ref(), is_trusted, io);
    }
    let channels = Channels::new(alerts.channels, is_trusted, io.environment.clone(), store.clone());
    let unwatched =
        judge.watches_nothing().then(|| nothing_watched(named_rules(&config, io), store.as_ref()));
    // Whoever waits for a verdict must not take silence for a good one; changes need no limit.
    let (unanswered, unwatched) = if config.exit_code {
        (unwatched, None)
    } else {
        (None, unwatched.filter(|_| !config.pass && config.counts != Counts::Replay))
    };
    io.outlive_interrupts().map_err(Error::Watch)?;
    let mut ledger = Ledger::new(home(&config, store.as_ref(), io));
    let progress = Progress::default();
    let (inputs, files) = if config.follow {
        (vec![follow(&config, &mut ledger, progress.clone(), io)?], Vec::new())
    } else {
        open(&config, &judge, io)?
    };
    io.tell_of_typing(TOOL, &inputs);
    // Tells from which file a line comes.
    let opened = Cell::new(0);
    let mut runs = RunReader::new(&judge.wanted());
    let mut lines = Lines::new(inputs.into_iter().inspect(|_| opened.set(opened.get() + 1)));
    let now = io.clock.now_millis();
    let mut desk = Desk::new(&config, judge, ledger, channels, unwatched, progress, now);
    let mut skipped = Skipped::default();
    let mut turned = 0;
    let turn = || {
        let is_next = std::mem::replace(&mut turned, opened.get()) != opened.get();
        if is_next { files.get(opened.get() - 1) } else { None }
    };
    let read = read(&config, (&mut lines, &mut runs), turn, &mut desk, &mut skipped, io);
    // Also when reading failed: what was read before is judged and told.
    desk.finish(io).map_err(Error::Write)?;
    if let Some(error) = unanswered.filter(|_| !desk.has_seen_changes()) {
        return Err(error);
    }
    if !skipped.is_empty() && !matches!(read, Err(Error::BadLine { .. })) {
        io.tell(TOOL, &skipped.to_string());
    }
    read.map(|()| desk.exit())
}

fn read<'f>(
    config: &Config,
    (lines, runs): (&mut Lines<impl Iterator<Item = Input>>, &mut RunReader),
    mut turn: impl FnMut() -> Option<&'f AlertSource>,
    desk: &mut Desk<'_>,
    skipped: &mut Skipped,
    io: &mut Streams,
) -> Result<(), Error> {
    let mut unread = None;
    loop {
        let (mut write_failed, mut has_waited) = (None, false);
        let next = lines.next_run(runs, |input| {
            if !input.would_wait() {
                return Ok(());
            }
            has_waited = true;
            // It passes through the reader, which would call it a failure of its own.
            let mut failed = |error: io::Error| io::Error::from(write_failed.insert(error).kind());
            desk.settle(io).and_then(|()| io::Write::flush(&mut io.output)).map_err(&mut failed)?;
            while let Some(patience) = desk.patience() {
                if input.ready_within(patience)? {
                    break;
                }
                desk.tick(io).and_then(|()| io::Write::flush(&mut io.output)).map_err(&mut failed)?;
            }
            Ok(())
        });
        if let Some(error) = write_failed {
            return Err(Error::Write(error));
        }
        if has_waited {
            desk.look_at_the_clock(io);
        }
        let (position, reading) = match next {
            Ok(Some(line)) => line,
            Ok(None) => return unread.map_or(Ok(()), Err),
            // Who compressed it met the same signal, and so this is the end.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && io.interrupted().is_some() => {
                continue;
            }
            Err(error) => {
                unread.get_or_insert(Error::Read(error));
                continue;
            }
        };
        if let Some(file) = turn() {
            desk.turn_to(file, io).map_err(Error::Write)?;
        }
        skipped.seen();
        match reading.and_then(|reading| desk.take(reading)) {
            Ok(()) => {}
            Err(reason) if config.strict => return Err(Error::bad_line(position, reason)),
            Err(reason) => skipped.skip(position, &reason),
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

/// The rules: those of a file that was named, else the store's.
fn alerts(config: &Config, store: Option<&Store>, io: &Streams) -> Result<Alerts, Error> {
    Ok(match (named_rules(config, io), store) {
        (Some(file), _) => Alerts::read(&file)?,
        (None, Some(store)) => Alerts::of(store)?,
        (None, None) => Alerts::default(),
    })
}

fn judge(config: &Config, alerts: &Alerts, store: Option<&Store>, io: &Streams) -> Result<Judge, Error> {
    let named = named_rules(config, io);
    let beside = named.as_deref().and_then(Path::parent);
    let beside = beside.filter(|folder| folder.join(BENCHMARKS).exists()).map(Store::at);
    let benchmarks = beside.as_ref().or(store).map(Benchmarks::of).transpose()?.unwrap_or_default();
    // The store's own rules are the same whatever the store is called from.
    let source = named.map_or_else(|| "store".to_owned(), |file| reading::name(&file.display().to_string()));
    Judge::new(alerts, &benchmarks, source, has_history(config, store))
}

/// Whether the channels may start programs and send data: those of a file that the user named, and of a store that
/// is the user's own or was trusted.
fn is_trusted(config: &Config, alerts: &Alerts, store: Option<&Store>, io: &Streams) -> bool {
    let Some(sensitive) = alerts.sensitive() else { return true };
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    let covers = |store: &Store| {
        store.is_personal()
            || Store::personal(directory).is_ok_and(|own| Trust::beside(&own).covers(store, &sensitive))
    };
    config.rules.is_some() || store.is_some_and(covers)
}

fn named_rules(config: &Config, io: &Streams) -> Option<PathBuf> {
    config.rules.as_ref().map(|file| io.environment.current_dir().join(file))
}

/// Whether there are records to compare a run with.
fn has_history(config: &Config, store: Option<&Store>) -> bool {
    matches!(config.source, Source::Store(_))
        || store.is_some_and(|store| store.record_files(None).is_ok_and(|files| !files.is_empty()))
}

fn nothing_watched(named: Option<PathBuf>, store: Option<&Store>) -> Error {
    let of_store =
        store.into_iter().flat_map(|store| [ALERTS, BENCHMARKS].map(|name| store.root().join(name)));
    Error::NothingWatched { settings: named.into_iter().chain(of_store).find(|file| file.exists()) }
}

fn home(config: &Config, store: Option<&Store>, io: &Streams) -> Home {
    match (&config.counts, store) {
        (Counts::File(file), _) => Home::File(StateFile::at(io.environment.current_dir().join(file))),
        (Counts::Store, Some(store)) => Home::Store(store.clone()),
        (Counts::Store, None) | (Counts::Replay, _) => Home::Memory,
    }
}

/// What is appended to the store, from where an earlier run stopped.
fn follow(config: &Config, ledger: &mut Ledger, progress: Progress, io: &Streams) -> Result<Input, Error> {
    let Source::Store(named) = &config.source else { unreachable!("clap demands a store") };
    let store = meant(named.as_deref(), io)?;
    let place = ledger.follow(io.clock.now_millis()).or_else(|| config.begin.clone());
    let from = place.map_or(From::Now, From::Place);
    let follow = store.follow(&from)?;
    Ok(io.fed(store.root(), Box::new(Following::new(follow, progress))))
}

/// The inputs; and of a store that is replayed, its files, one for each of them.
fn open(config: &Config, judge: &Judge, io: &mut Streams) -> Result<(Vec<Input>, Vec<AlertSource>), Error> {
    let named = match &config.source {
        Source::Named(files) => return Ok((io.inputs(files)?, Vec::new())),
        Source::Store(named) => named.as_deref(),
    };
    let has_answer = config.replays_store() && judge.watches_nothing() && !config.pass && !config.strict;
    let files = if has_answer { Vec::new() } else { files(config, &meant(named, io)?)? };
    let open = |file: &AlertSource| {
        let source = file.source.clone();
        io.found(&file.source.path, Opener::new(move || source.open().map_err(io::Error::other)))
    };
    let inputs = files.iter().map(open).collect();
    Ok((inputs, if config.replays_store() { files } else { Vec::new() }))
}

fn files(config: &Config, store: &Store) -> Result<Vec<AlertSource>, Error> {
    let mut files = store.alert_sources(config.span(), config.takes_digests())?;
    if let Some(name) = &config.segment {
        files.retain(|file| file.source.path.file_name().is_some_and(|file| file == name.as_str()));
        if files.is_empty() {
            return Err(Error::NoSegment { name: name.clone(), folder: store.root().join("records") });
        }
    }
    Ok(files)
}
