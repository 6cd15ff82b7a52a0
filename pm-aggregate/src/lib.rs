//! Groups the records of commands and summarizes each group: NDJSON in, one summary a group out.
//!
//! One pass; memory depends on the number of groups and windows, never on the number of records or on the
//! length of their names: an ordinary group takes under 1 KiB. How many there are is up to `--by`. Only
//! `performance_metrics` are counted, and `performance_partial` where `--merge` asks for them; any other
//! kind is passed over in silence.
//!
//! This library exists for the program and its tests and may change at any time; the command line and
//! the records are the contract.

#![forbid(unsafe_code)]

pub mod args;
mod config;
mod error;
mod group;
mod groups;
mod metrics;
mod moments_by;
mod window;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};

use pm_cli::{Exit, Input, Source, Streams};
use pm_record::{Lines, Skipped};
use pm_store::Store;

use crate::args::Args;
use crate::config::Config;
pub use crate::error::Error;
use crate::groups::Groups;

/// The program's name.
pub const TOOL: &str = "pm-aggregate";

/// The whole life of the tool: arguments and streams in, exit status out.
///
/// # Errors
///
/// Wrong usage, an output that cannot be written, or, with `--strict`, the first line that is no record. An
/// input that cannot be read to its end is an error too, once everything else is read and written.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let config = Config::new(args, io.clock.now_millis())?;
    io.outlive_interrupts().map_err(Error::Watch)?;
    let inputs = open(&config, io)?;
    io.tell_of_typing(TOOL, &inputs);
    let mut groups = Groups::new(&config);
    let mut skipped = Skipped::default();
    let unread = read(&config, inputs, &mut groups, &mut skipped, io)?;
    let headless = groups.without_counts();
    for record in groups.finish() {
        io.output.write_all(&record.to_line()).map_err(Error::Write)?;
    }
    if !skipped.is_empty() {
        io.tell(TOOL, &skipped.to_string());
    }
    if headless > 0 {
        io.tell(TOOL, &format!("groups whose metrics came without their counts, left out: {headless}"));
    }
    unread.map_or(Ok(Exit::Done), Err)
}

/// Counts what the inputs hold. Returns what was wrong with the first that could not be read to its end.
fn read(
    config: &Config,
    inputs: Vec<Input>,
    groups: &mut Groups<'_>,
    skipped: &mut Skipped,
    io: &Streams,
) -> Result<Option<Error>, Error> {
    let mut lines = Lines::new(inputs);
    let mut unread = None;
    loop {
        // Nothing is written before the end, so there is nothing to flush while the input keeps us waiting.
        let line = match lines.next_line(|_| Ok(())) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(unread),
            // Who compressed it met the same signal, and so this is the end.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && io.interrupted().is_some() => continue,
            Err(error) => {
                unread.get_or_insert(Error::Read(error));
                continue;
            }
        };
        skipped.seen();
        match line.record().and_then(|record| groups.push(record, line.bytes)) {
            Ok(()) => {}
            Err(reason) if config.strict => return Err(Error::bad_line(line.position, reason)),
            Err(reason) => skipped.skip(line.position, &reason),
        }
    }
}

fn open(config: &Config, io: &mut Streams) -> Result<Vec<Input>, Error> {
    match &config.source {
        Source::Named(files) => Ok(io.inputs(files)?),
        Source::Store(named) => {
            let directory = |name: &str| io.environment.absolute(name).map(Into::into);
            let store = Store::meant(named.as_deref(), io.environment.current_dir(), directory)?;
            Ok(io.files(&store.record_files(config.since())?)?)
        }
    }
}
