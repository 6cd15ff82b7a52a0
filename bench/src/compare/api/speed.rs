//! What the relay adds to a request, how many it takes in a second, and what it holds after many.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use pm_cli::human;

use super::client::Client;
use super::figures::quantile;
use super::relay::Relay;
use super::upstream::Upstream;
use crate::compare::goal::Goal;
use crate::compare::{Bench, Error};

/// Two hundred requests a second.
const PACE: Duration = Duration::from_millis(5);

/// A second of each way, in turn, so often.
const TURNS: u32 = 10;

/// How many clients ask at once where they ask as fast as they can.
const CLIENTS: u64 = 8;

/// Requests of the long run, and among them those with the longest bodies.
const MANY: u64 = 100_000;
const BIG: u64 = 10;
const BIG_BYTES: u64 = 100 << 20;

fn failed(source: io::Error) -> Error {
    Error::Talk(source)
}

pub(super) fn latency(bench: &mut Bench<'_>) -> Result<(), Error> {
    bench.progress("asking two hundred times a second, with and without the relay");
    let upstream = Upstream::start().map_err(failed)?;
    let relay = Relay::start(bench, &format!("http://{}", upstream.address), &[])?;
    let mut direct = Client::tcp(&upstream.address).map_err(failed)?;
    let mut through = Client::socket(&relay.socket).map_err(failed)?;
    // Whatever is done but once is done before.
    for client in [&mut direct, &mut through] {
        paced(client, 50).map_err(failed)?;
    }
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        without.extend(paced(&mut direct, 200).map_err(failed)?);
        with.extend(paced(&mut through, 200).map_err(failed)?);
    }
    relay.stop()?;
    without.sort_by(f64::total_cmp);
    with.sort_by(f64::total_cmp);
    bench.say(&format!(
        "\n  200 requests a second   p50       p99\n  without           {:>9.3} {:>9.3} ms\n  through pm-relay  {:>9.3} {:>9.3} ms\n",
        quantile(&without, 0.5), quantile(&without, 0.99), quantile(&with, 0.5), quantile(&with, 0.99),
    ))?;
    let added = |q| quantile(&with, q) - quantile(&without, q);
    bench.judge(Goal::at_most(0.3, " ms", "added by the relay, p50").is(added(0.5)))?;
    bench.judge(Goal::at_most(2.0, " ms", "added by the relay, p99").is(added(0.99)))
}

/// The times of requests that begin at fixed instants, in milliseconds.
fn paced(client: &mut Client, count: u32) -> io::Result<Vec<f64>> {
    let start = Instant::now();
    let mut times = Vec::new();
    for number in 0..count {
        let due = start + PACE * number;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let begun = Instant::now();
        client.get("/user")?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

pub(super) fn throughput(bench: &mut Bench<'_>) -> Result<(), Error> {
    bench.progress("asking as fast as the relay takes it");
    let upstream = Upstream::start().map_err(failed)?;
    let relay = Relay::start(bench, &format!("http://{}", upstream.address), &[])?;
    let start = Instant::now();
    crowd(&relay.socket, 20_000, false).map_err(failed)?;
    let rate = upstream.served() as f64 / start.elapsed().as_secs_f64();
    relay.stop()?;
    bench.judge(
        Goal::at_least(3000.0, " a second", format!("requests through the relay, {CLIENTS} clients"))
            .is(rate),
    )
}

pub(super) fn memory(bench: &mut Bench<'_>) -> Result<(), Error> {
    bench.progress("a hundred thousand requests, some of them with bodies of 100 MB");
    let upstream = Upstream::start().map_err(failed)?;
    let relay = Relay::start(bench, &format!("http://{}", upstream.address), &[])?;
    crowd(&relay.socket, MANY, true).map_err(failed)?;
    let (now, peak) = (relay.memory_mib("VmRSS"), relay.memory_mib("VmHWM"));
    let records = relay.stop()?;
    bench.say(&format!(
        "\n  {} requests, {} of them with a body of {} MiB each way; the most it ever held: {:.1} MiB\n",
        human::count(upstream.served()),
        2 * BIG,
        BIG_BYTES >> 20,
        peak.unwrap_or_default(),
    ))?;
    bench.judge(Goal::at_most(12.0, " MiB", "resident after them").is(now))?;
    let missing = upstream.served().abs_diff(records) as f64;
    bench.judge(Goal::at_most(0.0, "", "requests without a record, or records without a request").is(missing))
}

/// So many requests by several clients at once.
fn crowd(socket: &Path, count: u64, with_big: bool) -> io::Result<()> {
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| scope.spawn(move || one_of_many(socket, number, count / CLIENTS, with_big)))
            .collect();
        for client in clients {
            client.join().unwrap_or_else(|_| Err(io::Error::other("a client panicked")))?;
        }
        Ok(())
    })
}

fn one_of_many(socket: &Path, number: u64, count: u64, with_big: bool) -> io::Result<()> {
    let mut client = Client::socket(socket)?;
    for _ in 0..count {
        client.get("/repos/octo/tools/issues/42")?;
    }
    let shares = (0..BIG).filter(|big| with_big && big % CLIENTS == number).count();
    for _ in 0..shares {
        client.get(&format!("/big/{BIG_BYTES}"))?;
        client.post("/repos/octo/tools/releases/1/assets", BIG_BYTES)?;
    }
    Ok(())
}
