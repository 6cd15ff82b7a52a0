//! Records a second, in text for Prometheus and delivered to a receiver of OpenTelemetry.

use std::collections::BTreeMap;

use pm_cli::human;

use super::sink::Sink;
use super::{Bench, Error, TOOL, goals};
use crate::compare::figures::{median, ratios};
use crate::compare::log::Log;
use crate::compare::measure::{CommandLine, Measured, in_turn};
use crate::compare::peer::Peer;
use crate::compare::table::{Baseline, command_lines, table};

const PROMETHEUS: &str = "bench/peers/export_prometheus.py";
const OTLP: &str = "bench/peers/export_otlp.py";

pub(super) fn prometheus(bench: &mut Bench<'_>, log: &Log, short: &Log) -> Result<(), Error> {
    bench.title(&format!("{} records to Prometheus' text, {:.0} MB", log.count(), log.megabytes()))?;
    let ours = |log: &Log| vec![log.path.clone().into_os_string()];
    let whole = on_one_core(bench, bench.tool(TOOL, ours(log)));
    let counts = counts(&whole.answer()?);
    if counts.values().sum::<u64>() != u64::from(log.records) {
        return Err(whole.wrong(format!("it has not counted {} runs", log.records)));
    }
    report(bench, "Prometheus text", &whole, log)?;

    let Some(peer) = Peer::prometheus_client(bench) else { return bench.left_out("prometheus_client") };
    let ours = on_one_core(bench, bench.tool(TOOL, ours(short)));
    let theirs = on_one_core(bench, peer.asked(&[PROMETHEUS], &short.path, &[]));
    if self::counts(&ours.answer()?) != self::counts(&theirs.answer()?) {
        return Err(theirs.wrong(format!("it counts other runs than '{ours}'")));
    }
    against(bench, &peer, &ours, &theirs, short)
}

pub(super) fn otlp(bench: &mut Bench<'_>, log: &Log, short: &Log) -> Result<(), Error> {
    let sink = Sink::start().map_err(Error::Talk)?;
    let url = format!("http://{}", sink.address);
    let to = |log: &Log, signals: &str| {
        let words = ["--to", "otlp", "--signals", signals, "--url", &url].map(Into::into);
        words.into_iter().chain([log.path.clone().into_os_string()]).collect::<Vec<_>>()
    };
    for (signals, name) in
        [("metrics", "OTLP metrics"), ("traces", "OTLP traces"), ("metrics,traces", "OTLP, both")]
    {
        bench.title(&format!("{} records to {name}, protobuf, to a receiver on loopback", log.count()))?;
        let command = on_one_core(bench, bench.tool(TOOL, to(log, signals)));
        let before = sink.bytes();
        report(bench, name, &command, log)?;
        if sink.bytes() == before {
            return Err(command.wrong("nothing has arrived"));
        }
    }

    let Some(peer) = Peer::opentelemetry_proto(bench) else {
        return bench.left_out("opentelemetry-proto");
    };
    let ours = on_one_core(bench, bench.tool(TOOL, to(short, "traces")));
    let mut spans = 0;
    bench.tool(TOOL, to(short, "traces")).with(["--dry-run"]).each_line(|line| {
        spans += line.windows(9).filter(|piece| *piece == b"\"spanId\":").count();
        Ok(())
    })?;
    let theirs = on_one_core(bench, peer.asked(&[OTLP], &short.path, &[&url]));
    let counted = String::from_utf8_lossy(&theirs.answer()?).trim().to_owned();
    if counted != spans.to_string() {
        return Err(theirs.wrong(format!("it has {counted} spans, and '{ours}' has {spans}")));
    }
    against(bench, &peer, &ours, &theirs, short)
}

/// The command on one core, where that can be had.
fn on_one_core(bench: &Bench<'_>, command: CommandLine) -> CommandLine {
    match Peer::taskset(bench) {
        Some(taskset) => CommandLine::new(command.name.clone(), taskset.program, ["-c", "0"])
            .around([] as [&str; 0], &command),
        None => command,
    }
}

/// Takes the time of a command alone, and holds its rate and its memory against the goals.
fn report(bench: &mut Bench<'_>, form: &str, command: &CommandLine, log: &Log) -> Result<(), Error> {
    let rounds = bench.args.long_rounds();
    bench.progress(&format!("{form}, {rounds} rounds"));
    let measured = in_turn(&[command], rounds)?;
    bench.say(&format!("\n{}{}", table(&measured, Baseline::None), command_lines(&[command])))?;
    let (rate_goal, memory_goal) = goals(form);
    bench.judge(rate_goal.is(rate(&measured[0], log)))?;
    bench.judge(memory_goal.is(measured[0].peak_mib))
}

/// Records a second of processor time.
fn rate(measured: &Measured, log: &Log) -> Option<f64> {
    median(measured.cpu_ms.iter().map(|millis| f64::from(log.records) / millis * 1000.0))
}

/// Takes the time of both in turn, and says how much faster ours is; there is no goal.
fn against(
    bench: &mut Bench<'_>,
    peer: &Peer,
    ours: &CommandLine,
    theirs: &CommandLine,
    log: &Log,
) -> Result<(), Error> {
    let rounds = bench.args.long_rounds();
    bench.progress(&format!("{} agrees; {rounds} pairs", peer.name));
    let measured = in_turn(&[ours, theirs], rounds)?;
    let ratio = median(ratios(&measured[0].cpu_ms, &measured[1].cpu_ms)).unwrap_or_default();
    bench.say(&format!(
        "\n  against {}, {rounds} pairs of {} records; the answers agree\n{}  processor time, {TOOL} / {}: {ratio:.4}\n{}",
        peer.version,
        human::count(log.records.into()),
        table(&measured, Baseline::None),
        peer.name,
        command_lines(&[ours, theirs])
    ))
}

/// The runs of each command, as an exposition has them.
fn counts(exposition: &[u8]) -> BTreeMap<String, u64> {
    const NAME: &str = "github_pm_command_duration_seconds_count{command=\"";
    let text = String::from_utf8_lossy(exposition);
    let count = |line: &str| {
        let (command, value) = line.strip_prefix(NAME)?.split_once("\"} ")?;
        // Python writes 7.0.
        Some((command.to_owned(), value.trim_end_matches(".0").parse().ok()?))
    };
    text.lines().filter_map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_an_exposition_are_the_same_however_numbers_are_written() {
        let ours = "# TYPE x histogram\ngithub_pm_command_duration_seconds_count{command=\"a b\"} 20\n";
        let theirs = ours.replace("20", "20.0");
        assert_eq!(counts(ours.as_bytes()), BTreeMap::from([("a b".to_owned(), 20)]));
        assert_eq!(counts(ours.as_bytes()), counts(theirs.as_bytes()));
    }
}
