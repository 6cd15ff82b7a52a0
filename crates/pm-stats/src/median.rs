//! The median, and an interval that holds it whatever the values' distribution is.
//!
//! The interval is made of two of the values: x₍l₎ and x₍n−l+1₎ with the largest l for which a fair coin's n throws
//! give at least l heads and at least l tails with the wanted probability (exact order statistics, as
//! `benchstat` has it). It takes 6 values to be 95 % sure.

use crate::normal;
use crate::tally::Tally;

/// A median with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Median {
    /// The middle value, or the mean of the two in the middle.
    pub value: f64,
    /// Between what the median lies with the probability that was asked for; none if there are too few values.
    pub interval: Option<(f64, f64)>,
}

impl Median {
    /// The median of some values; none if there are none. `confidence` is a probability such as 0.95.
    #[must_use]
    pub fn of(tally: &Tally, confidence: f64) -> Option<Self> {
        let count = tally.count();
        let middle = |rank| tally.at_rank(rank);
        let value = f64::midpoint(middle(count.div_ceil(2))?, middle(count / 2 + 1)?);
        let interval = lower_rank(count, confidence)
            .and_then(|rank| tally.at_rank(rank).zip(tally.at_rank(count - rank + 1)));
        Some(Self { value, interval })
    }
}

/// Up to how many values the binomial distribution is added up.
const EXACT: u64 = 1000;

/// The rank of the interval's lower end; none if even the extremes are not sure enough.
fn lower_rank(count: u64, confidence: f64) -> Option<u64> {
    let tail = (1.0 - confidence) / 2.0;
    if count > EXACT {
        let half = count as f64 / 2.0;
        let rank = (half - normal::distance(2.0 * tail) * half.sqrt() / std::f64::consts::SQRT_2).floor();
        return Some((rank as u64).max(1));
    }
    // The probability of fewer than `rank` heads.
    let mut probability = 0.5_f64.powi(i32::try_from(count).ok()?);
    let mut below = probability;
    let mut rank = 0;
    while below <= tail && rank < count / 2 {
        rank += 1;
        probability *= (count - rank + 1) as f64 / rank as f64;
        below += probability;
    }
    (rank > 0).then_some(rank)
}

/// The probability that a fair coin falls at least as unevenly: how sure it is that as many values lie below a number as
/// above it.
pub(crate) fn sign_test(below: u64, above: u64) -> f64 {
    let (few, count) = (below.min(above), below + above);
    if count > EXACT {
        let off = (count as f64 / 2.0 - few as f64 - 0.5).max(0.0);
        return normal::two_sided(2.0 * off / (count as f64).sqrt());
    }
    let mut probability = 0.5_f64.powi(i32::try_from(count).unwrap_or(i32::MAX));
    let mut tail = probability;
    for rank in 1..=few {
        probability *= (count - rank + 1) as f64 / rank as f64;
        tail += probability;
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(count: u32, ranks: Option<(f64, f64)>) {
        let tally = Tally::new((1..=count).map(f64::from));
        assert_eq!(Median::of(&tally, 0.95).expect("values").interval, ranks, "{count}");
    }

    #[test]
    fn intervals_have_the_ranks_that_the_binomial_distribution_gives() {
        // The largest l with scipy.stats.binom.cdf(l - 1, n, 0.5) <= 0.025.
        check(5, None);
        check(6, Some((1.0, 6.0)));
        check(8, Some((1.0, 8.0)));
        check(9, Some((2.0, 8.0)));
        check(20, Some((6.0, 15.0)));
        check(100, Some((40.0, 61.0)));
        check(1000, Some((469.0, 532.0)));
        check(1001, Some((469.0, 533.0)));
    }

    #[test]
    fn the_sign_test_is_the_binomial_one() {
        // scipy.stats.binomtest(k, n).pvalue
        for (below, above, p) in
            [(0, 6, 0.03125), (3, 17, 0.002_576_828_002_929_687_5), (5, 5, 1.0), (0, 0, 1.0)]
        {
            assert!((sign_test(below, above) - p).abs() < 1e-12, "{below} {above}");
        }
        assert!((sign_test(480, 600) - 2.89e-4).abs() < 1e-5, "{}", sign_test(480, 600));
    }

    #[test]
    fn an_even_number_of_values_has_the_mean_of_the_middle_two() {
        let median =
            |values: &[f64]| Median::of(&Tally::new(values.iter().copied()), 0.95).map(|median| median.value);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
        assert_eq!(median(&[4.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[]), None);
    }
}
