//! Aggregating: `pm-aggregate` and the store, each figure beside its goal.
//!
//! The long log comes first: its goal is about memory, and this program must be small until then, because
//! the kernel counts its memory as that of whatever it starts.

mod append;
mod core;
mod lines;
mod live;
mod month;
mod peers;

use std::path::Path;

use super::args::{Args, Part};
use super::measure::CommandLine;
use super::{Bench, Error};

/// The tool that is measured here.
pub(super) const OURS: &str = "pm-aggregate";

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    for part in bench.args.parts() {
        match part {
            Part::Command => peers::by_command(bench)?,
            Part::Hour => peers::by_hour(bench)?,
            Part::Small => peers::small(bench)?,
            Part::Core => core::compare(bench)?,
            Part::Irregular => lines::irregular(bench)?,
            Part::Mixed => lines::mixed(bench)?,
            Part::Live => live::compare(bench)?,
            Part::Month => month::compare(bench)?,
            Part::Append => append::compare(bench)?,
        }
    }
    Ok(())
}

/// The tools that the wanted comparisons take; the report is a pipeline of all that read.
pub(super) fn tools(args: &Args) -> Vec<&'static str> {
    let pipeline = args.parts().any(|part| part == Part::Month);
    if pipeline { vec![OURS, "pm-alert", "pm-report", "github-pm"] } else { vec![OURS] }
}

/// `pm-aggregate` over a log, by command.
fn ours(bench: &Bench<'_>, log: &Path) -> CommandLine {
    bench.tool(OURS, [Path::new("--by"), Path::new("command"), log])
}

/// Removes a folder of an earlier run, if there is one.
pub(super) fn clear(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::file(folder, error)),
        _ => Ok(()),
    }
}
