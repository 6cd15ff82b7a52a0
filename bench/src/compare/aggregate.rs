//! Aggregating a log: `pm-aggregate` against `DuckDB` and against jq, with the same question.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use pm_record::Record;

use super::answer::{self, Answer};
use super::figures::{median, range, ratios};
use super::measure::{CommandLine, in_turn};
use super::peer::Peer;
use super::table::{Baseline, command_lines, table};
use super::{Bench, Error};
use crate::Generator;

/// The tool that is measured here.
pub(super) const OURS: &str = "pm-aggregate";

/// A month, so that a host's quota is neither untouched nor always used up.
const DAYS: u32 = 30;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let log = bench.in_work(&format!("records-{}.ndjson", bench.args.records));
    bench.progress(&format!("generating {} records", bench.args.records));
    let bytes =
        generate(&log, bench.args.records.get().into()).map_err(|source| Error::file(&log, source))?;
    let ours = bench.tool(OURS, [&log]);
    let answer = answer::ours(&ours.answer()?).map_err(|line| ours.wrong(line))?;
    bench.say(&format!(
        "\nAggregating {} records, {:.0} MB, by command\n",
        bench.args.records,
        bytes as f64 / 1e6
    ))?;

    let pairs = bench.args.pairs.get();
    let duckdb = Peer::duckdb(bench)
        .map(|peer| (command("DuckDB", &peer, &["bench/peers/aggregate.py"], &log), peer.version));
    against(bench, "DuckDB", &ours, &answer, duckdb, pairs)?;
    let rounds = bench.args.long_rounds();
    let jq = Peer::jq(bench)
        .map(|peer| (command("jq", &peer, &["-nc", "-f", "bench/peers/aggregate.jq"], &log), peer.version));
    against(bench, "jq", &ours, &answer, jq, rounds)
}

fn command(name: &str, peer: &Peer, args: &[&str], log: &Path) -> CommandLine {
    let args = args.iter().map(PathBuf::from).chain([log.to_owned()]);
    CommandLine::new(name, &peer.program, args)
}

/// Checks the peer's answer against ours, and only then takes the time of both.
fn against(
    bench: &mut Bench<'_>,
    name: &str,
    ours: &CommandLine,
    answer: &Answer,
    peer: Option<(CommandLine, String)>,
    pairs: u32,
) -> Result<(), Error> {
    let Some((theirs, version)) = peer else {
        return bench.say(&format!("\n  {name}: not installed, left out\n"));
    };
    let checked = answer::theirs(&theirs.answer()?).map_err(|line| theirs.wrong(line))?;
    if let Some(reason) = answer::disagreement(answer, &checked) {
        return Err(theirs.wrong(reason));
    }
    bench.progress(&format!("{name} agrees; {pairs} pairs"));
    let measured = in_turn(&[ours, &theirs], pairs)?;
    let ratios = ratios(&measured[0].wall_ms, &measured[1].wall_ms);
    let (least, most) = range(&ratios).unwrap_or_default();
    let middle = median(ratios).unwrap_or_default();
    bench.say(&format!(
        "\n  against {version}, {pairs} pairs; the answers agree\n{}  ratio {OURS} / {name}: {middle:.3} ({least:.3} to {most:.3})\n{}",
        table(&measured, Baseline::None),
        command_lines(&[ours, &theirs])
    ))
}

/// Writes the log and waits for the disk, which must not be busy with it later. Returns its length.
fn generate(path: &Path, records: u64) -> std::io::Result<u64> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for run in Generator::new(1).records(records).days(DAYS) {
        file.write_all(&Record::Performance(Box::new(run)).to_line())?;
    }
    let file = file.into_inner()?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}
