//! The tool in a test's own process: whole command lines, whole outputs.

use pm_cli::{Exit, Outcome, Trial};

const RUN: &str = r#"{"performance_metrics":{"command":"batch","execution_id":"exec_0123456789ab","timestamp":"2024-12-06T10:30:15.123Z","duration":{"total_ms":2450,"phases":{"fetch_ms":1200,"other_ms":1250}},"resource_usage":{"peak_memory_mb":78,"user_ms":1500,"system_ms":390,"cpu_time_ms":1890,"io_operations":245},"github_api":{"requests_made":15,"cache_hits":8,"cache_misses":7},"exit_code":0,"status":"success","trace":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0bb902b7"}}}"#;
const FAILED: &str = r#"{"performance_metrics":{"command":"batch","timestamp":"2024-12-06T10:31:15.123Z","duration":{"total_ms":40},"exit_code":1,"status":"failure"}}"#;
const BENCHED: &str = r#"{"performance_metrics":{"command":"batch","timestamp":"2024-12-06T10:31:15.123Z","duration":{"total_ms":40},"context":{"purpose":"benchmark"}}}"#;
const TICK: &str = r#"{"system_metrics":{"timestamp":"2024-12-06T10:30:15.123Z","memory":{"process_memory_mb":45},"cpu":{"process_cpu_percentage":12.5},"load_average":[0.5,1,2]}}"#;
const REQUEST: &str = r#"{"api_request":{"timestamp":"2024-12-06T10:30:15.123Z","method":"GET","endpoint":"/repos/{owner}/{repo}","duration_ms":90,"status":200}}"#;

fn trial(lines: &[&str]) -> Trial {
    Trial::new().input(lines.iter().flat_map(|line| [line, "\n"]).collect::<String>())
}

fn run(lines: &[&str], args: &[&str]) -> Outcome {
    trial(lines).run(pm_export::TOOL, pm_export::run, args)
}

#[track_caller]
fn check_lines(outcome: &Outcome, expected: &[&str]) {
    assert_eq!((outcome.exit, outcome.stderr.as_str()), (Exit::Done, ""));
    for line in expected {
        assert!(outcome.stdout.lines().any(|found| found == *line), "{line} is not in\n{}", outcome.stdout);
    }
}

#[test]
fn the_metrics_of_the_specification_have_its_names_and_the_units_of_prometheus() {
    check_lines(
        &run(&[RUN, FAILED, TICK, REQUEST], &[]),
        &[
            "# TYPE github_pm_command_duration_seconds histogram",
            r#"github_pm_command_duration_seconds_bucket{command="batch",le="0.05"} 1"#,
            r#"github_pm_command_duration_seconds_bucket{command="batch",le="2.5"} 2"#,
            r#"github_pm_command_duration_seconds_bucket{command="batch",le="+Inf"} 2"#,
            r#"github_pm_command_duration_seconds_sum{command="batch"} 2.49"#,
            r#"github_pm_command_duration_seconds_count{command="batch"} 2"#,
            r#"github_pm_commands_total{command="batch",status="failure"} 1"#,
            r#"github_pm_command_phase_time_seconds_total{command="batch",phase="fetch"} 1.2"#,
            r#"github_pm_command_cpu_time_seconds_total{command="batch",mode="user"} 1.5"#,
            r#"github_pm_command_api_requests_total{command="batch"} 15"#,
            r#"github_pm_command_api_cache_requests_total{command="batch",result="hit"} 8"#,
            r#"github_pm_memory_usage_bytes{type="process"} 47185920"#,
            r#"github_pm_cpu_usage_ratio{scope="process"} 0.125"#,
            r#"github_pm_api_requests_total{endpoint="/repos/{owner}/{repo}",method="GET",status="200"} 1"#,
            r#"github_pm_command_last_run_timestamp_seconds{command="batch"} 1733481075.123"#,
        ],
    );
}

