//! Writers and compaction at the same time.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

use pm_store::{Grain, Question};

use crate::summing::{Place, ask, compact, forever, record, time};

const WRITERS: usize = 16;

/// How often the day is closed under its writers.
const CLOSINGS: usize = 5;

/// How many records a writer appends meanwhile, so that reading them all stays quick.
const RECORDS: usize = 40;

#[test]
fn a_day_that_is_closed_under_its_writers_loses_and_doubles_nothing() {
    let place = Place::new();
    let (at, now) = (time("2026-11-02T10:00:00Z"), time("2026-11-03T12:00:00Z"));
    let (store, compacted, done) = (&place.store, &AtomicUsize::new(0), &AtomicBool::new(false));
    let question =
        |rollups| Question { since: None, until: None, rollups, records_first: false, by_machine: true };
    let write = move |writer| {
        let mut number = 0;
        while compacted.load(SeqCst) < CLOSINGS {
            if number >= (compacted.load(SeqCst) + 1) * RECORDS {
                thread::yield_now();
                continue;
            }
            let line = record(&format!("{writer}-{number}"), at);
            store.append(line.as_bytes(), at).expect("appended");
            number += 1;
        }
        number
    };
    let read = move || {
        while !done.load(SeqCst) {
            for rollups in [None, Some(Grain::All)] {
                let commands = ask(store, &question(rollups)).commands;
                assert_eq!(commands.into_iter().find(|(_, count)| *count > 1), None);
            }
        }
    };
    let written: usize = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        let reader = scope.spawn(read);
        while compacted.load(SeqCst) < CLOSINGS {
            // Somebody always begins the day again.
            if !place.path("records/2026-11-02.ndjson").exists() {
                thread::yield_now();
                continue;
            }
            let troubles = compact(store, now, &forever()).expect("compacted");
            assert!(troubles.is_empty(), "{troubles:?}");
            compacted.fetch_add(1, SeqCst);
        }
        let written = writers.into_iter().map(|writer| writer.join().expect("no panic")).sum();
        done.store(true, SeqCst);
        reader.join().expect("no panic");
        written
    });
    compact(store, now, &forever()).expect("compacted");
    let segments = place.files().iter().filter(|file| file.starts_with("records")).count();
    assert!(segments >= CLOSINGS, "it was closed only {segments} times");
    for rollups in [None, Some(Grain::All)] {
        let answer = ask(store, &question(rollups));
        assert_eq!(answer.commands.len(), written);
        assert!(answer.commands.values().all(|&count| count == 1));
    }
}
