//! Between runs: nothing is lost, nothing is sent twice without need.

use super::*;
use crate::judge::Observation;
use crate::judge::tests::{judge, observe, run};
use crate::known::PENDING;
use crate::notice::{Held, Outcome};

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
    observe(&judge(), &run("batch", at, millis, "")).into_iter().collect()
}

fn judged_by(ledger: &mut Ledger, observations: Vec<Observation>, now: i64) -> Judged {
    judged_holding(&Held::default(), ledger, observations, now)
}

fn judged_holding(held: &Held, ledger: &mut Ledger, observations: Vec<Observation>, now: i64) -> Judged {
    ledger.judge(&Session { judge: &judge(), held, now, ticks: true }, observations)
}

/// The notice was sent on this channel, or not.
fn delivery(notice: &crate::notice::Notice, channel: &str, outcome: Outcome) -> Delivery {
    Delivery { number: notice.number, channel: channel.to_owned(), outcome }
}

#[test]
fn an_alert_that_a_crash_left_behind_is_sent_by_a_later_run_and_by_one_only() {
    let place = Place::new();
    let crashed = judged_by(&mut place.ledger(), observed("10:00:00", 3200), NOW);
    assert_eq!(crashed.notices[0].len(), 1);
    let soon = judged_by(&mut place.ledger(), observed("10:00:01", 100), NOW + 1000);
    assert_eq!(soon.left_behind, []);
    let later = judged_by(&mut place.ledger(), observed("10:00:02", 100), NOW + 122_000);
    let texts: Vec<_> = later.left_behind.iter().map(|notice| &notice.text).collect();
    assert_eq!(texts, [&crashed.notices[0][0].text, &soon.notices[0][0].text]);
    let other = judged_by(&mut place.ledger(), observed("10:00:03", 100), NOW + 123_000);
    assert_eq!(other.left_behind, []);
}

#[test]
fn what_a_run_that_goes_on_still_holds_is_sent_by_nobody_else_and_not_by_itself_once_more() {
    let place = Place::new();
    let mut follower = place.ledger();
    let judged = judged_by(&mut follower, observed("10:00:00", 3200), NOW);
    let notice = &judged.notices[0][0];
    let mut held = Held::default();
    notice.channels.iter().for_each(|channel| held.add(channel, notice.number));
    for second in 1..=300 {
        let now = NOW + second * 1000;
        assert_eq!(judged_holding(&held, &mut follower, Vec::new(), now).left_behind, []);
        assert_eq!(judged_by(&mut place.ledger(), Vec::new(), now).left_behind, []);
    }
    // One channel has failed, and is being tried again for as long.
    follower.settle(&[delivery(notice, "console", Outcome::Failed { not_before: None })], NOW + 300_000);
    held.remove("console", notice.number);
    held.remove("log", notice.number);
    follower.settle(&[delivery(notice, "log", Outcome::Done)], NOW + 300_000);
    let again = judged_holding(&held, &mut follower, Vec::new(), NOW + 330_000).left_behind;
    assert_eq!(again.iter().map(|notice| notice.channels.clone()).collect::<Vec<_>>(), [["console"]]);
    held.add("console", notice.number);
    for second in 331..=600 {
        let now = NOW + second * 1000;
        assert_eq!(judged_holding(&held, &mut follower, Vec::new(), now).left_behind, []);
        assert_eq!(judged_by(&mut place.ledger(), Vec::new(), now).left_behind, []);
    }
    // It was killed.
    assert_eq!(judged_by(&mut place.ledger(), Vec::new(), NOW + 721_000).left_behind.len(), 1);
}

#[test]
fn what_every_channel_has_is_forgotten_and_what_one_lacks_is_tried_again_later_and_later() {
    let place = Place::new();
    let judged = judged_by(&mut place.ledger(), observed("10:00:00", 3200), NOW);
    let notice = &judged.notices[0][0];
    place.ledger().settle(&[delivery(notice, "console", Outcome::Done)], NOW);
    let again = |now| judged_by(&mut place.ledger(), Vec::new(), now).left_behind;
    assert_eq!(again(NOW + 119_000), []);
    assert_eq!(again(NOW + 121_000)[0].channels, ["log"]);
    assert_eq!(again(NOW + 122_000), []);
    let failed = Outcome::Failed { not_before: None };
    place.ledger().settle(&[delivery(notice, "log", failed)], NOW + 122_000);
    assert_eq!(
        (again(NOW + 151_000).len(), again(NOW + 153_000).len(), again(NOW + 154_000).len()),
        (0, 1, 0)
    );
    place.ledger().settle(&[delivery(notice, "log", failed)], NOW + 154_000);
    assert_eq!((again(NOW + 213_000).len(), again(NOW + 215_000).len()), (0, 1));
    let asked = Outcome::Failed { not_before: Some(600_000) };
    place.ledger().settle(&[delivery(notice, "log", asked)], NOW + 215_000);
    assert_eq!((again(NOW + 814_000).len(), again(NOW + 816_000).len()), (0, 1));
    place.ledger().settle(&[delivery(notice, "log", Outcome::Done)], NOW + 816_000);
    assert_eq!(again(NOW + 70_000_000), []);
}

