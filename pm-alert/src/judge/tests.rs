//! The engine: records in, alerts out.

use pm_record::{AlertState, RunReader, Timestamp};
use pm_store::Store;

use super::*;
use crate::alert::Alert;
use crate::state::State;

const ALERTS: &str = r#"
alerts:
  performance_degradation: { enabled: true, threshold_percentage: 50, consecutive_violations: 3, notification_channels: ["console", "log"] }
  memory_usage_high:       { enabled: true, threshold_mb: 100, notification_channels: ["console"] }
  api_rate_limit_warning:  { enabled: true, threshold_percentage: 80, notification_channels: ["console", "log"] }
"#;

const BENCHMARKS: &str = r"
benchmarks:
  commands:
    status: { baseline_ms: 250,  target_ms: 200,  max_acceptable_ms: 500 }
    batch:  { baseline_ms: 1800, target_ms: 1500, max_acceptable_ms: 3000 }
    goal:   { target_ms: 100 }
";

/// The rules of the specification's example.
pub(crate) fn judge() -> Judge {
    build(ALERTS, BENCHMARKS).expect("the example")
}

pub(crate) fn build(alerts: &str, benchmarks: &str) -> Result<Judge, Error> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("alerts.yml"), alerts).expect("written");
    std::fs::write(folder.path().join("benchmarks.yml"), benchmarks).expect("written");
    let store = Store::at(folder.path());
    Judge::new(&Alerts::of(&store)?, &Benchmarks::of(&store)?, "store".to_owned(), true)
}

pub(crate) fn parse(line: &str) -> Record {
    Record::parse(line.as_bytes()).expect(line)
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2024-12-06T{text}Z")).expect(text)
}

/// A run of `command` on 6 December 2024 at `at`.
pub(crate) fn run(command: &str, at: &str, millis: u32, more: &str) -> Record {
    parse(&format!(
        r#"{{"performance_metrics":{{"command":"{command}","timestamp":"2024-12-06T{at}Z","duration":{{"total_ms":{millis}}}{more}}}}}"#
    ))
}

/// What the records alert, one string a record: `-`, or state, threshold, value and violations of each alert.
#[track_caller]
fn check(records: &[Record], expected: &[&str]) {
    let (judge, mut state) = (judge(), State::default());
    let said: Vec<_> = records.iter().map(|record| said(&judge, &mut state, record)).collect();
    assert_eq!(said, expected);
    same_at_once(&judge, records);
}

/// What the rules read from a record as it is written.
pub(crate) fn observe(judge: &Judge, record: &Record) -> Option<Observation> {
    let line = record.to_line();
    match RunReader::new(&judge.wanted()).read(line.trim_ascii_end()) {
        Ok(pm_record::Reading::Run(run)) => judge.observe_run(run, &Names::default()),
        _ => judge.observe(record, &line),
    }
}

/// Demands that runs which are judged as they stand in their lines come to the same as in two steps.
#[track_caller]
pub(crate) fn same_at_once(judge: &Judge, records: &[Record]) {
    let (mut stepwise, mut at_once, names) = (State::default(), State::default(), Names::default());
    for record in records {
        let line = record.to_line();
        let mut take = |seen: Option<Observation>| -> Vec<Alert> {
            seen.map(|seen| stepwise.take(seen, time("23:59:59"), "store")).unwrap_or_default()
        };
        if let Ok(pm_record::Reading::Run(run)) = RunReader::new(&judge.wanted()).read(line.trim_ascii_end())
        {
            let (facts, mut told) = (Facts::new(run, &names), Vec::new());
            let is_business = at_once.take_run(&facts, judge, time("23:59:59"), &mut told);
            let seen = observe(judge, record);
            assert_eq!((is_business, told), (seen.is_some(), take(seen)), "{record:?}");
        } else {
            let seen = judge.observe(record, &line);
            seen.clone().map(|seen| at_once.take(seen, time("23:59:59"), "store"));
            take(seen);
        }
        assert_eq!(at_once, stepwise, "{record:?}");
    }
}

pub(crate) fn said(judge: &Judge, state: &mut State, record: &Record) -> String {
    let seen = observe(judge, record);
    let alerts = seen.map(|seen| state.take(seen, time("23:59:59"), "store")).unwrap_or_default();
    let said = alerts.iter().map(|alert| {
        let state = if alert.record.state == AlertState::Firing { "!" } else { "ok" };
        let record = &alert.record;
        format!(
            "{state} {} at {} x{}",
            record.threshold_exceeded, record.current_value, record.evidence["violations"]
        )
    });
    let said = said.collect::<Vec<_>>().join("; ");
    if said.is_empty() { "-".to_owned() } else { said }
}

