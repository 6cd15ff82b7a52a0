//! Compaction that is killed after every single step.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use pm_store::{Deed, Grain, Question, Store};

use crate::summing::{Place, Summing, ask, compact, forever, time};

const STORE: &str = "PM_STORE_TEST_CRASH_STORE";
const STEP: &str = "PM_STORE_TEST_CRASH_STEP";
const NOW: &str = "2026-11-05T12:00:00Z";

/// A closed month and an open one, with a day that was closed before and begun again.
fn place() -> Place {
    let place = Place::new();
    place.append("a", "2026-10-30T10:00:00Z", 0).compact("2026-10-31T12:00:00Z");
    place
        .append("b", "2026-10-30T11:00:00Z", 0)
        .append("c", "2026-10-31T00:00:00Z", 1)
        .append("d", "2026-11-01T10:00:00Z", 0)
        .append("e", "2026-11-05T11:00:00Z", 0);
    place
}

#[track_caller]
fn check_whole(store: &Store, step: &str) {
    for rollups in [None, Some(Grain::Hour), Some(Grain::Day), Some(Grain::All)] {
        for (since, expected) in [(None, "a b c d e"), (Some("2026-10-30T11:00:00Z"), "b c d e")] {
            let question = Question {
                since: since.map(time),
                until: None,
                rollups,
                records_first: false,
                by_machine: true,
            };
            let answer = ask(store, &question);
            assert_eq!(answer.text(), expected, "after {step}: {rollups:?} read {:?}", answer.read);
        }
    }
}

#[test]
fn whenever_it_is_killed_every_record_is_read_once_and_the_next_run_finishes() {
    if let Some(root) = std::env::var_os(STORE) {
        return compact_and_die(&Store::at(root));
    }
    let untouched = place();
    untouched.compact(NOW);
    for step in 0.. {
        let place = place();
        let mut itself = Command::new(std::env::current_exe().expect("the tests are a program"));
        let name = "crash::whenever_it_is_killed_every_record_is_read_once_and_the_next_run_finishes";
        itself.args(["--exact", name]).env(STORE, place.store.root()).env(STEP, step.to_string());
        let output = itself.output().expect("a process");
        check_whole(&place.store, &format!("step {step}"));
        place.compact(NOW);
        check_whole(&place.store, &format!("step {step} and another run"));
        assert_eq!(place.files(), untouched.files(), "after step {step}");
        if output.status.success() {
            // Three files, each closed, written, placed and removed, and seven rollups and a month.
            assert!(step > 20, "only {step} steps");
            return;
        }
        assert_eq!(output.status.signal(), Some(9), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// Kills itself after so many steps.
fn compact_and_die(store: &Store) {
    let mut left: u32 = std::env::var(STEP).expect("a step").parse().expect("a number");
    let upkeep = store.upkeep(std::time::Duration::ZERO).expect("a store").expect("the lock");
    let mut witness = |_: Deed, _: &std::path::Path| {
        if left == 0 {
            let itself = rustix::process::getpid();
            rustix::process::kill_process(itself, rustix::process::Signal::KILL).expect("killed");
        }
        left -= 1;
    };
    let troubles = upkeep.compact(time(NOW), &forever(), &mut Summing, &mut witness).expect("compacted");
    assert!(troubles.is_empty(), "{troubles:?}");
}

#[test]
fn what_a_crash_left_in_an_odd_stage_is_taken_from_there() {
    let place = place();
    let rename = |from: &str, to: &str| {
        std::fs::rename(place.path(from), place.path(to)).expect("renamed");
    };
    rename("records/2026-11-01.ndjson", "records/2026-11-01.ndjson.closing");
    std::fs::write(place.path("records/2026-11-01.ndjson.zst.new"), "half").expect("written");
    // Both stages are there: the later one is the truth.
    std::fs::write(place.path("records/2026-10-30.ndjson.closing"), "old").expect("written");
    check_whole(&place.store, "an odd crash");
    compact(&place.store, time(NOW), &forever()).expect("compacted");
    check_whole(&place.store, "compaction");
    let unfinished = ["new", "closing"].map(Some);
    let ending = |file: &String| unfinished.contains(&file.rsplit('.').next());
    assert!(!place.files().iter().any(ending), "{:?}", place.files());
}
