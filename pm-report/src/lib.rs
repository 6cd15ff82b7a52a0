//! Renders summaries and alerts for people: NDJSON in, one page out.
//!
//! `performance_summary` makes the table, `performance_alert` the alerts, `performance_comparison` and
//! `performance_change` the findings; any other kind is passed over
//! in silence, except that runs which nobody summarized are pointed out. A page is laid out as a whole, so
//! its rows are held in memory until the input ends: at most 20,000, and what is beyond counts in the
//! totals only.
//!
//! A profile is another page, made of `performance_metrics`, `process_trace` and `api_request` as `pm-wrap` writes
//! them; it has a model and renderers of its own.
//!
//! This library exists for the program and its tests and may change at any time; the command line is the
//! contract.

#![forbid(unsafe_code)]

mod alerts;
pub mod args;
mod columns;
mod config;
mod error;
mod findings;
mod fit;
mod layout;
mod markdown;
mod model;
mod profile;
mod report;
mod terminal;
mod times;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};

use pm_cli::{Exit, Streams};
use pm_record::{Lines, Skipped};

use crate::args::Args;
use crate::config::Config;
pub use crate::error::Error;
use crate::model::Model;

/// The program's name.
pub const TOOL: &str = "pm-report";

/// The whole life of the tool: arguments and streams in, exit status out.
///
/// # Errors
///
/// Wrong usage, an output that cannot be written, or, with `--strict`, the first line that is no record. An
/// input that cannot be read to its end is an error too, once everything else is read and written.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let config = Config::new(args, &io.environment, &io.output)?;
    io.outlive_interrupts().map_err(Error::Watch)?;
    let inputs = io.inputs(&config.files)?;
    io.tell_of_typing(TOOL, &inputs);
    let mut lines = Lines::new(inputs);
    let mut model = Model::new(&config);
    let (mut skipped, mut unread) = (Skipped::default(), None);
    loop {
        // Nothing is written before the end, so there is nothing to flush while the input keeps us waiting.
        let line = match lines.next_line(|_| Ok(())) {
            Ok(Some(line)) => line,
            Ok(None) => break,
            // Who compressed it met the same signal, and so this is the end.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && io.interrupted().is_some() => continue,
            Err(error) => {
                unread.get_or_insert(Error::Read(error));
                continue;
            }
        };
        skipped.seen();
        match line.record() {
            Ok(record) => model.push(record),
            Err(reason) if config.strict => return Err(Error::bad_line(line.position, reason)),
            Err(reason) => skipped.skip(line.position, &reason),
        }
    }
    let (page, note) = model.finish();
    io.output.write_all(page.as_bytes()).map_err(Error::Write)?;
    if let Some(note) = note {
        io.tell(TOOL, &note);
    }
    if !skipped.is_empty() {
        io.tell(TOOL, &skipped.to_string());
    }
    unread.map_or(Ok(Exit::Done), Err)
}