#[test]
fn processor_time_counts_once_whatever_of_it_is_known() {
    let alone = r#"{"performance_metrics":{"command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{"total_ms":1},"resource_usage":{"cpu_time_ms":7}}}"#;
    let outcome = run(&[RUN, alone], &[]);
    check_lines(&outcome, &[r#"github_pm_command_cpu_time_seconds_total{command="x",mode="unknown"} 0.007"#]);
    assert_eq!(outcome.stdout.matches("cpu_time_seconds_total{command=\"batch\"").count(), 2);
}

#[test]
fn openmetrics_has_the_trace_of_a_run_as_an_exemplar() {
    check_lines(
        &run(&[RUN], &["--openmetrics", "--buckets", "1,5"]),
        &[
            r#"github_pm_command_duration_seconds_bucket{command="batch",le="5.0"} 1 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 2.45 1733481017.573"#,
            "# EOF",
        ],
    );
}

#[test]
fn runs_of_benchmarks_count_only_where_they_are_asked_for() {
    let left_out = run(&[RUN, BENCHED], &[]);
    assert_eq!(
        left_out.stderr,
        "pm-export: runs of benchmarks and profiles, left out: 1; --deliberate counts them\n"
    );
    assert!(left_out.stdout.contains("github_pm_command_duration_seconds_count{command=\"batch\"} 1\n"));
    check_lines(
        &run(&[RUN, BENCHED], &["--deliberate"]),
        &[r#"github_pm_command_duration_seconds_count{command="batch"} 2"#],
    );
}

#[test]
fn labels_are_whatever_fields_are_asked_for() {
    let lines = [
        RUN,
        r#"{"performance_metrics":{"command":"x","timestamp":"2024-12-06T10:30:15Z","duration":{"total_ms":1},"context":{"project_size":"large","n":2}}}"#,
    ];
    check_lines(
        &run(&lines, &["--by", "context.project_size,context.n"]),
        &[
            "github_pm_command_duration_seconds_count 1",
            r#"github_pm_command_duration_seconds_count{context_project_size="large",context_n="2"} 1"#,
        ],
    );
}

#[test]
fn too_many_series_are_counted_together_and_told() {
    let lines: Vec<_> = (0..50).map(|number| RUN.replace("batch", &format!("c{number}"))).collect();
    let outcome = run(&lines.iter().map(String::as_str).collect::<Vec<_>>(), &["--max-series", "10"]);
    assert!(
        outcome.stdout.contains("github_pm_command_duration_seconds_count{command=\"_other\"} 40\n"),
        "{}",
        outcome.stdout
    );
    let first = outcome.stderr.lines().next().unwrap_or_default();
    assert_eq!(
        first,
        "pm-export: more than 10 series of github_pm_command_duration_seconds: 40 values are counted as '_other'"
    );
    assert!(outcome.stderr.contains("\n  hint: leave a field out of --by, or raise --max-series\n"));
    let phases: u64 =
        outcome.stdout.lines().filter(|line| line.starts_with("github_pm_command_phase_time")).count() as u64;
    assert!(phases <= 30, "{phases}");
}

#[test]
fn a_period_leaves_out_what_lies_outside() {
    check_lines(
        &run(&[RUN, FAILED, TICK], &["--since", "2024-12-06T10:31:00Z"]),
        &[r#"github_pm_command_duration_seconds_count{command="batch"} 1"#],
    );
}

#[test]
fn a_table_has_a_row_a_record_of_its_kind() {
    let outcome =
        run(&[RUN, TICK, FAILED], &["--to", "csv", "--columns", "command,duration.total_ms,duration.phases"]);
    let expected = "command,duration.total_ms,duration.phases\nbatch,2450,\"{\"\"fetch_ms\"\":1200,\"\"other_ms\"\":1250}\"\nbatch,40,\n";
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), (expected, ""));
    let ticks = run(&[RUN, TICK], &["--to", "csv", "--kind", "system_metrics"]);
    assert_eq!(ticks.stdout.lines().count(), 2);
}

#[test]
fn statsd_gets_what_each_record_adds() {
    let outcome = run(&[RUN, RUN], &["--to", "statsd"]);
    assert_eq!(outcome.stdout.matches("github_pm.command.duration.batch:2450|ms\n").count(), 2);
    assert_eq!(outcome.stdout.matches("github_pm.command.api.requests.batch:15|c\n").count(), 2);
}

#[test]
fn an_input_without_runs_makes_no_file_for_ci() {
    for form in ["github-action-benchmark", "bencher", "hyperfine"] {
        let outcome = run(&[TICK], &["--to", form]);
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Environment, ""));
        assert!(outcome.stderr.contains("there are no runs"), "{}", outcome.stderr);
    }
}

