//! Retention, verification and figures.

use std::time::Duration;

use pm_store::{Error, FlawKind, Grain, Reason, Retention};

use crate::summing::{HOUR, Place, Summing, forever, time};

fn kinds(place: &Place) -> Vec<(String, String)> {
    let upkeep = place.store.upkeep(Duration::ZERO).expect("a store").expect("the lock");
    let flaws = upkeep.verify(&mut Summing).expect("verified").flaws.into_iter();
    let name = |path: &std::path::Path| {
        path.strip_prefix(place.store.root()).expect("a file of the store").display().to_string()
    };
    flaws
        .map(|flaw| {
            let kind = match flaw.kind {
                FlawKind::Unreadable(_) => "unreadable".to_owned(),
                FlawKind::Torn { lines, first, .. } => format!("torn {lines} {first}"),
                FlawKind::Differs(names) => format!("differs {}", names.join("; ")),
                FlawKind::Stale => "stale".to_owned(),
                FlawKind::Leftover => "leftover".to_owned(),
            };
            (name(&flaw.path), kind)
        })
        .collect()
}

fn three_days() -> Place {
    let place = Place::new();
    place
        .append("a", "2026-10-30T10:00:00Z", 0)
        .append("b", "2026-10-31T10:00:00Z", HOUR * 12)
        .append("c", "2026-11-01T10:00:00Z", 0)
        .compact("2026-11-02T12:00:00Z");
    place
}

#[test]
fn a_second_compaction_is_told_that_there_is_one() {
    let place = three_days();
    let _first = place.store.upkeep(Duration::ZERO).expect("a store").expect("the lock");
    assert!(place.store.upkeep(Duration::ZERO).expect("a store").is_none());
}

#[test]
fn records_go_by_age_and_their_days_are_still_answered_for() {
    let place = three_days();
    let keep = Retention { keep_days: Some(10), ..forever() };
    let to_prune = |now| {
        let removals = place.store.to_prune(time(now), &keep).expect("a store");
        removals.into_iter().map(|removal| removal.path).collect::<Vec<_>>()
    };
    assert!(to_prune("2026-11-09T23:59:59.999Z").is_empty());
    let first = place.path("records/2026-10-30.ndjson.zst");
    assert_eq!(to_prune("2026-11-10T00:00:00Z"), [first]);
    place.compact_keeping("2026-11-11T00:00:00Z", &keep);
    let records: Vec<_> = place.files().into_iter().filter(|file| file.starts_with("records")).collect();
    assert_eq!(records, ["records/2026-11-01.ndjson.zst"]);
    assert_eq!(place.ask(None, None, Some(Grain::All)).text(), "a b c");
    assert_eq!(place.ask(Some("2026-10-30T11:00:00Z"), None, Some(Grain::All)).text(), "b c");
    assert_eq!(place.ask(None, None, None).text(), "c", "without their records, single runs are gone");
    // A day that is begun again does not take the name of one whose rollup is all that is left.
    place.append("late", "2026-10-30T12:00:00Z", 0).compact_keeping("2026-11-11T00:00:00Z", &forever());
    assert_eq!(place.ask(None, None, Some(Grain::All)).text(), "a b c late");
}

#[test]
fn records_go_by_size_the_oldest_first_but_never_an_open_day() {
    let place = three_days();
    place.append("open", "2026-11-02T10:00:00Z", 0);
    let now = time("2026-11-02T12:00:00Z");
    let keep = Retention { keep_mb: Some(0), ..forever() };
    let removals = place.store.to_prune(now, &keep).expect("a store");
    assert_eq!(removals.len(), 3);
    assert!(removals.iter().all(|removal| removal.reason == Reason::Size && removal.bytes > 0));
    let keep = Retention { keep_mb: Some(1), ..forever() };
    assert!(place.store.to_prune(now, &keep).expect("a store").is_empty());
}

#[test]
fn records_that_no_rollup_answers_for_stay() {
    let place = three_days();
    std::fs::remove_file(place.path("rollups/day/2026-10-30.ndjson.zst")).expect("removed");
    let keep = Retention { keep_days: Some(0), ..forever() };
    let removals = place.store.to_prune(time("2026-12-01T00:00:00Z"), &keep).expect("a store");
    let names: Vec<_> = removals.iter().map(|removal| removal.path.clone()).collect();
    assert!(!names.contains(&place.path("records/2026-10-30.ndjson.zst")), "{names:?}");
    assert!(names.contains(&place.path("records/2026-10-31.ndjson.zst")), "{names:?}");
}

#[test]
fn rollups_of_hours_are_kept_for_35_days_and_those_of_days_as_long_as_is_said() {
    let place = three_days();
    let keep = Retention { keep_days: Some(1), keep_rollups_days: Some(60), ..forever() };
    let folders = |now| {
        place.compact_keeping(now, &keep);
        let count = |folder| place.files().iter().filter(|file| file.starts_with(folder)).count();
        ["records", "rollups/hour", "rollups/day", "rollups/month"].map(count)
    };
    assert_eq!(folders("2026-12-04T23:59:59Z"), [0, 3, 3, 2]);
    assert_eq!(folders("2026-12-05T00:00:00Z"), [0, 2, 3, 2]);
    assert_eq!(folders("2026-12-07T00:00:00Z"), [0, 0, 3, 2]);
    // A month is as old as its last day, and answers for the days of it that are gone.
    assert_eq!(folders("2026-12-30T00:00:00Z"), [0, 0, 2, 2]);
    assert_eq!(place.ask(None, None, Some(Grain::All)).text(), "a b c");
    assert_eq!(folders("2026-12-31T00:00:00Z"), [0, 0, 1, 1]);
    assert_eq!(place.ask(None, None, Some(Grain::All)).text(), "c");
    assert_eq!(folders("2027-01-30T00:00:00Z"), [0, 0, 0, 0]);
}

