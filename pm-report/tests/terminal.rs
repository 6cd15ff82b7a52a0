//! The page as text for a terminal.

use insta::assert_snapshot;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use crate::{ALL_DAY, alert, an_ordinary_day, page, run, summary, timed};

#[test]
fn a_page_of_60_columns() {
    assert_snapshot!(page(&an_ordinary_day(), &["--width", "60"]), @"
    Performance report
    2024-12-06 08:00 to 16:30 UTC · 1,621 runs · 3 failed (0.2%)
    17m 50s in total

    command          runs  failed    mean ± std    p50    p95
    ─────────────────────────────────────────────────────────
    batch             310       3  2.5s ± 245ms   2.5s   4.3s
    status          1,310       0  235ms ± 23ms  235ms  411ms
    setup-complete      1       0  3.1s ± 310ms   3.1s   5.4s

    ⚠️  PERFORMANCE ALERT: Command 'batch' execution time
       exceeded threshold
       Current: 3.2s | Threshold: 2s | Baseline: 1.8s
       Seen: 2 times, 2024-12-06 10:00 to 14:05 UTC
       Recommendation: Consider using --parallel flag for batch
       operations

    ⚠️  PERFORMANCE ALERT: API rate limit usage exceeded
       threshold
       Current: 85% | Threshold: 80%

    ✅ RESOLVED: Command 'status' memory usage is within its
       threshold again
       Current: 78MB | Threshold: 100MB
       Seen: 2024-12-06 12:00 UTC
    ");
}

#[test]
fn a_page_of_80_columns() {
    assert_snapshot!(page(&an_ordinary_day(), &["--width", "80"]), @"
    Performance report
    2024-12-06 08:00 to 16:30 UTC · 1,621 runs · 3 failed (0.2%) · 17m 50s in total

    command          runs  failed    total    mean ± std    p50    p95  memory
    ──────────────────────────────────────────────────────────────────────────
    batch             310       3  12m 40s  2.5s ± 245ms   2.5s   4.3s    78MB
    status          1,310       0   5m 08s  235ms ± 23ms  235ms  411ms    78MB
    setup-complete      1       0     3.1s  3.1s ± 310ms   3.1s   5.4s    78MB

    ⚠️  PERFORMANCE ALERT: Command 'batch' execution time exceeded threshold
       Current: 3.2s | Threshold: 2s | Baseline: 1.8s
       Seen: 2 times, 2024-12-06 10:00 to 14:05 UTC
       Recommendation: Consider using --parallel flag for batch operations

    ⚠️  PERFORMANCE ALERT: API rate limit usage exceeded threshold
       Current: 85% | Threshold: 80%

    ✅ RESOLVED: Command 'status' memory usage is within its threshold again
       Current: 78MB | Threshold: 100MB
       Seen: 2024-12-06 12:00 UTC
    ");
}

#[test]
fn a_page_of_120_columns() {
    assert_snapshot!(page(&an_ordinary_day(), &["--width", "120"]), @"
    Performance report
    2024-12-06 08:00 to 16:30 UTC · 1,621 runs · 3 failed (0.2%) · 17m 50s in total

    command          runs  failed    total  share    mean ± std    p50    p95    max  memory  requests  quota  cache hits
    ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
    batch             310       3  12m 40s    71%  2.5s ± 245ms   2.5s   4.3s   4.9s    78MB     1,204  2,450         45%
    status          1,310       0   5m 08s    29%  235ms ± 23ms  235ms  411ms  470ms    78MB         -      -           -
    setup-complete      1       0     3.1s   0.3%  3.1s ± 310ms   3.1s   5.4s   6.2s    78MB         -     12           -

    ⚠️  PERFORMANCE ALERT: Command 'batch' execution time exceeded threshold
       Current: 3.2s | Threshold: 2s | Baseline: 1.8s
       Seen: 2 times, 2024-12-06 10:00 to 14:05 UTC
       Recommendation: Consider using --parallel flag for batch operations

    ⚠️  PERFORMANCE ALERT: API rate limit usage exceeded threshold
       Current: 85% | Threshold: 80%

    ✅ RESOLVED: Command 'status' memory usage is within its threshold again
       Current: 78MB | Threshold: 100MB
       Seen: 2024-12-06 12:00 UTC
    ");
}

#[test]
fn color_marks_failures_and_alerts_and_changes_nothing_else() {
    let page = page(&an_ordinary_day(), &["--width", "60", "--color", "always"]);
    assert_snapshot!(page.replace('\x1b', "␛"), @"
    ␛[1mPerformance report␛[0m
    2024-12-06 08:00 to 16:30 UTC · 1,621 runs · ␛[31m3 failed (0.2%)␛[0m
    17m 50s in total

    ␛[1mcommand␛[0m          ␛[1mruns␛[0m  ␛[1mfailed␛[0m    ␛[1mmean ± std␛[0m    ␛[1mp50␛[0m    ␛[1mp95␛[0m
    ␛[2m─────────────────────────────────────────────────────────␛[0m
    batch             310       ␛[31m3␛[0m  2.5s ± 245ms   2.5s   4.3s
    status          1,310       0  235ms ± 23ms  235ms  411ms
    setup-complete      1       0  3.1s ± 310ms   3.1s   5.4s

    ␛[31;1m⚠️  PERFORMANCE ALERT: Command 'batch' execution time␛[0m
    ␛[31;1m   exceeded threshold␛[0m
       Current: 3.2s | Threshold: 2s | Baseline: 1.8s
       Seen: 2 times, 2024-12-06 10:00 to 14:05 UTC
       Recommendation: Consider using --parallel flag for batch
       operations

    ␛[33m⚠️  PERFORMANCE ALERT: API rate limit usage exceeded␛[0m
    ␛[33m   threshold␛[0m
       Current: 85% | Threshold: 80%

    ␛[32m✅ RESOLVED: Command 'status' memory usage is within its␛[0m
    ␛[32m   threshold again␛[0m
       Current: 78MB | Threshold: 100MB
       Seen: 2024-12-06 12:00 UTC
    ");
}

#[test]
fn the_time_of_runs_inside_of_other_runs_is_not_told_twice() {
    let inner = r#","nested":2,"nested_duration":{"count":2,"sum":3000}"#;
    let input = [timed("outer", ALL_DAY, 1, 10_000, ""), timed("inner", ALL_DAY, 3, 2_000, inner)].concat();
    let page = page(&input, &["--width", "80"]);
    assert!(page.contains("4 runs · none failed · 13.0s in total"), "{page}");
}

#[test]
fn windows_of_time_are_rows_in_the_order_of_the_input() {
    let input = [
        timed("batch", ["09:00:00", "10:00:00"], 2, 10, ""),
        timed("batch", ["10:00:00", "11:00:00"], 2, 900, ""),
        timed("status", ["10:00:00", "11:00:00"], 2, 100, ""),
    ];
    assert_snapshot!(page(&input.concat(), &["--width", "70", "--title", "By the hour"]), @"
    By the hour
    2024-12-06 09:00 to 11:00 UTC · 6 runs · none failed · 2.0s in total

    command  from (UTC)        runs  failed    mean ± std    p50    p95
    ───────────────────────────────────────────────────────────────────
    batch    2024-12-06 09:00     2       0  10ms ± 1.0ms   10ms   17ms
    batch    2024-12-06 10:00     2       0  900ms ± 90ms  900ms   1.6s
    status   2024-12-06 10:00     2       0  100ms ± 10ms  100ms  175ms
    ");
}

#[test]
fn the_spans_of_groups_that_are_not_cut_into_windows_are_not_shown() {
    let input =
        [timed("a", ["09:00:00", "10:00:01"], 2, 10, ""), timed("b", ["09:00:01", "12:00:00"], 2, 10, "")];
    assert!(!page(&input.concat(), &[]).contains("from (UTC)"));
    let cut =
        [timed("a", ["09:00:00", "10:00:00"], 2, 10, ""), timed("b", ["10:00:00", "11:00:00"], 2, 10, "")];
    assert!(page(&cut.concat(), &[]).contains("from (UTC)"));
    let twice =
        [timed("a", ["09:00:00", "10:00:01"], 2, 10, ""), timed("a", ["11:00:00", "12:30:00"], 2, 10, "")];
    assert!(page(&twice.concat(), &[]).contains("from (UTC)"));
}

#[test]
fn an_empty_report_says_what_to_type() {
    assert_snapshot!(page("", &[]), @"
    Performance report

    Nothing to show: no runs were recorded in this time, or none that can be compared.
    Record some with `pm-wrap --store -- CMD` or `github-pm <command>`.
    ");
}

#[test]
fn zeros_are_shown_and_what_was_not_measured_is_not() {
    let zeros = r#","metrics":{"duration.total_ms":{"count":1,"sum":0,"mean":0,"p50":0}},"api_totals":{"requests_made":0},"cache_hit_rate":0"#;
    let input = [
        summary(r#"{"command":"none","context.size":null}"#, ALL_DAY, 0, ""),
        summary(r#"{"command":"zero","context.size":7.5}"#, ALL_DAY, 1, zeros),
        summary(r#"{"fresh":true}"#, ["07:00:00", "07:00:00"], 1, ""),
    ];
    assert_snapshot!(page(&input.concat(), &["--width", "120"]), @"
    Performance report
    2024-12-06 07:00 to 16:30 UTC · 2 runs · none failed

    command  context.size  fresh  runs  failed  total  mean ± std    p50  requests  cache hits
    ──────────────────────────────────────────────────────────────────────────────────────────
    zero     7.5           -         1       0  0.0ms       0.0ms  0.0ms         0          0%
    none     -             -         0       0      -           -      -         -           -
    -        -             true      1       0      -           -      -         -           -
    ");
}

#[test]
fn hostile_names_cannot_drive_the_terminal_or_break_the_table() {
    let long = "x".repeat(700);
    let names = [
        r"\u001b]0;owned\u0007\u001b[2J",
        "<script>alert(1)</script>",
        "a|b`c\\\\d",
        r"line\nbreak\ttab\u2028",
        r"\u202edrawkcab",
        "日本語のとても長いコマンド名",
        "👩🏽\u{200d}💻❤\u{fe0f}",
        "",
        &long,
    ];
    let mut input: String = names.map(|name| timed(name, ALL_DAY, 1, 10, "")).concat();
    let evil = r#","command":"\u001b[31mred\u202e","recommendation":"ring\u0007""#;
    input += &alert(r"\u001b[1m", r"\u009b > \u001b", r"a\nb", evil);
    assert_snapshot!(page(&input, &["--width", "60", "--title", "\x1b[5mblink"]), @r"
    \u{1b}[5mblink
    2024-12-06 08:00 to 16:30 UTC · 9 runs · none failed
    90ms in total

    command                     runs  failed    mean ± std   p95
    ────────────────────────────────────────────────────────────
    \u{1b}]0;owned\u{7}\u{1b}…     1       0  10ms ± 1.0ms  17ms
    <script>alert(1)</script>      1       0  10ms ± 1.0ms  17ms
    a|b`c\d                        1       0  10ms ± 1.0ms  17ms
    line\nbreak\ttab\u{2028}       1       0  10ms ± 1.0ms  17ms
    \u{202e}drawkcab               1       0  10ms ± 1.0ms  17ms
    日本語のとても長いコマン…      1       0  10ms ± 1.0ms  17ms
    👩🏽‍💻❤️                           1       0  10ms ± 1.0ms  17ms
                                   1       0  10ms ± 1.0ms  17ms
    xxxxxxxxxxxxxxxxxxxxxxxxx…     1       0  10ms ± 1.0ms  17ms

    ⚠️  PERFORMANCE ALERT: Command '\u{1b}[31mred\u{202e}'
       \u{9b} exceeded threshold
       Current: a\nb | Threshold: \u{1b}
       Recommendation: ring\u{7}
    ");
}

#[test]
fn an_alert_that_came_late_does_not_replace_a_newer_one() {
    let at = |time, current, state| {
        let more = format!(r#","command":"a","state":"{state}","timestamp":"2024-12-06T{time}Z""#);
        alert("slow", "execution_time > 2s", current, &more)
    };
    let input =
        [at("12:00:00", "1s", "resolved"), at("11:00:00", "3s", "firing"), at("10:00:00", "4s", "firing")];
    assert_snapshot!(page(&input.concat(), &[]), @"
    Performance report

    ✅ RESOLVED: Command 'a' execution time is within its threshold again
       Current: 1s | Threshold: 2s
       Seen: 2 times, 2024-12-06 10:00 to 12:00 UTC
    ");
}

#[test]
fn alerts_about_two_hosts_are_two_and_each_names_its_own() {
    let of = |kind: &str, exceeded: &str, host: &str| {
        alert(kind, exceeded, "7", &format!(r#","severity":"warning","evidence":{{"host":"{host}"}}"#))
    };
    let input: String = ["ci-1", "ci-2", "ci-1"]
        .map(|host| {
            of("disk_low", "disk.available_space_gb < 9", host)
                + &of("memory_usage_high", "memory > 5MB", host)
        })
        .concat();
    let page = page(&input, &[]);
    for host in ["ci-1", "ci-2"] {
        for event in [
            format!("disk.available space gb on '{host}' fell below threshold"),
            format!("Memory usage of processes on '{host}' exceeded threshold"),
        ] {
            assert_eq!(page.matches(&event).count(), 1, "{page}");
        }
    }
    assert_eq!(page.matches("2 times").count(), 2, "{page}");
}

#[test]
fn an_alert_reads_as_pm_alert_wrote_it_for_people() {
    let evidence = |metric: &str, value: f64, threshold: f64, more: &str| {
        format!(r#","evidence":{{"metric":"{metric}","value":{value},"threshold":{threshold}{more}}}"#)
    };
    let slow = evidence("duration.total_ms", 3200.0, 2000.0, r#","baseline":1800"#);
    let memory = |metric, more| evidence(metric, 2048.0, 100.0, more);
    let quota = |more| evidence("used_percentage", 92.3, 80.0, more);
    let batch = r#","command":"batch""#;
    let input = [
        alert(
            "performance_degradation",
            "execution_time > 2s",
            "3.2s",
            &[batch, r#","baseline":"1.8s""#, &slow].concat(),
        ),
        alert(
            "memory_usage_high",
            "memory > 100MB",
            "2.0GB",
            &[batch, &memory("resource_usage.peak_memory_mb", r#","host":"h""#)].concat(),
        ),
        alert(
            "memory_usage_high",
            "memory > 100MB",
            "2.0GB",
            &memory("memory.process_memory_mb", r#","host":"h""#),
        ),
        alert("api_rate_limit_warning", "api_usage >= 80%", "92.3%", &quota(r#","resource":"core""#)),
        alert("api_rate_limit_warning", "api_usage >= 80%", "92.3%", &quota(r#","resource":"search""#)),
    ];
    assert_snapshot!(page(&input.concat(), &[]), @"
    Performance report

    ⚠️  PERFORMANCE ALERT: Command 'batch' execution time exceeded threshold
       Current: 3.2s | Threshold: 2.0s | Baseline: 1.8s

    ⚠️  PERFORMANCE ALERT: Command 'batch' memory usage exceeded threshold
       Current: 2.0GB | Threshold: 100MB

    ⚠️  PERFORMANCE ALERT: Memory usage of processes on 'h' exceeded threshold
       Current: 2.0GB | Threshold: 100MB

    ⚠️  PERFORMANCE ALERT: API rate limit 'core' usage exceeded threshold
       Current: 92.3% | Threshold: 80%

    ⚠️  PERFORMANCE ALERT: API rate limit 'search' usage exceeded threshold
       Current: 92.3% | Threshold: 80%
    ");
}

#[test]
fn runs_that_all_failed_before_they_began_have_no_durations() {
    let never = summary(r#"{"command":"never"}"#, ALL_DAY, 3, r#","failures":3"#);
    assert_snapshot!(page(&never, &[]), @"
    Performance report
    2024-12-06 08:00 to 16:30 UTC · 3 runs · 3 failed (100%)

    command  runs  failed
    ─────────────────────
    never       3       3
    ");
    assert_snapshot!(page(&[never, timed("batch", ALL_DAY, 2, 900, "")].concat(), &["--width=72"]), @"
    Performance report
    2024-12-06 08:00 to 16:30 UTC · 5 runs · 3 failed (60%) · 1.8s in total

    command  runs  failed  total  share    mean ± std    p50   p95  memory
    ──────────────────────────────────────────────────────────────────────
    batch       2       0   1.8s   100%  900ms ± 90ms  900ms  1.6s    78MB
    never       3       3      -      -             -      -     -       -
    ");
}

/// Short texts that are known to be hard to measure, cut or escape.
fn hard_text() -> impl Strategy<Value = String> {
    r#"(\PC|[a-z]|[\u{0}-\u{20}\u{202a}-\u{202e}\u{200d}\u{fe0f}❤日é🏽👩|`<"\\]){0,30}"#
}

fn any_line() -> impl Strategy<Value = String> {
    let number = prop_oneof![Just(0), any::<i32>().prop_map(i64::from), Just(9_000_000_000_000_000)];
    let figures = prop::collection::vec(number, 4);
    let by = prop::collection::hash_map(prop_oneof!["[a-c]", hard_text()], hard_text(), 0..5);
    let text = |text: &str| serde_json::to_string(text).expect("a string");
    let summaries = (by, figures, any::<u64>()).prop_map(move |(by, figures, count)| {
        let by: Vec<_> = by.iter().map(|(field, value)| format!("{}:{}", text(field), text(value))).collect();
        let [a, b, c, d] = figures[..] else { unreachable!("there are four") };
        let more = format!(
            r#","failures":{count},"metrics":{{"duration.total_ms":{{"count":1,"sum":{a},"mean":{b},"std_deviation":{c},"p50":{d},"p95":{a},"max":{b}}}}},"api_totals":{{"requests_made":{c}}},"cache_hit_rate":{d}"#
        );
        summary(&format!("{{{}}}", by.join(",")), ALL_DAY, count, &more)
    });
    let alerts = (hard_text(), hard_text(), hard_text()).prop_map(move |(kind, value, advice)| {
        let more = format!(r#","command":{},"recommendation":{}"#, text(&value), text(&advice));
        let quoted = text(&kind);
        let bare = &quoted[1..quoted.len() - 1];
        alert(bare, bare, bare, &more)
    });
    prop_oneof![summaries, alerts]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_line_fits_the_width_whatever_is_reported(
        lines in prop::collection::vec(any_line(), 0..8),
        title in hard_text(),
        width in 20..160_u16,
    ) {
        let title = format!("--title={title}");
        let outcome = run(&lines.concat(), &["--width", &width.to_string(), "--color", "never", &title]);
        prop_assert_eq!(outcome.stderr, "");
        for line in outcome.stdout.lines() {
            prop_assert!(line.width() <= width.into(), "{} columns: {line:?}", line.width());
            prop_assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
}

/// Two commands over four hours and hour by hour, what they were beside the hours before, a reading, and two tips.
pub(crate) fn a_glance() -> String {
    let summary = |command: &str, from: u32, to: u32, millis: u32| {
        format!(
            r#"{{"performance_summary":{{"by":{{"command":"{command}"}},"window":{{"start":"2024-12-06T{from:02}:30:00Z","end":"2024-12-06T{to:02}:30:00Z"}},"count":4,"metrics":{{"duration.total_ms":{{"count":4,"sum":{0},"p50":{millis}}}}}}}}}"#,
            4 * millis
        )
    };
    let hour = |command: &str, hour: u32, millis: u32| {
        summary(command, hour, hour + 1, millis).replace(":30:", ":00:")
    };
    let comparison = |command: &str, status: &str, change: u32| {
        format!(
            r#"{{"performance_comparison":{{"command":"{command}","metric":"duration.total_ms","baseline":{{"count":9,"median":100}},"current":{{"count":9,"median":150}},"change_percentage":{change},"status":"{status}"}}}}"#
        )
    };
    let tip =
        |id: &str| format!(r#"{{"optimization_tip":{{"id":"{id}","title":"{id}","recommendation":"do"}}}}"#);
    let lines = [
        summary("sync", 8, 12, 400),
        summary("status", 8, 12, 100),
        hour("sync", 8, 100),
        hour("sync", 9, 500),
        hour("sync", 11, 1600),
        hour("status", 9, 100),
        hour("status", 10, 101),
        comparison("sync", "regressed", 50),
        comparison("status", "inconclusive", 3),
        r#"{"api_monitoring":{"timestamp":"2024-12-06T12:00:00Z","resources":{"core":{"limit":5000,"used":1,"remaining":4999}}}}"#.to_owned(),
        tip("one"),
        tip("two"),
    ];
    lines.join("\n") + "\n"
}

#[test]
fn a_glance_shows_the_course_of_each_command_and_how_it_came_out_beside_before() {
    let page = page(&a_glance(), &["--width", "120", "--tips", "1"]);
    let row =
        |command: &str| page.lines().find(|line| line.starts_with(command)).unwrap_or_default().to_owned();
    assert!(
        page.starts_with(
            "Performance report\nCompared with before: 1 regressed · 1 undecided\n\n✗  'sync' time regressed"
        ),
        "{page}"
    );
    assert!(
        page.contains(" · 8 runs · none failed · 2.0s in total · 4,999 of 5,000 'core' left\n"),
        "windows count once: {page}"
    );
    assert!(row("sync").contains("▲ 50% slower   ▁▅ █"), "{page}");
    assert!(row("status").contains("cannot tell    ▁▁ "), "{page}");
    assert!(!page.contains("nobody can tell"), "that is a matter for `compare`: {page}");
    assert!(page.contains("TIP: one") && page.ends_with("Tips not shown: 1\n"), "{page}");
}

#[test]
fn a_glance_at_several_widths_without_and_with_color_and_in_markdown() {
    for width in ["60", "80", "120"] {
        assert_snapshot!(
            format!("a_glance_at_{width}_columns"),
            page(&a_glance(), &["--width", width, "--tips", "1"])
        );
    }
    let colored = page(&a_glance(), &["--width", "80", "--tips", "1", "--color", "always"]);
    assert_snapshot!("a_glance_in_color", colored.replace('\u{1b}', "␛"));
    assert_snapshot!("a_glance_in_markdown", page(&a_glance(), &["--as", "markdown", "--tips", "1"]));
}

#[test]
fn the_runs_of_another_log_of_the_same_time_are_no_window_of_it() {
    let other = r#"{"performance_summary":{"by":{"command":"sync"},"window":{"start":"2024-12-06T09:10:11.5Z","end":"2024-12-06T09:50:00Z"},"count":7}}"#;
    let page = page(&format!("{}{other}\n", a_glance()), &["--width", "120"]);
    assert!(page.contains(" · 15 runs · "), "{page}");
}
