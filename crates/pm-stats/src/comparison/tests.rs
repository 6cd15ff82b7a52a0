use proptest::prelude::*;

use super::*;

/// Values around a level, with a spread that does not depend on chance.
fn around(level: f64, spread: f64, count: u32) -> Tally {
    let place = |run: u32| (f64::from(run) + 0.5) / f64::from(count) * 2.0 - 1.0;
    Tally::new((0..count).map(|run| level * (spread * place(run)).exp()))
}

fn single(kind: Kind, before: &Tally, now: &Tally, better: Better) -> Judged {
    let comparison = Comparison::new(kind, before, now).expect("values on both sides");
    judge([(comparison, better)]).remove(0)
}

#[track_caller]
fn check(before: (f64, u32), now: (f64, u32), spread: f64, verdict: Verdict) -> Judged {
    let judged = single(
        Kind::Measure,
        &around(before.0, spread, before.1),
        &around(now.0, spread, now.1),
        Better::Less,
    );
    assert_eq!(judged.verdict, verdict, "{judged:?}");
    judged
}

#[test]
fn a_change_over_the_floor_that_is_no_chance_is_one() {
    check((100.0, 20), (120.0, 20), 0.1, Verdict::Regressed);
    check((120.0, 20), (100.0, 20), 0.1, Verdict::Improved);
    // More of what is spared is better.
    let judged = single(Kind::Measure, &around(100.0, 0.1, 20), &around(120.0, 0.1, 20), Better::More);
    assert_eq!(judged.verdict, Verdict::Improved);
}

#[test]
fn what_is_certainly_within_the_floor_is_unchanged_also_if_it_certainly_differs() {
    check((100.0, 50), (100.0, 50), 0.05, Verdict::Unchanged);
    let judged = check((100.0, 200), (102.0, 200), 0.02, Verdict::Unchanged);
    assert!(judged.adjusted_p.is_some_and(|p| p < 1e-6));
}

#[test]
fn with_too_few_runs_nobody_can_tell_and_about_enough_are_named() {
    let few = check((100.0, 8), (105.0, 8), 0.3, Verdict::Inconclusive);
    let needed = few.needed.expect("a number of runs");
    assert!((50..2_000).contains(&needed), "{needed}");
    assert_eq!(check((100.0, 3), (300.0, 3), 0.1, Verdict::Inconclusive).needed, Some(6));
}

#[test]
fn about_as_many_runs_as_are_needed_are_enough() {
    let needed =
        check((100.0, 10), (108.0, 10), 0.3, Verdict::Inconclusive).needed.expect("a number of runs");
    let needed = u32::try_from(needed * 5 / 4).expect("few");
    check((100.0, needed), (108.0, needed), 0.3, Verdict::Regressed);
}

#[test]
fn a_count_that_never_varies_has_changed_if_it_is_another_one() {
    let always = |value: f64, count: usize| Tally::new(vec![value; count]);
    let count = |before: &Tally, now: &Tally| single(Kind::Count, before, now, Better::Less);
    let changed = count(&always(12.0, 1), &always(13.0, 1));
    assert_eq!((changed.verdict, changed.adjusted_p), (Verdict::Regressed, None));
    assert_eq!(count(&always(12.0, 1), &always(12.0, 9)).verdict, Verdict::Unchanged);
    assert_eq!(count(&always(3.0, 5), &always(0.0, 5)).verdict, Verdict::Improved);
}

#[test]
fn counts_that_vary_are_left_to_chance_until_it_is_none() {
    let counts = |from: u32, count: u32| Tally::new((0..count).map(|run| f64::from(from + run % 7)));
    let judged = single(Kind::Count, &counts(20, 40), &counts(20, 41), Better::Less);
    assert!(!matches!(judged.verdict, Verdict::Regressed | Verdict::Improved), "{judged:?}");
    assert_eq!(
        single(Kind::Count, &counts(20, 40), &counts(24, 40), Better::Less).verdict,
        Verdict::Regressed
    );
}

#[test]
fn values_that_are_not_positive_are_compared_as_they_are() {
    let (before, now) =
        (Tally::new((0..30).map(f64::from)), Tally::new((0..30).map(|run| f64::from(run + 40))));
    let judged = single(Kind::Measure, &before, &now, Better::Less);
    assert_eq!((judged.verdict, judged.comparison.ratio), (Verdict::Regressed, None));
    assert_eq!(judged.comparison.difference.map(|shift| shift.value), Some(40.0));
}

