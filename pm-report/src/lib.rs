//! Renders summaries and alerts for people: NDJSON in, one page out.
//!
//! `performance_summary` makes the table, `performance_alert` the alerts, `performance_comparison` and
//! `performance_change` the findings; any other kind is passed over
//! in silence, except that runs which nobody summarized are pointed out. A page is laid out as a whole, so
//! its rows are held in memory until the input ends: at most 20,000, and what is beyond counts in the
//! totals only. `--as benchmark` makes a `benchmark_results` of runs, which is shown like the others.
//!
//! Advice is another page, made of the same records that tools write and no summary of them.
//!
//! A dashboard is all of this and more on one page, for programs or as HTML.
//!
//! A profile is another page, made of `performance_metrics`, `process_trace` and `api_request` as `pm-wrap` writes
//! them; it has a model and renderers of its own.
//!
//! This library exists for the program and its tests and may change at any time; the command line is the
//! contract.

#![forbid(unsafe_code)]

mod advice;
mod alerts;
pub mod analysis;
pub mod args;
mod benchmark;
mod columns;
mod config;
mod dashboard;
mod error;
mod findings;
mod fit;
mod hyperfine;
mod json;
mod layout;
mod limits;
mod making;
mod markdown;
mod markup;
mod model;
mod profile;
mod reading;
mod readings;
mod remarks;
mod report;
mod serving;
mod sheet;
mod sparkline;
mod terminal;
mod times;
mod tips;
mod verdicts;

use std::ffi::OsString;
use std::io::Write;

use pm_cli::{Exit, Streams};

use crate::args::Args;
use crate::config::{Config, Medium};
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
    let config = Config::new(args, &io.environment, &io.output, io.clock.now_millis())?;
    io.outlive_interrupts().map_err(Error::Watch)?;
    if let Some(serving) = &config.serving {
        return serving::serve(serving, config.title.as_deref().unwrap_or(model::DASHBOARD), io);
    }
    match config.medium {
        Medium::Report(page) => show(Model::report(&config, page), &config, io),
        Medium::Analysis { focus, width, color } => {
            show(Model::analysis(&config, focus, width, color), &config, io)
        }
        Medium::Advice(form) => {
            let asks_by_relay = reading::records_requests(&config, io);
            show(Model::advice(&config, form, asks_by_relay), &config, io)
        }
        Medium::Dashboard(form) => show(Model::dashboard(&config, form), &config, io),
        Medium::Profile(form) => show(Model::profile(&config, form), &config, io),
        Medium::Benchmark => making::benchmark(&config, io),
        Medium::Hyperfine => making::hyperfine(&config, io),
    }
}

/// Renders one page of everything that is read.
fn show(mut model: Model, config: &Config, io: &mut Streams) -> Result<Exit, Error> {
    let read = reading::records(config, io, |record| model.push(record))?;
    let (page, note) = model.finish();
    publish(page.as_bytes(), config, io)?;
    if let Some(note) = note {
        io.tell(TOOL, &note);
    }
    read.end(io).map_or(Ok(Exit::Done), Err)
}

/// Writes what was made to where it was asked for; a file is there as a whole, or as it was before.
fn publish(page: &[u8], config: &Config, io: &mut Streams) -> Result<(), Error> {
    let Some(path) = &config.output else { return io.output.write_all(page).map_err(Error::Write) };
    let path = io.environment.current_dir().join(path);
    pm_cli::replace_file(&path, page).map_err(|source| Error::Output { path, source })
}