#[test]
fn more_than_is_acceptable_fires_at_once_and_again() {
    check(
        &[run("batch", "10:00:00", 3001, ""), run("batch", "10:01:00", 3200, "")],
        &["! execution_time > 3s at 3s x1", "! execution_time > 3s at 3.2s x2"],
    );
}

#[test]
fn a_limit_that_is_met_exactly_is_kept() {
    let at_limit = [run("batch", "10:00:00", 3000, ""), run("batch", "10:01:00", 2700, "")];
    check(&at_limit, &["-", "-"]);
}

#[test]
fn over_the_baseline_fires_after_so_many_runs_in_a_row_and_resolves_once() {
    let millis = [2701, 2800, 1800, 2800, 2800, 2800, 2900, 1700, 1700];
    let runs: Vec<_> =
        (0..).zip(millis).map(|(at, ms)| run("batch", &format!("10:00:0{at}"), ms, "")).collect();
    check(
        &runs,
        &[
            "-",
            "-",
            "-",
            "-",
            "-",
            "! execution_time > 2.7s at 2.8s x3",
            "! execution_time > 2.7s at 2.9s x4",
            "ok execution_time > 2.7s at 1.7s x4",
            "-",
        ],
    );
}

#[test]
fn each_command_counts_for_itself() {
    let runs = ["batch", "status", "batch", "status", "batch"]
        .map(|command| run(command, "10:00:00", if command == "batch" { 2800 } else { 380 }, ""));
    check(&runs, &["-", "-", "-", "-", "! execution_time > 2.7s at 2.8s x3"]);
}

#[test]
fn a_command_without_limits_is_no_business_of_ours() {
    check(&[run("other", "10:00:00", 99_999, ""), run("goal", "10:00:00", 99_999, "")], &["-", "-"]);
}

