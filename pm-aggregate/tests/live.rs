//! Windows of live streams, on a clock that goes on only while the tool waits.

use pm_cli::{Exit, Outcome, Trial};

/// 10:00 on 6 December 2024.
const TEN: i64 = 1_733_479_200_000;

/// A run that started so many seconds after 10:00, and took one millisecond.
fn at(second: i64) -> Vec<u8> {
    let (hour, minute, second) = (10 + second / 3600, second / 60 % 60, second % 60);
    super::record("a", &format!("{hour:02}:{minute:02}:{second:02}"), "1", "").into_bytes()
}

/// Runs the tool on what comes at so many seconds after 10:00; with the last it ends.
fn live(script: &[(i64, Vec<u8>)], args: &[&str]) -> Outcome {
    let script = script.iter().map(|(second, bytes)| (TEN + second * 1000, bytes.clone())).collect();
    Trial::new().now(TEN).live(script).run(pm_aggregate::TOOL, pm_aggregate::run, args)
}

/// The minute and the count of each summary.
fn windows(outcome: &Outcome) -> Vec<(&str, &str)> {
    outcome
        .stdout
        .lines()
        .filter_map(|line| {
            let start = line.split_once("\"start\":\"")?.1.get(11..16)?;
            Some((start, line.split_once("\"count\":")?.1.split(',').next()?))
        })
        .collect()
}

const LATE: &str = "pm-aggregate: runs that came after their window was closed, in further summaries of it: 1; a longer --grace waits for them\n";

#[test]
fn a_run_beyond_a_window_and_its_grace_closes_it() {
    // The run of 10:00:30 comes late if its window was closed before the end, and in time if it was not.
    let script =
        |closing: i64| vec![(5, at(4)), (60 + closing, at(60 + closing)), (75, at(30)), (76, vec![])];
    let closed = live(&script(10), &["--window", "1m"]);
    assert_eq!(windows(&closed), [("10:00", "1"), ("10:00", "1"), ("10:01", "1")]);
    assert_eq!((closed.stderr.as_str(), closed.exit), (LATE, Exit::Done));
    let longer = live(&script(10), &["--window", "1m", "--grace", "20s"]);
    assert_eq!((windows(&longer), longer.stderr.as_str()), (vec![("10:00", "2"), ("10:01", "1")], ""));
}

#[test]
fn a_window_closes_when_its_time_is_up_while_nothing_comes() {
    let script = [(5, at(4)), (69, at(20)), (71, at(30)), (72, vec![])];
    let outcome = live(&script, &["--window", "1m"]);
    assert_eq!((windows(&outcome), outcome.stderr.as_str()), (vec![("10:00", "2"), ("10:00", "1")], LATE));
}

#[test]
fn what_comes_late_is_written_with_the_next_window_that_closes() {
    let script = [(5, at(4)), (75, at(30)), (76, at(65)), (200, at(190)), (201, vec![])];
    let outcome = live(&script, &["--window", "1m"]);
    assert_eq!(windows(&outcome), [("10:00", "1"), ("10:00", "1"), ("10:01", "1"), ("10:03", "1")]);
    assert_eq!(outcome.stderr, LATE);
}

#[test]
fn yesterday_s_runs_are_answered_all_at_the_end_however_they_come() {
    let script = [(90_000, at(4)), (90_001, at(200)), (90_300, at(30)), (90_301, vec![])];
    let outcome = live(&script, &["--window", "1m"]);
    assert_eq!((windows(&outcome), outcome.stderr.as_str()), (vec![("10:00", "2"), ("10:03", "1")], ""));
}

#[test]
fn a_run_of_the_future_closes_no_window_of_the_present() {
    let script = [(5, at(4)), (6, at(3_000)), (7, at(6)), (8, vec![])];
    let outcome = live(&script, &["--window", "1m"]);
    assert_eq!((windows(&outcome), outcome.stderr.as_str()), (vec![("10:00", "2"), ("10:50", "1")], ""));
}

#[test]
fn all_time_is_no_window_that_closes() {
    let script = [(5, at(4)), (7_000, at(6_999)), (7_100, at(30)), (7_101, vec![])];
    let outcome = live(&script, &[]);
    assert_eq!((windows(&outcome), outcome.stderr.as_str()), (vec![("10:00", "3")], ""));
}

#[test]
fn partial_results_of_a_live_stream_merge_to_what_one_run_says() {
    let script = [(5, at(4)), (75, at(30)), (76, at(65)), (200, at(190)), (201, vec![])];
    let partials = live(&script, &["--window", "1m", "--partial"]).stdout;
    let runs: Vec<u8> = script.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
    let whole = super::run(&String::from_utf8_lossy(&runs), &["--window", "1m"]);
    assert_eq!(super::run(&partials, &["--window", "1m", "--merge"]), whole);
}