#[test]
fn what_does_not_go_together_is_refused_with_a_way_out() {
    for args in [
        &["--by", "status"][..],
        &["--to", "csv", "--listen", "9464"],
        &["--to", "csv", "--kind", "moon_phase"],
        &["--to", "influx", "--openmetrics"],
        &["--buckets", "5,1"],
        &["--buckets", "-1"],
        &["--address", "127.0.0.1:8125"],
        &["--position", "../x", "--store"],
    ] {
        let outcome = run(&[], args);
        assert_eq!((outcome.exit, outcome.stdout.as_str()), (Exit::Usage, ""), "{args:?}");
        assert!(outcome.stderr.contains("\n  hint: "), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_store_counts_each_record_once_and_goes_on_where_it_was_left() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join(".github-pm");
    let records = root.join("records");
    std::fs::create_dir_all(&records).expect("folders");
    let file = records.join("2024-12-06.ndjson");
    let store = format!("--store={}", root.display());
    let count = |text: &str| {
        std::fs::write(&file, text).expect("written");
        let outcome = trial(&[]).run(pm_export::TOOL, pm_export::run, &[&store]);
        assert_eq!((outcome.exit, outcome.stderr.as_str()), (Exit::Done, ""));
        let prefix = "github_pm_command_duration_seconds_count{command=\"batch\"} ";
        outcome.stdout.lines().find_map(|line| line.strip_prefix(prefix)).unwrap_or("0").to_owned()
    };
    assert_eq!(count(&format!("{RUN}\n")), "1");
    assert_eq!(count(&format!("{RUN}\n")), "1");
    // A line that is just being written is left for the next time.
    assert_eq!(count(&format!("{RUN}\n{}", &FAILED[..40])), "1");
    assert_eq!(count(&format!("{RUN}\n{FAILED}")), "2");
    assert_eq!(count(&format!("{RUN}\n{FAILED}\n{RUN}\n")), "3");
    // The day is closed, and begun again.
    std::fs::rename(&file, records.join("2024-12-06.ndjson.closing")).expect("renamed");
    assert_eq!(count(&format!("{FAILED}\n")), "4");
    // What is removed has been counted.
    std::fs::remove_file(records.join("2024-12-06.ndjson.closing")).expect("removed");
    assert_eq!(count(&format!("{FAILED}\n{RUN}\n")), "5");
    let all = trial(&[]).run(pm_export::TOOL, pm_export::run, &[&store, "--stateless"]);
    assert!(
        all.stdout.contains("github_pm_command_duration_seconds_count{command=\"batch\"} 2\n"),
        "{}",
        all.stdout
    );
}

#[test]
fn totals_that_cannot_be_understood_are_set_aside_and_made_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join(".github-pm");
    std::fs::create_dir_all(root.join("records")).expect("folders");
    std::fs::write(root.join("records/2024-12-06.ndjson"), format!("{RUN}\n")).expect("written");
    let args = [&*format!("--store={}", root.display()), "--position", "p"];
    for damage in ["", "{\"version\":7}", "\0"] {
        let before = trial(&[]).run(pm_export::TOOL, pm_export::run, &args);
        std::fs::write(root.join("state/export-p.json"), damage).expect("damaged");
        let after = trial(&[]).run(pm_export::TOOL, pm_export::run, &args);
        assert_eq!((after.exit, &after.stdout), (Exit::Done, &before.stdout), "{damage}");
        assert!(
            after.stderr.starts_with("pm-export: the totals of earlier runs cannot be used and now lie at "),
            "{}",
            after.stderr
        );
    }
}

#[test]
fn a_file_is_replaced_as_a_whole_and_an_input_that_fails_leaves_the_old_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("m.prom");
    let path = file.display().to_string();
    check_lines(&run(&[RUN], &["-o", &path]), &[]);
    let first = std::fs::read_to_string(&file).expect("text");
    assert!(first.contains("github_pm_command_duration_seconds_count"));
    let refused = run(&["{}"], &["-o", &path, "--strict"]);
    assert_eq!(refused.exit, Exit::BadInput);
    assert_eq!(std::fs::read_to_string(&file).expect("text"), first);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn a_request_waits_for_its_run_and_a_dry_run_shows_the_trace_of_both() {
    let request = REQUEST.replace("\"method\"", "\"execution_id\":\"exec_0123456789ab\",\"method\"");
    let args = ["--to", "otlp", "--signals", "traces", "--dry-run"];
    let shown = run(&[&request, RUN], &args);
    assert_eq!((shown.exit, shown.stderr.as_str()), (Exit::Done, ""));
    let body: serde_json::Value =
        serde_json::from_str(shown.stdout.lines().last().expect("a body")).expect("JSON");
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("spans");
    let names: Vec<_> = spans.iter().map(|span| span["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, ["GET /repos/{owner}/{repo}", "batch", "fetch", "other"]);
    for span in spans {
        assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    }
    assert_eq!(spans[0]["parentSpanId"], "00f067aa0bb902b7");
    assert_eq!(spans[1]["startTimeUnixNano"], "1733481015123000000");
}

#[test]
fn nothing_takes_the_place_of_what_a_pushgateway_has() {
    let args = ["--to", "pushgateway", "--dry-run"];
    let empty = run(&[], &args);
    assert_eq!((empty.exit, empty.stdout.as_str(), empty.stderr.as_str()), (Exit::Done, "", ""));
    assert!(run(&[RUN], &args).stdout.starts_with("PUT http://127.0.0.1:9091/metrics/job/github_pm\n"));
}

#[test]
fn what_waited_for_its_run_is_delivered_when_the_input_fails() {
    let request = REQUEST.replace("\"method\"", "\"execution_id\":\"exec_0123456789ab\",\"method\"");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, format!("{request}\n").as_bytes()).expect("packed");
    let whole = packed.finish().expect("packed");
    let cut = Trial::new().input(&whole[..whole.len() - 1]);
    let args = ["--to", "otlp", "--signals", "traces", "--dry-run"];
    let outcome = cut.run(pm_export::TOOL, pm_export::run, &args);
    assert!(
        outcome.exit == Exit::Environment && outcome.stderr.contains("cannot read records"),
        "{outcome:?}"
    );
    assert!(outcome.stdout.contains("\"GET /repos/{owner}/{repo}\""), "{}", outcome.stdout);
}

#[test]
fn certificates_that_are_none_are_told_by_the_variable_that_named_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "no certificate").expect("written");
    for variable in ["OTEL_EXPORTER_OTLP_CERTIFICATE", "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE"] {
        let refused = trial(&[RUN]).variable(variable, &file).run(
            pm_export::TOOL,
            pm_export::run,
            &["--to", "otlp", "--url", "https://127.0.0.1:9", "--no-spool"],
        );
        let expected = format!("pm-export: {variable} names '");
        assert!(refused.exit == Exit::Usage && refused.stderr.starts_with(&expected), "{}", refused.stderr);
        assert!(refused.stderr.ends_with(&format!("or `unset {variable}`\n")), "{}", refused.stderr);
    }
}

#[test]
fn what_opentelemetry_s_variables_cannot_mean_is_refused_by_name() {
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "soon"),
        ("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", "/no/such/file.pem"),
        ("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "zip"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
    ] {
        let refused = trial(&[RUN]).variable(name, value).run(
            pm_export::TOOL,
            pm_export::run,
            &["--to", "otlp", "--dry-run"],
        );
        assert_eq!((refused.exit, refused.stdout.as_str()), (Exit::Usage, ""), "{name}");
        assert!(
            refused.stderr.contains("OTEL_EXPORTER_OTLP_") && refused.stderr.contains(value),
            "{}",
            refused.stderr
        );
    }
}
