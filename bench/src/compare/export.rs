//! Exporting: how many records a second become metrics and spans on one core, in how much memory, and how long a scrape
//! takes.
//!
//! What is delivered goes to a receiver of this program's own, on another core and without a judgment, so that what is
//! measured is the exporter and not who listens. Its rates are those of its processor time, in the kernel and outside:
//! on one core nothing else counts, and waiting for the receiver does not.

mod rates;
mod scrape;
mod sink;

use super::goal::Goal;
use super::log::Log;
use super::{Bench, Error};
use crate::Layout;

/// The tool that is measured here.
pub(super) const TOOL: &str = "pm-export";

/// Most records of a comparison: more of the same tell nothing new.
const MOST: u32 = 1_000_000;

/// Records for the peers, which are slower by an order of magnitude or two.
const FOR_PEERS: u32 = 20_000;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let log = Log::of(bench, bench.args.records.get().min(MOST), Layout::Regular)?;
    let short = Log::of(bench, log.records.min(FOR_PEERS), Layout::Regular)?;
    rates::prometheus(bench, &log, &short)?;
    rates::otlp(bench, &log, &short)?;
    scrape::compare(bench, &short)
}

/// The goals of every form.
fn goals(form: &str) -> (Goal, Goal) {
    (
        Goal::at_least(300_000.0, " records a second", format!("to {form}, one core")),
        Goal::at_most(16.0, " MiB", format!("to {form}, peak memory")),
    )
}
