use proptest::prelude::*;

use super::*;

/// Something that happens in a run.
#[derive(Debug, Clone)]
enum Event {
    Mark(Step),
    Began(usize),
    Ended(usize),
}

fn name(text: &str) -> PhaseName {
    PhaseName::parse(text).expect(text)
}

/// An event as tests write it: a line of marks, or `began 0` and `ended 0` for the processes of a rule.
fn event(text: &str) -> Event {
    match text.split_once(' ') {
        Some(("began", rule)) => return Event::Began(rule.parse().expect(rule)),
        Some(("ended", rule)) => return Event::Ended(rule.parse().expect(rule)),
        _ => {}
    }
    let mut step = None;
    let mut marks = crate::marks::Marks::default();
    marks.read(format!("{text}\n").as_bytes(), |mark| step = mark.step);
    Event::Mark(step.expect(text))
}

fn run(
    programs: &[&str],
    events: impl IntoIterator<Item = (u64, Event)>,
    total: u64,
) -> IndexMap<String, Thousandths> {
    let mut phases = Phases::new(programs.iter().map(|text| name(text)).collect());
    for (at, event) in events {
        let at = Duration::from_micros(at);
        match event {
            Event::Mark(step) => phases.mark(at, &step),
            Event::Began(rule) => phases.program_began(at, rule),
            Event::Ended(rule) => phases.program_ended(at, rule),
        }
    }
    phases.finish(Duration::from_micros(total))
}

/// Checks phases in microseconds, written `a 3, other 4`, of a run that takes ten.
#[track_caller]
fn check(programs: &[&str], events: &[(u64, &str)], expected: &str) {
    let phases = run(programs, events.iter().map(|&(at, text)| (at, event(text))), 10);
    let written: Vec<_> = phases
        .iter()
        .map(|(key, time)| format!("{} {}", key.strip_suffix("_ms").expect("a unit"), time.0))
        .collect();
    assert_eq!(written.join(", "), expected);
}

#[test]
fn the_innermost_mark_has_the_time() {
    check(&[], &[(0, "a"), (4, "b")], "a 4, b 6");
    check(&[], &[(2, "a"), (4, "+b"), (5, "-"), (9, "-")], "other 3, a 6, b 1");
    check(&[], &[(0, "a"), (1, "+b"), (3, "c"), (6, "-"), (8, "a")], "a 5, b 2, c 3");
    check(&[], &[(0, "+a"), (1, "+a"), (2, "-a"), (3, "-a")], "a 3, other 7");
}

#[test]
fn a_phase_that_took_no_time_is_told_and_other_is_not() {
    check(&[], &[(0, "a"), (0, "b")], "a 0, b 10");
    check(&[], &[(10, "a")], "other 10, a 0");
    check(&[], &[(3, "other")], "other 10");
}

#[test]
fn nobody_who_asked_for_no_phases_gets_any() {
    check(&[], &[], "");
    check(&[], &[(3, "-"), (4, "-a")], "");
    check(&["git"], &[], "other 10");
    assert_eq!(run(&["git"], [], 0), IndexMap::from([("other_ms".to_owned(), Thousandths(0))]));
}

#[test]
fn a_close_that_is_a_mistake_changes_nothing() {
    check(&[], &[(0, "-"), (0, "+a"), (5, "-b"), (6, "-a"), (7, "-")], "a 6, other 4");
}

#[test]
fn without_marks_the_first_phase_of_the_command_line_of_which_a_process_lives_has_the_time() {
    let (git, node) = ("git", "node");
    check(
        &[git, node],
        &[(1, "began 1"), (3, "began 0"), (6, "ended 0"), (8, "ended 1")],
        "other 3, node 4, git 3",
    );
    check(&[git], &[(0, "began 0"), (1, "began 0"), (5, "ended 0"), (7, "ended 0")], "git 7, other 3");
    check(&[git, node, git], &[(0, "began 1"), (2, "began 2"), (4, "ended 1")], "node 4, git 6");
    check(&[git], &[(0, "began 0"), (2, "+a"), (5, "-"), (9, "ended 0")], "git 6, a 3, other 1");
    check(&[git], &[(0, "+a"), (0, "began 0"), (5, "ended 0")], "a 10");
    check(&[git], &[(0, "ended 0"), (1, "began 7"), (2, "ended 7")], "other 10");
}

