//! Whatever way alerts are split and joined, their digest is the same.

use proptest::prelude::*;

use super::*;

/// An alert about something of `command` at a time, `since` so many minutes before.
fn alert(
    command: Option<&str>,
    minute: Option<i64>,
    since: i64,
    value: i64,
    severity: Severity,
) -> PerformanceAlert {
    let time = |minute: i64| Timestamp::from_millis(minute * 60_000);
    let state = if value % 3 == 0 { AlertState::Resolved } else { AlertState::Firing };
    PerformanceAlert {
        command: command.map(str::to_owned),
        kind: "x".to_owned(),
        threshold_exceeded: "execution_time > 2s".to_owned(),
        current_value: value.to_string(),
        severity,
        state,
        timestamp: minute.map(time),
        since: minute.map(|minute| time(minute - since)),
        ..further(&parsed("{\"type\":\"\",\"threshold_exceeded\":\"\",\"current_value\":\"\"}"))
    }
}

fn parsed(fields: &str) -> PerformanceAlert {
    let line = format!("{{\"performance_alert\":{fields}}}");
    match pm_record::Record::parse(line.as_bytes()) {
        Ok(pm_record::Record::Alert(alert)) => *alert,
        other => panic!("{other:?}"),
    }
}

fn digest(by_hour: bool, alerts: impl IntoIterator<Item = PerformanceAlert>) -> Vec<PerformanceAlert> {
    let mut digest = Digest::new(by_hour);
    alerts.into_iter().for_each(|alert| digest.push(alert));
    digest.finish().collect()
}

/// In an order that does not depend on what came first.
fn sorted(mut alerts: Vec<PerformanceAlert>) -> Vec<PerformanceAlert> {
    alerts.sort_by(|left, right| left.command.cmp(&right.command));
    alerts
}

fn alerts() -> impl Strategy<Value = Vec<PerformanceAlert>> {
    let severity = prop_oneof![Just(Severity::Info), Just(Severity::Warning), Just(Severity::Critical)];
    let command = prop_oneof![Just(None), Just(Some("a")), Just(Some("b"))];
    let minute = prop_oneof![1 => Just(None), 9 => (0..600_i64).prop_map(Some)];
    let one = (command, minute, 0..90_i64, 0..100_i64, severity);
    let made = |(command, minute, since, value, severity)| alert(command, minute, since, value, severity);
    prop::collection::vec(one.prop_map(made), 0..60)
}

proptest! {
    #[test]
    fn hours_add_up_to_the_whole(alerts in alerts(), since in 0..10_i64, length in 1..10_i64) {
        let lies_inside = |alert: &PerformanceAlert| alert.timestamp.is_none_or(|time| {
            (since..since + length).contains(&time.as_millis().div_euclid(HOUR))
        });
        let picked = alerts.iter().filter(|alert| lies_inside(alert)).cloned();
        let whole = digest(false, picked);
        let hours = digest(true, alerts).into_iter().filter(lies_inside);
        prop_assert_eq!(sorted(digest(false, hours)), sorted(whole));
    }

    #[test]
    fn digests_of_parts_are_joined_to_the_digest_of_all(alerts in alerts(), cut in 0..60_usize) {
        let (left, right) = alerts.split_at(cut.min(alerts.len()));
        let parts = [left, right].map(|part| digest(false, part.iter().cloned()));
        prop_assert_eq!(sorted(digest(false, parts.concat())), sorted(digest(false, alerts)));
    }
}

#[test]
fn an_entry_is_the_latest_alert_with_the_worst_severity_since_the_first_time() {
    let alerts = [
        alert(Some("a"), Some(20), 1, 1, Severity::Critical),
        alert(Some("a"), Some(30), 0, 2, Severity::Warning),
        alert(Some("a"), Some(10), 5, 4, Severity::Info),
    ];
    let [entry] = &digest(false, alerts)[..] else { panic!("one entry") };
    let (value, since) = (entry.current_value.as_str(), entry.since.map(|since| since.as_millis() / 60_000));
    assert_eq!((value, entry.severity, since, entry.digested()), ("2", Severity::Critical, Some(5), Some(3)));
}

#[test]
fn what_is_beyond_200_subjects_an_hour_is_counted() {
    let subject =
        |number: i64, minute| alert(Some(&format!("{number}")), Some(minute), 0, 1, Severity::Warning);
    let many = (0..205).flat_map(|number| [subject(number, 0), subject(number, 1), subject(number, 61)]);
    let entries = digest(true, many);
    let further: Vec<_> = entries.iter().filter(|entry| entry.kind == FURTHER).collect();
    assert_eq!(further.iter().map(|entry| entry.digested()).collect::<Vec<_>>(), [Some(10), Some(5)]);
    assert_eq!(entries.len(), 2 * (SUBJECTS + 1));
    let joined = digest(false, entries);
    assert_eq!(joined.len(), SUBJECTS + 1);
    assert_eq!(joined.iter().map(PerformanceAlert::times_fired).sum::<u64>(), 3 * 205);
}

#[test]
fn hours_without_end_do_not_make_entries_without_end() {
    let hours = i64::try_from(HOURS).expect("few");
    let scattered = (0..hours + 7).map(|hour| alert(Some("a"), Some(60 * hour), 0, 1, Severity::Info));
    let entries = digest(true, scattered);
    assert_eq!((entries.len(), entries.last().and_then(PerformanceAlert::digested)), (HOURS + 1, Some(7)));
}

#[test]
fn what_is_not_about_a_command_is_told_apart_by_what_it_is_about() {
    for what in ["host", "resource", "endpoint", "credential"] {
        let about = |name: &str, command: Option<&str>| {
            let mut alert = alert(command, Some(1), 0, 1, Severity::Warning);
            alert.evidence.insert(what.to_owned(), Scalar::from(name));
            alert
        };
        assert_eq!(digest(false, [about("a", None), about("b", None), about("a", None)]).len(), 2, "{what}");
        // A command is one, wherever it ran.
        assert_eq!(digest(false, [about("a", Some("x")), about("b", Some("x"))]).len(), 1, "{what}");
    }
}

#[test]
fn an_entry_reads_as_a_line() {
    let entry = digest(false, vec![alert(Some("a\u{1b}"), Some(1), 0, 1, Severity::Warning); 2]);
    assert_eq!(line(&entry[0]), "⚠️  x 'a\\u{1b}': 1 (execution_time > 2s), 2 times\n");
}
