//! `pm-aggregate` as people run it: on live streams, on files of any size, and in parts.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use pm_e2e::harness::{Place, run_record};

fn millis(of: SystemTime) -> i64 {
    let since = of.duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_millis()).expect("a clock of this age")
}

/// A run of now.
fn run_of_now() -> String {
    let now = chrono::DateTime::from_timestamp_millis(millis(SystemTime::now())).expect("a time");
    run_record("now", &now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(), 1)
}

#[test]
fn a_window_of_a_live_stream_is_written_while_the_stream_goes_on() {
    let place = Place::new();
    let mut command = place.command("pm-aggregate");
    command.args(["--window", "1s", "--grace", "0s"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut filter = command.spawn().expect("pm-aggregate starts");
    let mut stdin = filter.stdin.take().expect("piped");
    let mut stdout = BufReader::new(filter.stdout.take().expect("piped"));
    // The first is written because its time is up, and the second again.
    for _ in 0..2 {
        stdin.write_all(run_of_now().as_bytes()).expect("written");
        let mut line = String::new();
        // It would wait for ever, were windows only written at the end.
        stdout.read_line(&mut line).expect("read");
        assert!(line.contains(r#"{"performance_summary":"#) && line.contains(r#""count":1"#), "{line}");
    }
    drop(stdin);
    assert!(filter.wait().expect("it ends").success());
}

#[test]
fn a_later_run_closes_a_window_without_any_wait() {
    let place = Place::new();
    let mut command = place.command("pm-aggregate");
    command.args(["--window", "1s", "--grace", "30s"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut filter = command.spawn().expect("pm-aggregate starts");
    let mut stdin = filter.stdin.take().expect("piped");
    let at = |seconds: u64| {
        let time = SystemTime::now() + Duration::from_secs(seconds);
        let time = chrono::DateTime::from_timestamp_millis(millis(time)).expect("a time");
        run_record("now", &time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(), 1)
    };
    stdin.write_all(at(0).as_bytes()).expect("written");
    stdin.write_all(at(40).as_bytes()).expect("written");
    let mut line = String::new();
    BufReader::new(filter.stdout.take().expect("piped")).read_line(&mut line).expect("read");
    assert!(line.contains(r#""count":1"#), "{line}");
    drop(stdin);
    assert!(filter.wait().expect("it ends").success());
}

#[test]
fn memory_follows_the_groups_and_not_the_records() {
    let place = Place::new();
    let many: String =
        (0..40_000).map(|n| run_record(&format!("c{}", n % 7), "2024-12-06T10:30:15Z", n)).collect();
    place.write("many.ndjson", many.repeat(5));
    // Several threads take several parts each.
    let summaries = place.sh("ulimit -v 65536; pm-aggregate many.ndjson").succeeds();
    assert_eq!(summaries.lines().count(), 7);
    let through_a_pipe = place.sh("cat many.ndjson | pm-aggregate").succeeds();
    assert_eq!(through_a_pipe, summaries);
}

#[test]
fn a_month_of_the_store_gives_the_same_answer_from_rollups_as_from_records() {
    let place = Place::new();
    let mut records = String::new();
    for day in 1..=9_u32 {
        let mut of_day = String::new();
        for hour in [0, 7, 23_u32] {
            let time = format!("2024-11-{day:02}T{hour:02}:59:59.500Z");
            let record = run_record(&format!("c{}", hour % 2), &time, 1_000 * day);
            of_day.push_str(&record);
        }
        place.write(&format!(".github-pm/records/2024-11-{day:02}.ndjson"), &of_day);
        records.push_str(&of_day);
    }
    place.write("all.ndjson", &records);
    // Everything here is older than what is kept by default.
    place.write(".github-pm/config.yml", "store: { keep_days: null, keep_rollups_days: null }\n");
    let questions = [
        "",
        "--window 1d",
        "--window 6h --by machine,command",
        "--since 2024-11-03 --until 2024-11-07",
        "--since 2024-11-03T07:00 --until 2024-11-07T08:00 --window 1h",
        "--since 2024-11-03T07:30",
        "--where command=c1 --partial",
        "--by host --metric all",
    ];
    let ask = |source: &str| {
        questions.map(|question| place.sh(&format!("pm-aggregate {question} {source}")).succeeds())
    };
    let from_records = ask("all.ndjson");
    assert_eq!(ask("--store"), from_records);
    let compacted = place.sh("github-pm performance store compact");
    assert_eq!(compacted.code, Some(0), "{compacted:?}");
    assert_eq!(place.sh("ls .github-pm/rollups/day | wc -l").succeeds(), "9\n");
    assert_eq!(ask("--store"), from_records);
}

#[test]
fn a_change_is_found_in_the_rollups_of_days_as_in_their_records() {
    let place = Place::new();
    for day in 1..=24_u32 {
        let runs = (0..6_u32).map(|hour| {
            let level = if day < 13 { 1_000 } else { 1_500 };
            let time = format!("2024-11-{day:02}T{hour:02}:30:00.500Z");
            run_record("batch", &time, level + (day * day * 7 + hour * 5) % 40)
        });
        place.write(&format!(".github-pm/records/2024-11-{day:02}.ndjson"), runs.collect::<String>());
    }
    place.write(".github-pm/config.yml", "store: { keep_days: null, keep_rollups_days: null }\n");
    let ask = |since: &str| {
        place.sh(&format!("pm-aggregate --store --changes --window 1d --since {since}")).succeeds()
    };
    // Of a day in which the time begins the records answer: its hours are older than what is kept.
    let from_records = [ask("2024-11-02"), ask("2024-11-02T03:00")];
    for changes in &from_records {
        assert!(changes.contains("\"timestamp\":\"2024-11-13T00:00:00.000Z\""), "{changes}");
        assert_eq!(changes.lines().count(), 1, "{changes}");
    }
    place.sh("github-pm performance store compact --quiet").succeeds();
    assert_eq!([ask("2024-11-02"), ask("2024-11-02T03:00")], from_records);
    place.sh("rm .github-pm/records/*").succeeds();
    assert_eq!(ask("2024-11-02"), from_records[0]);
}
