use proptest::prelude::*;

use super::*;

/// Noise that is the same on every machine: the fractions of multiples of the golden ratio, mixed, around 0.
fn noise(place: usize) -> f64 {
    let mixed = (place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xd1b5_4a32_d192_ed03;
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ mixed >> 32) & 0xffff) as f64 / 32_768.0 - 1.0
}

/// A level for each piece, each so long.
fn series(levels: &[(f64, usize)]) -> Vec<f64> {
    let levels = levels.iter().flat_map(|&(level, length)| std::iter::repeat_n(level, length));
    levels.enumerate().map(|(place, level)| level * (0.08 * noise(place)).exp()).collect()
}

fn places(values: &[f64]) -> Vec<usize> {
    change_points(values).iter().map(|change| change.at).collect()
}

#[track_caller]
fn check(levels: &[(f64, usize)], expected: &[usize]) {
    assert_eq!(places(&series(levels)), expected);
}

#[test]
fn a_series_that_stays_has_no_change() {
    check(&[(100.0, 200)], &[]);
    assert!(change_points(&[]).is_empty());
    assert!(change_points(&[5.0; 100]).is_empty());
    assert!(change_points(&[1.0, 2.0, 50.0, 60.0, 70.0]).is_empty());
}

#[test]
fn steps_are_found_where_they_are() {
    check(&[(100.0, 60), (130.0, 60)], &[60]);
    check(&[(100.0, 60), (130.0, 60), (90.0, 60)], &[60, 120]);
}

#[test]
fn a_change_says_what_was_and_what_is() {
    let change = &change_points(&series(&[(100.0, 60), (130.0, 40)]))[0];
    assert!(
        (change.before.value - 100.0).abs() < 2.0 && (change.after.value - 130.0).abs() < 3.0,
        "{change:?}"
    );
    let ratio = change.ratio.expect("durations are positive");
    let (low, high) = ratio.interval.expect("many runs");
    assert!(low < 1.3 && 1.3 < high && high - low < 0.1, "{ratio:?}");
    assert!(change.between.0 <= 60 && 60 <= change.between.1 && change.p < 1e-10, "{change:?}");
    assert_eq!(change.counts, (60, 40));
}

#[test]
fn a_series_that_goes_up_and_down_regularly_can_change_too() {
    for period in 2..12 {
        let values: Vec<f64> =
            (0..60).map(|run| f64::from(if run < 40 { 100 } else { 150 } + run * 7 % period)).collect();
        assert_eq!(places(&values), [40], "{period}");
    }
}

#[test]
fn outliers_drift_and_cycles_are_no_changes() {
    let mut outliers = series(&[(100.0, 200)]);
    outliers.iter_mut().step_by(31).for_each(|value| *value *= 20.0);
    assert_eq!(places(&outliers), []);
    let shaped = |shape: &dyn Fn(f64) -> f64| -> Vec<f64> {
        series(&[(100.0, 200)])
            .iter()
            .enumerate()
            .map(|(place, value)| value * shape(place as f64).exp())
            .collect()
    };
    assert_eq!(places(&shaped(&|place| 0.3 * (place * 0.2).sin())), []);
    assert_eq!(places(&shaped(&|place| place * 0.002)), []);
}

#[test]
fn both_ways_of_a_command_that_becomes_slower_show_it() {
    let ways = |level: f64| {
        move |place: usize| {
            level * if noise(place + 7_000) > 0.2 { 3.0 } else { 1.0 } * (0.05 * noise(place)).exp()
        }
    };
    let values: Vec<f64> = (0..120).map(ways(100.0)).chain((120..240).map(ways(125.0))).collect();
    let found = places(&values);
    assert!(found.len() == 1 && found[0].abs_diff(120) <= 5, "{found:?}");
}

#[test]
fn where_a_cache_began_to_miss_is_known_to_within_many_runs() {
    // Three of four runs are answered by the cache, then one of four.
    let mut widths = 0;
    for shift in 0..40 {
        let misses = |run: usize, share: f64| noise(run * 31 + shift * 1000 + 7) < 2.0 * share - 1.0;
        let value = |run: usize| {
            let share = if run < 100 { 0.25 } else { 0.75 };
            (if misses(run, share) { 400.0 } else { 100.0 }) * (0.05 * noise(run)).exp()
        };
        let values: Vec<f64> = (0..200).map(value).collect();
        let found = change_points(&values);
        let near = found.iter().find(|change| change.at.abs_diff(100) <= 25).expect("a change");
        assert!(near.between.0 <= 100 && 100 <= near.between.1, "{shift}: {near:?}");
        widths += near.between.1 - near.between.0;
    }
    assert!(widths / 40 < 60, "{widths}");
}

