//! The tool as a function: arguments and lines in, page and status out.

mod analysis;
mod benchmark;
mod json;
mod markdown;
mod profile;
mod terminal;

use pm_cli::{Exit, Outcome, Trial};

fn run(input: &str, args: &[&str]) -> Outcome {
    Trial::new().input(input).run(pm_report::TOOL, pm_report::run, args)
}

/// The page, where there is nothing to tell beside it.
#[track_caller]
fn page(input: &str, args: &[&str]) -> String {
    let outcome = run(input, args);
    assert_eq!((outcome.stderr.as_str(), outcome.exit), ("", Exit::Done));
    outcome.stdout
}

/// A summary of `runs` runs of one group on 6 December 2024, from `start` to `end`.
fn summary(by: &str, [start, end]: [&str; 2], runs: u64, more: &str) -> String {
    format!(
        "{{\"performance_summary\":{{\"by\":{by},\"window\":{{\"start\":\"2024-12-06T{start}Z\",\"end\":\"2024-12-06T{end}Z\"}},\"count\":{runs}{more}}}}}\n"
    )
}

/// The same for a command, with a duration of which everything is known.
fn timed(command: &str, window: [&str; 2], runs: u64, mean: u64, more: &str) -> String {
    let (sum, max) = (runs * mean, mean * 2);
    let metrics = format!(
        r#","metrics":{{"duration.total_ms":{{"count":{runs},"sum":{sum},"mean":{mean},"std_deviation":{},"min":1,"max":{max},"p50":{mean},"p90":{},"p95":{},"p99":{max}}},"resource_usage.peak_memory_mb":{{"count":1,"sum":1,"mean":50,"max":78.25}},"resource_usage.cpu_time_ms":{{"count":1,"sum":1,"mean":{}}}}}{more}"#,
        mean / 10,
        mean + mean / 2,
        mean + mean * 3 / 4,
        mean / 2,
    );
    summary(&format!("{{\"command\":\"{command}\"}}"), window, runs, &metrics)
}

const ALL_DAY: [&str; 2] = ["08:00:00", "16:30:00"];

fn alert(kind: &str, exceeded: &str, current: &str, more: &str) -> String {
    format!(
        "{{\"performance_alert\":{{\"type\":\"{kind}\",\"threshold_exceeded\":\"{exceeded}\",\"current_value\":\"{current}\"{more}}}}}\n"
    )
}

/// Three commands and three kinds of alert, one of which fired twice.
fn an_ordinary_day() -> String {
    let api = r#","failures":3,"api_totals":{"requests_made":1204,"rate_limit_consumed":2450},"cache_hit_rate":0.45"#;
    let slow = |time, current, severity| {
        let more = format!(
            r#","command":"batch","baseline":"1.8s","severity":"{severity}","timestamp":"2024-12-06T{time}Z","recommendation":"Consider using --parallel flag for batch operations""#
        );
        alert("performance_degradation", "execution_time > 2s", current, &more)
    };
    [
        timed("status", ALL_DAY, 1310, 235, ""),
        timed("batch", ALL_DAY, 310, 2450, api),
        timed("setup-complete", ALL_DAY, 1, 3100, r#","api_totals":{"graphql_points":12}"#),
        alert(
            "memory_usage_high",
            "peak_memory > 100MB",
            "78MB",
            r#","command":"status","state":"resolved","timestamp":"2024-12-06T12:00:00Z""#,
        ),
        alert("api_rate_limit_warning", "rate_limit_used > 80%", "85%", ""),
        slow("10:00:00", "2.4s", "critical"),
        slow("14:05:00", "3.2s", "warning"),
        "{\"moon_phase\":{\"phase\":\"full\"}}\n".to_owned(),
    ]
    .concat()
}

#[test]
fn runs_that_nobody_summarized_are_pointed_out_and_nothing_else_is_said() {
    let raw = "{\"performance_metrics\":{\"command\":\"a\",\"timestamp\":\"2024-12-06T10:00:00Z\",\"duration\":{\"total_ms\":1}}}\n";
    let check = |input: &str, note: &str| {
        let outcome = run(input, &[]);
        assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::Done));
        assert_eq!(outcome.stderr, note);
    };
    check(
        &raw.repeat(1204),
        "pm-report: 1,204 raw records are not summarized; pipe them through `pm-aggregate` first\n",
    );
    check(raw, "pm-report: 1 raw record is not summarized; pipe them through `pm-aggregate` first\n");
    check(
        "{\"performance_partial\":{\"by\":{\"command\":\"a\"},\"window\":null,\"metric\":\"x\"}}\n",
        "pm-report: 1 partial result is not summarized; pipe them through `pm-aggregate --merge` first\n",
    );
}

