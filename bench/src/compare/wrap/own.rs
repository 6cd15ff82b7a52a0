//! What `pm-wrap` uses itself while a command runs: memory and CPU time.

use super::super::goal::Goal;
use super::super::machine;
use super::super::measure::CommandLine;
use super::super::table::command_lines;
use super::{Bench, Error, newest, wrapped};

const MOST_MIB: f64 = 3.0;
/// Of one core.
const MOST_PERCENT: f64 = 0.2;

/// One process that does nothing for ten seconds, and eight.
const IDLE: [(&str, &str); 2] = [
    ("CPU time of pm-wrap over 10 s, 1 process", "exec sleep 10"),
    (
        "CPU time of pm-wrap over 10 s, 8 processes",
        "for i in 1 2 3 4 5 6; do sleep 10 & done; sleep 10; wait",
    ),
];

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    bench.progress("measuring pm-wrap itself, 21 s");
    // Whoever is wrapped can read how much its wrapper holds, at the end of a second of being watched.
    let size = wrapped(bench, "pm-wrap", &[], &shell("sleep 1; cat /proc/$PM_WRAP_PID/status"));
    let status = size.answer()?;
    let value = machine::peak_mib(&String::from_utf8_lossy(&status))
        .ok_or_else(|| size.wrong("it does not say how much memory pm-wrap has held"))?;
    let size_goal = Goal::at_most(MOST_MIB, " MiB", "resident size of pm-wrap").is(value);
    bench.say(&format!("\npm-wrap itself\n{size_goal}{}", command_lines(&[&size])))?;

    for (what, script) in IDLE {
        let ours = wrapped(bench, "pm-wrap", &[], &shell(script));
        let value = own_cpu_percent(bench, &ours)?;
        let goal = Goal::at_most(MOST_PERCENT, " %", what).is(value);
        bench.say(&format!("{goal}{}", command_lines(&[&ours])))?;
    }
    Ok(())
}

fn shell(script: &str) -> CommandLine {
    CommandLine::new("sh", "/bin/sh", ["-c", script])
}

/// The kernel's account of `pm-wrap` and all that it waited for, less what the record says of the latter: both
/// come from the same account, so that the rest is exact.
fn own_cpu_percent(bench: &Bench<'_>, ours: &CommandLine) -> Result<f64, Error> {
    let all_ms = ours.cpu_ms()?;
    let (run, _) = newest(bench, ours)?;
    let command = run.resource_usage.cpu_time_ms.ok_or_else(|| ours.wrong("the record has no CPU time"))?;
    Ok((all_ms - command.to_f64()) / run.duration.total_ms.to_f64() * 100.0)
}
