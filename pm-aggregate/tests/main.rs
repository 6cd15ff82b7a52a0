//! The tool as a function: arguments and lines in, lines and status out.

mod chosen;
mod live;
mod splits;
mod top;

use pm_cli::{Exit, Outcome, Trial};

fn run(input: &str, args: &[&str]) -> Outcome {
    Trial::new().input(input).run(pm_aggregate::TOOL, pm_aggregate::run, args)
}

/// A run of `command` on 6 December 2024 at `time`, which took `millis`.
fn record(command: &str, time: &str, millis: &str, more: &str) -> String {
    format!(
        "{{\"performance_metrics\":{{\"command\":\"{command}\",\"timestamp\":\"2024-12-06T{time}Z\",\"duration\":{{\"total_ms\":{millis}}}{more}}}}}\n"
    )
}

#[track_caller]
fn check(input: &str, args: &[&str], expected: &[&str]) {
    let outcome = run(input, args);
    assert_eq!(outcome.stdout.lines().collect::<Vec<_>>(), expected);
    assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Done));
}

#[test]
fn nothing_in_gives_nothing_out() {
    check("", &[], &[]);
}

#[test]
fn one_run_has_a_mean_and_no_deviation() {
    check(
        &record("batch", "10:00:00", "2450.5", ""),
        &[],
        &[concat!(
            r#"{"performance_summary":{"schema":1,"by":{"command":"batch"},"window":{"start":"2024-12-06T10:00:00.000Z","end":"2024-12-06T10:00:02.450Z"},"#,
            r#""count":1,"failures":0,"success_rate":1,"metrics":{"duration.total_ms":{"count":1,"sum":2450.5,"mean":2450.5,"min":2450.5,"max":2450.5,"#,
            r#""p50":2450.5,"p90":2450.5,"p95":2450.5,"p99":2450.5,"outliers":{"low":0,"high":0}}}}}"#
        )],
    );
}

#[test]
fn groups_are_sorted_and_api_counters_are_totalled() {
    let api = |hits, misses| {
        format!(
            r#","github_api":{{"requests_made":3,"cache_hits":{hits},"cache_misses":{misses}}},"exit_code":1"#
        )
    };
    let input = [
        record("status", "10:00:30", "200", ""),
        record("batch", "10:00:00", "100", &api(1, 1)),
        record("batch", "10:01:59", "1000", &api(4, 2)),
    ]
    .concat();
    let outcome = run(&input, &[]);
    let lines: Vec<_> = outcome.stdout.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines[0].contains(r#""by":{"command":"batch"}"#) && lines[1].contains(r#""by":{"command":"status"}"#)
    );
    for part in [
        r#""count":2,"failures":2,"success_rate":0,"per_minute":1,"#,
        r#""sum":1100,"mean":550,"std_deviation":636.396,"min":100,"max":1000,"p50":100,"p90":1000"#,
        r#""api_totals":{"requests_made":6,"cache_hits":5,"cache_misses":3},"cache_hit_rate":0.625"#,
    ] {
        assert!(lines[0].contains(part), "{part} is not in {}", lines[0]);
    }
}

