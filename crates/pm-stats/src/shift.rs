//! By how much one sample lies above another: the shift of Hodges and Lehmann.
//!
//! It is the median of all differences y − x between a value of each. The interval is made of two of these
//! differences: those of rank C + 1 and nm − C, where a U of C has at most half of what may be missed (Hollander,
//! Wolfe and Chicken, 6.2), from the normal distribution of U. On logarithms the shift is a ratio, which no unit and no scale changes.
//!
//! The differences are never listed. A difference of some rank is searched by guesses, each time counting the
//! pairs below a bound in one walk along both samples, k + l steps for k and l different values, mostly a dozen times.

use crate::normal;
use crate::tally::Tally;

/// A shift with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// The median difference.
    pub value: f64,
    /// Between what the shift lies with the probability that was asked for; none if there are too few values.
    pub interval: Option<(f64, f64)>,
}

impl Shift {
    /// The shift from the first sample to the second; none if one of them is empty. `confidence` is a
    /// probability such as 0.95.
    #[must_use]
    pub fn of(first: &Tally, second: &Tally, confidence: f64) -> Option<Self> {
        let pairs = first.count().checked_mul(second.count()).filter(|&pairs| pairs > 0)?;
        let at = |rank| difference(first, second, rank);
        let value =
            if pairs % 2 == 1 { at(pairs / 2 + 1) } else { f64::midpoint(at(pairs / 2), at(pairs / 2 + 1)) };
        let missed = missed(first.count(), second.count(), 1.0 - confidence);
        let interval = missed.map(|missed| (at(missed + 1), at(pairs - missed)));
        Some(Self { value, interval })
    }
}

/// How many differences lie below the interval; none if no interval is sure enough.
fn missed(first: u64, second: u64, tail: f64) -> Option<u64> {
    let (n, m) = (first as f64, second as f64);
    let least = 2.0 / binomial(first + second, first.min(second));
    if least > tail {
        return None;
    }
    let half = normal::distance(tail) * (n * m * (n + m + 1.0) / 12.0).sqrt();
    Some((n * m / 2.0 - half).floor().max(0.0) as u64)
}

/// How many ways there are to choose so many.
fn binomial(all: u64, chosen: u64) -> f64 {
    (0..chosen.min(64)).fold(1.0, |ways, i| ways * (all - i) as f64 / (i + 1) as f64)
}

/// The difference of rank `rank`; the smallest has rank 1.
fn difference(first: &Tally, second: &Tally, rank: u64) -> f64 {
    let ends = |tally: &Tally| (tally.entries()[0].0, tally.entries()[tally.entries().len() - 1].0);
    let ((first_low, first_high), (second_low, second_high)) = (ends(first), ends(second));
    let (mut low, mut high) = (second_low - first_high, second_high - first_low);
    // How many lie below `low`, where they are too few, and how many up to `high`, where they are enough.
    let (mut below, mut up) = (0, first.count() * second.count());
    for round in 0..200 {
        // Where the rank should be if differences were spread evenly, and every third time in the middle, because
        // they need not be.
        let share = if round % 3 == 2 { 0.5 } else { (rank - below) as f64 / (up - below) as f64 };
        let bound = (low + (high - low) * share.clamp(0.01, 0.99)).min(high);
        let cut = Cut::at(first, second, bound);
        // Both ends move onto differences: so the answer is one, to the last bit.
        if cut.pairs >= rank {
            (high, up) = (cut.largest_below, cut.pairs);
        } else {
            (low, below) = (cut.smallest_above, cut.pairs);
        }
        if low >= high || up == below + 1 {
            break;
        }
    }
    high
}

/// All differences, cut in two.
struct Cut {
    /// How many are at most the bound.
    pairs: u64,
    largest_below: f64,
    smallest_above: f64,
}

impl Cut {
    fn at(first: &Tally, second: &Tally, bound: f64) -> Self {
        let (first, second) = (first.entries(), second.entries());
        let mut cut = Self { pairs: 0, largest_below: f64::NEG_INFINITY, smallest_above: f64::INFINITY };
        let (mut reached, mut below) = (0, 0_u64);
        for &(x, count) in first {
            while let Some(&(y, more)) = second.get(reached)
                && y - x <= bound
            {
                below += more;
                reached += 1;
            }
            if reached > 0 {
                cut.largest_below = cut.largest_below.max(second[reached - 1].0 - x);
            }
            if let Some(&(y, _)) = second.get(reached) {
                cut.smallest_above = cut.smallest_above.min(y - x);
            }
            cut.pairs += below * count;
        }
        cut
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By listing all differences.
    fn listed(first: &[i32], second: &[i32]) -> Vec<f64> {
        let mut all: Vec<f64> =
            first.iter().flat_map(|x| second.iter().map(move |y| f64::from(y - x))).collect();
        all.sort_by(f64::total_cmp);
        all
    }

    fn tally(values: &[i32]) -> Tally {
        Tally::new(values.iter().map(|&value| f64::from(value)))
    }

    proptest! {
        #[test]
        fn a_difference_of_any_rank_is_the_one_of_the_list(
            first in prop::collection::vec(-50..50_i32, 1..20),
            second in prop::collection::vec(-50..50_i32, 1..20),
        ) {
            let all = listed(&first, &second);
            for (place, &expected) in all.iter().enumerate() {
                prop_assert_eq!(difference(&tally(&first), &tally(&second), place as u64 + 1), expected);
            }
        }
    }

    #[test]
    fn shift_and_interval_are_differences_of_the_right_ranks() {
        // C = ⌊6·6/2 − 1.95996·√(6·6·13/12)⌋ = 5, so that the sixth and the sixth last of 36 differences are the ends.
        let (x, y) = ([10, 12, 15, 18, 20, 21], [14, 17, 19, 23, 25, 30]);
        let shift = Shift::of(&tally(&x), &tally(&y), 0.95).expect("values");
        let all = listed(&x, &y);
        assert_eq!(shift.value, f64::midpoint(all[17], all[18]));
        assert_eq!(shift.interval, Some((all[5], all[30])));
    }

    #[test]
    fn too_few_values_have_a_shift_and_no_interval() {
        let shift = Shift::of(&tally(&[1, 2, 3]), &tally(&[5, 6, 7]), 0.95);
        assert_eq!(shift, Some(Shift { value: 4.0, interval: None }));
        assert_eq!(Shift::of(&tally(&[]), &tally(&[1]), 0.95), None);
    }
}
