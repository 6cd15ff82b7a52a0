//! `--top`: the runs that have most of a metric, as they were read.

use super::{check, check_refused, record, run};

const ONLY: &str = "{\"moon_phase\":{}}\n";

#[test]
fn of_each_group_the_largest_come_first_byte_for_byte() {
    // Unknown fields, spaces and the order of keys stay as they were.
    let odd = r#"{ "performance_metrics": {"new":1, "command":"a","timestamp":"2024-12-06T10:00:09Z","duration":{"total_ms":50.5}}}"#;
    let [small, large, other, smaller] =
        [("a", "10:00:00", "10"), ("a", "10:00:01", "70"), ("b", "10:00:02", "20"), ("a", "10:00:03", "9")]
            .map(|(command, time, millis)| record(command, time, millis, ""));
    let input = [&small, ONLY, &large, &other, odd, "\n", &smaller].concat();
    check(&input, &["--top", "2"], &[large.trim_end(), odd, other.trim_end()]);
    check(&input, &["--top", "1", "--where", "command=b"], &[other.trim_end()]);
    check(
        &input,
        &["--top", "9", "--by", "host", "--since", "2024-12-06T10:00:02Z"],
        &[odd, other.trim_end(), smaller.trim_end()],
    );
}

#[test]
fn of_equal_runs_the_earlier_one_comes_first_however_they_are_read() {
    let [early, late] = ["10:00:00", "10:00:05"].map(|time| record("a", time, "10", ""));
    for input in [[early.as_str(), &late].concat(), [late.as_str(), &early].concat()] {
        check(&input, &["--top", "1"], &[early.trim_end()]);
    }
}

#[test]
fn any_number_of_a_run_can_be_what_it_has_most_of() {
    let of =
        |memory| record("a", "10:00:00", "1", &format!(r#","resource_usage":{{"peak_memory_mb":{memory}}}"#));
    let input = [of(12), of(80), record("a", "10:00:00", "999", ""), of(79)].concat();
    check(&input, &["--top", "1", "--metric", "resource_usage.peak_memory_mb"], &[of(80).trim_end()]);
}

#[test]
fn what_never_ran_or_was_slow_on_purpose_is_left_out() {
    let purpose = record("a", "10:00:00", "900", r#","context":{"purpose":"profile"}"#);
    let not_started = record("a", "10:00:00", "800", r#","status":"not_started""#);
    let real = record("a", "10:00:00", "1", "");
    check(&[&purpose, &*not_started, &real].concat(), &["--top", "1"], &[real.trim_end()]);
    check(
        &[&purpose, &*real].concat(),
        &["--top", "1", "--where", "context.purpose=profile"],
        &[purpose.trim_end()],
    );
}

#[test]
fn a_bad_line_is_counted() {
    let outcome = run(&format!("nonsense\n{}", record("a", "10:00:00", "1", "")), &["--top", "1"]);
    assert_eq!(outcome.stdout, record("a", "10:00:00", "1", ""));
    assert!(outcome.stderr.starts_with("pm-aggregate: 1 of 2 lines skipped"), "{}", outcome.stderr);
}

#[test]
fn what_does_not_go_together_is_refused() {
    check_refused(
        &["--top", "2", "--metric", "duration.total_ms,resource_usage.cpu_time_ms"],
        "--top is about one metric, and --metric names 2",
        "name one, such as `--metric resource_usage.peak_memory_mb`",
    );
    check_refused(
        &["--top", "2", "--window", "1h"],
        "--top and --window do not go together",
        "choose the time with --since and --until",
    );
}
