//! How many records a core judges in a second, where no rule is broken.
//!
//! It is the time of the processor that counts, start-up included: on a busy machine too it says what the work is.

use std::path::Path;

use super::super::figures::{median, range, ratios};
use super::super::goal::Goal;
use super::super::log::Log;
use super::super::measure::CommandLine;
use super::super::peer::Peer;
use super::super::table::command_lines;
use super::{Bench, Error, OURS, rules};
use crate::Layout;

/// So many records are judged, unless fewer are asked for, and so many of them by a peer.
const RECORDS: u32 = 1_000_000;
const FEW: u32 = 50_000;

/// Records a second.
const LEAST: f64 = 1e6;

const ROUNDS: u32 = 5;

/// Rules that are about none of these runs.
const OTHERS: &str = "alerts:
  performance_degradation: { threshold_percentage: 50, consecutive_violations: 3 }
  memory_usage_high: { threshold_mb: 100, commands: [nightly-*] }
  api_rate_limit_warning: { threshold_percentage: 80 }
  slow_nightly: { metric: duration.total_ms, above: 600000, commands: [nightly-*] }
  failing_releases: { metric: failure_rate, above: 20, window: 1h, where: { context.stage: release } }
";

/// The rules of the specification, with a limit of memory that every run keeps.
const KEPT: &str = "alerts:
  performance_degradation: { threshold_percentage: 50, consecutive_violations: 3 }
  memory_usage_high: { threshold_mb: 100000 }
  api_rate_limit_warning: { threshold_percentage: 80 }
";

/// The same limit for a peer.
const FILTER: &str = ".performance_metrics | select(.resource_usage.peak_memory_mb > 100000)";

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let log = Log::of(bench, bench.args.records.get().min(RECORDS), Layout::Regular)?;
    bench.title(&format!("Judging {} records that break no rule, one core", log.count()))?;
    let cases = [
        ("no rules but the ones that nobody wrote", ""),
        ("rules about others", OTHERS),
        ("a limit that every run keeps", KEPT),
    ];
    for (number, (what, text)) in cases.into_iter().enumerate() {
        let ours = judging(bench, &rules(bench, &format!("alerts-{number}.yml"), text)?, &log.path)?;
        bench.progress(&format!("{what}, {ROUNDS} times"));
        let rates: Vec<f64> = (0..ROUNDS)
            .map(|_| Ok(f64::from(log.records) * 1000.0 / ours.cpu_ms()?))
            .collect::<Result<_, Error>>()?;
        let (least, most) = range(&rates).unwrap_or_default();
        bench.say(&format!(
            "\n  {what}: {least:.0} to {most:.0} records a second of processor time\n{}",
            command_lines(&[&ours])
        ))?;
        bench.judge(
            Goal::at_least(LEAST, " a second", format!("judged on one core, {what}")).is(median(rates)),
        )?;
    }
    beside_jq(bench)
}

/// One process on one core. Replayed, so that nothing is remembered from one round to the next.
fn judging(bench: &Bench<'_>, rules: &Path, log: &Path) -> Result<CommandLine, Error> {
    let args = ["--replay".as_ref(), "--config".as_ref(), rules.as_os_str(), log.as_os_str()];
    let ours = bench.tool(OURS, args);
    let ours = match Peer::taskset(bench) {
        Some(taskset) => CommandLine::new(OURS, &taskset.program, ["-c", "0"]).around([] as [&str; 0], &ours),
        None => ours,
    };
    let answer = ours.answer()?;
    if answer.is_empty() { Ok(ours) } else { Err(ours.wrong("it has alerted")) }
}

/// A filter of jq with the same limit, on fewer records.
fn beside_jq(bench: &mut Bench<'_>) -> Result<(), Error> {
    let Some(jq) = Peer::jq(bench) else { return bench.left_out("jq") };
    let log = Log::of(bench, FEW, Layout::Regular)?;
    let ours = judging(bench, &rules(bench, "alerts-jq.yml", KEPT)?, &log.path)?;
    let theirs = jq.asked(&["-c", FILTER], &log.path, &[]);
    if !theirs.answer()?.is_empty() {
        return Err(theirs.wrong("it has found runs over the limit"));
    }
    bench.progress(&format!("beside jq, {ROUNDS} pairs"));
    let (mut our_ms, mut their_ms) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_ms.push(ours.cpu_ms()?);
        their_ms.push(theirs.cpu_ms()?);
    }
    let times = ratios(&their_ms, &our_ms);
    let (least, most) = range(&times).unwrap_or_default();
    bench.say(&format!(
        "\n  {} records with the same limit, against {}: {:.1} times as many a second ({least:.1} to {most:.1})\n{}",
        log.count(),
        jq.version,
        median(times).unwrap_or_default(),
        command_lines(&[&ours, &theirs])
    ))
}
