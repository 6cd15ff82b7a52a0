//! How long it takes from a line in the pipe of a `pm-alert` that runs until its alert is handed over.
//!
//! The console's text is written before the record on standard output is flushed, so whoever has the record knows
//! that people were told. Lines come one by one, each after the tool has gone back to sleep.

use std::thread;
use std::time::{Duration, Instant};

use pm_record::{Record, Timestamp};

use super::super::conversation::Conversation;
use super::super::figures::{median, percentile, range};
use super::super::goal::Goal;
use super::super::measure::CommandLine;
use super::super::table::command_lines;
use super::{Bench, Error, OURS, fresh_state, rules, run};

const MOST_MS: f64 = 5.0;

/// So many lines are told of.
const LINES: u32 = 1200;

/// So many commands take turns, as the scripts of one team might, and so many in the worst case: as many as are told
/// apart.
const FEW: u32 = 20;
const MANY: u32 = 1000;

const PAUSE: Duration = Duration::from_millis(2);

const RULES: &str = "alerts: { slow: { metric: duration.total_ms, above: 1000 } }\n";

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    bench.title(&format!("From a line to the notification of it, {LINES} lines"))?;
    let rules = rules(bench, "alerts-latency.yml", RULES)?;
    // Without one of its own it would be the user's.
    let state = fresh_state(bench)?;
    let args = ["--config".as_ref(), rules.as_os_str(), "--state".as_ref(), state.as_os_str()];
    let with_state = bench.tool(OURS, args);
    told(bench, &with_state, FEW, &format!("a state of {FEW} commands"), true)?;
    fresh_state(bench)?;
    told(bench, &with_state, MANY, &format!("a state of {MANY} commands"), false)
}

fn told(
    bench: &mut Bench<'_>,
    tool: &CommandLine,
    commands: u32,
    what: &str,
    is_goal: bool,
) -> Result<(), Error> {
    bench.progress(what);
    let delays = converse(tool, bench.io.clock.now_millis(), commands)?;
    let (least, most) = range(&delays).unwrap_or_default();
    let middle = median(delays.iter().copied()).unwrap_or_default();
    let p99 = percentile(delays, 0.99);
    let text = format!("line in to notification handed over, {what}, p99");
    bench.say(&format!(
        "\n  {what}: median {middle:.3} ms, {least:.3} to {most:.3} ms\n{}",
        command_lines(&[tool])
    ))?;
    if is_goal {
        bench.judge(Goal::at_most(MOST_MS, " ms", text).is(p99))
    } else {
        bench.say(&format!("  {text}: {:.3} ms\n", p99.unwrap_or_default()))
    }
}

/// Writes line after line and returns how many milliseconds each took to be told of.
fn converse(tool: &CommandLine, now: i64, commands: u32) -> Result<Vec<f64>, Error> {
    let mut stream = Conversation::start(tool)?;
    let mut delays = Vec::new();
    for number in 0..LINES {
        let at = Timestamp::from_millis(now + i64::from(number));
        let line = run(&format!("c{}", number % commands), at, 3000);
        let written = Instant::now();
        stream.write(line.as_bytes())?;
        let (out, line) = stream.line("an alert")?;
        match Record::parse(&line) {
            Ok(Record::Alert(alert)) if alert.timestamp == Some(at) => {}
            _ => return Err(stream.wrong(&format!("alert of {at}"), &line)),
        }
        delays.push(out.saturating_duration_since(written).as_secs_f64() * 1000.0);
        thread::sleep(PAUSE);
    }
    stream.end()?;
    Ok(delays)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_392_000_000;

    fn converse(script: &str) -> Result<Vec<f64>, Error> {
        super::converse(&CommandLine::new("sh", "/bin/sh", ["-c", script]), NOW, FEW)
    }

    /// Says of every line that it alerts, after `before` was done.
    fn alerting(before: &str) -> String {
        format!(
            r#"while read -r line; do
                at=${{line#*'"timestamp":"'}}
                {before}
                echo '{{"performance_alert":{{"type":"x","threshold_exceeded":"a","current_value":"b","timestamp":"'"${{at%%Z*}}"'Z"}}}}'
            done"#
        )
    }

    #[test]
    fn every_line_is_timed_until_its_own_alert_is_there() {
        let delays = converse(&alerting("sleep 0.001")).expect("alerts");
        assert_eq!(delays.len(), LINES as usize);
        assert!(delays.iter().all(|&delay| delay >= 1.0), "{delays:?}");
    }

    #[test]
    fn an_alert_about_another_line_is_refused() {
        let refused = converse(&alerting("at=2024-12-06T10:00:00.000Z")).expect_err("another's").to_string();
        assert!(refused.contains("this is no alert of 2026-11-23T00:00:00.000Z: "), "{refused}");
    }
}
