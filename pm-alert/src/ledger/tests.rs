//! Between runs: nothing is lost, nothing is sent twice without need.

use super::*;
use crate::judge::tests::{judge, run};

const NOW: i64 = 1_733_500_000_000;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("alerts.json")
    }

    fn ledger(&self) -> Ledger {
        Ledger::new(Home::File(StateFile::at(self.path())))
    }
}

fn observed(at: &str, millis: u32) -> Vec<Observation> {
    judge().observe(&run("batch", at, millis, "")).into_iter().collect()
}

#[test]
fn an_alert_that_a_crash_left_behind_is_sent_by_a_later_run_and_by_one_only() {
    let place = Place::new();
    let crashed = place.ledger().judge(&judge(), observed("10:00:00", 3200), NOW);
    assert_eq!(crashed.notices[0].len(), 1);
    let soon = place.ledger().judge(&judge(), observed("10:00:01", 100), NOW + 1000);
    assert_eq!(soon.left_behind, []);
    let later = place.ledger().judge(&judge(), observed("10:00:02", 100), NOW + 62_000);
    let texts: Vec<_> = later.left_behind.iter().map(|notice| &notice.text).collect();
    assert_eq!(texts, [&crashed.notices[0][0].text, &soon.notices[0][0].text]);
    let other = place.ledger().judge(&judge(), observed("10:00:03", 100), NOW + 63_000);
    assert_eq!(other.left_behind, []);
}

#[test]
fn what_every_channel_has_is_forgotten_and_what_one_lacks_is_tried_again() {
    let place = Place::new();
    let mut judged = place.ledger().judge(&judge(), observed("10:00:00", 3200), NOW);
    judged.notices[0][0].channels = vec![Channel::Log];
    place.ledger().settle(&judged.notices[0]);
    let again = place.ledger().judge(&judge(), Vec::new(), NOW + 61_000).left_behind;
    assert_eq!(again[0].channels, [Channel::Log]);
    judged.notices[0][0].channels.clear();
    place.ledger().settle(&judged.notices[0]);
    assert_eq!(place.ledger().judge(&judge(), Vec::new(), NOW + 200_000).left_behind, []);
}

#[test]
fn runs_that_end_together_are_all_counted_and_alert_once() {
    for _ in 0..20 {
        let place = Place::new();
        let fired = std::thread::scope(|scope| {
            let judged = ["10:00:00", "10:00:01", "10:00:02"].map(|at| {
                scope.spawn(|| place.ledger().judge(&judge(), observed(at, 2800), NOW).notices.concat().len())
            });
            judged.map(|thread| thread.join().expect("no panic")).iter().sum::<usize>()
        });
        assert_eq!(fired, 1);
    }
}

#[test]
fn a_state_that_cannot_be_understood_is_set_aside_and_said() {
    for bytes in [&b"{\"version\":1,\"state\":"[..], b"{\"version\":2}", b"[]", b""] {
        let place = Place::new();
        std::fs::write(place.path(), bytes).expect("written");
        let mut ledger = place.ledger();
        assert_eq!(ledger.judge(&judge(), observed("10:00:00", 3200), NOW).notices.concat().len(), 1);
        assert!(matches!(ledger.troubles().as_slice(), [Error::Damaged { .. }]));
        assert_eq!(std::fs::read(place.path().with_extension("json.damaged")).expect("kept"), bytes);
        assert!(std::fs::read(place.path()).expect("a new one").starts_with(b"{\"version\":1,"));
        assert!(ledger.troubles().is_empty());
    }
}

#[test]
fn without_a_file_that_can_be_written_counting_goes_on_in_memory() {
    let place = Place::new();
    let mut ledger = Ledger::new(Home::File(StateFile::at(place.0.path().join("missing/alerts.json"))));
    let fired = ["10:00:00", "10:00:01", "10:00:02"]
        .map(|at| ledger.judge(&judge(), observed(at, 2800), NOW).notices.concat().len());
    assert_eq!((fired, ledger.troubles().len()), ([0, 0, 1], 1));
}

#[test]
fn what_waits_to_be_sent_is_bounded() {
    let place = Place::new();
    let many = (0..PENDING + 5).flat_map(|_| observed("10:00:00", 3200)).collect();
    assert_eq!(place.ledger().judge(&judge(), many, NOW).notices.concat().len(), PENDING + 5);
    let left = place.ledger().judge(&judge(), Vec::new(), NOW + 61_000).left_behind;
    assert_eq!((left.len(), left[0].number), (PENDING, 6));
}