#[test]
fn time_that_goes_backwards_stands_still() {
    check(&[], &[(5, "a"), (3, "b"), (4, "c")], "other 5, a 0, b 0, c 5");
}

#[test]
fn what_is_seen_after_the_end_takes_no_time() {
    check(&[], &[(4, "a"), (15, "b"), (20, "-")], "other 4, a 6, b 0");
    check(&[], &[(0, "+a"), (12, "-"), (14, "+b")], "a 10, b 0");
}

#[test]
fn instants_are_cut_to_microseconds_and_nothing_is_lost() {
    let mut phases = Phases::new(vec![]);
    for (mark, text) in (0..1_000).zip(["a", "b", "c"].into_iter().cycle()) {
        phases.mark(Duration::from_nanos(mark * 1_999), &Step::Switch(name(text)));
    }
    let times = phases.finish(Duration::from_nanos(1_999_999));
    assert_eq!(times.values().map(|time| time.0).sum::<i64>(), 1_999);
    assert_eq!(Phases::new(vec![name("a")]).finish(Duration::MAX)["other_ms"], Thousandths(i64::MAX));
}

#[test]
fn a_thousand_nested_marks_are_told_apart() {
    let opened = (0..1_000).map(|at| (at, event(&format!("+p{}", at % 50))));
    let closed = (0..1_000).rev().map(|at| (1_999 - at, event(&format!("-p{}", at % 50))));
    let phases = run(&[], opened.chain(closed), 2_500);
    assert_eq!(phases.len(), 51);
    assert_eq!(phases["other_ms"], Thousandths(501));
    assert_eq!(phases["p49_ms"], Thousandths(39));
}

#[test]
fn nesting_without_end_stays_balanced_and_takes_bounded_memory() {
    let mut phases = Phases::new(vec![]);
    let at = Duration::from_micros;
    phases.mark(at(0), &Step::Open(name("outer")));
    for _ in 0..100_000 {
        phases.mark(at(1), &Step::Open(name("inner")));
    }
    phases.mark(at(3), &Step::Switch(name("never")));
    assert!(phases.open.capacity() <= 2 * DEEPEST);
    for closed in 0..100_000 {
        phases.mark(at(4), &Step::Close((closed % 2 == 0).then(|| name("inner"))));
    }
    phases.mark(at(6), &Step::Close(Some(name("outer"))));
    let times = phases.finish(at(10));
    assert_eq!(times.into_iter().map(|(_, time)| time.0).collect::<Vec<_>>(), [1 + 2, 3, 4]);
}

#[test]
fn names_beyond_the_64th_are_other_and_nest_like_the_rest() {
    let switches = (0..70).map(|at| (at, event(&format!("p{at}"))));
    let nested = [(70, "a"), (71, "+b"), (72, "-b"), (73, "-"), (74, "+p1"), (75, "-p1")];
    let phases = run(&["git"], switches.chain(nested.map(|(at, text)| (at, event(text)))), 80);
    assert_eq!(phases.len(), 64, "{phases:?}");
    assert_eq!((phases["p62_ms"], phases["p1_ms"]), (Thousandths(1), Thousandths(2)));
    assert_eq!(phases["other_ms"], Thousandths(16));
}

fn events() -> impl Strategy<Value = Vec<(u64, Event)>> {
    let phase = prop_oneof![(0..3_u8), (0..90_u8)].prop_map(|number| name(&format!("p{number}")));
    let event = prop_oneof![
        phase.clone().prop_map(|name| Event::Mark(Step::Switch(name))),
        phase.clone().prop_map(|name| Event::Mark(Step::Open(name))),
        prop::option::of(phase).prop_map(|name| Event::Mark(Step::Close(name))),
        (0..4_usize).prop_map(Event::Began),
        (0..4_usize).prop_map(Event::Ended),
    ];
    prop::collection::vec((0..1_000_u64, event), 0..200)
}

proptest! {
    #[test]
    fn phases_always_sum_to_the_total(mut events in events(), in_order: bool, total in 0..2_000_u64) {
        if in_order {
            events.sort_by_key(|(at, _)| *at);
        }
        let phases = run(&["p0", "other", "x"], events, total);
        prop_assert_eq!(phases.values().map(|time| time.0).sum::<i64>(), i64::try_from(total).expect("small"));
        prop_assert!(phases.values().all(|time| time.0 >= 0) && phases.len() <= 65);
    }
}