#[test]
fn alerts_are_shown_even_where_runs_were_not_summarized() {
    let raw = "{\"performance_metrics\":{\"command\":\"a\",\"timestamp\":\"2024-12-06T10:00:00Z\",\"duration\":{\"total_ms\":1}}}\n";
    let outcome = run(&[raw, &alert("x", "y > 1", "2", "")].concat(), &[]);
    assert!(outcome.stdout.contains("⚠️  PERFORMANCE ALERT: y exceeded threshold"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("not summarized"), "{}", outcome.stderr);
}

#[test]
fn what_is_less_than_it_should_be_fell_below_its_threshold() {
    let low = alert("x", "cache_hit_rate < 70%", "45%", "");
    let outcome = run(&low, &[]);
    assert!(outcome.stdout.contains("cache hit rate fell below threshold"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("Threshold: 70%"), "{}", outcome.stdout);
}

#[test]
fn summaries_may_come_with_the_runs_that_they_are_of() {
    let raw = "{\"performance_metrics\":{\"command\":\"a\",\"timestamp\":\"2024-12-06T10:00:00Z\",\"duration\":{\"total_ms\":1}}}\n";
    let summary = timed("a", ALL_DAY, 1, 1, "");
    assert_eq!(page(&[raw, &summary].concat(), &[]), page(&summary, &[]));
}

#[test]
fn bad_lines_are_skipped_counted_and_reported_once() {
    let outcome = run(&["nonsense\n", &timed("a", ALL_DAY, 1, 1, ""), "{}\n"].concat(), &[]);
    assert!(outcome.stdout.contains("1 run · none failed"), "{}", outcome.stdout);
    assert_eq!(
        outcome.stderr,
        "pm-report: 2 of 3 lines skipped; first: line 1: expected ident at column 2\n"
    );
    assert_eq!(outcome.exit, Exit::Done);
}

#[test]
fn strict_stops_at_the_first_bad_line_with_status_5() {
    let outcome = run("{}\n", &["--strict"]);
    assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::BadInput));
    assert!(outcome.stderr.contains("hint: leave `--strict` out"), "{}", outcome.stderr);
}

#[test]
fn a_missing_file_and_a_page_without_room_are_refused() {
    assert_eq!(run("", &["no/such/file"]).exit, Exit::Environment);
    let outcome = run("", &["--width", "19"]);
    assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::Usage));
}

#[test]
fn the_width_is_the_flag_then_the_variable_then_100() {
    let widest = |columns: &str, args: &[&str]| {
        let trial = Trial::new().input(an_ordinary_day()).variable("COLUMNS", columns);
        let page = trial.run(pm_report::TOOL, pm_report::run, args).stdout;
        let rule = page.lines().find(|line| line.starts_with('─')).map(|rule| rule.chars().count());
        rule.expect("a table")
    };
    assert_eq!(widest("60", &[]), widest("", &["--width", "60"]));
    assert_eq!(widest("60", &["--width", "80"]), widest("", &["--width", "80"]));
    assert_eq!(widest("wide", &[]), widest("", &["--width", "100"]));
    assert_eq!(widest("5", &[]), widest("", &["--width", "20"]));
}

#[test]
fn what_is_beyond_the_rows_that_are_kept_still_counts() {
    let input = timed("a", ALL_DAY, 1, 60_000, "").repeat(20_002);
    for form in ["terminal", "markdown"] {
        let page = page(&input, &["--as", form]);
        assert!(page.contains("20,002 runs · none failed · 333h 22m in total"), "{form}");
        let shown = page.lines().filter(|line| line.contains("1m 00s")).count() as u64;
        let left_out = page.lines().find_map(|line| line.strip_prefix("Groups not shown: "));
        let left_out: u64 = left_out.expect("a count").replace(',', "").parse().expect("a number");
        assert_eq!(shown + left_out, 20_002, "{form}");
    }
}

#[test]
fn whoever_has_to_type_the_records_is_told_so() {
    let outcome = Trial::new().typed().run(pm_report::TOOL, pm_report::run, &[]);
    assert_eq!(outcome.stderr, "pm-report: reading records from the terminal; end with ^D\n");
}

#[test]
fn beyond_200_kinds_of_alerts_they_are_counted() {
    let alerts = (0..203).map(|n| alert(&format!("rule_{n}"), "x > 1", "2", "")).collect::<String>();
    for form in ["terminal", "markdown"] {
        let page = page(&alerts, &["--as", form]);
        assert_eq!(page.matches("exceeded threshold").count(), 200);
        assert!(page.contains("Alerts not shown: 3\n"), "{form}");
    }
}

#[test]
fn a_store_is_pointed_to_what_reads_it() {
    let outcome = run("", &["--store=s"]);
    assert_eq!((outcome.stdout.as_str(), outcome.exit), ("", Exit::Usage));
    assert_eq!(
        outcome.stderr,
        "pm-report: a store holds records, and this shows summaries of them\n  hint: try `pm-aggregate --store=s | pm-report`\n"
    );
}
