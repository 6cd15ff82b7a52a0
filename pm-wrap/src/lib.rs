//! Runs one command, untouched, and emits one record of what it cost.
//!
//! The command has the standard streams, the environment and the process group that it would have had
//! without us, and its exit status becomes ours. Whatever goes wrong with measuring is a warning: the
//! command is never harmed by being measured.
//!
//! Without a destination the record goes to standard output, and the command's own standard output is
//! moved to standard error, so that a pipe carries records only.
//!
//! This library exists for the program and its tests and may change at any time; the command line and
//! the records are the contract.

pub mod args;
mod child;
mod config;
mod destination;
mod error;
mod execution_id;
mod heritage;
mod name;
mod proc;
mod record;
mod signals;
mod then;
mod usage;

use std::ffi::OsString;

use pm_cli::{Exit, Streams};
use pm_record::{PerformanceMetrics, Timestamp};

use crate::args::Args;
use crate::child::{Child, End};
use crate::config::Config;
pub use crate::error::Error;
use crate::execution_id::ExecutionId;
use crate::signals::Signals;

/// The program's name.
pub const TOOL: &str = "pm-wrap";

/// The whole life of the tool: arguments and streams in, the command's exit status out.
///
/// # Errors
///
/// Only what goes wrong before the command is started; it ends with status 125, 126 or 127.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let config = Config::from(args);
    let id = ExecutionId::random();
    // From here until this process ends: a signal must not end it before the command's status is known.
    let signals = Signals::block().map_err(Error::Prepare)?;
    let started = Timestamp::from_millis(io.clock.now_millis());
    let (run, result) = match Child::start(&config, &id, &signals) {
        Ok(child) => {
            let outcome = child.wait()?;
            (record::finished(&config, &id, started, &outcome), Ok(exit(outcome.end)))
        }
        Err(error) => {
            signals.release();
            (record::not_started(&config, &id, started, &error), Err(error))
        }
    };
    emit(&config, run, &signals, io);
    result
}

/// Hands the record on. From here on nothing may fail: the command has ended and its status counts.
fn emit(config: &Config, run: PerformanceMetrics, signals: &Signals, io: &mut Streams) {
    let line = record::line(run);
    if let Err(trouble) = destination::write(&config.destination, &line, io) {
        io.complain(TOOL, &trouble);
    }
    if let Some(command) = &config.then
        && let Err(trouble) = then::start(command, &line, signals.heritage())
    {
        io.tell(TOOL, &format!("`{}` {trouble}", command.display()));
    }
}

fn exit(end: End) -> Exit {
    match end {
        // A status has eight bits on every system that we run on.
        End::Exited(code) => Exit::Status(u8::try_from(code).unwrap_or(u8::MAX)),
        End::Signaled(signal) => Exit::Signal(signal),
    }
}
