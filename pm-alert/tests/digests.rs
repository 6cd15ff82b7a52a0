//! Replays: what they read of a store, and what a digest tells.

use std::fs;

use pm_cli::Exit;

use crate::{Place, batch, run, slow};

/// A store with a file of records for each of two days.
fn two_days() -> Place {
    let place = Place::new();
    fs::create_dir(place.store("records")).expect("a folder");
    let day = |from: &str, records: String| {
        fs::write(place.store(&format!("records/{from}.ndjson")), records.replace("2024-12-06", from))
            .expect("written");
    };
    day("2024-12-05", [batch("22:00:00", 2800, ""), batch("23:00:00", 2800, "")].concat());
    day(
        "2024-12-06",
        [batch("00:30:00", 2800, ""), batch("01:00:00", 3200, ""), batch("01:30:00", 3100, "")].concat(),
    );
    place
}

#[test]
fn each_file_of_a_replayed_store_is_judged_by_itself_from_its_first_record_on() {
    let place = two_days();
    let all = place.run("", &["--store", "--replay"]).stdout;
    // Three in a row would be over the lesser limit, but the third is of another day.
    assert!(!all.contains("\"timestamp\":\"2024-12-06T00:30:00"), "{all}");
    assert_eq!(all.lines().count(), 2);
    let cut = place.run("", &["--store", "--replay", "--since", "2024-12-06T01:30:00Z"]).stdout;
    assert_eq!(Some(cut.trim_end()), all.lines().last(), "runs in a row count those before the time too");
    assert!(cut.contains("\"violations\":3"), "{cut}");
}

#[test]
fn a_digest_is_one_alert_that_says_how_often_it_fired() {
    let place = two_days();
    let outcome = place.run("", &["--store", "--replay", "--digest"]);
    assert_eq!((outcome.stdout.lines().count(), outcome.stderr.as_str(), outcome.exit), (1, "", Exit::Done));
    for part in ["\"fired\":2", "\"current_value\":\"3.1s\"", "\"since\":\"2024-12-06T00:30:00.000Z\""] {
        assert!(outcome.stdout.contains(part), "{part} is not in {}", outcome.stdout);
    }
    let joined = place
        .run(&[outcome.stdout.clone(), outcome.stdout].concat(), &["--replay", "--digest", "--exit-code"]);
    assert!(joined.stdout.contains("\"fired\":4"), "{}", joined.stdout);
    assert_eq!((joined.stdout.lines().count(), joined.exit), (1, Exit::Yes));
    let text = run(place.trial("").on_terminal(), &["--store", "--replay", "--digest"]).stdout;
    assert_eq!(text, "⚠️  performance_degradation 'batch': 3.1s (execution_time > 3s), 2 times\n");
}

#[test]
fn one_file_is_digested_hour_by_hour() {
    let place = two_days();
    let more = batch("02:00:00", 3200, "");
    let path = place.store("records/2024-12-06.ndjson");
    fs::write(&path, [fs::read_to_string(&path).expect("text"), more].concat()).expect("written");
    let args = ["--replay", "--digest", "--store", "--segment=2024-12-06.ndjson"];
    let hours = place.run("", &args).stdout;
    assert_eq!(hours.lines().map(|line| line.contains("\"fired\":2")).collect::<Vec<_>>(), [true, false]);
    let missing = place.run("", &["--replay", "--digest", "--store", "--segment=../alerts.yml"]);
    assert!(missing.stderr.contains("there is no '../alerts.yml' among the records"), "{}", missing.stderr);
    assert_eq!(missing.exit, Exit::Environment);
}

#[test]
fn a_clock_that_was_wrong_is_the_same_mistake_whenever_it_is_replayed() {
    let place = two_days();
    let path = place.store("records/2024-12-06.ndjson");
    let future = slow().replace("2024-12-06", "2024-12-09");
    fs::write(&path, [future, fs::read_to_string(&path).expect("text")].concat()).expect("written");
    let replayed = |now| {
        let trial = place.trial("").now(now);
        run(trial, &["--store", "--replay", "--digest", "--until", "2024-12-07"]).stdout
    };
    let soon = replayed(super::NOW);
    assert!(soon.contains("\"fired\":2"), "{soon}");
    assert_eq!(soon, replayed(super::NOW + 30 * 24 * 3_600_000));
}

#[test]
fn a_replay_that_watches_nothing_reads_nothing() {
    let place = two_days();
    fs::write(place.store("records/2024-12-06.ndjson"), "nonsense\n").expect("written");
    let args = ["--store", "--replay", "--digest"];
    assert!(place.run("", &args).stderr.contains("1 of 3 lines skipped"));
    fs::remove_file(place.store("benchmarks.yml")).expect("removed");
    fs::remove_file(place.store("alerts.yml")).expect("removed");
    assert_eq!(place.run("", &args).stderr, "");
}

#[test]
fn a_digest_is_of_a_replay() {
    for args in [&["--digest"][..], &["--replay", "--digest", "--pass"], &["--replay", "--segment=x"]] {
        assert_eq!(Place::new().run("", args).exit, Exit::Usage, "{args:?}");
    }
}
