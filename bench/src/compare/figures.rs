//! Medians, and ratios and differences of runs that were made side by side.
//!
//! A machine is slower in one minute than in the next, and both sides of a pair live in the same minute.
//! So it is pairs that are compared, and the median is taken last.

/// The middle value, or the mean of the two in the middle; none of none.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 { Some(upper) } else { Some(f64::midpoint(sorted[sorted.len() / 2 - 1], upper)) }
}

/// The value of the nearest rank; none of none.
pub(super) fn percentile(values: impl IntoIterator<Item = f64>, share: f64) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank in a list")]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// The smallest and the largest value; none of none.
pub(super) fn range(values: &[f64]) -> Option<(f64, f64)> {
    let smallest = values.iter().copied().min_by(f64::total_cmp)?;
    Some((smallest, values.iter().copied().max_by(f64::total_cmp)?))
}

/// How many times as much ours is as theirs, pair by pair.
pub(super) fn ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect()
}

/// The median of these ratios; 0 if there is none.
pub(super) fn median_ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    median(ratios(ours, theirs)).unwrap_or_default()
}

/// How much more `with` is than `without`, pair by pair.
pub(super) fn differences(with: &[f64], without: &[f64]) -> Vec<f64> {
    with.iter().zip(without).map(|(with, without)| with - without).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(median([]), None);
        assert_eq!(median([4.0]), Some(4.0));
        assert_eq!(median([9.0, 1.0, 4.0]), Some(4.0));
        assert_eq!(median([9.0, 1.0, 4.0, 2.0]), Some(3.0));
    }

    #[test]
    fn ratios_are_taken_before_the_median() {
        // The machine became ten times slower after the first pair; ours was half as fast in each.
        let (ours, theirs) = ([2.0, 20.0, 20.0], [1.0, 10.0, 10.0]);
        assert_eq!(median(ratios(&ours, &theirs)), Some(2.0));
        assert_eq!(differences(&ours, &theirs), [1.0, 10.0, 10.0]);
        assert_eq!(range(&ours), Some((2.0, 20.0)));
    }

    #[test]
    fn a_percentile_is_the_value_of_the_nearest_rank() {
        let values: Vec<f64> = (1..=350).rev().map(f64::from).collect();
        assert_eq!(percentile(values, 0.99), Some(347.0));
        assert_eq!(percentile(vec![4.0], 0.01), Some(4.0));
        assert_eq!(percentile(Vec::new(), 0.5), None);
    }

    proptest! {
        #[test]
        fn half_of_the_values_lie_on_either_side_of_the_median(values in prop::collection::vec(-1e6..1e6_f64, 1..50)) {
            let middle = median(values.iter().copied()).expect("there are values");
            let below = values.iter().filter(|&&value| value < middle).count();
            let above = values.iter().filter(|&&value| value > middle).count();
            prop_assert!(below <= values.len() / 2 && above <= values.len() / 2);
        }
    }
}
