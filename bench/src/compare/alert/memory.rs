//! The memory that it takes to judge very many commands: it is bounded by what is remembered, not by how many there are.

use std::fs::File;
use std::io::{BufWriter, Write};

use pm_cli::human;
use pm_record::Timestamp;

use super::super::goal::Goal;
use super::super::measure::in_turn;
use super::super::table::command_lines;
use super::{Bench, Error, OURS, fresh_state, rules, run};

/// So many commands are each seen twice.
const COMMANDS: u32 = 100_000;

const MOST_MIB: f64 = 16.0;

const RULES: &str = "alerts:
  slow: { metric: duration.total_ms, above: 1000 }
  failing: { metric: failure_rate, above: 50, window: 1h }
";

const FIRST: i64 = 1_795_392_000_000;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    bench.title(&format!("{} commands, each seen twice by two rules", human::count(COMMANDS.into())))?;
    let path = bench.in_work("commands.ndjson");
    let at = |number: u32| Timestamp::from_millis(FIRST + i64::from(number) * 10);
    // What this program holds, whatever it starts seems to hold too.
    let mut lines =
        (0..2 * COMMANDS).map(|number| run(&format!("command-{}", number % COMMANDS), at(number), 5));
    let written = File::create(&path).map(BufWriter::new).and_then(|mut file| {
        lines.try_for_each(|line| file.write_all(line.as_bytes())).and_then(|()| file.flush())
    });
    written.map_err(|source| Error::file(&path, source))?;
    let (rules, state) = (rules(bench, "alerts-memory.yml", RULES)?, fresh_state(bench)?);
    let ours = bench.tool(
        OURS,
        ["--config".as_ref(), rules.as_os_str(), "--state".as_ref(), state.as_os_str(), path.as_os_str()],
    );
    bench.progress("once");
    let peak = in_turn(&[&ours], 0)?.first().map(|measured| measured.peak_mib);
    let size = state.metadata().map_err(|source| Error::file(&state, source))?.len();
    bench.say(&format!(
        "\n  bounded by the 1,250 pairs of a rule and a subject, the 2,000 execution ids and the 4,096 names that are kept\n  at most, and by the 1 MiB of lines that are judged at once; the state has {:.0} KB\n{}",
        size as f64 / 1e3,
        command_lines(&[&ours])
    ))?;
    let what = format!("memory of {} commands", human::count(COMMANDS.into()));
    bench.judge(Goal::at_most(MOST_MIB, " MiB", what).is(peak))
}