#[test]
fn what_is_as_it_should_be_has_no_flaws() {
    let place = three_days();
    assert_eq!(kinds(&place), []);
    let upkeep = place.store.upkeep(Duration::ZERO).expect("a store").expect("the lock");
    let verified = upkeep.verify(&mut Summing).expect("verified");
    assert_eq!((verified.files, verified.lines, verified.rollups), (3, 3, 13));
}

#[test]
fn each_difference_is_named() {
    let place = three_days();
    // One day's rollup with the counts of another, under a first line that fits.
    let path = |day: &str| place.path(&format!("rollups/day/{day}.ndjson.zst"));
    let text = |day| {
        String::from_utf8(zstd::decode_all(std::fs::File::open(path(day)).expect("a file")).expect("text"))
            .expect("text")
    };
    let (mine, other) = (text("2026-10-30"), text("2026-11-01"));
    let (first_line, _) = mine.split_once('\n').expect("lines");
    let (_, lines) = other.split_once('\n').expect("lines");
    let frames = [format!("{first_line}\n"), lines.to_owned()]
        .map(|text| zstd::encode_all(text.as_bytes(), 1).expect("packed"));
    std::fs::write(path("2026-10-30"), frames.concat()).expect("written");
    let name = "rollups/day/2026-10-30.ndjson.zst".to_owned();
    let found = kinds(&place);
    let differs = "differs a from 2026-10-30T00:00:00.000Z; c from 2026-11-01T00:00:00.000Z".to_owned();
    assert_eq!(found[0], (name, differs));
    // The month is compared with what its days say.
    assert_eq!(found[1].0, "rollups/month/2026-10.ndjson.zst");
    assert_eq!(found.len(), 2);
}

#[test]
fn damage_torn_lines_and_leftovers_are_told_apart() {
    let place = three_days();
    place.append("open", "2026-11-02T10:00:00Z", 0);
    let open = place.path("records/2026-11-02.ndjson");
    let text = std::fs::read_to_string(&open).expect("text");
    std::fs::write(&open, format!("{text}{{\"half\n")).expect("written");
    std::fs::write(place.path("records/2026-10-31.ndjson.zst.new"), "half").expect("written");
    let packed = place.path("records/2026-11-01.ndjson.zst");
    let mut bytes = std::fs::read(&packed).expect("bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&packed, bytes).expect("written");
    let file = |name: &str| format!("records/{name}");
    assert_eq!(
        kinds(&place),
        [
            (file("2026-10-31.ndjson.zst.new"), "leftover".to_owned()),
            (file("2026-11-01.ndjson.zst"), "unreadable".to_owned()),
            (file("2026-11-02.ndjson"), "torn 1 2".to_owned()),
        ]
    );
}

#[test]
fn a_store_is_counted() {
    let place = three_days();
    place.append("open", "2026-11-02T10:00:00Z", 0);
    let figures = place.store.figures(time("2026-11-02T12:00:00Z"), &forever()).expect("a store");
    assert_eq!((figures.days.len(), figures.plain.files, figures.compressed.files), (4, 1, 3));
    assert_eq!(figures.rollups.map(|amount| amount.files), [3, 3, 1, 0, 3, 3]);
    let line = crate::summing::record("a", time("2026-11-01T10:00:00Z")).len() as u64;
    assert_eq!(figures.text_bytes, 3 * line);
    assert!(figures.to_prune.is_empty());
}

#[test]
fn a_roll_up_that_fails_is_named_and_keeps_nothing_else_from_being_done() {
    struct Failing;
    impl pm_store::RollUp for Failing {
        fn roll_up(
            &mut self,
            grain: Grain,
            from: &[std::path::PathBuf],
            into: std::fs::File,
        ) -> std::io::Result<u64> {
            if from[0].to_str().is_some_and(|path| path.contains("2026-10-30")) {
                return Err(std::io::Error::other("no"));
            }
            pm_store::RollUp::roll_up(&mut Summing, grain, from, into)
        }

        fn forget_machines(
            &mut self,
            grain: Grain,
            rollup: &std::path::Path,
            into: std::fs::File,
        ) -> std::io::Result<()> {
            pm_store::RollUp::forget_machines(&mut Summing, grain, rollup, into)
        }

        fn digest(&mut self, records: &std::path::Path, into: std::fs::File) -> std::io::Result<u64> {
            pm_store::RollUp::digest(&mut Summing, records, into)
        }
    }
    let place = Place::new();
    place.append("a", "2026-10-30T10:00:00Z", 0).append("b", "2026-11-01T10:00:00Z", 0);
    let upkeep = place.store.upkeep(Duration::ZERO).expect("a store").expect("the lock");
    let now = time("2026-11-03T00:00:00Z");
    let troubles = upkeep.compact(now, &forever(), &mut Failing, &mut |_, _| ()).expect("compacted");
    let path = place.path("records/2026-10-30.ndjson.zst");
    assert_eq!(
        troubles.iter().map(Error::to_string).collect::<Vec<_>>(),
        [format!("cannot roll up '{}'", path.display())]
    );
    assert_eq!(
        place.files(),
        [
            "records/2026-10-30.ndjson.zst",
            "records/2026-11-01.ndjson.zst",
            "rollups/brief-day/2026-11-01.ndjson.zst",
            "rollups/brief-hour/2026-11-01.ndjson.zst",
            "rollups/day/2026-11-01.ndjson.zst",
            "rollups/hour/2026-11-01.ndjson.zst"
        ]
    );
}
