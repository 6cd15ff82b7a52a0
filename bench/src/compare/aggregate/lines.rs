//! Lines that are not laid out as our tools write them: all of them, or one in a hundred.

use super::super::answer::{Answer, Grouping};
use super::super::figures::{range, ratios};
use super::super::goal::Goal;
use super::super::log::Log;
use super::super::measure::in_turn;
use super::super::table::{Baseline, command_lines, table};
use super::peers::{against_duckdb, ratio};
use super::{Bench, Error, ours};
use crate::Layout;

/// Of `DuckDB`'s wall time.
const MOST_IRREGULAR: f64 = 0.9;
/// Of the wall time over the same runs, all laid out alike.
const MOST_MIXED: f64 = 1.10;

pub(super) fn irregular(bench: &mut Bench<'_>) -> Result<(), Error> {
    let log = Log::of(bench, some(bench), Layout::Irregular)?;
    let ours = ours(bench, &log.path);
    let work = format!("{} irregular lines by command", log.count());
    bench.title(&format!("Aggregating {work}, {:.0} MB", log.megabytes()))?;
    let goal = Goal::at_most(MOST_IRREGULAR, "", format!("{work}, wall over DuckDB's"));
    against_duckdb(bench, &ours, Grouping::Command, &log, goal, bench.args.pairs.get())
}

pub(super) fn mixed(bench: &mut Bench<'_>) -> Result<(), Error> {
    let clean = Log::of(bench, some(bench), Layout::Regular)?;
    let mixed = Log::of(bench, some(bench), Layout::Mixed)?;
    let work = format!("{} records, 1 % of the lines in another key order", mixed.count());
    bench.title(&format!("Aggregating {work}, {:.0} MB", mixed.megabytes()))?;
    let (ours_mixed, ours_clean) =
        (ours(bench, &mixed.path).named("mixed"), ours(bench, &clean.path).named("clean"));
    let answer = Answer::of(&ours_clean, Grouping::Command)?;
    if Answer::of(&ours_mixed, Grouping::Command)? != answer {
        return Err(ours_mixed.wrong(format!("it differs from that of '{ours_clean}'")));
    }

    let rounds = bench.args.middling_rounds();
    bench.progress(&format!("the answers agree; {rounds} pairs"));
    let measured = in_turn(&[&ours_mixed, &ours_clean], rounds)?;
    let (least, most) = range(&ratios(&measured[0].wall_ms, &measured[1].wall_ms)).unwrap_or_default();
    bench.say(&format!(
        "\n  {rounds} pairs; the answers agree\n{}  ratio mixed / clean: {least:.3} to {most:.3}\n{}",
        table(&measured, Baseline::None),
        command_lines(&[&ours_mixed, &ours_clean])
    ))?;
    bench.judge(
        Goal::at_most(MOST_MIXED, "", format!("{work}, wall over the clean file's")).is(ratio(&measured)),
    )
}

/// A fifth of the records: three logs of full length would fill the page cache of a small machine.
fn some(bench: &Bench<'_>) -> u32 {
    bench.args.records.get().div_ceil(5)
}