#[test]
fn a_clock_that_jumps_keeps_no_alert_for_ever_and_sends_none_at_once() {
    let place = Place::new();
    let judged = judged_by(&mut place.ledger(), observed("10:00:00", 3200), NOW);
    let failed = Outcome::Failed { not_before: None };
    // It was years ahead, and is set back.
    let ahead = NOW + 5 * 365 * 86_400_000;
    place.ledger().settle(&[delivery(&judged.notices[0][0], "log", failed)], ahead);
    let left = judged_by(&mut place.ledger(), Vec::new(), NOW + 1000).left_behind;
    assert_eq!(left[0].channels, ["log"]);
    assert_eq!(judged_by(&mut place.ledger(), Vec::new(), NOW + 2000).left_behind, []);
}

#[test]
fn runs_that_end_together_are_all_counted_and_alert_once() {
    for _ in 0..20 {
        let place = Place::new();
        let fired = std::thread::scope(|scope| {
            let judged = ["10:00:00", "10:00:01", "10:00:02"].map(|at| {
                scope.spawn(|| judged_by(&mut place.ledger(), observed(at, 2800), NOW).notices.concat().len())
            });
            judged.map(|thread| thread.join().expect("no panic")).iter().sum::<usize>()
        });
        assert_eq!(fired, 1);
    }
}

#[test]
fn a_state_that_cannot_be_understood_is_set_aside_and_said() {
    for bytes in [&b"{\"version\":1,\"state\":"[..], b"{\"version\":3}", b"[]", b""] {
        let place = Place::new();
        std::fs::write(place.path(), bytes).expect("written");
        let mut ledger = place.ledger();
        assert_eq!(judged_by(&mut ledger, observed("10:00:00", 3200), NOW).notices.concat().len(), 1);
        assert!(matches!(ledger.troubles().as_slice(), [Error::Damaged { .. }]));
        assert_eq!(std::fs::read(place.path().with_extension("json.damaged")).expect("kept"), bytes);
        assert!(std::fs::read(place.path()).expect("a new one").starts_with(b"{\"version\":2,"));
        assert!(ledger.troubles().is_empty());
    }
}

#[test]
fn without_a_file_that_can_be_written_counting_goes_on_in_memory() {
    let place = Place::new();
    let mut ledger = Ledger::new(Home::File(StateFile::at(place.0.path().join("missing/alerts.json"))));
    let fired = ["10:00:00", "10:00:01", "10:00:02"]
        .map(|at| judged_by(&mut ledger, observed(at, 2800), NOW).notices.concat().len());
    assert_eq!((fired, ledger.troubles().len()), ([0, 0, 1], 1));
}

#[test]
fn what_waits_to_be_sent_is_bounded() {
    let place = Place::new();
    let many = (0..PENDING + 5).flat_map(|_| observed("10:00:00", 3200)).collect();
    assert_eq!(judged_by(&mut place.ledger(), many, NOW).notices.concat().len(), PENDING + 5);
    let left = judged_by(&mut place.ledger(), Vec::new(), NOW + 121_000).left_behind;
    // That it has begun is news, and outlives that it goes on.
    assert_eq!((left.len(), left[0].number, left[1].number), (PENDING, 1, 7));
}

/// What the first version wrote, with a command that was over and a quota that was.
const FIRST: &str = concat!(
    r#"{"version":1,"state":{"seen":["exec_1"],"rows":{"#,
    r#""performance_degradation command batch":{"touched":2,"newest":{"start":"2024-12-06T10:00:00.000Z","end":"2024-12-06T10:00:03.000Z"},"kept":null,"violations":2,"since":"2024-12-06T09:59:00.000Z","fired":{"setting":"max_acceptable_ms","threshold":3000,"needed":1},"told":"critical"},"#,
    r#""performance_degradation resource_usage.cpu_time_ms command batch":{"touched":3,"newest":null,"kept":null,"violations":1,"since":null,"fired":null,"told":null},"#,
    r#""api_rate_limit_warning resource - core":{"touched":1,"newest":null,"kept":null,"violations":1,"since":null,"fired":{"setting":"threshold_percentage","threshold":80,"needed":1},"told":"warning"}"#,
    r#"},"readings":3},"pending":[{"number":7,"taken":0,"channels":["log"],"row":"performance_degradation command batch","is_news":true,"text":"x\n","#,
    r#""alert":{"schema":1,"type":"performance_degradation","command":"batch","threshold_exceeded":"execution_time > 3s","current_value":"3.1s","severity":"critical","state":"firing"}}],"notices":7}"#,
);

#[test]
fn a_state_of_the_first_version_is_taken_over_with_what_fires_and_what_waits() {
    let place = Place::new();
    std::fs::write(place.path(), FIRST).expect("written");
    let mut ledger = place.ledger();
    let judged = judged_by(&mut ledger, observed("10:00:10", 100), NOW);
    assert_eq!(judged.left_behind[0].text, "x\n");
    let resolved = &judged.notices[0][0];
    assert_eq!(
        (resolved.number, resolved.text.lines().next()),
        (8, Some("✅ RESOLVED: Command 'batch' execution time is within its threshold again"))
    );
    assert!(ledger.troubles().is_empty());
    let kept = std::fs::read_to_string(place.path()).expect("a state");
    assert!(kept.starts_with("{\"version\":2,"), "{kept}");
    assert!(
        kept.contains(r#""subject":{"resource":{"resource":"core"}}"#) && kept.contains(r#""is_level":true"#),
        "{kept}"
    );
}
