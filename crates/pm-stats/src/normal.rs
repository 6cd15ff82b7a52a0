//! The standard normal distribution.

use std::f64::consts::{FRAC_2_PI, SQRT_2};

use libm::erfc;

/// The probability of a value further from 0 than `z`, on either side.
pub(crate) fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2).min(1.0)
}

/// How far from 0 a value lies that has only the probability `p` of lying further away, on either side; of
/// probabilities below the smallest normal number that of the latter.
pub(crate) fn distance(p: f64) -> f64 {
    let wanted = p.clamp(f64::MIN_POSITIVE, 1.0).ln();
    // Never too near, and from there on Newton's steps in logarithms come nearer from the same side.
    let mut z = (-2.0 * wanted).sqrt();
    for _ in 0..60 {
        let tail = two_sided(z);
        let slope = FRAC_2_PI.sqrt() * (-z * z / 2.0).exp() / tail;
        let next = z - (tail.ln() - wanted) / -slope;
        if next.is_nan() || (next - z).abs() <= 1e-15 * z {
            break;
        }
        z = next.max(0.0);
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_and_distances_are_those_of_scipy() {
        // 2 * scipy.stats.norm.sf(z), and scipy.stats.norm.isf(p / 2).
        for (z, p) in [
            (0.0, 1.0),
            (1.0, 0.317_310_507_862_914_15),
            (1.959_963_984_540_054, 0.05),
            (3.890_591_886_413_114, 1e-4),
            (8.0, 1.244_192_114_854_356_7e-15),
        ] {
            assert!((two_sided(z) - p).abs() <= 1e-12 * p, "{z}");
            assert!((distance(p) - z).abs() < 1e-9, "{p}");
        }
    }
}
