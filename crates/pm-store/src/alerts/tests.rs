//! What is meant by a file, and what is refused of one.

use std::path::Path;

use super::*;

const EXAMPLE: &str = r#"
alerts:
  performance_degradation: { enabled: true, threshold_percentage: 50, consecutive_violations: 3, notification_channels: ["console", "log"] }
  memory_usage_high:       { enabled: false, threshold_mb: 100, notification_channels: ["console"] }
  api_rate_limit_warning:  { threshold_percentage: 80.5 }
"#;

fn parse(text: &str) -> Result<Alerts, Error> {
    file::read(Path::new("alerts.yml"), text)
}

#[track_caller]
fn check_refused(text: &str, message: &str, hint: &str) {
    let error = parse(text).expect_err(text);
    assert_eq!((error.to_string().as_str(), error.hint().as_deref()), (message, Some(hint)));
}

/// Refuses a rule `mine` with these keys, whose place counts from its line.
#[track_caller]
fn check_rule(keys: &str, message: &str, hint: &str) {
    check_refused(&format!("alerts:\n  mine: {{ {keys} }}\n"), &format!("alerts.yml:2:{message}"), hint);
}

fn rule(keys: &str) -> OtherRule {
    let alerts = parse(&format!("alerts: {{ mine: {{ {keys} }} }}\n")).expect(keys);
    alerts.others["mine"].clone()
}

#[test]
fn the_example_is_read_and_a_disabled_rule_is_none() {
    let alerts = parse(EXAMPLE).expect("the example");
    let slow = alerts.performance_degradation.expect("enabled").terms;
    assert_eq!((slow.consecutive_violations, slow.notification_channels.len()), (3, 2));
    assert_eq!(alerts.memory_usage_high, None);
    let quota = alerts.api_rate_limit_warning.expect("enabled");
    assert_eq!(
        (quota.threshold_percentage, quota.terms.notification_channels),
        (80.5, vec!["console".to_owned()])
    );
}

#[test]
fn a_file_that_says_nothing_watches_only_what_benchmarks_accept_at_most() {
    for text in ["", "# only a comment\n", "alerts:\n", "alerts: {}\n"] {
        let slow = Some(PerformanceDegradation::default());
        assert_eq!(parse(text).expect(text), Alerts { performance_degradation: slow, ..Alerts::default() });
    }
    let disabled = parse("alerts: { performance_degradation: { enabled: false } }").expect("a rule");
    assert_eq!(disabled, Alerts::default());
}

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_one() {
    let text = "alerts:\n  memory_usage_high:\n    enabled: true\n    treshold_mb: 100\n";
    check_refused(text, "alerts.yml:4:5: unknown key 'treshold_mb'", "did you mean 'threshold_mb'?");
    let text = "alerts:\n  memory_usage_hihg: { threshold_mb: 100 }\n";
    check_refused(
        text,
        "alerts.yml:2:3: unknown rule 'memory_usage_hihg'",
        "did you mean 'memory_usage_high'?",
    );
    check_rule("abve: 1", "11: unknown key 'abve'", "did you mean 'above'?");
}

#[test]
fn an_unknown_channel_is_refused_with_the_nearest_one_of_those_that_are_set_up() {
    let text = |name: &str| {
        format!(
            "channels:\n  team: {{ type: slack, url_env: HOOK }}\nalerts:\n  memory_usage_high:\n    threshold_mb: 1\n    notification_channels: [{name}]\n"
        )
    };
    check_refused(&text("consle"), "alerts.yml:6:29: unknown channel 'consle'", "did you mean 'console'?");
    check_refused(&text("teem"), "alerts.yml:6:29: unknown channel 'teem'", "did you mean 'team'?");
    assert_eq!(parse(&text("team")).expect("a channel").channels.len(), 1);
}

#[test]
fn a_wrong_type_and_a_missing_key_name_their_place() {
    let error = parse("alerts:\n  memory_usage_high: { threshold_mb: lots }\n").expect_err("no number");
    assert!(error.to_string().starts_with("alerts.yml:2:38: "), "{error}");
    let text = "alerts:\n  memory_usage_high: { enabled: true }\n";
    check_refused(
        text,
        "alerts.yml:2:22: missing key 'threshold_mb'",
        "write one, such as `threshold_mb: 100`",
    );
}

