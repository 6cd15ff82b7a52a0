//! Alerts of closed days from their digests: reports show what they show from the records.

use std::fmt::Write as _;
use std::time::SystemTime;

use chrono::{DateTime, Duration, Utc};
use pm_e2e::harness::{Place, run_record};
use proptest::prelude::*;

/// How many days before today have records: more than a month has.
const DAYS: i64 = 33;

const BENCHMARKS: &str = "benchmarks:
  commands:
    status: { baseline_ms: 100, max_acceptable_ms: 400 }
    batch: { baseline_ms: 300, max_acceptable_ms: 600 }
";

fn written(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A hundred records that were appended on a day of UTC, the first of which began on the day before.
fn records(midnight: DateTime<Utc>, day: i64) -> String {
    let mut text = String::new();
    for number in 0..100_i64 {
        let start = midnight + Duration::minutes(14 * number - 7);
        // Anything but even: runs of slow ones, and times at which all is well.
        let odd = (day * 31 + number * 17) % 43;
        let millis =
            u32::try_from(90 + odd * odd / 3 + if number % 40 > 30 { 300 } else { 0 }).expect("small");
        let at = written(start);
        match number % 10 {
            3 => writeln!(
                text,
                "{{\"system_metrics\":{{\"timestamp\":\"{at}\",\"host\":\"h{}\",\"memory\":{{\"process_memory_mb\":{}}}}}}}",
                day % 2,
                odd * 20
            )
            .expect("text"),
            6 => writeln!(
                text,
                "{{\"api_monitoring\":{{\"timestamp\":\"{at}\",\"resources\":{{\"core\":{{\"limit\":100,\"remaining\":{odd}}}}}}}}}"
            )
            .expect("text"),
            _ => text += &run_record(["status", "batch", "other"][usize::try_from(odd % 3).expect("small")], &at, millis),
        }
    }
    text
}

fn place() -> Place {
    let place = Place::new();
    place.sh("mkdir .github-pm && cd .github-pm/.. && github-pm performance init > /dev/null").succeeds();
    place.write(".github-pm/benchmarks.yml", BENCHMARKS);
    let today = DateTime::<Utc>::from(SystemTime::now()).date_naive();
    for day in 0..=DAYS {
        let date = today - Duration::days(day);
        let midnight = date.and_hms_opt(0, 0, 0).expect("midnight").and_utc();
        place.write(&format!(".github-pm/records/{date}.ndjson"), records(midnight, day));
    }
    place
}

#[test]
fn reports_are_the_same_to_the_byte_before_and_after_compaction() {
    let place = place();
    // What it prints has its instants spelled out, so that no hour can end in between.
    let scripts = ["day", "week", "month"].map(|timeframe| {
        place
            .sh(&format!("github-pm --explain performance report --timeframe={timeframe} --as=markdown"))
            .succeeds()
    });
    let reports = || scripts.each_ref().map(|script| place.sh(script).succeeds());
    let before = reports();
    for report in &before {
        assert!(report.contains("execution time") && report.contains(" times"), "{report}");
    }
    assert!(before[2].contains("API rate limit") && before[2].contains("'h1'"), "{}", before[2]);
    place.sh("github-pm performance store compact --quiet").succeeds();
    let digests = place.sh("ls .github-pm/rollups/alerts | wc -l").succeeds();
    // Within an hour after midnight yesterday is still open.
    assert!((DAYS - 1..=DAYS).contains(&digests.trim().parse().expect("a number")), "{digests}");
    assert_eq!(reports(), before);
    assert!(place.sh("github-pm performance store verify").succeeds().ends_with("as it should be\n"));
}

#[test]
fn a_report_reads_no_records_of_closed_days_and_judges_them_by_the_rules_of_now() {
    let place = place();
    place.sh("github-pm performance store compact --quiet").succeeds();
    let report = "pm-alert --store --replay --digest --since '31 days ago' | sort";
    let bounded = "s=$(date -u -d '20 days ago' +%F) u=$(date -u -d '10 days ago' +%F)
        pm-alert --store --replay --digest --since $s --until $u > $TMPDIR/digest
        pm-alert --store --replay --since $s --until $u > $TMPDIR/alerts
        cmp <(pm-report --as markdown $TMPDIR/digest) <(pm-report --as markdown $TMPDIR/alerts)";
    assert_eq!(place.sh(bounded).succeeds(), "");
    let from_digests = place.sh("pm-alert --store --replay --digest").succeeds();
    // Nobody looks into the records of a day whose digest fits.
    let script = "cd .github-pm/records; day=$(date -u -d '12 days ago' +%F)
        cp $day.ndjson.zst ../kept && printf '\\0\\0\\0\\0' | dd of=$day.ndjson.zst bs=1 seek=30 conv=notrunc status=none";
    place.sh(script).succeeds();
    assert_eq!(place.sh("pm-alert --store --replay --digest").succeeds(), from_digests);
    assert_eq!(place.sh("pm-alert --store --replay --digest --strict > /dev/null").code, Some(4));
    place.sh("cd .github-pm/records; mv ../kept $(date -u -d '12 days ago' +%F).ndjson.zst").succeeds();
    place.write(".github-pm/benchmarks.yml", BENCHMARKS.replace("600", "400"));
    let changed = place.sh(report).succeeds();
    assert_ne!(changed.matches("max_acceptable").count(), 0);
    assert!(changed.contains("execution_time > 400ms") && !changed.contains("> 600ms"), "{changed}");
    place.sh("github-pm performance store compact --quiet").succeeds();
    assert_eq!(place.sh(report).succeeds(), changed);
}

/// A single alert as a line, its digest of one, and what it is about.
fn alert() -> impl Strategy<Value = (String, String)> {
    let about = prop_oneof![
        Just(("performance_degradation", Some("batch"), "execution_time > 2s", "")),
        Just(("memory_usage_high", Some("batch"), "memory > 1MB", "")),
        Just(("memory_usage_high", None, "memory > 1MB", "\"host\":\"h\",")),
        Just(("api_rate_limit_warning", None, "api_usage >= 80%", "\"resource\":\"core\",")),
        Just(("api_rate_limit_warning", None, "api_usage >= 80%", "\"resource\":\"search\",")),
        Just(("disk_full", None, "disk use > 5%", "")),
        Just(("disk_full", None, "disk use > 5%", "\"host\":\"a\",")),
        Just(("disk_full", None, "disk use > 5%", "\"host\":\"b\",")),
        Just(("slow_requests", None, "duration_ms > 5", "\"endpoint\":\"/user\",\"credential\":\"c\",")),
    ];
    let severity = prop_oneof![Just("info"), Just("warning"), Just("critical")];
    (about, severity, any::<bool>(), prop::option::weighted(0.9, 0..48_u32), 0..3_u32, 1..99_u32).prop_map(
        |((kind, command, exceeded, of), severity, fires, time, before, value)| {
            let command = command.map(|command| format!("\"command\":\"{command}\",")).unwrap_or_default();
            let at = |time: u32| format!("\"2024-12-{:02}T{:02}:10:00.000Z\"", 6 + time / 24, time % 24);
            let times = time.map(|time| {
                format!("\"timestamp\":{},\"since\":{},", at(time), at(time.saturating_sub(before)))
            });
            let state = if fires { "firing" } else { "resolved" };
            let line = |fired: &str| {
                format!(
                    "{{\"performance_alert\":{{\"type\":\"{kind}\",{command}\"threshold_exceeded\":\"{exceeded}\",\"current_value\":\"{value}\",\"severity\":\"{severity}\",\"state\":\"{state}\",{}\"evidence\":{{{of}{fired}\"x\":1}}}}}}\n",
                    times.as_deref().unwrap_or_default()
                )
            };
            (line(""), line(&format!("\"fired\":{},", u8::from(fires))))
        },
    )
}

proptest! {
    // Each starts a dozen processes.
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_page_from_digests_is_the_page_from_the_alerts(
        alerts in prop::collection::vec(alert(), 1..40),
        cut in 0..40_usize,
    ) {
        let place = Place::new();
        let cut = cut.min(alerts.len());
        let join = |alerts: &[(String, String)], digest: bool| -> String {
            alerts.iter().map(|(single, one)| if digest { one.as_str() } else { single.as_str() }).collect()
        };
        place.write("alerts", join(&alerts, false));
        place.write("first", join(&alerts[..cut], true));
        place.write("rest", join(&alerts[cut..], true));
        for form in ["terminal", "markdown"] {
            let script = format!(
                "page() {{ pm-report --as {form} --title x \"$@\"; }}; digest() {{ pm-alert --replay --digest \"$@\"; }}
                page alerts > wanted
                digest first rest | page | cmp - wanted
                cat <(digest first) <(digest rest) | page | cmp - wanted
                cat <(digest first) <(digest rest) | digest | page | cmp - wanted"
            );
            prop_assert_eq!(place.sh(&format!("set -e\n{script}")).succeeds(), "");
        }
    }
}
