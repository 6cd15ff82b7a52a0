//! Bounds, and what survives from one run to the next.

use pm_record::Record;
use proptest::prelude::*;

use super::*;
use crate::judge::tests::{build, judge, observe, parse, run, said, same_at_once, time};

#[test]
fn the_longest_unseen_subject_gives_way() {
    let (judge, mut state) = (judge(), State::default());
    let slow = |name: &str| run(name, "10:00:00", 1, r#","resource_usage":{"peak_memory_mb":1}"#);
    for number in 0..SUBJECTS + SLACK {
        said(&judge, &mut state, &slow(&format!("c{number}")));
    }
    said(&judge, &mut state, &slow("c0"));
    said(&judge, &mut state, &slow("one more"));
    assert_eq!(state.rows.len(), SUBJECTS + 1);
    let knows = |name: &str| state.rows.contains_key(&format!("memory_usage_high command {name}"));
    assert_eq!([knows("c0"), knows("c1"), knows("one more")], [true, false, true]);
}

#[test]
fn the_newest_execution_ids_are_remembered_and_hostile_ones_are_not() {
    let (judge, mut state) = (judge(), State::default());
    let with = |id: &str| run("batch", "10:00:00", 1, &format!(r#","execution_id":"{id}""#));
    for number in 0..=2 * SEEN {
        said(&judge, &mut state, &with(&format!("exec_{number}")));
    }
    said(&judge, &mut state, &with(&"x".repeat(100_000)));
    assert_eq!(state.seen.len(), SEEN + 1);
    assert_eq!((state.seen.contains("exec_999"), state.seen.contains("exec_1000")), (false, true));
}

/// Records of few subjects, close to their limits, in no order.
fn any_record() -> impl Strategy<Value = Record> {
    let run = (0..2_u8, 0..9_u8, prop_oneof![Just(100_u32), Just(2800), Just(3100)], 0..20_u8, 90..110_u8)
        .prop_map(|(command, at, millis, id, mb)| {
            let command = ["batch", "status"][usize::from(command)];
            let more = format!(
                r#","execution_id":"e{id}","exit_code":{},"resource_usage":{{"peak_memory_mb":{mb}}}"#,
                u8::from(id == 3)
            );
            run(command, &format!("10:00:0{at}"), millis, &more)
        });
    let reading = (0..2_u8, 0..9_u8, 3900..4100_u32).prop_map(|(credential, at, used)| {
        parse(&format!(
            r#"{{"api_monitoring":{{"timestamp":"2024-12-06T10:00:0{at}Z","credential":"{credential}","resources":{{"core":{{"limit":5000,"used":{used}}}}}}}}}"#
        ))
    });
    prop_oneof![3 => run, 1 => reading]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn one_run_a_record_alerts_what_one_long_run_does(records in prop::collection::vec(any_record(), 0..60)) {
        let judge = judge();
        let (mut long, mut kept) = (State::default(), serde_json::to_vec(&State::default()).expect("JSON"));
        for record in &records {
            let mut short: State = serde_json::from_slice(&kept).expect("what was written");
            prop_assert_eq!(said(&judge, &mut short, record), said(&judge, &mut long, record));
            prop_assert_eq!(&short, &long);
            kept = serde_json::to_vec(&short).expect("JSON");
        }
    }

    #[test]
    fn runs_that_are_judged_as_they_stand_in_their_lines_alert_the_same(records in prop::collection::vec(any_record(), 0..60)) {
        same_at_once(&judge(), &records);
        same_at_once(&build(RULES, "").expect("rules"), &records);
    }
}

/// One rule of each kind.
const RULES: &str = r"
alerts:
  memory_usage_high: { threshold_mb: 100, clear_below: 80, consecutive_violations: 2, cooldown: 10m }
  held: { metric: duration.total_ms, above: 1000, for: 5m, commands: ['b*'] }
  failing: { metric: failure_rate, above: 50, window: 10m, at_least: 3, severity: critical }
  refused: { metric: secondary_limit_hits, above: 1, window: 10m }
  quiet: { missing_after: 1h, commands: [backup] }
  few: { metric: github_api.requests_made, below: 5, where: { context.kind: 'full-*' } }
  pace: { exhausted_before_reset: true }
  level: { regression: true, metric: resource_usage.cpu_time_ms, commands: [other] }
";

fn rules(text: &str) -> crate::judge::Judge {
    build(text, "").expect(text)
}

fn told(alerts: Vec<Alert>) -> Vec<String> {
    let word = |alert: Alert| {
        let state = serde_json::to_value(alert.record.state).expect("a word");
        let event = serde_json::to_value(alert.event).expect("a word");
        let text = |word: serde_json::Value| word.as_str().unwrap_or_default().to_owned();
        format!("{} {} {} {}", alert.record.kind, text(state), text(event), alert.record.current_value)
    };
    alerts.into_iter().map(word).collect()
}

/// What the records alert by these rules, one after the other.
#[track_caller]
fn check(rules_text: &str, records: &[Record], expected: &[&str]) {
    let (judge, mut state) = (rules(rules_text), State::default());
    let take = |record| observe(&judge, record).map(|seen| state.take(seen, time("23:59:59"), "store"));
    let alerts: Vec<_> = records.iter().filter_map(take).flatten().collect();
    assert_eq!(told(alerts), expected);
}

fn at(minute: u32) -> String {
    format!("{:02}:{:02}:00", 10 + minute / 60, minute % 60)
}

fn memory(minute: u32, mb: u32) -> Record {
    run("batch", &at(minute), 0, &format!(r#","resource_usage":{{"peak_memory_mb":{mb}}}"#))
}

#[test]
fn between_the_limit_that_fires_and_the_one_that_clears_an_alert_goes_on_and_none_begins() {
    let rule = "alerts: { memory_usage_high: { threshold_mb: 100, clear_below: 80 } }";
    check(
        rule,
        &[memory(0, 90), memory(1, 101), memory(2, 90), memory(3, 81), memory(4, 80), memory(5, 90)],
        &["memory_usage_high firing began 101MB", "memory_usage_high resolved resolved 80MB"],
    );
}

#[test]
fn whoever_was_told_is_reminded_after_the_cooldown_and_not_before() {
    let rule = "alerts: { memory_usage_high: { threshold_mb: 100, cooldown: 10m } }";
    check(
        rule,
        &[memory(0, 101), memory(9, 102), memory(10, 103), memory(19, 104), memory(21, 105)],
        &[
            "memory_usage_high firing began 101MB",
            "memory_usage_high firing ongoing 102MB",
            "memory_usage_high firing reminder 103MB",
            "memory_usage_high firing ongoing 104MB",
            "memory_usage_high firing reminder 105MB",
        ],
    );
}

#[test]
fn what_begins_three_times_within_an_hour_flaps_and_is_told_again_once_it_is_steady() {
    let rule = "alerts: { memory_usage_high: { threshold_mb: 100 } }";
    let records = [
        memory(0, 101),
        memory(1, 1),
        memory(2, 101),
        memory(3, 1),
        memory(4, 101),
        memory(5, 1),
        memory(6, 101),
        memory(7, 1),
        memory(30, 1),
        memory(37, 2),
        memory(38, 101),
    ];
    check(
        rule,
        &records,
        &[
            "memory_usage_high firing began 101MB",
            "memory_usage_high resolved resolved 1.0MB",
            "memory_usage_high firing began 101MB",
            "memory_usage_high resolved resolved 1.0MB",
            "memory_usage_high firing flapping 101MB",
            "memory_usage_high resolved damped 1.0MB",
            "memory_usage_high firing damped 101MB",
            "memory_usage_high resolved damped 1.0MB",
            "memory_usage_high resolved steady 1.0MB",
            "memory_usage_high firing began 101MB",
        ],
    );
}

#[test]
fn a_limit_must_be_exceeded_for_as_long_as_the_rule_says() {
    let slow = |minute| run("batch", &at(minute), 2000, "");
    check(
        RULES,
        &[slow(0), slow(4), run("other", &at(5), 9000, ""), slow(5), run("batch", &at(6), 10, ""), slow(7)],
        &["held firing began 2s", "held resolved resolved 10ms"],
    );
}

#[test]
fn a_rate_is_that_of_the_last_while_and_needs_enough_values() {
    let run = |minute, code: u32| run("x", &at(minute), 1, &format!(r#","exit_code":{code}"#));
    check(
        RULES,
        &[
            run(0, 1),
            run(1, 1),
            run(2, 1),
            run(3, 0),
            run(4, 0),
            run(5, 0),
            run(6, 0),
            run(30, 0),
            run(31, 0),
            run(32, 0),
        ],
        &[
            "failing firing began 100%",
            "failing firing ongoing 75%",
            "failing firing ongoing 60%",
            "failing resolved resolved 42.9%",
        ],
    );
}

#[test]
fn hits_of_a_secondary_limit_are_counted_for_each_credential() {
    let request = |minute, credential: &str, hit: &str| {
        parse(&format!(
            r#"{{"api_request":{{"timestamp":"2024-12-06T{}Z","method":"GET","endpoint":"/x","duration_ms":1,"credential":"{credential}"{hit}}}}}"#,
            at(minute)
        ))
    };
    let hit = r#","limit_hit":"secondary""#;
    check(
        RULES,
        &[
            request(0, "a", hit),
            request(1, "b", hit),
            request(2, "a", hit),
            request(3, "a", ""),
            request(13, "a", ""),
        ],
        &["refused firing began 2", "refused firing ongoing 2", "refused resolved resolved 0"],
    );
}

#[test]
fn a_quota_that_does_not_last_until_its_reset_alerts_and_one_whose_pace_is_unknown_proves_nothing() {
    let reading = |minute, more: &str| {
        parse(&format!(
            r#"{{"api_monitoring":{{"timestamp":"2024-12-06T{}Z","resources":{{"core":{{"limit":5000,"used":10,"reset_time":"2024-12-06T11:00:00Z"{more}}}}}}}}}"#,
            at(minute)
        ))
    };
    let out = r#","burn_per_minute":99,"exhausted_at":"2024-12-06T10:30:00Z""#;
    check(
        RULES,
        &[reading(0, out), reading(1, ""), reading(2, r#","burn_per_minute":1"#)],
        &["pace firing began 30m 00s", "pace resolved resolved 58m 00s"],
    );
}

#[test]
fn fewer_than_a_limit_is_one_too_and_a_rule_is_about_what_its_filter_says() {
    let run = |kind: &str, requests: u32| {
        run(
            "x",
            &at(0),
            1,
            &format!(r#","context":{{"kind":"{kind}"}},"github_api":{{"requests_made":{requests}}}"#),
        )
    };
    check(RULES, &[run("half", 1), run("full-sync", 4), run("full-sync", 5)], &["few firing began 4"]);
    check(
        RULES,
        &[run("full-sync", 4), run("full-sync", 6)],
        &["few firing began 4", "few resolved resolved 6"],
    );
}

#[test]
fn a_level_is_watched_for_the_metric_and_the_commands_that_are_named() {
    let change = |command: &str, metric: &str| {
        parse(&format!(
            r#"{{"performance_change":{{"command":"{command}","metric":"{metric}","timestamp":"2024-12-06T10:00:00Z","between":["2024-12-06T10:00:00Z","2024-12-06T10:00:00Z"],"before":{{"count":9,"median":10}},"after":{{"count":9,"median":20}},"change_percentage":100,"p_value":0.001,"direction":"regression"}}}}"#
        ))
    };
    let (time, cpu) = ("duration.total_ms", "resource_usage.cpu_time_ms");
    let rule = "alerts: { performance_degradation: { enabled: false }, level: { regression: true, metric: resource_usage.cpu_time_ms, commands: [other] } }";
    check(
        rule,
        &[change("other", time), change("batch", cpu), change("other", cpu)],
        &["level firing began 20ms"],
    );
}

const NOON: i64 = 1_733_486_400_000;
const MINUTE: i64 = 60_000;

#[test]
fn a_command_that_does_not_report_is_missing_until_it_does_and_never_resolved_by_that() {
    let (judge, mut state) = (rules(RULES), State::default());
    let mut tick = |minute: i64| told(state.tick(&judge, NOON + minute * MINUTE));
    assert_eq!(tick(0), [""; 0]);
    assert_eq!(tick(60), [""; 0]);
    assert_eq!(tick(61), ["quiet missing began 1h 01m"]);
    assert_eq!(tick(62), [""; 0]);
    assert_eq!(tick(61 + 240), ["quiet missing reminder 5h 01m"]);
    let heard = observe(&judge, &run("backup", "17:02:00", 1, "")).expect("a reading");
    let alerts = state.take(heard, time("23:59:59"), "store");
    assert_eq!(alerts[0].text.lines().next(), Some("✅ RESOLVED: Command 'backup' is heard of again"));
    assert_eq!(told(alerts), ["quiet resolved resolved 5h 02m"]);
}

#[test]
fn a_gap_between_two_records_tells_what_nobody_was_there_to_see() {
    let backup = |at: &str| run("backup", at, 1, "");
    check(
        RULES,
        &[backup("10:00:00"), backup("10:30:00"), backup("12:00:00"), backup("11:00:00"), backup("12:30:00")],
        &["quiet missing began 1h 30m", "quiet resolved resolved 1h 30m"],
    );
}

#[test]
fn a_clock_that_was_ahead_does_not_keep_a_missing_command_from_being_missed() {
    let (judge, mut state) = (rules(RULES), State::default());
    assert_eq!(told(state.tick(&judge, NOON + 1000 * 24 * 60 * MINUTE)), [""; 0]);
    assert_eq!(told(state.tick(&judge, NOON)), [""; 0]);
    assert_eq!(told(state.tick(&judge, NOON + 61 * MINUTE)), ["quiet missing began 1h 01m"]);
}

#[test]
fn what_fires_by_a_rule_that_left_the_file_is_closed_once_and_that_of_another_file_is_not() {
    let (judge, mut state) = (rules(RULES), State::default());
    for (minute, source) in [(0, "store"), (1, "store"), (0, "other"), (1, "other")] {
        let record = run(source, &at(minute), 1, r#","resource_usage":{"peak_memory_mb":101}"#);
        state.take(observe(&judge, &record).expect("a reading"), time("23:59:59"), source);
    }
    let without = rules("alerts: {}");
    assert_eq!(told(state.close(&judge, NOON)), [""; 0]);
    let closed = state.close(&without, NOON);
    assert_eq!(
        closed[0].text,
        "✅ CLOSED: Command 'store' memory usage is not watched any more\n   Last: 101MB | memory > 100MB\n"
    );
    assert_eq!(told(closed), ["memory_usage_high resolved closed 101MB"]);
    assert_eq!(told(state.close(&without, NOON)), [""; 0]);
    assert_eq!(state.firing().count(), 1);
}

#[test]
fn what_fires_outlives_what_does_not_and_memory_stays_bounded() {
    let (judge, mut state) = (rules(RULES), State::default());
    for minute in 0..2 {
        said(&judge, &mut state, &memory(minute, 101));
    }
    for number in 0..100_000 {
        said(&judge, &mut state, &run(&format!("c{number}"), "10:00:00", 1, ""));
    }
    assert!(state.rows.len() <= SUBJECTS + SLACK);
    assert_eq!((state.firing().count(), state.forgotten()), (1, 0));
}

/// Records that all the rules read, close to their limits.
fn any_event() -> impl Strategy<Value = (Record, i64)> {
    let names = prop_oneof![Just("backup"), Just("batch"), Just("b"), Just("other")];
    let run = (names, 0..600_u32, 0..2_u8, 70..110_u32, prop_oneof![Just(10_u32), Just(2000)]).prop_map(
        |(name, minute, code, mb, millis)| {
            let more = format!(r#","exit_code":{code},"resource_usage":{{"peak_memory_mb":{mb}}},"context":{{"kind":"full-x"}},"github_api":{{"requests_made":{}}}"#, mb % 9);
            (run(name, &at(minute % 600), millis, &more), i64::from(minute))
        },
    );
    let reading = (0..600_u32, any::<bool>()).prop_map(|(minute, is_out)| {
        let more = if is_out { r#","exhausted_at":"2024-12-06T21:00:00Z""# } else { "" };
        let line = format!(
            r#"{{"api_monitoring":{{"timestamp":"2024-12-06T{}Z","resources":{{"core":{{"limit":5000,"used":10,"burn_per_minute":3,"reset_time":"2024-12-06T23:00:00Z"{more}}}}}}}}}"#,
            at(minute)
        );
        (parse(&line), i64::from(minute))
    });
    prop_oneof![6 => run, 1 => reading]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_split_over_runs_alerts_what_one_long_run_does(
        mut events in prop::collection::vec((any_event(), any::<bool>()), 0..80),
        is_sorted in any::<bool>(),
    ) {
        let judge = rules(RULES);
        if is_sorted {
            events.sort_by_key(|((_, minute), _)| *minute);
        }
        let (mut long, mut short) = (State::default(), State::default());
        for ((record, minute), ends) in &events {
            let now = NOON - 120 * MINUTE + minute * MINUTE;
            let alerts = |state: &mut State| {
                let seen = observe(&judge, record);
                let mut alerts = seen.map(|seen| state.take(seen, super::horizon(now), "store")).unwrap_or_default();
                alerts.extend(state.tick(&judge, now));
                told(alerts)
            };
            prop_assert_eq!(alerts(&mut short), alerts(&mut long));
            if *ends {
                let kept = serde_json::to_vec(&short).expect("JSON");
                short = serde_json::from_slice(&kept).expect("what was written");
                prop_assert_eq!(short.close(&judge, now), Vec::new());
            }
        }
        prop_assert_eq!(short, long);
    }
}
