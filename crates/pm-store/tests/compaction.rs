//! What compaction makes of a store, and which of it answers a question.

use pm_store::Grain;

use crate::summing::{HOUR, Place, ask, record, time};

/// Two months with runs on four days, one of which began the day before it ended.
fn two_months() -> Place {
    let place = Place::new();
    place
        .append("a", "2026-10-05T10:20:00Z", 0)
        .append("b", "2026-10-05T11:40:00Z", 0)
        .append("c", "2026-10-20T00:30:00Z", HOUR)
        .append("d", "2026-11-02T10:00:00Z", 0)
        .append("e", "2026-11-02T10:59:59.999Z", 0)
        .append("f", "2026-11-03T08:00:00Z", 0);
    place
}

const NOW: &str = "2026-11-03T09:00:00Z";

#[test]
fn a_day_is_closed_an_hour_after_its_end_and_not_before() {
    let place = Place::new();
    place.append("a", "2026-11-02T10:00:00Z", 0).compact("2026-11-03T00:59:59.999Z");
    assert_eq!(place.files(), ["records/2026-11-02.ndjson"]);
    place.compact("2026-11-03T01:00:00Z");
    assert_eq!(
        place.files(),
        [
            "records/2026-11-02.ndjson.zst",
            "rollups/brief-day/2026-11-02.ndjson.zst",
            "rollups/brief-hour/2026-11-02.ndjson.zst",
            "rollups/day/2026-11-02.ndjson.zst",
            "rollups/hour/2026-11-02.ndjson.zst"
        ]
    );
}

#[test]
fn a_compressed_day_holds_what_was_appended_to_the_byte() {
    let place = Place::new();
    place.append("a", "2026-11-02T10:00:00Z", 0);
    let path = place.path("records/2026-11-02.ndjson");
    let mut text = std::fs::read(&path).expect("text");
    text.extend_from_slice(b"torn {\xff\n{\"half");
    std::fs::write(&path, &text).expect("written");
    place.compact(NOW);
    let packed = std::fs::File::open(place.path("records/2026-11-02.ndjson.zst")).expect("a file");
    assert_eq!(zstd::decode_all(packed).expect("text"), text);
}

#[test]
fn each_question_is_answered_by_as_little_as_answers_it() {
    let place = two_months();
    place.compact(NOW);
    let check = |since, until, grain, commands: &str, read: &[&str]| {
        let answer = place.ask(since, until, grain);
        let read: Vec<_> = read.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!((answer.text().as_str(), answer.read), (commands, read), "{since:?} {until:?} {grain:?}");
    };
    let (month, today) = ("rollups/month/2026-10.ndjson.zst", "records/2026-11-03.ndjson");
    let (day, hour, raw) = (
        "rollups/day/2026-11-02.ndjson.zst",
        "rollups/hour/2026-11-02.ndjson.zst",
        "records/2026-11-02.ndjson.zst",
    );
    let all = Some(Grain::All);
    check(None, None, all, "a b c d e f", &[month, day, today]);
    check(Some("2026-10-05T00:00:00Z"), Some("2026-11-02T00:00:00Z"), all, "a b c", &[month, today]);
    let days = ["rollups/day/2026-10-05.ndjson.zst", "rollups/day/2026-10-20.ndjson.zst"];
    check(None, Some("2026-11-03T00:00:00Z"), Some(Grain::Day), "a b c d e", &[days[0], days[1], day, today]);
    // A month that is cut is answered by its days, and a day that is cut by its hours or its records.
    check(
        Some("2026-10-05T11:00:00Z"),
        Some("2026-11-01T00:00:00Z"),
        all,
        "b c",
        &["rollups/hour/2026-10-05.ndjson.zst", days[1], today],
    );
    check(
        Some("2026-10-05T11:00:00.001Z"),
        None,
        all,
        "b c d e f",
        &["records/2026-10-05.ndjson.zst", days[1], day, today],
    );
    check(Some("2026-11-02T10:00:00Z"), Some("2026-11-02T11:00:00Z"), all, "d e", &[hour, today]);
    check(Some("2026-11-02T10:30:00Z"), Some("2026-11-02T11:00:00Z"), all, "e", &[raw, today]);
    check(Some("2026-11-02T00:00:00Z"), None, Some(Grain::Hour), "d e f", &[hour, today]);
    // The run that began on the day before is there, although its record is not in that day's file.
    check(Some("2026-10-19T00:00:00Z"), Some("2026-10-20T00:00:00Z"), all, "c", &[days[1], today]);
    // Where only records can tell, a rollup still says in which files there is nothing to find.
    check(
        Some("2026-10-06T00:00:00Z"),
        Some("2026-10-20T00:00:00Z"),
        None,
        "c",
        &["records/2026-10-20.ndjson.zst", today],
    );
    check(Some("2026-11-02T11:00:00Z"), Some("2026-11-02T12:00:00Z"), all, "", &[today]);
}

