//! Sampling: what a tick of `pm-sample` costs beside its peers, and whether ticks stay where they are due.
//!
//! All samplers run at the same time and look at the same process, so that a busy moment is busy for each. What a
//! tick costs is read off while they run, from the scheduler's count of nanoseconds: what a run costs as a whole
//! says little, because to start costs as much as ten ticks and never twice the same.

mod drift;
mod ticks;

use super::measure::CommandLine;
use super::{Bench, Error};

/// The tool that is measured here.
pub(super) const OURS: &str = "pm-sample";

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    ticks::one_process(bench)?;
    ticks::tree(bench)?;
    drift::compare(bench)
}

/// A shell that runs `script`, and everything that this starts.
fn shell(script: &str) -> CommandLine {
    CommandLine::new("sh", "/bin/sh", ["-c", script])
}