#[test]
fn any_metric_can_have_a_limit() {
    let peak =
        rule("metric: resource_usage.peak_memory_mb, above: 200, clear_below: 150, commands: [batch*]");
    let Watch::Metric(limit) = &peak.watch else { panic!("{peak:?}") };
    assert_eq!(
        (limit.metric.record.clone(), limit.metric.unit, limit.is_above),
        (RecordKind::Run, Unit::Memory, true)
    );
    assert_eq!((peak.terms.clear, peak.terms.commands), (Some(150.0), vec!["batch*".to_owned()]));
    let failures = rule("metric: failure_rate, above: 20, for: 5m, severity: critical, cooldown: 1h");
    let Watch::Metric(limit) = &failures.watch else { panic!("{failures:?}") };
    let window = WindowSettings { millis: 3_600_000, statistic: Statistic::Mean, at_least: 5 };
    assert_eq!(limit.window, Some(window));
    assert_eq!((failures.terms.held_millis, failures.terms.cooldown_millis), (300_000, 3_600_000));
    let hits = rule("metric: secondary_limit_hits, above: 0, window: 1h, statistic: per_minute");
    let Watch::Metric(limit) = hits.watch else { panic!("a metric") };
    assert_eq!(limit.window.map(|window| window.statistic), Some(Statistic::PerMinute));
    let own = rule("metric: build.size_mb, record: my_build, above: 3");
    let Watch::Metric(limit) = own.watch else { panic!("a metric") };
    assert_eq!(limit.metric.record, RecordKind::Other("my_build".into()));
    assert_eq!(rule("exhausted_before_reset: true").watch, Watch::ExhaustedBeforeReset);
    assert_eq!(
        rule("missing_after: 26h, commands: [backup]").terms.missing_after_millis,
        Some(26 * 3_600_000)
    );
    assert_eq!(rule("regression: true").watch, Watch::Regression(None));
}

#[test]
fn what_cannot_be_meant_is_refused_where_it_stands() {
    check_rule(
        "metric: resource_usage.peak_memory_mbs, above: 1",
        "19: unknown metric 'resource_usage.peak_memory_mbs'",
        "did you mean 'resource_usage.peak_memory_mb'?",
    );
    check_rule(
        "metric: peak_memory_mb, above: 1",
        "19: unknown metric 'peak_memory_mb'",
        "did you mean 'resource_usage.peak_memory_mb'?",
    );
    check_rule(
        "metric: cost",
        "9: missing key 'above'",
        "write a limit, such as `above: 200` or `below: 10`",
    );
    check_rule(
        "metric: cost, above: 5, below: 1",
        "42: above and below are both set",
        "make two rules of it",
    );
    check_rule(
        "metric: cost, above: 5, clear_below: 6",
        "48: clear_below is over 5, which it clears",
        "write at most 5",
    );
    check_rule(
        "metric: cost, above: 5, clear_above: 6",
        "48: clear_above belongs to below",
        "write `clear_below`",
    );
    check_rule(
        "metric: cost, above: 5, at_least: 6",
        "45: at_least needs a window",
        "write one, such as `window: 10m`",
    );
    let error = parse("alerts: { mine: { missing_after: soon } }").expect_err("no time").to_string();
    assert_eq!(error, "alerts.yml:1:34: 'soon' is no time, such as 90s, 10m or 26h");
}

#[test]
fn a_rule_that_watches_nothing_is_refused() {
    let hint = "write what it watches, such as `metric: resource_usage.peak_memory_mb` and `above: 200`";
    check_rule("enabled: true", "9: the rule 'mine' watches nothing", hint);
    check_refused(
        "alerts:\n  api_rate_limit_warning: { threshold_mb: 1, threshold_percentage: 2 }\n",
        "alerts.yml:2:43: 'threshold_mb' is no key of api_rate_limit_warning",
        "its own keys are threshold_percentage, clear_below",
    );
    let error = parse("alerts:\n  'a b': { missing_after: 1h }\n").expect_err("no name");
    assert_eq!(error.to_string(), "alerts.yml:2:3: 'a b' is no name for a rule");
}

#[test]
fn channels_have_the_keys_of_their_kind_and_no_secret_is_printed() {
    let channel = |keys: &str| parse(&format!("channels:\n  team: {{ {keys} }}\n"));
    let refused = |keys: &str| channel(keys).expect_err(keys).to_string();
    assert_eq!(refused("url: x"), "alerts.yml:2:9: missing key 'type'");
    assert_eq!(refused("type: slak, url: x"), "alerts.yml:2:17: unknown word 'slak'");
    assert_eq!(refused("type: slack"), "alerts.yml:2:9: missing key 'url'");
    assert_eq!(refused("type: slack, url: x, run: [y]"), "alerts.yml:2:9: 'run' is no key of such a channel");
    assert_eq!(refused("type: email, to: \"a\\nBcc: b\"").lines().next(), Some("alerts.yml:2:9: 'a"));
    let secret = channel("type: slack, url: https://hooks.example.com/T0/B0/hush").expect("a channel");
    let shown = secret.sensitive().expect("it sends data");
    assert!(shown.contains("https://hooks.example.com/…") && !shown.contains("hush"), "{shown}");
    let spoofed =
        channel("type: slack, url: \"https://evil.example?@hooks.example.com/x\"").expect("a channel");
    assert!(spoofed.sensitive().expect("it sends data").contains("https://evil.example/…"));
    let other = channel("type: slack, url: https://hooks.example.com/T0/B0/other").expect("a channel");
    assert_ne!(other.sensitive(), Some(shown));
    assert_eq!(channel("type: github").expect("harmless").sensitive(), None);
}
