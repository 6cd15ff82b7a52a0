//! Hands records to other systems: NDJSON in, what they read out.
//!
//! Metrics are one model, built from records and bounded in size, and one encoder a format; what is written record by
//! record passes the model by. Nothing that comes out depends on when this ran: times are those of the records, and
//! what a store came to is kept in it, so that a run is as good as any number of them.
//!
//! This library exists for the program and its tests and may change at any time; the command line and what is
//! written are the contract.

#![forbid(unsafe_code)]

pub mod args;
mod backlog;
mod catalog;
mod ci;
mod client;
mod commands;
mod config;
mod courier;
mod csv_table;
mod delivery;
mod destination;
mod error;
mod exponential;
mod influx;
mod inputs;
mod intake;
mod meter;
mod metrics;
mod model;
mod negotiation;
mod packing;
mod parcel;
mod progress;
mod prometheus;
mod proto;
mod publish;
mod push;
mod readings;
mod receivers;
mod rows;
mod serve;
mod spool;
mod spread;
mod state;
mod statsd;
mod traces;
mod waiting;
mod wire;
mod write_request;

use std::ffi::OsString;

use pm_cli::{Exit, Streams};

use crate::args::Args;
use crate::config::{Config, Form};
pub use crate::error::Error;
use crate::error::Warning;

/// Whether bytes are a request as a spool keeps it: for the fuzzer, which nobody else has to go through files for.
#[doc(hidden)]
#[must_use]
pub fn is_kept_request(bytes: &[u8]) -> bool {
    spool::read(bytes).is_some()
}

/// What a receiver took only in part says of it, for the same reason.
#[doc(hidden)]
#[must_use]
pub fn partial_success(kind: &str, body: &[u8]) -> Option<String> {
    client::partial(kind, body)
}

/// The program's name.
pub const TOOL: &str = "pm-export";

/// The whole life of the tool: arguments and streams in, exit status out.
///
/// # Errors
///
/// Wrong usage, an input that cannot be read, an output that cannot be written or listened on, or, with `--strict`,
/// the first line that is no record.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let config = Config::new(args, io.clock.now_millis(), &io.environment)?;
    if let Some(variable) = config.seen {
        io.complain(TOOL, &Warning::Seen { variable });
    }
    io.outlive_interrupts().map_err(Error::Watch)?;
    match &config.form {
        Form::Metrics { text, listen } => metrics::run(&config, *text, *listen, io),
        Form::Ci(form) => ci::run(&config, *form, io),
        Form::Push(receiver) => push::run(&config, receiver, io),
        // The user has switched OpenTelemetry off.
        Form::Nothing => Ok(Exit::Done),
        Form::Influx | Form::Statsd { .. } | Form::Csv { .. } => rows::run(&config, io),
    }
}