#[test]
fn memory_is_judged_at_a_run_s_peak_and_at_each_tick() {
    let peak = |mb| format!(r#","resource_usage":{{"peak_memory_mb":{mb}}}"#);
    let tick = |at, mb| {
        parse(&format!(
            r#"{{"system_metrics":{{"timestamp":"2024-12-06T{at}Z","memory":{{"process_memory_mb":{mb}}},"host":"h"}}}}"#
        ))
    };
    check(
        &[
            run("other", "10:00:00", 1, &peak("100")),
            run("other", "10:00:01", 1, &peak("100.001")),
            tick("10:00:02", "2048"),
            run("other", "10:00:03", 1, ""),
            run("other", "10:00:04", 1, &peak("12")),
            tick("10:00:05", "99"),
            tick("10:00:06", "95"),
        ],
        &[
            "-",
            "! memory > 100MB at 100MB x1",
            "! memory > 100MB at 2.0GB x1",
            "-",
            "ok memory > 100MB at 12MB x1",
            // Near its limit it goes on.
            "-",
            "ok memory > 100MB at 95MB x1",
        ],
    );
}

#[test]
fn each_rate_limit_of_each_credential_is_judged_and_core_comes_from_tracking_where_it_must() {
    let reading = |body: &str| parse(&format!(r#"{{"api_monitoring":{{{body}}}}}"#));
    check(
        &[
            reading(r#""rate_limit_tracking":{"current_limit":5000,"remaining":1001}"#),
            reading(r#""rate_limit_tracking":{"current_limit":5000,"remaining":1000}"#),
            reading(
                r#""credential":"b","resources":{"core":{"limit":5000,"used":10}},"rate_limit_tracking":{"current_limit":1,"remaining":0}"#,
            ),
            reading(
                r#""credential":"b","resources":{"graphql":{"limit":1000,"remaining":77},"search":{"limit":30,"used":30},"off":{"limit":0,"used":9}}"#,
            ),
            reading(r#""rate_limit_tracking":{"current_limit":5000,"remaining":4999}"#),
        ],
        &[
            "-",
            "! api_usage >= 80% at 80% x1",
            "-",
            "! api_usage >= 80% at 92.3% x1; ! api_usage >= 80% at 100% x1",
            "ok api_usage >= 80% at 0% x1",
        ],
    );
}

#[test]
fn the_same_run_is_judged_once() {
    let once = |id| run("batch", "10:00:00", 2800, &format!(r#","execution_id":"exec_{id}""#));
    check(
        &[once(1), once(1), once(2), once(1), once(3)],
        &["-", "-", "-", "-", "! execution_time > 2.7s at 2.8s x3"],
    );
}

#[test]
fn a_failed_run_proves_nothing_unless_it_was_slow() {
    let failed = r#","exit_code":1"#;
    check(
        &[
            run("batch", "10:00:00", 3100, failed),
            run("batch", "10:00:01", 5, failed),
            run("batch", "10:00:02", 5, r#","exit_code":0"#),
        ],
        &["! execution_time > 3s at 3.1s x1", "-", "ok execution_time > 3s at 5ms x1"],
    );
}

#[test]
fn runs_of_a_benchmark_or_a_profile_alert_nobody() {
    let with = |purpose| run("batch", "10:00:00", 9999, &format!(r#","context":{{"purpose":"{purpose}"}}"#));
    check(
        &[with("benchmark"), with("profile"), with("demo")],
        &["-", "-", "! execution_time > 3s at 10s x1"],
    );
}

#[test]
fn an_older_record_completes_a_row_but_ends_and_repeats_none() {
    check(
        &[
            run("batch", "10:00:30", 2800, ""),
            run("batch", "10:00:20", 1000, ""),
            run("batch", "10:00:10", 2800, ""),
            run("batch", "10:00:05", 2800, ""),
            run("batch", "10:00:01", 9000, ""),
            run("batch", "10:00:40", 1000, ""),
            run("batch", "10:00:35", 9000, ""),
            run("batch", "10:00:29", 9000, ""),
        ],
        &[
            "-",
            "-",
            "-",
            "! execution_time > 2.7s at 2.8s x3",
            "-",
            "ok execution_time > 2.7s at 1s x4",
            // It was still running when the one before it began and ended, so it is no older.
            "! execution_time > 3s at 9s x1",
            "-",
        ],
    );
}

#[test]
fn a_clock_that_is_years_ahead_silences_nobody() {
    let future = r#"{"performance_metrics":{"command":"batch","timestamp":"2031-01-01T00:00:00Z","duration":{"total_ms":10}}}"#;
    check(&[parse(future), run("batch", "10:00:00", 3100, "")], &["-", "! execution_time > 3s at 3.1s x1"]);
}

#[test]
fn an_alert_has_the_figures_for_machines_and_a_sentence_for_people() {
    let (judge, mut state) = (judge(), State::default());
    let slow = run("batch", "10:00:00", 3200, r#","execution_id":"exec_1","host":"h""#);
    let alerts =
        state.take(observe(&judge, &slow).expect("a command with limits"), time("23:59:59"), "store");
    let [alert] = alerts.as_slice() else { panic!("{alerts:?}") };
    assert_eq!(
        String::from_utf8(Record::Alert(Box::new(alert.record.clone())).to_line()).expect("text"),
        concat!(
            r#"{"performance_alert":{"schema":1,"type":"performance_degradation","command":"batch","threshold_exceeded":"execution_time > 3s","#,
            r#""current_value":"3.2s","baseline":"1.8s","severity":"critical","state":"firing","event":"began","timestamp":"2024-12-06T10:00:00.000Z","#,
            r#""since":"2024-12-06T10:00:00.000Z","recommendation":"Run `github-pm performance analyze --command batch` to compare with its other runs","#,
            r#""evidence":{"metric":"duration.total_ms","value":3200,"threshold":3000,"setting":"max_acceptable_ms","baseline":1800,"violations":1,"execution_id":"exec_1","host":"h"}}}"#,
            "\n"
        )
    );
    assert_eq!(
        alert.text,
        "⚠️  PERFORMANCE ALERT: Command 'batch' execution time exceeded threshold\n   Current: 3.2s | Threshold: 3.0s | Baseline: 1.8s\n   Recommendation: Run `github-pm performance analyze --command batch` to compare with its other runs\n"
    );
}

#[test]
fn names_from_records_are_escaped_in_the_text_and_cut_when_they_are_no_labels() {
    let (judge, mut state) = (judge(), State::default());
    let name = format!("\\u001b]0;{}", "ä".repeat(4000));
    let big = run(&name, "10:00:00", 1, r#","resource_usage":{"peak_memory_mb":101}"#);
    let alerts = state.take(observe(&judge, &big).expect("memory"), time("23:59:59"), "store");
    assert!(alerts[0].text.contains("Command '\\u{1b}]0;ää"), "{}", alerts[0].text);
    assert!(alerts[0].text.len() < 700);
}

#[test]
fn what_is_no_limit_is_refused_by_name() {
    let refused =
        |alerts: &str, benchmarks: &str| build(alerts, benchmarks).expect_err("no limit").to_string();
    assert_eq!(
        refused("alerts: { memory_usage_high: { threshold_mb: -1 } }", ""),
        "the threshold_mb of memory_usage_high is -1, which is no limit"
    );
    assert_eq!(
        refused(ALERTS, "benchmarks: { commands: { batch: { max_acceptable_ms: .nan } } }"),
        "the max_acceptable_ms of batch is NaN, which is no limit"
    );
}
