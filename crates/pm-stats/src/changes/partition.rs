//! The best way to cut a series into segments of one level each.
//!
//! Optimal partitioning (Jackson and others, 2005): the best cost up to each place, from those of all places before.
//! It is quadratic, and stays so: nothing can be pruned from a series without changes, which most are. Each
//! step of the inner loop is a handful of multiplications, on lanes that the compiler can run side by side.

use super::signal::Signal;

/// How many values a segment has at least.
pub(super) const SEGMENT: usize = 3;

/// What a further segment costs, in units of the noise, ln n and the inflation.
const PENALTY: f64 = 3.0;

/// So many costs the compiler can work out side by side.
const LANES: usize = 8;

/// Sums over the first values, so that the squared error of any segment is had at once.
#[derive(Debug)]
pub(super) struct Sums {
    values: Vec<f64>,
    squares: Vec<f64>,
}

impl Sums {
    pub(super) fn new(values: &[f64]) -> Self {
        // Around their mean, so that differences of sums keep their digits.
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        let mut sums = Self { values: vec![0.0], squares: vec![0.0] };
        let (mut sum, mut square) = (0.0, 0.0);
        for value in values {
            let value = value - mean;
            sum += value;
            square += value * value;
            sums.values.push(sum);
            sums.squares.push(square);
        }
        sums
    }

    /// The squared error of the values from one place up to, not including, another.
    pub(super) fn cost(&self, start: usize, end: usize) -> f64 {
        let sum = self.values[end] - self.values[start];
        let square = self.squares[end] - self.squares[start];
        (square - sum * sum / (end - start) as f64).max(0.0)
    }
}

/// The places at which segments begin, but for the first.
pub(super) fn boundaries(signal: &Signal) -> Vec<usize> {
    let count = signal.clipped.len();
    let sums = Sums::new(&signal.clipped);
    let penalty = PENALTY * signal.inflation * (count as f64).ln();
    // The reciprocals of lengths, the longest first, so that all of the inner loop walks forward.
    let reciprocals: Vec<f64> = (0..=count).map(|place| 1.0 / (count - place).max(1) as f64).collect();
    let mut best = vec![f64::INFINITY; count + 1];
    let mut from = vec![0; count + 1];
    best[0] = -penalty;
    // The best cost up to a place less the sum of squares up to it.
    let mut base = vec![f64::INFINITY; count + 1];
    base[0] = -penalty;
    for end in SEGMENT..=count {
        let starts = end - SEGMENT + 1;
        let (cost, start) = cheapest(
            &base[..starts],
            &sums.values[..starts],
            &reciprocals[count - end..][..starts],
            sums.values[end],
        );
        best[end] = cost + sums.squares[end] + penalty;
        from[end] = start;
        base[end] = best[end] - sums.squares[end];
    }
    let mut boundaries = Vec::new();
    let mut end = count;
    while from[end] > 0 {
        end = from[end];
        boundaries.push(end);
    }
    boundaries.reverse();
    boundaries
}

/// How many costs are looked at together: the least of a block is all that is compared with the best so far.
const BLOCK: usize = 64;

/// The least of base − (sum − end)² ÷ length, and where it is; of equals the first.
fn cheapest(base: &[f64], sums: &[f64], reciprocals: &[f64], end: f64) -> (f64, usize) {
    let cost = |base: f64, sum: f64, reciprocal: f64| base - (end - sum) * (end - sum) * reciprocal;
    let mut best = (f64::INFINITY, 0);
    let blocks = base.chunks(BLOCK).zip(sums.chunks(BLOCK)).zip(reciprocals.chunks(BLOCK));
    for (block, ((base, sums), reciprocals)) in blocks.enumerate() {
        let least = least(base, sums, reciprocals, cost);
        if least < best.0 {
            best = (least, block);
        }
    }
    let start = best.1 * BLOCK;
    let costs = base[start..].iter().zip(&sums[start..]).zip(&reciprocals[start..]);
    let within =
        costs.take(BLOCK).position(|((base, sum), reciprocal)| cost(*base, *sum, *reciprocal) <= best.0);
    (best.0, start + within.unwrap_or(0))
}

/// The least cost of a block.
#[inline]
fn least(base: &[f64], sums: &[f64], reciprocals: &[f64], cost: impl Fn(f64, f64, f64) -> f64) -> f64 {
    let (bases, base_rest) = base.as_chunks::<LANES>();
    let (lanes, sums_rest) = sums.as_chunks::<LANES>();
    let (shares, reciprocals_rest) = reciprocals.as_chunks::<LANES>();
    let mut least = [f64::INFINITY; LANES];
    let smaller = |one: f64, other: f64| if one < other { one } else { other };
    for ((base, sums), reciprocals) in bases.iter().zip(lanes).zip(shares) {
        for lane in 0..LANES {
            least[lane] = smaller(cost(base[lane], sums[lane], reciprocals[lane]), least[lane]);
        }
    }
    let rest = base_rest.iter().zip(sums_rest).zip(reciprocals_rest);
    let rest = rest.map(|((base, sum), reciprocal)| cost(*base, *sum, *reciprocal));
    rest.chain(least).fold(f64::INFINITY, smaller)
}
