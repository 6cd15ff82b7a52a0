//! The same question to `pm-aggregate` and to programs that answer any question, about a long and a short log.

use super::super::answer::{Answer, Grouping};
use super::super::figures::{median, range, ratios};
use super::super::goal::Goal;
use super::super::log::Log;
use super::super::measure::{CommandLine, Measured, in_turn};
use super::super::peer::Peer;
use super::super::table::{Baseline, command_lines, table};
use super::{Bench, Error, OURS, ours};
use crate::Layout;

/// Of `DuckDB`'s wall time.
const MOST_BY_COMMAND: f64 = 0.25;
const MOST_BY_HOUR: f64 = 0.27;
const MOST_SMALL: f64 = 0.10;
const MOST_MIB: f64 = 10.0;

/// The length of the short log.
const SMALL: u32 = 100_000;

pub(super) const DUCKDB: &str = "bench/peers/aggregate_duckdb.py";

pub(super) fn by_command(bench: &mut Bench<'_>) -> Result<(), Error> {
    let log = Log::of(bench, bench.args.records.get(), Layout::Regular)?;
    let (ours, work) = (ours(bench, &log.path), format!("{} records by command", log.count()));
    bench.title(&format!("Aggregating {work}, {:.0} MB", log.megabytes()))?;
    let answer = Answer::of(&ours, Grouping::Command)?;
    let pairs = bench.args.pairs.get();

    let duckdb = Peer::duckdb(bench);
    let theirs = duckdb.as_ref().map(|peer| peer.asked(&[DUCKDB], &log.path, &[]));
    let measured = if let Some((peer, theirs)) = duckdb.as_ref().zip(theirs) {
        against(bench, &ours, &answer, (peer, &theirs), pairs)?
    } else {
        bench.left_out("DuckDB")?;
        in_turn(&[&ours], pairs)?
    };
    bench.judge(
        Goal::at_most(MOST_BY_COMMAND, "", format!("{work}, wall over DuckDB's")).is(ratio(&measured)),
    )?;

    let mut peaks: Vec<String> = measured[1..].iter().map(peak).collect();
    let rounds = bench.args.long_rounds();
    for (name, peer, script) in [
        ("ClickHouse", Peer::clickhouse(bench), "bench/peers/aggregate_clickhouse.py"),
        ("polars", Peer::polars(bench), "bench/peers/aggregate_polars.py"),
    ] {
        let Some(peer) = peer else {
            bench.left_out(name)?;
            continue;
        };
        let theirs = peer.asked(&[script], &log.path, &[]);
        peaks.extend(against(bench, &ours, &answer, (&peer, &theirs), rounds)?[1..].iter().map(peak));
    }
    let beside = if peaks.is_empty() { String::new() } else { format!(" ({})", peaks.join(", ")) };
    let goal = Goal::at_most(MOST_MIB, " MiB", format!("{work}, most memory{beside}"));
    bench.judge(goal.is(measured[0].peak_mib))
}

/// What a peer needs, beside what ours does.
fn peak(peer: &Measured) -> String {
    format!("{} {:.0}", peer.name, peer.peak_mib)
}

pub(super) fn by_hour(bench: &mut Bench<'_>) -> Result<(), Error> {
    let log = Log::of(bench, bench.args.records.get(), Layout::Regular)?;
    let ours = ours(bench, &log.path).with(["--window", "1h"]);
    let work = format!("{} records by command and hour", log.count());
    let pairs = bench.args.pairs.get();
    let goal = Goal::at_most(MOST_BY_HOUR, "", format!("{work}, wall over DuckDB's"));
    bench.title(&format!("Aggregating {work}, {:.0} MB", log.megabytes()))?;
    against_duckdb(bench, &ours, Grouping::CommandAndHour, &log, goal, pairs)
}

/// A short log, where start-up counts; jq is asked about this one only.
pub(super) fn small(bench: &mut Bench<'_>) -> Result<(), Error> {
    let log = Log::of(bench, bench.args.records.get().min(SMALL), Layout::Regular)?;
    let (ours, work) = (ours(bench, &log.path), format!("{} records by command", log.count()));
    let (rounds, few) = (bench.args.middling_rounds(), bench.args.long_rounds());
    let goal = Goal::at_most(MOST_SMALL, "", format!("{work}, wall over DuckDB's with its start-up"));
    bench.title(&format!("Aggregating {work}, {:.0} MB", log.megabytes()))?;
    against_duckdb(bench, &ours, Grouping::Command, &log, goal, rounds)?;

    let Some(peer) = Peer::jq(bench) else { return bench.left_out("jq") };
    let theirs = peer.asked(&["-nc", "-f", "bench/peers/aggregate.jq"], &log.path, &[]);
    let answer = Answer::of(&ours, Grouping::Command)?;
    against(bench, &ours, &answer, (&peer, &theirs), few).map(drop)
}

/// Puts the same question to `DuckDB` and holds the ratio of the wall times against `goal`.
pub(super) fn against_duckdb(
    bench: &mut Bench<'_>,
    ours: &CommandLine,
    grouping: Grouping,
    log: &Log,
    goal: Goal,
    rounds: u32,
) -> Result<(), Error> {
    let Some(peer) = Peer::duckdb(bench) else {
        bench.left_out("DuckDB")?;
        return bench.judge(goal);
    };
    let hour: &[&str] = if grouping == Grouping::CommandAndHour { &["hour"] } else { &[] };
    let theirs = peer.asked(&[DUCKDB], &log.path, hour);
    let answer = Answer::of(ours, grouping)?;
    let measured = against(bench, ours, &answer, (&peer, &theirs), rounds)?;
    bench.judge(goal.is(ratio(&measured)))
}

/// Checks the peer's answer against ours, and only then takes the time of both.
fn against(
    bench: &mut Bench<'_>,
    ours: &CommandLine,
    answer: &Answer,
    (peer, theirs): (&Peer, &CommandLine),
    rounds: u32,
) -> Result<Vec<Measured>, Error> {
    answer.confirm(theirs)?;
    let (name, version) = (peer.name, &peer.version);
    bench.progress(&format!("{name} agrees; {rounds} pairs"));
    let measured = in_turn(&[ours, theirs], rounds)?;
    let (least, most) = range(&ratios(&measured[0].wall_ms, &measured[1].wall_ms)).unwrap_or_default();
    bench.say(&format!(
        "\n  against {version}, {rounds} pairs; the answers agree\n{}  ratio {OURS} / {name}: {:.3} ({least:.3} to {most:.3})\n{}",
        table(&measured, Baseline::None),
        ratio(&measured).unwrap_or_default(),
        command_lines(&[ours, theirs])
    ))?;
    Ok(measured)
}

/// The median ratio of the first of two to the second.
pub(super) fn ratio(measured: &[Measured]) -> Option<f64> {
    let [ours, theirs] = measured else { return None };
    median(ratios(&ours.wall_ms, &theirs.wall_ms))
}
