//! `--as analysis`: commands one by one.

use insta::assert_snapshot;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use crate::page;

/// A summary of a command, perhaps of the runs alone that have a value of a field.
fn summary(command: &str, part: &str, runs: u64, scale: u64) -> String {
    let duration = format!(
        r#"{{"count":{runs},"sum":{},"mean":{},"std_deviation":{},"min":{scale},"max":{},"p50":{},"p90":{},"p95":{},"p99":{},"outliers":{{"low":0,"high":2}}}}"#,
        runs * scale * 2,
        scale * 2,
        scale / 2,
        scale * 10,
        scale * 2,
        scale * 3,
        scale * 4,
        scale * 9,
    );
    let moments = |value: u64| format!(r#"{{"count":{runs},"sum":{},"mean":{value}}}"#, runs * value);
    let metrics = format!(
        r#"{{"duration.total_ms":{duration},"resource_usage.peak_memory_mb":{duration},"resource_usage.cpu_time_ms":{},"duration.phases.fetch_ms":{},"duration.phases.other_ms":{},"github_api.requests_made":{duration}}}"#,
        moments(scale),
        moments(scale * 3 / 2),
        moments(scale / 2),
    );
    format!(
        r#"{{"performance_summary":{{"by":{{"command":"{command}"{part}}},"window":{{"start":"2024-12-06T08:00:00Z","end":"2024-12-06T16:30:00Z"}},"count":{runs},"failures":1,"metrics":{metrics},"api_totals":{{"requests_made":1204,"graphql_points":31}},"cache_hit_rate":0.45}}}}"#
    ) + "\n"
}

fn change(command: &str, time: &str, [before, after]: [u32; 2], direction: &str) -> String {
    let percentage = (f64::from(after) / f64::from(before) - 1.0) * 100.0;
    format!(
        r#"{{"performance_change":{{"command":"{command}","metric":"duration.total_ms","timestamp":"2024-12-06T{time}Z","between":["2024-12-06T{time}Z","2024-12-06T{time}Z"],"before":{{"count":20,"median":{before}}},"after":{{"count":30,"median":{after}}},"change_percentage":{percentage:.3},"p_value":0.001,"direction":"{direction}"}}}}"#
    ) + "\n"
}

fn a_run(command: &str, time: &str, millis: u64, more: &str) -> String {
    format!(
        r#"{{"performance_metrics":{{"command":"{command}","timestamp":"2024-12-06T{time}Z","duration":{{"total_ms":{millis}}}{more}}}}}"#
    ) + "\n"
}

fn week() -> String {
    [
        summary("status", "", 1310, 100),
        summary("batch", "", 310, 900),
        summary("batch", r#","context.project_size":"large""#, 200, 1000),
        summary("batch", r#","context.project_size":null"#, 110, 700),
        summary("status", r#","context.project_size":null"#, 1310, 100),
        change("batch", "10:00:00", [1200, 1800], "regression"),
        change("batch", "14:00:00", [1800, 1500], "improvement"),
        a_run(
            "batch",
            "12:00:01",
            9000,
            r#","exit_code":3,"host":"build-7","context":{"project_size":"large","task_count":220}"#,
        ),
        a_run("batch", "12:30:00", 2000, ""),
    ]
    .concat()
}

#[test]
fn the_slowest_command_comes_first_with_all_that_is_known_of_it() {
    assert_snapshot!(page(&week(), &["--as", "analysis", "--width", "90"]), @"
    Analysis

    batch
       runs       310 · 1 failed
       time       min 900ms · p50 1.8s · p90 2.7s · p95 3.6s · p99 8.1s · max 9.0s
                  ├─────────────────█▒▒▒▒▒▒▒▒▒▒──────────────────────────────┤
                  mean 1.8s ± 450ms · outliers: 2 far above the median
       phases     fetch 75% (1.4s) · other 25% (450ms)
       CPU        mean 900ms, 50% of the time
       by         project_size: large p50 2.0s (200 runs) · none p50 1.4s (110 runs)
       changed    time improved since 2024-12-06 14:00 UTC: 1.5s, was 1.8s, 16.7% less
       changed    time regressed since 2024-12-06 10:00 UTC: 1.8s, was 1.2s, 50% more
       slowest    2024-12-06 12:00:01 UTC · 9.0s · 5.0 times the median · exit status 3 ·
                  project_size=large · task_count=220 · build-7
                  2024-12-06 12:30:00 UTC · 2.0s

    status
       runs       1,310 · 1 failed
       time       min 100ms · p50 200ms · p90 300ms · p95 400ms · p99 900ms · max 1.0s
                  ├─────────────────█▒▒▒▒▒▒▒▒▒▒──────────────────────────────┤
                  mean 200ms ± 50ms · outliers: 2 far above the median
       phases     fetch 75% (150ms) · other 25% (50ms)
       CPU        mean 100ms, 50% of the time

    ├ min · █ p50 · ▒ up to p90 · ┤ max, on a scale of ratios
    ");
}

#[test]
fn memory_and_requests_have_words_of_their_own() {
    assert_snapshot!(page(&summary("batch", "", 310, 90), &["--as", "analysis", "--focus", "memory", "--width", "70"]), @"
    Analysis

    batch
       runs       310 · 1 failed
       memory     min 90MB · p50 180MB · p90 270MB · p95 360MB · p99 810MB
                  · max 900MB
                  ├────────────────█▒▒▒▒▒▒▒▒▒────────────────────────────┤
                  mean 180MB ± 45MB · outliers: 2 far above the median

    ├ min · █ p50 · ▒ up to p90 · ┤ max, on a scale of ratios
    ");
    assert_snapshot!(page(&summary("batch", "", 310, 90), &["--as", "analysis", "--focus", "api", "--width", "70"]), @"
    Analysis

    batch
       runs       310 · 1 failed
       requests   min 90 · p50 180 · p90 270 · p95 360 · p99 810 · max 900
                  ├────────────────█▒▒▒▒▒▒▒▒▒────────────────────────────┤
                  mean 180 ± 45 · outliers: 2 far above the median
       in all     1204 requests · 31 GraphQL points
       cache      45% hits

    ├ min · █ p50 · ▒ up to p90 · ┤ max, on a scale of ratios
    ");
}

#[test]
fn nothing_to_look_at_says_what_to_type() {
    let asked = |focus| page("", &["--as", "analysis", "--focus", focus]);
    assert!(asked("slowest").contains("pm-wrap --store -- CMD"));
    assert!(asked("api").contains("pm-wrap --store --api -- CMD"));
}

#[test]
fn more_commands_than_a_page_has_room_for_are_counted() {
    let input: String = (0..1005).map(|number| summary(&format!("c{number}"), "", 2, 100 + number)).collect();
    let page = page(&input, &["--as", "analysis"]);
    assert!(page.contains("\nc999\n") && page.contains("\nCommands not shown: 995\n"), "{page}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_line_fits_and_nothing_drives_the_terminal(name in r"(\PC|[\x00-\x1f\u{202e}日<]){1,40}", width in 24..140_usize) {
        let name = serde_json::to_string(&name).expect("a text");
        let name = &name[1..name.len() - 1];
        let labels = format!(r#","host":"{name}","context":{{"{name}x":"{name}"}}"#);
        let input = [week(), summary(name, "", 3, 5000), a_run(name, "10:00:00", 70_000, &labels), change(name, "10:00:00", [1, 2], "regression")].concat();
        for line in page(&input, &["--as", "analysis", "--width", &width.to_string()]).lines() {
            prop_assert!(line.width() <= width, "{line:?} takes {}", line.width());
            prop_assert!(!line.chars().any(char::is_control) && !line.contains('\u{202e}'), "{line:?}");
        }
    }
}

/// `sizes` of tasks, each with the median of its runs.
fn grown(field: &str, medians: &[(String, u64)]) -> String {
    let parts = medians
        .iter()
        .map(|(size, median)| summary("batch", &format!(r#","{field}":{size}"#), 5, *median / 3));
    summary("batch", "", 100, 1000) + &parts.collect::<String>()
}

#[track_caller]
fn begins(line: &str, expected: &str) {
    assert!(line.starts_with(expected), "{line}");
}

#[test]
fn time_that_goes_with_the_size_of_a_project_is_told_as_a_power_of_it() {
    let line = |input: &str| {
        let page = page(input, &["--as", "analysis", "--width", "160"]);
        page.lines().find(|line| line.contains("task_count")).unwrap_or_default().trim().to_owned()
    };
    let sizes = || (1..=20_u32).map(|size| size * 10);
    let of_medians = |median: &dyn Fn(f64) -> f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time of some seconds")]
        let medians = sizes().map(|size| (size.to_string(), median(f64::from(size)).round() as u64));
        line(&grown("context.task_count", &medians.collect::<Vec<_>>()))
    };
    let power = |exponent: f64| of_medians(&|size| 3000.0 * (size / 10.0).powf(exponent));
    begins(
        &power(1.5),
        "grows      faster than task_count, as its power 1.50 (1.50 to 1.50): 2.0s at 10, 2m 59s at 200 (100 runs)",
    );
    begins(&power(0.5), "grows      with task_count, as its power 0.50");
    begins(&power(-0.5), "grows      against task_count, as its power -0.50");
    begins(
        &of_medians(&|size| 3000.0 + size * 7919.0 % 1000.0),
        "grows      not with task_count: its power is ",
    );
    // A few values, or words, are told one by one.
    let few = grown("context.task_count", &[("10".to_owned(), 300), ("20".to_owned(), 600)]);
    assert!(line(&few).starts_with("by         task_count: 10 p50 "), "{}", line(&few));
    let words: Vec<_> =
        sizes().map(|size| (size.to_string(), 3000)).chain([("\"many\"".to_owned(), 9)]).collect();
    assert!(line(&grown("context.task_count", &words)).starts_with("by         task_count: 10 p50 "));
}

#[test]
fn the_dearest_requests_are_told_where_requests_were_recorded() {
    let seen = r#"{"api_monitoring":{"timestamp":"2024-12-06T10:00:00Z","request_patterns":{"operations":[{"operation":"GraphQL Board","requests":20,"cost":75,"time_ms":4000},{"operation":"GET /repos/{owner}/{repo}","requests":25,"cost":25}]}}}"#;
    let page = page(&(week() + seen + "\n"), &["--as", "analysis", "--focus", "api"]);
    let told = "The dearest requests of all commands\n   GraphQL Board\n      75 of the quota, 75% · 20 requests · 4.0s\n   GET /repos/{owner}/{repo}\n      25 of the quota, 25% · 25 requests\n";
    assert!(page.contains(told), "{page}");
}
