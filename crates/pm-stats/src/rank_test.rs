//! Whether the values of one sample tend to be larger than those of another: the test of Mann and Whitney.
//!
//! U is the number of pairs in which the value of the second sample is the larger one, ties counting half. Where
//! it is cheap its distribution is counted out over all ways to deal the pooled values, ties included; else it
//! is taken as normal, with the variance corrected for ties and half a step of continuity:
//! σ² = nm ÷ 12 · (N + 1 − Σ(t³ − t) ÷ (N(N − 1))). As `mannwhitneyu` of `scipy.stats` has it, which does not count ties out.

use crate::normal;
use crate::tally::Tally;

/// What the test says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankTest {
    /// How many pairs have the larger value in the second sample; ties count half.
    pub u: f64,
    /// The probability of a U at least that far from the middle if both samples are of one distribution.
    pub p: f64,
}

impl RankTest {
    /// Tests two samples. Without a value in both of them nothing can be told apart, and p is 1.
    #[must_use]
    pub fn of(first: &Tally, second: &Tally) -> Self {
        let pool = Pool::new(first, second);
        let p = pool.exact().unwrap_or_else(|| pool.normal());
        Self { u: pool.twice_u as f64 / 2.0, p }
    }
}

/// What both samples are together.
struct Pool {
    /// The size of the first sample, and of the second.
    sizes: (u64, u64),
    /// How often each value occurs, rising.
    ties: Vec<u64>,
    twice_u: u64,
}

/// How many additions an exact answer may take.
const EXACT_STEPS: u64 = 400_000;

impl Pool {
    fn new(first: &Tally, second: &Tally) -> Self {
        let (one, other) = (first.entries(), second.entries());
        let mut ties = Vec::with_capacity(one.len() + other.len());
        let (mut at, mut to, mut below, mut twice_u) = (0, 0, 0_u64, 0_u64);
        while at < one.len() || to < other.len() {
            let next = |entries: &[(f64, u64)], place: usize| {
                entries.get(place).map_or(f64::INFINITY, |entry| entry.0)
            };
            let value = next(one, at).min(next(other, to));
            let take = |entries: &[(f64, u64)], place: &mut usize| match entries.get(*place) {
                Some(&(same, count)) if same == value => {
                    *place += 1;
                    count
                }
                _ => 0,
            };
            let (mine, theirs) = (take(one, &mut at), take(other, &mut to));
            twice_u =
                twice_u.saturating_add(theirs.saturating_mul(below.saturating_mul(2).saturating_add(mine)));
            below += mine;
            ties.push(mine + theirs);
        }
        Self { sizes: (first.count(), second.count()), ties, twice_u }
    }

    /// Counts all ways to deal the values, if that is cheap.
    fn exact(&self) -> Option<f64> {
        let (n, m) = self.sizes;
        let (small, large) = (n.min(m), n.max(m));
        if small == 0 {
            return Some(1.0);
        }
        let pairs = small.checked_mul(large)?;
        if self.ties.iter().all(|&count| count == 1) {
            if small.checked_mul(pairs)? > EXACT_STEPS {
                return None;
            }
            let far = (self.twice_u / 2).max(pairs - self.twice_u / 2);
            return untied(small, large, pairs - far);
        }
        // Each value that occurs once costs an addition a size and sum, one that occurs often as many more.
        let sums = 2 * pairs;
        if sums.checked_mul(small)?.checked_mul(n + m)? > 2 * EXACT_STEPS {
            return None;
        }
        let far = self.twice_u.max(sums - self.twice_u);
        Some(tied(&self.ties, small as usize, (sums - far) as usize, pairs as usize))
    }

    /// Takes U as normal.
    fn normal(&self) -> f64 {
        normal::two_sided(self.distance())
    }

    /// How many standard deviations U lies from its middle.
    fn distance(&self) -> f64 {
        let (n, m) = (self.sizes.0 as f64, self.sizes.1 as f64);
        let all = n + m;
        let cubes: f64 = self.ties.iter().map(|&count| (count as f64).powi(3) - count as f64).sum();
        let variance = n * m / 12.0 * (all + 1.0 - cubes / (all * (all - 1.0)));
        let off = (self.twice_u as f64 / 2.0 - n * m / 2.0).abs() - 0.5;
        if variance > 0.0 { off.max(0.0) / variance.sqrt() } else { 0.0 }
    }
}

/// The probability of a U of at most `most`, or as far on the other side, among values that are all different.
///
/// The ways to reach each U are the coefficients of the Gaussian binomial: for i up to the smaller size, times
/// (1 − q^(large+i)), divided by (1 − q^i). They are whole numbers; none if they do not fit.
fn untied(small: u64, large: u64, most: u64) -> Option<f64> {
    let mut all = 1_u128;
    for i in 1..=u128::from(small) {
        all = all.checked_mul(u128::from(large) + i)? / i;
    }
    let mut ways = vec![0_u128; most as usize + 1];
    ways[0] = 1;
    for i in 1..=small as usize {
        for u in (large as usize + i..ways.len()).rev() {
            // What wraps here comes back when it is divided.
            ways[u] = ways[u].wrapping_sub(ways[u - large as usize - i]);
        }
        for u in i..ways.len() {
            ways[u] = ways[u].wrapping_add(ways[u - i]);
        }
    }
    let tail: u128 = ways.iter().sum();
    Some((2.0 * (tail as f64 / all as f64)).min(1.0))
}

/// The same with ties: `most` and all sums are of twice U. Each value of the pool gives some of its occurrences
/// to the smaller sample, which then win against all below that went to the larger one.
fn tied(ties: &[u64], small: usize, most: usize, pairs: usize) -> f64 {
    let sums = 2 * pairs + 1;
    // By how many the smaller sample has, then by twice its U.
    let mut ways = vec![0.0_f64; (small + 1) * sums];
    ways[0] = 1.0;
    let mut seen = 0_usize;
    for &count in ties {
        let count = count as usize;
        for has in (0..=small.min(seen)).rev() {
            let below = seen - has;
            let mut choices = 1.0;
            for gets in 1..=count.min(small - has) {
                choices *= (count - gets + 1) as f64 / gets as f64;
                let wins = gets * (2 * below + count - gets);
                for sum in 0..sums.saturating_sub(wins) {
                    let way = ways[has * sums + sum];
                    if way > 0.0 {
                        ways[(has + gets) * sums + sum + wins] += way * choices;
                    }
                }
            }
        }
        seen += count;
    }
    let full = &ways[small * sums..];
    let tail: f64 = full[..=most].iter().sum::<f64>() + full[sums - 1 - most..].iter().sum::<f64>();
    (tail / full.iter().sum::<f64>()).min(1.0)
}

#[cfg(test)]
mod tests;
