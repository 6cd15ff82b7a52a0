use proptest::prelude::*;

use super::*;

fn tally(values: &[f64]) -> Tally {
    Tally::new(values.iter().copied())
}

#[track_caller]
fn check(first: &[f64], second: &[f64], u: f64, p: f64) {
    let test = RankTest::of(&tally(first), &tally(second));
    assert_eq!(test.u, u);
    assert!((test.p - p).abs() <= 1e-9 * p, "{} is not {p}", test.p);
}

#[test]
fn without_ties_small_samples_have_scipy_s_exact_probability() {
    // scipy.stats.mannwhitneyu(second, first, method='exact'), SciPy 1.16.3.
    let first = [10.1, 12.3, 15.2, 18.9, 20.5, 21.7];
    let second = [14.2, 17.1, 19.6, 23.3, 25.8, 30.4];
    check(&first, &second, 27.0, 0.179_653_679_653_679_65);
    let first: Vec<f64> = (1..=60).map(f64::from).collect();
    let second: Vec<f64> = first.iter().map(|value| value + 7.5).collect();
    check(&first, &second, 2222.0, 0.026_576_505_468_005_968);
}

#[test]
fn large_samples_with_ties_have_scipy_s_normal_probability() {
    // scipy.stats.mannwhitneyu(second, first, method='asymptotic'), SciPy 1.16.3.
    let first: Vec<f64> = (0..30).map(|i| 100.0 + f64::from(i * 37 % 23) * 0.7).collect();
    let second: Vec<f64> = (0..40).map(|i| 104.0 + f64::from(i * 53 % 29) * 0.8).collect();
    check(&first, &second, 978.5, 7.226_755_067_550_584e-6);
}

#[test]
fn the_smallest_probabilities_are_those_that_benchstat_asks_for() {
    // 2 ÷ (n + m over n): with fewer than four runs on each side 5 % cannot be reached.
    for (runs, p) in [(3, 0.1), (4, 1.0 / 35.0), (5, 1.0 / 126.0), (8, 1.0 / 6435.0)] {
        let first: Vec<f64> = (0..runs).map(f64::from).collect();
        let second: Vec<f64> = (0..runs).map(|run| f64::from(run) + 100.0).collect();
        check(&first, &second, f64::from(runs * runs), p);
    }
}

#[test]
fn nothing_and_all_the_same_tell_nothing() {
    assert_eq!(RankTest::of(&tally(&[]), &tally(&[1.0])).p, 1.0);
    assert_eq!(RankTest::of(&tally(&[5.0; 4]), &tally(&[5.0; 9])).p, 1.0);
    assert_eq!(RankTest::of(&tally(&[5.0; 400]), &tally(&[5.0; 900])).p, 1.0);
}

/// By dealing the pool in every way.
fn dealt(first: &[f64], second: &[f64]) -> f64 {
    let pool = [first, second].concat();
    let middle = (first.len() * second.len()) as f64 / 2.0;
    let u = |is_second: &dyn Fn(usize) -> bool| -> f64 {
        let pairs = (0..pool.len()).flat_map(|x| (0..pool.len()).map(move |y| (x, y)));
        let score = |(x, y): (usize, usize)| {
            if pool[y] > pool[x] {
                1.0
            } else if pool[y] == pool[x] {
                0.5
            } else {
                0.0
            }
        };
        pairs.filter(|&(x, y)| !is_second(x) && is_second(y)).map(score).sum()
    };
    let seen = (u(&|place| place >= first.len()) - middle).abs();
    let deals = (0_u32..1 << pool.len()).filter(|deal| deal.count_ones() as usize == second.len());
    let far = deals.clone().filter(|deal| (u(&|place| deal >> place & 1 == 1) - middle).abs() >= seen - 1e-9);
    far.count() as f64 / deals.count() as f64
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn small_samples_are_what_dealing_them_in_every_way_gives(
        first in prop::collection::vec(0..6_i32, 1..6),
        second in prop::collection::vec(0..6_i32, 1..6),
    ) {
        let [first, second] = [first, second].map(|values| values.into_iter().map(f64::from).collect::<Vec<_>>());
        let p = RankTest::of(&tally(&first), &tally(&second)).p;
        prop_assert!((p - dealt(&first, &second)).abs() < 1e-9, "{} {}", p, dealt(&first, &second));
    }

    #[test]
    fn counts_without_ties_and_with_ties_agree(small in 1..7_usize, large in 1..9_usize, most in 0..40_usize) {
        let most = most.min(small * large / 2);
        let ties = vec![1; small + large];
        let without = untied(small as u64, large as u64, most as u64).expect("it fits");
        let with = tied(&ties, small, 2 * most, small * large);
        prop_assert!((without - with).abs() < 1e-9, "{without} {with}");
    }

    #[test]
    fn swapping_the_samples_changes_nothing_but_the_side(
        first in prop::collection::vec(0..50_i32, 1..40),
        second in prop::collection::vec(0..50_i32, 1..40),
    ) {
        let [first, second] = [first, second].map(|values| Tally::new(values.into_iter().map(f64::from)));
        let (one, other) = (RankTest::of(&first, &second), RankTest::of(&second, &first));
        prop_assert!((one.p - other.p).abs() < 1e-9);
        prop_assert_eq!(one.u + other.u, (first.count() * second.count()) as f64);
    }
}
