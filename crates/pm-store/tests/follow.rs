//! Following a store: every line that is appended comes out once, whatever happens to its file meanwhile.

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use pm_store::{Follow, From, Store};
use tempfile::TempDir;

use crate::summing::{Place, time};

/// A store with a folder of its own, and where its clock stands.
struct Followed {
    folder: TempDir,
    store: Store,
}

impl Followed {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path());
        Self { folder, store }
    }

    fn append(&self, line: &str, now: &str) {
        self.store.append(format!("{line}\n").as_bytes(), time(now)).expect("appended");
    }

    fn follow(&self, from: &From) -> Follow {
        self.store.follow(from).expect("a store")
    }

    /// Writes without a newline, as a writer that was cut off.
    fn tear(&self, text: &str, day: &str) {
        let path = self.folder.path().join("records").join(format!("{day}.ndjson"));
        let mut file = fs::File::options().append(true).open(path).expect("a day");
        file.write_all(text.as_bytes()).expect("written");
    }
}

/// Everything that there is to read now.
fn lines(follow: &mut Follow) -> Vec<String> {
    let (mut text, mut piece) = (Vec::new(), [0; 1000]);
    loop {
        match follow.take(&mut piece).expect("readable") {
            0 => break,
            count => text.extend_from_slice(&piece[..count]),
        }
    }
    String::from_utf8(text).expect("text").lines().map(str::to_owned).collect()
}

/// What comes until `enough` of it is there.
#[track_caller]
fn wait_for(follow: &mut Follow, enough: usize) -> Vec<String> {
    let end = Instant::now() + Duration::from_mins(1);
    let mut got = Vec::new();
    while got.len() < enough {
        assert!(Instant::now() < end, "only {got:?}");
        got.extend(lines(follow));
        std::thread::sleep(Duration::from_millis(1));
    }
    got
}

#[test]
fn records_of_two_days_come_out_across_midnight_also_from_a_writer_whose_clock_is_slow() {
    let place = Followed::new();
    place.append("old", "2024-12-06T10:00:00Z");
    let mut follow = place.follow(&From::Now);
    assert_eq!(lines(&mut follow), [""; 0]);
    place.append("before", "2024-12-06T23:59:59.999Z");
    place.append("after", "2024-12-07T00:00:00Z");
    place.append("slow", "2024-12-06T23:59:59.999Z");
    let mut got = wait_for(&mut follow, 3);
    got.sort();
    assert_eq!(got, ["after", "before", "slow"]);
    assert_eq!(lines(&mut follow), [""; 0]);
}

#[test]
fn what_was_appended_before_a_day_was_compacted_is_not_lost() {
    let place = Place::new();
    place.append("a", "2026-10-05T10:20:00Z", 0);
    let mut follow = place.store.follow(&From::Now).expect("a store");
    place.append("b", "2026-10-05T11:40:00Z", 0).compact("2026-10-06T09:00:00Z");
    assert!(!place.path("records/2026-10-05.ndjson").exists());
    place.append("c", "2026-10-06T09:10:00Z", 0);
    let got = wait_for(&mut follow, 2);
    assert!(got.len() == 2 && got[0].contains("\"b\"") && got[1].contains("\"c\""), "{got:?}");
}

#[test]
fn a_store_that_begins_later_is_followed_from_its_first_record_on() {
    let place = Followed::new();
    let mut follow = place.follow(&From::Now);
    assert_eq!(lines(&mut follow), [""; 0]);
    place.append("first", "2024-12-06T10:00:00Z");
    assert_eq!(wait_for(&mut follow, 1), ["first"]);
}

#[test]
fn a_line_comes_out_when_it_is_whole_and_a_torn_one_costs_only_itself() {
    let place = Followed::new();
    place.append("one", "2024-12-06T10:00:00Z");
    let mut follow = place.follow(&From::Back(1000));
    assert_eq!(wait_for(&mut follow, 1), ["one"]);
    place.tear("two, ha", "2024-12-06");
    assert_eq!(lines(&mut follow), [""; 0]);
    place.tear("lf by half\n", "2024-12-06");
    assert_eq!(wait_for(&mut follow, 1), ["two, half by half"]);
    place.tear("torn", "2024-12-06");
    place.append("next day", "2024-12-07T10:00:00Z");
    assert_eq!(wait_for(&mut follow, 1), ["next day"]);
    place.append("three", "2024-12-06T10:00:00Z");
    assert_eq!(wait_for(&mut follow, 2), ["torn", "three"]);
}