#[test]
fn a_run_that_never_started_is_a_failure_and_no_fast_run() {
    let input = [
        record("a", "10:00:00", "0", r#","status":"not_started","exit_code":127"#),
        record("a", "10:00:01", "200", r#","status":"success","exit_code":0"#),
    ]
    .concat();
    let outcome = run(&input, &[]);
    for part in [r#""count":2,"failures":1"#, r#""duration.total_ms":{"count":1,"sum":200"#] {
        assert!(outcome.stdout.contains(part), "{part} is not in {}", outcome.stdout);
    }
}

#[test]
fn a_command_whose_reader_had_read_enough_has_not_failed() {
    let outcome = run(&record("a", "10:00:00", "5", r#","status":"signaled","signal":13"#), &[]);
    assert!(outcome.stdout.contains(r#""count":1,"failures":0"#), "{}", outcome.stdout);
}

#[test]
fn any_field_can_make_the_groups_and_a_run_without_it_has_null() {
    let input = [
        record("a", "10:00:00", "1", r#","context":{"size":"large"},"fresh":{"field":7}"#),
        record("b", "10:00:00", "1", ""),
    ]
    .concat();
    let outcome = run(&input, &["--by", "context.size,fresh.field"]);
    assert!(
        outcome.stdout.contains(r#""by":{"context.size":null,"fresh.field":null}"#),
        "{}",
        outcome.stdout
    );
    assert!(
        outcome.stdout.contains(r#""by":{"context.size":"large","fresh.field":7}"#),
        "{}",
        outcome.stdout
    );
}

#[test]
fn fixed_windows_are_cut_by_the_records_own_time() {
    let input = [
        record("a", "11:00:00", "1", ""),
        record("a", "10:59:59.999", "1", ""),
        record("a", "10:00:00", "1", ""),
    ]
    .concat();
    let outcome = run(&input, &["--window", "1h"]);
    let windows: Vec<_> = outcome
        .stdout
        .lines()
        .filter_map(|line| {
            Some((line.split_once("\"start\":\"")?.1.get(11..16)?, line.contains("\"count\":2")))
        })
        .collect();
    assert_eq!(windows, [("10:00", true), ("11:00", false)]);
}

#[test]
fn since_and_until_bound_the_runs_and_the_window() {
    let input = [
        record("a", "09:00:00", "1", ""),
        record("a", "10:00:00", "2", ""),
        record("a", "11:00:00", "4", ""),
    ]
    .concat();
    let outcome = run(&input, &["--since", "2024-12-06T09:30:00Z", "--until", "2024-12-06T11:00:00Z"]);
    assert!(
        outcome.stdout.contains(
            r#""window":{"start":"2024-12-06T09:30:00.000Z","end":"2024-12-06T11:00:00.000Z"},"count":1,"#
        ),
        "{}",
        outcome.stdout
    );
}

#[test]
fn bad_lines_are_skipped_counted_and_reported_once() {
    let input =
        ["nonsense\n", &record("a", "10:00:00", "1", ""), "\n", r#"{"moon_phase":{}}"#, "\n{\"a\" 1}"]
            .concat();
    let outcome = run(&input, &[]);
    assert_eq!(outcome.stdout.lines().count(), 1);
    assert_eq!(
        outcome.stderr,
        "pm-aggregate: 2 of 4 lines skipped; first: line 1: expected ident at column 2\n"
    );
    assert_eq!(outcome.exit, Exit::Done);
}

#[test]
fn strict_stops_at_the_first_bad_line_with_status_5() {
    let outcome = run("{}\n", &["--strict"]);
    assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::BadInput));
    assert_eq!(
        outcome.stderr,
        "pm-aggregate: line 1: expected the record's kind at column 2\n  hint: leave `--strict` out to skip such lines and count them\n"
    );
}

#[test]
fn a_missing_file_is_known_before_anything_is_read() {
    let outcome = run("", &["no/such/file.ndjson"]);
    assert_eq!(outcome.exit, Exit::Environment);
    assert_eq!(
        outcome.stderr,
        "pm-aggregate: cannot read 'no/such/file.ndjson': No such file or directory (os error 2)\n  hint: see what there is with `ls no/such`\n"
    );
}

#[test]
fn what_can_be_read_is_summarized_before_an_input_that_breaks_off_is_complained_about() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).expect("a file");
    write("a.ndjson", record("a", "10:00:00", "1", "").as_bytes());
    write("torn.gz", &[record("a", "10:00:01", "2", "").as_bytes(), b"\x1f\x8b\x08"].concat());
    write("z.ndjson", record("a", "10:00:02", "3", "").as_bytes());
    let trial = Trial::new().current_dir(folder.path());
    let args = ["a.ndjson", "torn.gz", "z.ndjson"];
    let outcome = trial.run(pm_aggregate::TOOL, pm_aggregate::run, &args);
    assert!(outcome.stdout.contains(r#""count":3,"sum":6"#), "{}", outcome.stdout);
    let complaint = "pm-aggregate: cannot read records: torn.gz: incomplete deflate stream\n  hint: see whether a file is whole with `gzip -t FILE` or `zstd -t FILE`\n";
    assert_eq!((outcome.stderr.as_str(), outcome.exit), (complaint, Exit::Environment));
}

#[track_caller]
fn check_refused(args: &[&str], message: &str, hint: &str) {
    let outcome = run("", args);
    assert_eq!(outcome.stderr, format!("pm-aggregate: {message}\n  hint: {hint}\n"));
    assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::Usage));
}

#[test]
fn flags_that_leave_nothing_to_count_are_refused() {
    check_refused(
        &["--since", "2024-12-06", "--until", "2024-12-05"],
        "nothing lies between --since 2024-12-06T00:00:00.000Z and --until 2024-12-05T00:00:00.000Z",
        "try them the other way round",
    );
    check_refused(
        &["--since", "2024-12-06", "--until", "2024-12-06"],
        "nothing lies between --since 2024-12-06T00:00:00.000Z and --until 2024-12-06T00:00:00.000Z",
        "give --until a later time",
    );
}

#[test]
fn a_field_cannot_make_groups_twice() {
    check_refused(&["--by", "command,host,command"], "--by names 'command' twice", "name each field once");
}

#[test]
fn metrics_whose_counts_never_came_are_left_out_and_reported() {
    let input = [record("a", "10:00:00", "1", ""), record("b", "10:00:00", "1", "")].concat();
    let partial = run(&input, &["--partial"]).stdout;
    let (_, beheaded) = partial.split_once('\n').expect("the group's line");
    let outcome = run(beheaded, &["--merge"]);
    assert_eq!(outcome.stdout.lines().count(), 1);
    assert_eq!(outcome.stderr, "pm-aggregate: groups whose metrics came without their counts, left out: 1\n");
}

#[test]
fn counts_that_cannot_be_are_bad_lines() {
    let raw = record("a", "10:00:00", "5", "");
    let good = run(&raw, &["--partial"]).stdout;
    for (part, wrong) in [
        (r#""count":1,"failures""#, r#""count":18446744073709551615,"failures""#),
        (r#""count":1,"failures""#, r#""count":0,"failures""#),
        (r#""failures":0"#, r#""failures":2"#),
        (r#""first":"2024-12-06T10"#, r#""first":"2024-12-06T11"#),
    ] {
        assert!(good.contains(part), "{good}");
        let counts = good.lines().next().expect("the group").replace(part, wrong);
        let outcome = run(&[&raw, counts.as_str()].concat(), &["--merge"]);
        assert_eq!(outcome.stdout, run(&raw, &[]).stdout, "{wrong}");
        let message = "pm-aggregate: 1 of 2 lines skipped; first: line 2: the figures of this partial result contradict each other\n";
        assert_eq!(outcome.stderr, message, "{wrong}");
    }
}

#[test]
fn a_negative_duration_in_a_partial_result_is_a_bad_line() {
    let good = run(&record("a", "10:00:00", "5", ""), &["--partial"]).stdout;
    let wrong = good
        .replace(r#""sum":"5000""#, r#""sum":"-5000""#)
        .replace(r#""min":5000,"max":5000,"values":[5000]"#, r#""min":-5000,"max":-5000,"values":[-5000]"#);
    let outcome = run(&wrong, &["--merge"]);
    assert!(outcome.stderr.starts_with("pm-aggregate: 1 of 2 lines skipped"), "{}", outcome.stderr);
}

#[test]
fn a_group_keeps_the_first_64_phases_by_name() {
    let phases = |names: std::ops::Range<u32>| {
        let phases: Vec<_> = names.map(|n| format!(r#""p{n:05}_ms":1"#)).collect();
        record("a", "10:00:00", &format!(r#"1,"phases":{{{}}}"#, phases.join(",")), "")
    };
    let mut parts = [phases(30..70), phases(5_000..9_000), phases(10..50)];
    let whole = run(&parts.concat(), &[]).stdout;
    assert_eq!(whole.matches("duration.phases.").count(), 64);
    assert!(
        whole.contains("p00010_ms")
            && whole.contains(r#"p00030_ms":{"count":2"#)
            && whole.contains("p05003_ms")
    );
    assert!(!whole.contains("p05004_ms"));
    parts.reverse();
    assert_eq!(run(&parts.concat(), &[]).stdout, whole);
    let partials: String = parts.iter().map(|part| run(part, &["--partial"]).stdout).collect();
    assert_eq!(run(&partials, &["--merge"]).stdout, whole);
}

#[test]
fn a_line_of_a_partial_result_has_at_most_256_kib_however_long_the_names_are() {
    let long = "\\u0001é".repeat(1_000);
    let input: String = (0..80)
        .map(|n| {
            let more = format!(r#","machine":"m{n:02}{long}","host":"h{long}""#);
            let millis = format!(r#"1,"phases":{{"p{long}":1}}"#);
            record("a", "10:00:00", &millis, &more)
        })
        .collect();
    let partials = run(&input, &["--partial", "--by", "command,host"]).stdout;
    assert_eq!(partials.lines().count(), 3);
    assert!(partials.lines().all(|line| line.len() <= 256 << 10));
    let merged = run(&partials, &["--merge", "--by", "command,host"]);
    assert_eq!(merged, run(&input, &["--by", "command,host"]));
    assert!(merged.stdout.contains(r#""count":80"#) && merged.stderr.is_empty());
}

#[test]
fn a_partial_of_other_groups_is_a_bad_line() {
    let partial = run(&record("a", "10:00:00", "1", ""), &["--partial", "--by", "host"]).stdout;
    let outcome = run(&partial, &["--merge"]);
    assert_eq!(outcome.stdout, "");
    let reason = "this partial result is grouped by host, which does not tell command";
    assert!(outcome.stderr.contains(reason), "{}", outcome.stderr);
}

#[test]
fn partials_are_passed_over_unless_they_are_asked_for() {
    let raw = record("a", "10:00:00", "1", "");
    let partial = run(&raw, &["--partial"]).stdout;
    assert_eq!(run(&[raw.clone(), partial].concat(), &[]), run(&raw, &[]));
}

#[test]
fn alerts_are_passed_on_as_they_are_where_they_are_asked_for() {
    let alert = r#"{"performance_alert":{"type":"host_silent","threshold_exceeded":"a","current_value":"b","mine":[1]}}"#;
    let tip = r#"{"optimization_tip":{"id":"x","title":"y"}}"#;
    let input = format!("{alert}\n{tip}\n{}", record("batch", "10:00:00", "1", ""));
    let without = run(&input, &["--partial"]).stdout;
    assert!(!without.contains("host_silent"));
    assert_eq!(run(&input, &["--partial", "--pass-alerts"]).stdout, format!("{alert}\n{without}"));
}