#[test]
fn a_limit_is_a_baseline_without_runs() {
    let against = |limit: f64, level: f64, count: u32| {
        let comparison =
            Comparison::with_limit(Kind::Measure, limit, &around(level, 0.1, count)).expect("values");
        judge([(comparison, Better::Less)]).remove(0).verdict
    };
    assert_eq!(against(100.0, 150.0, 10), Verdict::Regressed);
    assert_eq!(against(100.0, 60.0, 10), Verdict::Improved);
    assert_eq!(against(100.0, 100.0, 200), Verdict::Unchanged);
    assert_eq!(against(100.0, 150.0, 3), Verdict::Inconclusive);
}

#[test]
fn of_many_comparisons_the_weakest_is_no_longer_sure() {
    // Alone it has p = 0.029.
    let weak =
        || Comparison::new(Kind::Measure, &around(100.0, 0.1, 4), &around(200.0, 0.1, 4)).expect("values");
    let same =
        || Comparison::new(Kind::Measure, &around(100.0, 0.1, 20), &around(100.0, 0.1, 20)).expect("values");
    assert_eq!(judge([(weak(), Better::Less)])[0].verdict, Verdict::Regressed);
    let table = std::iter::once(weak()).chain((0..4).map(|_| same())).map(|one| (one, Better::Less));
    assert_eq!(judge(table)[0].verdict, Verdict::Inconclusive);
}

#[test]
fn a_control_that_seems_to_change_takes_every_change_back() {
    let table =
        || vec![single(Kind::Measure, &around(100.0, 0.1, 20), &around(150.0, 0.1, 20), Better::Less)];
    let mut judged = table();
    heed_controls(
        &[single(Kind::Measure, &around(100.0, 0.1, 20), &around(101.0, 0.1, 20), Better::Less)],
        &mut judged,
    );
    assert_eq!(judged, table());
    heed_controls(&table(), &mut judged);
    assert_eq!(judged[0].verdict, Verdict::Inconclusive);
    assert!(judged[0].needed.is_some());
}

#[test]
fn binned_values_get_the_verdict_of_the_values() {
    let values = |level: i64, runs: i64| (0..runs).map(move |run| level * 1_000 + run * 7_919 % 10_007 * 2);
    let binned = |level, runs| Tally::from(&values(level, runs).collect::<crate::Distribution>());
    let exact = |level, runs| Tally::new(values(level, runs).map(|value| value as f64 / 1000.0));
    assert!(binned(100, 500).is_binned());
    for (before, now) in [(100, 100), (100, 112), (112, 100)] {
        let of_bins = single(Kind::Measure, &binned(before, 500), &binned(now, 400), Better::Less);
        let of_values = single(Kind::Measure, &exact(before, 500), &exact(now, 400), Better::Less);
        assert_eq!(of_bins.verdict, of_values.verdict);
        let ratio = |judged: &Judged| judged.comparison.ratio.map(|ratio| ratio.value).expect("a ratio");
        assert!((ratio(&of_bins) / ratio(&of_values) - 1.0).abs() < 0.006);
    }
}

fn durations() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((1..100_000_u32).prop_map(|value| f64::from(value) / 10.0), 1..40)
}

proptest! {
    #[test]
    fn swapping_the_sides_turns_the_verdict_round(before in durations(), now in durations()) {
        let (before, now) = (Tally::new(before), Tally::new(now));
        let one = single(Kind::Measure, &before, &now, Better::Less);
        let other = single(Kind::Measure, &now, &before, Better::Less);
        let turned = match one.verdict {
            Verdict::Regressed => Verdict::Improved,
            Verdict::Improved => Verdict::Regressed,
            same => same,
        };
        prop_assert_eq!(other.verdict, turned);
    }

    #[test]
    fn no_unit_and_no_order_of_runs_changes_a_verdict(before in durations(), now in durations(), by in 1..10_i32) {
        let scale = 2.0_f64.powi(by);
        let one = single(Kind::Measure, &Tally::new(before.clone()), &Tally::new(now.clone()), Better::Less);
        let scaled = |values: Vec<f64>| Tally::new(values.into_iter().rev().map(|value| value * scale));
        let other = single(Kind::Measure, &scaled(before), &scaled(now), Better::Less);
        prop_assert_eq!((one.verdict, one.adjusted_p), (other.verdict, other.adjusted_p));
    }
}
