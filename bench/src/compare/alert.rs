//! Alerts: how many records pass the rules of `pm-alert` that none of them breaks, how long it takes from a line to
//! whoever is told of it, and what a hundred thousand commands cost in memory.

mod latency;
mod memory;
mod rate;

use std::path::PathBuf;

use super::{Bench, Error};

/// The tool that is measured here.
pub(super) const OURS: &str = "pm-alert";

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    rate::compare(bench)?;
    latency::compare(bench)?;
    memory::compare(bench)
}

/// Rules in a file of the work folder.
fn rules(bench: &Bench<'_>, name: &str, text: &str) -> Result<PathBuf, Error> {
    let path = bench.in_work(name);
    std::fs::write(&path, text).map_err(|source| Error::file(&path, source))?;
    Ok(path)
}

/// The place of a state that is not there.
fn fresh_state(bench: &Bench<'_>) -> Result<PathBuf, Error> {
    let path = bench.in_work("alert-state.json");
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(Error::file(&path, source)),
        _ => Ok(path),
    }
}

/// The line of a run that took so long.
fn run(command: &str, at: pm_record::Timestamp, millis: u32) -> String {
    format!(
        "{{\"performance_metrics\":{{\"schema\":1,\"command\":\"{command}\",\"timestamp\":\"{at}\",\"duration\":{{\"total_ms\":{millis}}},\"exit_code\":0,\"status\":\"success\"}}}}\n"
    )
}