#[test]
fn without_rollups_and_before_compaction_the_records_answer() {
    let place = two_months();
    let span = (Some("2026-10-05T11:00:00Z"), Some("2026-11-02T10:30:00Z"));
    assert_eq!(place.ask(span.0, span.1, Some(Grain::All)).text(), "b c d");
    place.compact(NOW);
    assert_eq!(place.ask(span.0, span.1, None).text(), "b c d");
    std::fs::remove_dir_all(place.path("rollups")).expect("removed");
    assert_eq!(place.ask(span.0, span.1, Some(Grain::All)).text(), "b c d");
    let without = place.files();
    place.compact(NOW);
    assert_eq!(place.files().len(), without.len() + 13, "{:?}", place.files());
}

#[test]
fn a_day_that_is_begun_again_is_another_segment_and_the_month_is_made_anew() {
    let place = two_months();
    place.compact(NOW);
    place.append("late", "2026-10-05T12:00:00Z", 0);
    let all = Some(Grain::All);
    assert_eq!(place.ask(None, None, all).text(), "a b c d e f late");
    place.compact(NOW);
    assert!(place.files().contains(&"records/2026-10-05.2.ndjson.zst".to_owned()), "{:?}", place.files());
    let answer = place.ask(None, Some("2026-11-01T00:00:00Z"), all);
    assert_eq!(answer.text(), "a b c late");
    assert_eq!(answer.read[0], "rollups/month/2026-10.ndjson.zst");
    place.append("later", "2026-10-05T13:00:00Z", 0).compact(NOW);
    assert!(place.files().contains(&"records/2026-10-05.3.ndjson.zst".to_owned()), "{:?}", place.files());
    assert_eq!(place.ask(None, None, all).text(), "a b c d e f late later");
}

#[test]
fn a_rollup_of_other_records_counts_as_not_there_and_is_made_anew() {
    let place = two_months();
    place.compact(NOW);
    let text = zstd::encode_all(record("other", time("2026-11-02T10:00:00Z")).as_bytes(), 3).expect("packed");
    std::fs::write(place.path("records/2026-11-02.ndjson.zst"), text).expect("written");
    for _ in 0..2 {
        assert_eq!(place.ask(None, None, Some(Grain::All)).text(), "a b c f other");
        place.compact(NOW);
    }
    assert_eq!(place.ask(None, None, Some(Grain::All)).read[1], "rollups/day/2026-11-02.ndjson.zst");
}

#[test]
fn whoever_does_not_tell_machines_apart_reads_the_days_by_command_alone() {
    let place = two_months();
    place.compact(NOW);
    let question = pm_store::Question {
        since: Some(time("2026-10-05T11:00:00Z")),
        until: None,
        rollups: Some(Grain::All),
        records_first: false,
        by_machine: false,
    };
    let brief = ["rollups/brief-day/2026-10-20.ndjson.zst", "rollups/brief-day/2026-11-02.ndjson.zst"];
    let answer = ask(&place.store, &question);
    assert_eq!((&answer.read[1..3], answer.text().as_str()), (&brief.map(String::from)[..], "b c d e f"));
    let by_machine = ask(&place.store, &pm_store::Question { by_machine: true, ..question });
    assert_eq!(
        (by_machine.read[1].as_str(), by_machine.text()),
        ("rollups/day/2026-10-20.ndjson.zst", answer.text())
    );
    // Without them nothing is lost, and the next compaction makes them again.
    for folder in ["rollups/brief-day", "rollups/brief-hour"] {
        std::fs::remove_dir_all(place.path(folder)).expect("removed");
    }
    assert_eq!(ask(&place.store, &question), by_machine);
    place.compact(NOW);
    assert_eq!(ask(&place.store, &question), answer);
}

#[test]
fn what_was_compressed_by_hand_is_read_and_left_alone() {
    let place = Place::new();
    place.append("a", "2026-11-02T10:00:00Z", 0);
    let plain = place.path("records/2026-11-02.ndjson");
    let status = std::process::Command::new("gzip").arg(&plain).status().expect("gzip");
    assert!(status.success());
    place.append("b", "2026-11-02T11:00:00Z", 0).compact(NOW);
    let records: Vec<_> = place.files().into_iter().filter(|file| file.starts_with("records")).collect();
    assert_eq!(records, ["records/2026-11-02.2.ndjson.zst", "records/2026-11-02.ndjson.gz"]);
    for grain in [None, Some(Grain::Hour), Some(Grain::All)] {
        assert_eq!(place.ask(None, None, grain).text(), "a b");
    }
}

#[test]
fn a_file_that_moves_on_after_it_was_found_is_found_again() {
    let place = Place::new();
    place.append("a", "2026-11-02T10:00:00Z", 0);
    let question = pm_store::Question {
        since: None,
        until: None,
        rollups: None,
        records_first: false,
        by_machine: true,
    };
    let found = place.store.sources(&question).expect("sources");
    place.compact(NOW).append("late", "2026-11-02T10:00:00Z", 0);
    let mut text = String::new();
    let file = found[0].open().expect("the records, wherever they are now");
    std::io::Read::read_to_string(&mut zstd::Decoder::new(file).expect("packed"), &mut text).expect("text");
    assert_eq!(text, record("a", time("2026-11-02T10:00:00Z")));
}
