//! Whether ticks stay where they are due while every core is busy.

use pm_record::{Record, SystemMetrics};

use super::super::goal::Goal;
use super::super::measure::CommandLine;
use super::super::table::command_lines;
use super::{Bench, Error, OURS, shell};

const TICKS: u64 = 600;
const INTERVAL_MS: f64 = 100.0;
/// Timestamps are whole milliseconds, and a tick that is less than one late does not say so.
const RESOLUTION_MS: f64 = 1.0;
/// How many ticks at either end are compared: the least late of them.
const END: usize = 50;

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    bench.title(&format!("{TICKS} ticks of 100 ms while {cores} loops keep {cores} cores busy"))?;
    bench.progress("a minute of ticks");
    let spin = shell("while :; do :; done");
    let load: Vec<_> = (0..cores).map(|_| spin.run()).collect::<Result<_, _>>()?;
    let count = TICKS.to_string();
    let ours =
        bench.tool(OURS, ["--interval", "100ms", "--count", &count, "--pid", &load[0].pid().to_string()]);
    let ticks = ticks(&ours, &ours.answer()?)?;
    drop(load);

    let late: Vec<f64> = ticks.iter().filter_map(|tick| Some(tick.late_ms?.to_f64())).collect();
    let most = late.iter().copied().fold(0.0, f64::max);
    let missed: f64 = ticks.iter().map(missed).sum();
    bench.say(&format!(
        "\n  {} ticks: {} late, the latest by {most:.1} ms; {missed} missed\n{}",
        ticks.len(),
        late.len(),
        command_lines(&[&ours])
    ))?;
    let what = format!("drift after {TICKS} ticks, as far as milliseconds tell");
    bench.judge(Goal::at_most(RESOLUTION_MS, " ms", what).is(drift(&ticks)))
}

fn ticks(ours: &CommandLine, lines: &[u8]) -> Result<Vec<SystemMetrics>, Error> {
    let tick = |line: &[u8]| match Record::parse(line) {
        Ok(Record::System(tick)) => Ok(*tick),
        _ => Err(ours.wrong(format!("this is no tick: '{}'", line.escape_ascii()))),
    };
    let ticks: Vec<_> =
        lines.trim_ascii_end().split(|&byte| byte == b'\n').map(tick).collect::<Result<_, _>>()?;
    let enough = ticks.len() as u64 == TICKS;
    if enough { Ok(ticks) } else { Err(ours.wrong(format!("{} ticks, not {TICKS}", ticks.len()))) }
}

fn missed(tick: &SystemMetrics) -> f64 {
    tick.missed.map_or(0.0, pm_record::Thousandths::to_f64)
}

/// How far the due times at the end are from where those at the beginning put them, in milliseconds.
fn drift(ticks: &[SystemMetrics]) -> Option<f64> {
    let mut due = 0.0;
    let first = ticks.first()?.timestamp.as_millis();
    let offsets: Vec<f64> = ticks
        .iter()
        .map(|tick| {
            due += INTERVAL_MS * (1.0 + missed(tick));
            let late = tick.late_ms.map_or(0.0, pm_record::Thousandths::to_f64);
            (tick.timestamp.as_millis() - first) as f64 - late - due
        })
        .collect();
    let least = |offsets: &[f64]| offsets.iter().copied().min_by(f64::total_cmp);
    let (begin, end) = (offsets.get(..END)?, offsets.get(offsets.len() - END..)?);
    Some((least(end)? - least(begin)?).abs())
}

#[cfg(test)]
mod tests {
    use pm_record::{Thousandths, Timestamp};

    use super::*;

    fn tick(millis: i64, late: Option<i64>, missed: Option<u64>) -> SystemMetrics {
        let mut tick = SystemMetrics::new(Timestamp::from_millis(1_795_392_000_000 + millis));
        tick.late_ms = late.map(Thousandths::from_units);
        tick.missed = missed.map(Thousandths::from_count);
        tick
    }

    #[test]
    fn late_and_missed_ticks_are_no_drift_and_a_slow_clock_is() {
        let steady: Vec<_> =
            (0..100).map(|index| tick(index * 100 + index % 7, Some(index % 7), None)).collect();
        assert_eq!(drift(&steady), Some(0.0));
        let mut gap = steady.clone();
        gap.truncate(60);
        gap.extend((80..140).map(|index| tick(index * 100, None, (index == 80).then_some(20))));
        assert_eq!(drift(&gap), Some(0.0));
        let slow: Vec<_> = (0..600).map(|index| tick(index * 101, None, None)).collect();
        assert_eq!(drift(&slow), Some(550.0));
        assert_eq!(drift(&steady[..20]), None);
    }
}