#[test]
fn a_reader_goes_on_where_the_last_one_stopped() {
    let place = Followed::new();
    place.append("one", "2024-12-06T10:00:00Z");
    let mut first = place.follow(&From::Now);
    place.append("two", "2024-12-06T10:00:01Z");
    assert_eq!(wait_for(&mut first, 1), ["two"]);
    let stopped = first.place();
    drop(first);
    place.append("three", "2024-12-06T23:00:00Z");
    place.append("four", "2024-12-07T10:00:01Z");
    assert_eq!(lines(&mut place.follow(&From::Place(stopped))), ["three", "four"]);
    assert_eq!(lines(&mut place.follow(&From::Now)), [""; 0]);
}

#[test]
fn the_inode_of_a_day_that_went_is_no_place_in_the_next_day() {
    let place = Followed::new();
    place.append("one", "2024-12-06T10:00:00Z");
    let mut first = place.follow(&From::Back(100));
    assert_eq!(lines(&mut first), ["one"]);
    let stopped = first.place();
    drop(first);
    // As a file system does that gives a removed file's inode to the next one.
    let day = |day: &str| place.folder.path().join("records").join(format!("{day}.ndjson"));
    fs::rename(day("2024-12-06"), day("2024-12-07")).expect("renamed");
    fs::write(day("2024-12-07"), "two\nthree\n").expect("written");
    assert_eq!(lines(&mut place.follow(&From::Place(stopped))), ["two", "three"]);
}

#[test]
fn the_last_bytes_begin_with_a_whole_line() {
    let place = Followed::new();
    for line in ["one", "two", "three"] {
        place.append(line, "2024-12-06T10:00:00Z");
    }
    for (bytes, expected) in [
        (5, &[][..]),
        (6, &["three"]),
        (9, &["three"]),
        (10, &["two", "three"]),
        (99, &["one", "two", "three"]),
    ] {
        assert_eq!(lines(&mut place.follow(&From::Back(bytes))), expected, "{bytes}");
    }
}

#[test]
fn a_line_without_end_is_cut_where_no_reader_takes_it_and_the_next_one_comes() {
    let place = Followed::new();
    place.append("one", "2024-12-06T10:00:00Z");
    let mut follow = place.follow(&From::Now);
    place.append(&"x".repeat(3 << 20), "2024-12-06T10:00:00Z");
    place.append("next", "2024-12-06T10:00:00Z");
    let got = wait_for(&mut follow, 2);
    assert_eq!(got.iter().map(String::len).collect::<Vec<_>>(), [(1 << 20) + 1, 4]);
}

#[test]
fn of_many_writers_at_once_every_line_comes_out_once() {
    let place = Followed::new();
    let mut follow = place.follow(&From::Now);
    let got = std::thread::scope(|scope| {
        for writer in 0..8 {
            let place = &place;
            scope.spawn(move || {
                for number in 0..100 {
                    let day = 6 + number / 50;
                    place.append(&format!("{writer}-{number}"), &format!("2024-12-{day:02}T10:00:00Z"));
                }
            });
        }
        wait_for(&mut follow, 800)
    });
    let mut sorted = got.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!((got.len(), sorted.len()), (800, 800));
    assert_eq!(lines(&mut follow), [""; 0]);
}

#[test]
fn whoever_waits_is_woken_by_what_is_appended() {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let place = Followed::new();
    place.append("one", "2024-12-06T10:00:00Z");
    let mut follow = place.follow(&From::Now);
    assert_eq!(lines(&mut follow), [""; 0]);
    place.append("two", "2024-12-06T10:00:00Z");
    if let Some(signal) = follow.signal() {
        let mut ends = [PollFd::from_borrowed_fd(signal, PollFlags::IN)];
        assert_eq!(poll(&mut ends, Some(&Timespec { tv_sec: 60, tv_nsec: 0 })), Ok(1));
    }
    assert_eq!(wait_for(&mut follow, 1), ["two"]);
}
