//! Sampling: what a tick of `pm-sample` costs beside its peers, and whether ticks stay where they are due.
//!
//! All samplers run at the same time and look at the same process, so that a busy moment is busy for each. What a
//! tick costs is how much more processor time a long run takes than one of a single tick.

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
