//! The relay: what it adds to a request, how many it takes, what it holds, whether it counts them all, and whether
//! `gh` is slower through it.
//!
//! Everything is on this machine's loopback, and the server and the clients share its cores with the relay: so the
//! figures say what the relay adds, and least of all what a network would.

mod client;
mod counting;
mod figures;
mod relay;
mod speed;
mod tls;
mod upstream;

use super::{Bench, Error};

/// The tool of these comparisons.
pub(super) const TOOL: &str = "pm-relay";

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    bench.title("pm-relay, beside the same server without it")?;
    speed::latency(bench)?;
    speed::throughput(bench)?;
    speed::memory(bench)?;
    counting::compare(bench)?;
    tls::compare(bench)
}
