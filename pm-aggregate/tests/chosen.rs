//! What is chosen: conditions, metrics, and what counts where.

use super::{check_refused, record, run};

fn nested(command: &str, millis: &str) -> String {
    let trace = r#","trace":{"trace_id":"1","span_id":"2","parent_execution_id":"exec_0123456789ab"}"#;
    record(command, "10:00:01", millis, trace)
}

#[test]
fn conditions_must_all_hold() {
    let of = |host: &str, code| format!(r#","host":"{host}","exit_code":{code},"context":{{"dry":true}}"#);
    let input = [
        record("a", "10:00:00", "1", &of("x", 0)),
        record("a", "10:00:00", "2", &of("x", 3)),
        record("b", "10:00:00", "4", &of("y", 3)),
        record("a", "10:00:00", "8", ""),
    ]
    .concat();
    for (conditions, sum) in [
        (&["exit_code=3"][..], "6"),
        (&["exit_code=3.0", "host=x"], "2"),
        (&["context.dry=true", "command=a"], "3"),
        (&["host="], "8"),
        (&["host=", "exit_code="], "8"),
    ] {
        let args: Vec<_> = conditions.iter().flat_map(|condition| ["--where", condition]).collect();
        let outcome = run(&input, &[&["--by", "context.none"], &args[..]].concat());
        let sums = format!("\"sum\":{sum},");
        assert!(outcome.stdout.contains(&sums), "{conditions:?}: {}", outcome.stdout);
    }
    assert_eq!(run(&input, &["--where", "host=z"]).stdout, "");
}

#[test]
fn what_is_no_condition_is_refused_with_what_one_looks_like() {
    check_refused(
        &["--where", "command"],
        "invalid value 'command' for '--where <FIELD=VALUE>': no condition; write FIELD=VALUE, or FIELD= where there is none",
        "try `pm-aggregate --help`",
    );
}

#[test]
fn a_chosen_metric_gets_quantiles_and_outliers_wherever_it_stands() {
    let input: String = (1..=9)
        .map(|n| {
            let count = if n == 9 { 10_000 } else { n };
            let millis = format!(r#"{n},"phases":{{"fetch_ms":{n},"other_ms":1}}"#);
            let more =
                format!(r#","context":{{"task_count":{count}}},"resource_usage":{{"peak_memory_mb":{n}}}"#);
            record("a", "10:00:00", &millis, &more)
        })
        .collect();
    let args = ["--metric", "context.task_count,duration.phases.fetch_ms,resource_usage.peak_memory_mb"];
    let chosen = run(&input, &args).stdout;
    for part in [
        r#""duration.phases.fetch_ms":{"count":9,"sum":45,"mean":5,"std_deviation":2.739,"min":1,"max":9,"p50":5,"#,
        r#""duration.phases.other_ms":{"count":9,"sum":9,"mean":1,"std_deviation":0,"min":1,"max":1}"#,
        r#""resource_usage.peak_memory_mb":{"count":9,"sum":45,"mean":5,"std_deviation":2.739,"min":1,"max":9,"p50":5,"#,
        r#""max":10000,"p50":5,"p90":10000,"p95":10000,"p99":10000,"outliers":{"low":0,"high":1}}"#,
    ] {
        assert!(chosen.contains(part), "{part} is not in {chosen}");
    }
    let plain = run(&input, &[]).stdout;
    assert!(!plain.contains("task_count") && plain.matches("p50").count() == 1, "{plain}");
    // All are those of the table and the phases, and not any field.
    let all = run(&input, &["--metric", "all"]).stdout;
    assert!(!all.contains("task_count") && all.matches("p50").count() == 4, "{all}");
}

#[test]
fn more_metrics_than_a_reader_takes_are_refused() {
    let fields: Vec<_> = (0..31).map(|n| format!("context.n{n}")).collect();
    check_refused(
        &["--metric", &fields.join(",")],
        "--metric names more than 30 fields that are not summarized anyway",
        "leave some of them to a second run",
    );
    assert_eq!(run("", &["--metric", &fields[..30].join(",")]).stderr, "");
}

#[test]
fn a_partial_result_without_the_distribution_that_is_asked_for_is_a_bad_line() {
    let input = record("a", "10:00:00", "1", r#","resource_usage":{"peak_memory_mb":5}"#);
    let partial = run(&input, &["--partial"]).stdout;
    let outcome = run(&partial, &["--merge", "--metric", "resource_usage.peak_memory_mb"]);
    let reason = "this partial result has no distribution of resource_usage.peak_memory_mb";
    assert!(outcome.stderr.contains(reason), "{}", outcome.stderr);
    // The other way round as much is taken as was asked for.
    let full = run(&input, &["--partial", "--metric", "all"]).stdout;
    assert_eq!(run(&full, &["--merge"]), run(&input, &[]));
}

#[test]
fn failures_can_be_taken_off_the_durations() {
    let input = [
        record("a", "10:00:00", "100", r#","status":"success""#),
        record("a", "10:00:00", "7", r#","status":"failure""#),
        record("a", "10:00:00", "9", r#","status":"timeout""#),
        record("a", "10:00:00", "0", r#","status":"not_started""#),
    ]
    .concat();
    let summary = run(&input, &[]).stdout;
    let failed = r#""count":4,"failures":3,"success_rate":0.25,"per_minute":2400,"failed_duration":{"count":2,"sum":16,"mean":8,"std_deviation":1.414,"min":7,"max":9},"#;
    assert!(summary.contains(failed), "{summary}");
    let partial = run(&input, &["--partial"]).stdout;
    assert_eq!(run(&partial, &["--merge"]).stdout, summary);
}

#[test]
fn runs_inside_of_other_runs_count_by_command_and_nowhere_else() {
    let input =
        [record("outer", "10:00:00", "100", ""), nested("inner", "60"), nested("outer", "1")].concat();
    let by_command = run(&input, &[]);
    for part in [
        r#"{"command":"inner"},"window":{"start":"2024-12-06T10:00:01.000Z","end":"2024-12-06T10:00:01.060Z"},"count":1,"failures":0,"nested":1,"success_rate":1,"nested_duration":{"count":1,"sum":60,"#,
        r#"{"command":"outer"},"window":{"start":"2024-12-06T10:00:00.000Z","end":"2024-12-06T10:00:01.001Z"},"count":2,"failures":0,"nested":1,"#,
        r#""duration.total_ms":{"count":2,"sum":101,"#,
    ] {
        assert!(by_command.stdout.contains(part), "{part} is not in {}", by_command.stdout);
    }
    assert_eq!(by_command.stderr, "");
    let in_all = run(&input, &["--by", "host"]);
    assert!(in_all.stdout.contains(r#""duration.total_ms":{"count":1,"sum":100,"#), "{}", in_all.stdout);
    let note = "pm-aggregate: runs inside of other runs, left out so that no time counts twice: 2\n";
    assert_eq!(in_all.stderr, note);
    // What was counted by command can be taken together without them.
    let partial = run(&input, &["--partial", "--by", "command,host"]).stdout;
    assert_eq!(run(&partial, &["--merge", "--by", "host"]), in_all);
    assert_eq!(run(&partial, &["--merge"]), by_command);
}

#[test]
fn what_was_asked_for_bounds_the_window_even_where_no_run_was() {
    let input = record("a", "10:30:00", "1", "");
    let bounds = ["--since", "2024-12-06T10:00:00Z", "--until", "2024-12-06T12:00:00Z"];
    let whole = run(&input, &bounds).stdout;
    assert!(
        whole.contains(r#"{"start":"2024-12-06T10:00:00.000Z","end":"2024-12-06T12:00:00.000Z"}"#),
        "{whole}"
    );
    let hours = run(&input, &["--partial", "--window", "1h"]).stdout;
    assert_eq!(run(&hours, &[&["--merge"][..], &bounds].concat()).stdout, whole);
}

#[test]
fn a_partial_result_lies_in_the_period_or_outside_or_is_a_bad_line() {
    let input = [record("a", "10:30:00", "1", ""), record("a", "11:30:00", "2", "")].concat();
    let since = ["--merge", "--since", "2024-12-06T11:00:00Z"];
    let hours = run(&input, &["--partial", "--window", "1h"]).stdout;
    let later = run(&hours, &since);
    assert!(later.stdout.contains(r#""count":1,"sum":2,"#) && later.stderr.is_empty(), "{later:?}");
    for window in ["1d", "all"] {
        let coarse = run(&input, &["--partial", "--window", window]).stdout;
        let outcome = run(&coarse, &since);
        let complaint = "pm-aggregate: 2 of 2 lines skipped; first: line 1: this partial result is not cut where --since and --until cut\n";
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", complaint), "{window}");
    }
}
