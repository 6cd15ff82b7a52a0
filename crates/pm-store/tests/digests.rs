//! Which digests of alerts are made, and when they stand for their records.

use std::time::Duration;

use pm_store::{Error, FlawKind, Retention};

use crate::summing::{Place, Summing, ask_alerts, forever, time};

const NOW: &str = "2026-11-04T09:00:00Z";
const LIMITS: &str = "benchmarks: { commands: { a: { baseline_ms: 1, max_acceptable_ms: 2 } } }\n";

fn write_limits(place: &Place, text: &str) {
    std::fs::write(place.path("benchmarks.yml"), text).expect("written");
}

/// Two closed days and an open one, with limits.
fn three_days() -> Place {
    let place = Place::new();
    write_limits(&place, LIMITS);
    place
        .append("a", "2026-11-02T10:20:00Z", 0)
        .append("b", "2026-11-02T11:40:00Z", 0)
        .append("c", "2026-11-03T00:30:00Z", 3_600_000)
        .append("d", "2026-11-04T08:00:00Z", 0)
        .compact(NOW);
    place
}

const RAW: [&str; 2] = ["records/2026-11-02.ndjson.zst", "records/2026-11-03.ndjson.zst"];
const DIGESTS: [&str; 2] = ["rollups/alerts/2026-11-02.ndjson.zst", "rollups/alerts/2026-11-03.ndjson.zst"];
const TODAY: &str = "records/2026-11-04.ndjson";

#[track_caller]
fn check(place: &Place, span: [Option<&str>; 2], commands: &str, read: &[&str]) {
    let answer = ask_alerts(&place.store, span[0], span[1]);
    let read: Vec<_> = read.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!((answer.text().as_str(), answer.read), (commands, read), "{span:?}");
}

#[test]
fn a_digest_answers_for_whole_hours_and_records_for_anything_else() {
    let place = three_days();
    check(&place, [None, None], "a b c d", &[DIGESTS[0], DIGESTS[1], TODAY]);
    check(&place, [Some("2026-11-02T11:00:00Z"), None], "b c d", &[DIGESTS[0], DIGESTS[1], TODAY]);
    check(&place, [Some("2026-11-02T11:30:00Z"), None], "b c d", &[RAW[0], DIGESTS[1], TODAY]);
    check(&place, [Some("2026-11-02T10:30:00Z"), None], "b c d", &[RAW[0], DIGESTS[1], TODAY]);
    // A cut where nothing is needs no records.
    check(&place, [Some("2026-11-02T12:30:00Z"), None], "c d", &[DIGESTS[1], TODAY]);
    // The run that began on the day before stands in the digest of the day on which it ended.
    check(&place, [Some("2026-11-02T23:00:00Z"), Some("2026-11-03T00:00:00Z")], "c", &[DIGESTS[1], TODAY]);
}

#[test]
fn without_rules_there_are_no_digests() {
    let place = Place::new();
    place.append("a", "2026-11-02T10:20:00Z", 0).compact(NOW);
    assert!(!place.path("rollups/alerts").exists());
    check(&place, [None, None], "a", &[RAW[0]]);
}

#[test]
fn where_the_rules_have_changed_records_are_judged_until_the_next_compaction() {
    let place = three_days();
    for name in ["benchmarks.yml", "alerts.yml"] {
        std::fs::write(place.path(name), format!("# {name}\n")).expect("written");
        check(&place, [None, None], "a b c d", &[RAW[0], RAW[1], TODAY]);
        place.compact(NOW);
        check(&place, [None, None], "a b c d", &[DIGESTS[0], DIGESTS[1], TODAY]);
    }
    std::fs::remove_file(place.path("alerts.yml")).expect("removed");
    check(&place, [None, None], "a b c d", &[RAW[0], RAW[1], TODAY]);
}

#[test]
fn rules_that_cannot_be_meant_are_named_once_and_keep_nothing_else_from_being_done() {
    let place = Place::new();
    write_limits(&place, "bench: {}\n");
    place.append("a", "2026-11-02T10:20:00Z", 0).append("b", "2026-11-03T10:20:00Z", 0);
    let upkeep = place.store.upkeep(Duration::ZERO).expect("a store").expect("the lock");
    let troubles = upkeep.compact(time(NOW), &forever(), &mut Summing, &mut |_, _| ()).expect("compacted");
    assert!(matches!(troubles.as_slice(), [Error::Settings { .. }]), "{troubles:?}");
    assert_eq!(place.files().len(), 10, "{:?}", place.files());
}

#[test]
fn a_digest_outlives_its_records_and_then_answers_for_the_hours_that_lie_in_a_time_as_a_whole() {
    let place = three_days();
    let keep = Retention { keep_days: Some(0), keep_rollups_days: Some(60), ..forever() };
    place.compact_keeping(NOW, &keep);
    assert!(!place.files().contains(&RAW[0].to_owned()), "{:?}", place.files());
    check(&place, [None, None], "a b c d", &[DIGESTS[0], DIGESTS[1], TODAY]);
    check(&place, [Some("2026-11-02T10:10:00Z"), None], "b c d", &[DIGESTS[0], DIGESTS[1], TODAY]);
    place.compact_keeping("2027-01-02T00:00:00Z", &keep);
    assert!(!place.files().contains(&DIGESTS[0].to_owned()), "{:?}", place.files());
    assert!(place.files().contains(&DIGESTS[1].to_owned()), "{:?}", place.files());
}

#[test]
fn verifying_judges_anew_and_names_what_differs() {
    let place = three_days();
    let flaws = || {
        let upkeep = place.store.upkeep(Duration::ZERO).expect("a store").expect("the lock");
        let verified = upkeep.verify(&mut Summing).expect("verified");
        let kinds = verified.flaws.into_iter().map(|flaw| match flaw.kind {
            FlawKind::Differs(names) => names.join("; "),
            kind => format!("{kind:?}"),
        });
        (verified.rollups, kinds.collect::<Vec<_>>())
    };
    assert_eq!(flaws(), (10, vec![]));
    let mut packed = std::fs::read(place.path(DIGESTS[0])).expect("bytes");
    let other = zstd::encode_all(
        &b"{\"performance_alert\":{\"type\":\"x\",\"threshold_exceeded\":\"\",\"current_value\":\"\"}}\n"[..],
        1,
    );
    packed.extend(other.expect("packed"));
    std::fs::write(place.path(DIGESTS[0]), packed).expect("written");
    assert_eq!(flaws(), (10, vec!["x".to_owned()]));
    write_limits(&place, "benchmarks: {}\n");
    assert_eq!(flaws(), (10, vec!["Stale".to_owned(), "Stale".to_owned()]));
}
