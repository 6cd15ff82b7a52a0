//! What holds for any values, split in any way.

use pm_stats::Distribution;
use proptest::prelude::*;

fn values() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(prop_oneof![Just(0), 1..100_000_i64, any::<i64>(), -5_000..5_000_i64], 0..300)
}

proptest! {
    #[test]
    fn any_split_merged_in_any_order_equals_one_run(values in values(), cuts in prop::collection::vec(0..4_usize, 300), turn in 0..4_usize) {
        let whole: Distribution = values.iter().copied().collect();
        let mut parts = vec![Distribution::default(); 4];
        for (value, part) in values.iter().zip(&cuts) {
            parts[*part].push(*value);
        }
        parts.rotate_left(turn);
        let mut merged = Distribution::default();
        for part in &parts {
            merged.merge(part);
        }
        prop_assert_eq!(merged, whole);
    }

    #[test]
    fn quantiles_rise_and_stay_between_the_extremes(values in values()) {
        let distribution: Distribution = values.iter().copied().collect();
        let quantiles: Vec<_> = [0.0, 0.5, 0.9, 0.95, 0.99, 1.0].iter().filter_map(|&q| distribution.quantile(q)).collect();
        prop_assert!(quantiles.is_sorted());
        prop_assert!(quantiles.first().copied() >= distribution.moments().min());
        prop_assert!(quantiles.last().copied() <= distribution.moments().max());
    }

    #[test]
    fn a_quantile_is_within_its_stated_error_of_the_nearest_rank(mut values in prop::collection::vec(1..10_000_000_000_i64, 65..400), percent in prop::sample::select(vec![0_usize, 1, 50, 90, 95, 99, 100])) {
        let distribution: Distribution = values.iter().copied().collect();
        values.sort_unstable();
        let rank = (percent * values.len()).div_ceil(100).max(1);
        let (exact, got) = (values[rank - 1], distribution.quantile(percent as f64 / 100.0).expect("there are values"));
        // Half a thousandth is added by rounding the middle of the bucket.
        prop_assert!((got - exact).abs() as f64 <= exact as f64 * 0.002_71 + 0.5, "{} for {}", got, exact);
    }

    #[test]
    fn the_mean_lies_between_the_extremes(values in prop::collection::vec(any::<i64>(), 1..100)) {
        let distribution: Distribution = values.iter().copied().collect();
        let mean = distribution.moments().mean().expect("there are values");
        prop_assert!(distribution.moments().min() <= Some(mean) && Some(mean) <= distribution.moments().max());
    }
}
