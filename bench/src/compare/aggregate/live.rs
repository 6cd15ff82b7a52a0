//! A live stream: how long after the record that closes a window its summaries are out.
//!
//! A window of a second would take a second to measure. So the records are a little ahead of the clock, and
//! each second of theirs takes a few milliseconds of ours: only a record of the next second closes a
//! window then, never the clock. Every process has less than a minute of such time, and then the next
//! one begins.

use std::thread;
use std::time::{Duration, Instant};

use pm_record::{Record, Timestamp};

use super::super::answer::summary;
use super::super::conversation::Conversation;
use super::super::figures::{median, percentile, range};
use super::super::goal::Goal;
use super::super::measure::CommandLine;
use super::super::table::command_lines;
use super::{Bench, Error, OURS};
use crate::Generator;

const MOST_MS: f64 = 5.0;

/// How many processes, each with so many windows, of which the last one closes with the stream.
const STREAMS: u64 = 7;
const WINDOWS: u32 = 51;

/// Runs in a window; those of one command are one summary.
const RUNS: usize = 20;

const SECOND: i64 = 1000;
/// How far ahead of the clock the first record is.
const AHEAD: i64 = 2 * SECOND;
/// How much time lies between two windows, for the tool to go back to sleep.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) fn compare(bench: &mut Bench<'_>) -> Result<(), Error> {
    let tool = bench.tool(OURS, ["--by", "command", "--window", "1s", "--grace", "0s"]);
    bench.title("A live stream: from the record that closes a window to its last summary")?;
    bench.progress(&format!("closing {} windows", STREAMS * u64::from(WINDOWS - 1)));
    let mut delays = Vec::new();
    for seed in 1..=STREAMS {
        let first = (bench.io.clock.now_millis() + AHEAD).div_euclid(SECOND) * SECOND;
        delays.extend(converse(&tool, first, seed)?);
    }
    let (least, most) = range(&delays).unwrap_or_default();
    let middle = median(delays.iter().copied()).unwrap_or_default();
    bench.say(&format!(
        "\n  {} windows of {RUNS} runs in {STREAMS} processes: median {middle:.3} ms, {least:.3} to {most:.3} ms\n{}",
        delays.len(),
        command_lines(&[&tool])
    ))?;
    let what = "live: record in to summary out at the close of a window, p99";
    bench.judge(Goal::at_most(MOST_MS, " ms", what).is(percentile(delays, 0.99)))
}

/// Writes window after window, and returns how many milliseconds each took to come out after the first record of the
/// next one was written.
fn converse(tool: &CommandLine, first: i64, seed: u64) -> Result<Vec<f64>, Error> {
    let mut stream = Conversation::start(tool)?;
    let mut runs = Generator::new(seed).records(u64::from(WINDOWS) * RUNS as u64);
    let mut delays = Vec::new();
    for window in 0..i64::from(WINDOWS) {
        let start = first + window * SECOND;
        let mut chunk = Vec::new();
        for (place, mut run) in (0_i64..).zip(runs.by_ref().take(RUNS)) {
            run.timestamp = Timestamp::from_millis(start + 10 * place);
            chunk.extend(Record::Performance(Box::new(run)).to_line());
        }
        let written = Instant::now();
        stream.write(&chunk)?;
        if window > 0 {
            let out = summaries(&stream, start - SECOND)?;
            delays.push(out.saturating_duration_since(written).as_secs_f64() * 1000.0);
        }
        thread::sleep(PAUSE);
    }
    stream.end()?;
    Ok(delays)
}

/// Waits until every run of the window that starts at `start` is in a summary. Returns when.
fn summaries(stream: &Conversation<'_>, start: i64) -> Result<Instant, Error> {
    let (mut left, window) = (RUNS as u64, Timestamp::from_millis(start));
    loop {
        let (out, line) = stream.line(&format!("the summaries of {window}"))?;
        match summary(&line) {
            Some(summary) if summary.window.start == window && summary.count <= left => {
                left -= summary.count;
            }
            _ => return Err(stream.wrong(&format!("summary of {window}"), &line)),
        }
        if left == 0 {
            return Ok(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Closes the window of a second when a record of another second comes.
    const CLOSES: &str = r#"
        while read -r line; do
            second=${line#*'"timestamp":"'}
            second=${second%%.*}
            if [ "$second" != "${open-$second}" ]; then
                window='"window":{"start":"'$open'Z","end":"'$second'Z"}'
                echo '{"performance_summary":{"by":{},'"$window"',"count":'$count'}}'
                count=0
            fi
            open=$second
            count=$((count + 1))
        done
    "#;

    fn converse(script: &str) -> Result<Vec<f64>, Error> {
        let tool = CommandLine::new("sh", "/bin/sh", ["-c", script]);
        super::converse(&tool, 1_795_392_000_000, 1)
    }

    #[test]
    fn every_window_but_the_last_is_timed() {
        let delays = converse(CLOSES).expect("windows that close");
        assert_eq!(delays.len(), 50);
        assert!(delays.iter().all(|&delay| delay > 0.0), "{delays:?}");
    }

    #[test]
    fn a_window_that_closes_late_takes_as_long() {
        let delays = converse(&CLOSES.replace("echo '", "sleep 0.01; echo '")).expect("windows that close");
        assert!(delays.iter().all(|&delay| delay > 10.0), "{delays:?}");
    }

    #[test]
    fn whatever_is_no_summary_of_the_window_is_refused() {
        let refused = converse("echo out of turn; exec cat > /dev/null").expect_err("no summary").to_string();
        let expected = "this is no summary of 2026-11-23T00:00:00.000Z: 'out of turn'";
        assert!(refused.ends_with(expected), "{refused}");
        let too_many = CLOSES.replace("'$count'", "'$((count + 1))'");
        let refused = converse(&too_many).expect_err("a run too many").to_string();
        assert!(refused.contains("this is no summary of 2026-11-23T00:00:00.000Z: "), "{refused}");
    }
}
