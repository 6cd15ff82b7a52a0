//! One core: how fast a log is read, beside the program that only looks for newlines.

use super::super::answer::{Answer, Grouping};
use super::super::figures::{median, range, ratios};
use super::super::goal::Goal;
use super::super::log::Log;
use super::super::measure::{CommandLine, in_turn};
use super::super::peer::Peer;
use super::super::table::{Baseline, command_lines, table};
use super::{Bench, Error, ours};
use crate::Layout;

/// Of the speed of `wc -l`.
const LEAST: f64 = 0.3;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let log = Log::of(bench, bench.args.records.get(), Layout::Regular)?;
    let work = format!("{} records by command, one core", log.count());
    bench.title(&format!("Aggregating {work}, {:.0} MB", log.megabytes()))?;
    let goal = Goal::at_least(LEAST, "", format!("{work}, speed over that of wc -l"));
    let (Some(wc), Some(taskset)) = (Peer::wc(bench), Peer::taskset(bench)) else {
        bench.left_out("wc or taskset")?;
        return bench.judge(goal);
    };
    let on_one = |name: &str, command: &CommandLine| {
        CommandLine::new(name, &taskset.program, ["-c", "0"]).around([] as [&str; 0], command)
    };
    let ours = on_one("pm-aggregate", &ours(bench, &log.path));
    let theirs = on_one("wc -l", &wc.asked(&["-l"], &log.path, &[]));
    let all = u64::from(log.records);
    if Answer::of(&ours, Grouping::Command)?.runs() != all {
        return Err(ours.wrong(format!("it has not counted {all} runs")));
    }
    if !theirs.answer()?.starts_with(format!("{all} ").as_bytes()) {
        return Err(theirs.wrong(format!("it has not counted {all} lines")));
    }

    let pairs = bench.args.pairs.get();
    bench.progress(&format!("wc -l agrees; {pairs} pairs"));
    let measured = in_turn(&[&ours, &theirs], pairs)?;
    let speeds = ratios(&measured[1].wall_ms, &measured[0].wall_ms);
    let (least, most) = range(&speeds).unwrap_or_default();
    let rate = median(measured[0].wall_ms.iter().map(|wall| log.bytes as f64 / wall / 1e6));
    bench.say(&format!(
        "\n  against {}, {pairs} pairs\n{}  pm-aggregate reads {:.2} GB/s; speed over wc -l: {least:.3} to {most:.3}\n{}",
        wc.version,
        table(&measured, Baseline::None),
        rate.unwrap_or_default(),
        command_lines(&[&ours, &theirs])
    ))?;
    bench.judge(goal.is(median(speeds)))
}