#[test]
fn values_that_are_not_positive_can_change_too() {
    let values: Vec<f64> = (0..120).map(|place| if place < 60 { 0.0 } else { 10.0 } + noise(place)).collect();
    assert_eq!(places(&values), [60]);
    // A count that is nearly always the same has no noise to speak of.
    let counts: Vec<f64> = (0..60).map(|place| if place < 30 { 12.0 } else { 14.0 }).collect();
    assert_eq!(places(&counts), [30]);
}

#[test]
fn a_long_series_is_looked_at_in_pieces() {
    let values = series(&[(100.0, 5_000), (115.0, 5_000)]);
    let changes = change_points(&values);
    assert_eq!(changes.len(), 1);
    let change = &changes[0];
    assert!(
        change.at.abs_diff(5_000) <= 5 && change.between.0 <= 5_000 && 5_000 <= change.between.1,
        "{change:?}"
    );
}

#[test]
fn a_stream_tells_each_change_once_and_soon() {
    let values = series(&[(100.0, 80), (140.0, 80), (100.0, 80)]);
    let mut stream = ChangeStream::default();
    let mut told = Vec::new();
    for (place, &value) in values.iter().enumerate() {
        stream.push(value);
        told.extend(stream.scan().into_iter().map(|change| (change.at, place)));
    }
    assert_eq!(told.len(), 2, "{told:?}");
    for ((at, when), real) in told.iter().zip([80, 160]) {
        assert!(at.abs_diff(real) <= 2 && *when < real + 12, "{told:?}");
    }
    assert!(stream.scan().is_empty());
    assert!(stream.gone() >= 70, "{}", stream.gone());
    assert_eq!(stream.count(), 240);
}

#[test]
fn a_stream_that_is_looked_at_once_says_what_the_series_says() {
    let values = series(&[(100.0, 50), (150.0, 50), (90.0, 50), (140.0, 50)]);
    let mut stream = ChangeStream::default();
    for &value in &values {
        stream.push(value);
    }
    assert_eq!(stream.scan(), change_points(&values));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_unit_changes_what_is_found(start in 20..60_usize, by in 1.1..2.0_f64, power in -8..8_i32) {
        let values = series(&[(100.0, start), (100.0 * by, 50)]);
        let scaled: Vec<f64> = values.iter().map(|value| value * 2.0_f64.powi(power)).collect();
        prop_assert_eq!(places(&scaled), places(&values));
    }

    #[test]
    fn whatever_the_values_changes_rise_and_lie_inside(values in prop::collection::vec(-1e6..1e6_f64, 0..300)) {
        let changes = change_points(&values);
        prop_assert!(changes.windows(2).all(|pair| pair[0].at < pair[1].at));
        for change in changes {
            prop_assert!(0 < change.at && change.at < values.len());
            prop_assert!(change.between.0 <= change.at && change.at <= change.between.1 && change.between.1 < values.len());
        }
    }

    #[test]
    fn segments_are_the_best_of_all(values in prop::collection::vec(-3.0..3.0_f64, 6..14)) {
        let signal = Signal { levels: values.clone(), is_log: false, clipped: values.clone(), noise: 1.0, inflation: 0.2 };
        let sums = partition::Sums::new(&values);
        let penalty = 3.0 * 0.2 * (values.len() as f64).ln();
        let cost = |cuts: &[usize]| -> f64 {
            let edges = [&[0], cuts, &[values.len()]].concat();
            edges.windows(2).map(|pair| sums.cost(pair[0], pair[1])).sum::<f64>() + penalty * cuts.len() as f64
        };
        let least = (0_u32..1 << (values.len() - 1))
            .map(|cuts| (1..values.len()).filter(|place| cuts >> (place - 1) & 1 == 1).collect::<Vec<_>>())
            .filter(|cuts| [&[0], &cuts[..], &[values.len()]].concat().windows(2).all(|pair| pair[1] - pair[0] >= 3))
            .map(|cuts| cost(&cuts))
            .fold(f64::INFINITY, f64::min);
        prop_assert!((cost(&partition::boundaries(&signal)) - least).abs() < 1e-9);
    }
}
