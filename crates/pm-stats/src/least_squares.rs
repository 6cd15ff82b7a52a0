//! How a value goes with others: ordinary least squares, with an interval around each slope.
//!
//! The interval is Student's, so it takes deviations for independent, of one size and about normal; on logarithms of
//! times and sizes that is nearly so. The quantile of Student's distribution comes from that of the normal one by the
//! expansion of Cornish and Fisher (Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.5), off by less
//! than a thousandth from eight degrees of freedom on; with fewer there is no answer.

use crate::normal;

/// Degrees of freedom without which there is no answer.
const FEWEST: usize = 8;

/// A slope and the interval that holds the true one with the confidence that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// The estimate.
    pub value: f64,
    /// Its lower bound.
    pub low: f64,
    /// Its upper bound.
    pub high: f64,
}

/// A plane through points: what a value is where all others are 0, and how it grows with each of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeastSquares<const N: usize> {
    /// The value where all others are 0.
    pub intercept: f64,
    /// For each of the others, by how much the value grows when that one grows by 1.
    pub slopes: [Slope; N],
}

impl<const N: usize> LeastSquares<N> {
    /// The plane through `points`: the others, and the value. None if the points are too few, or if one of the others is
    /// the same everywhere or follows from the rest.
    #[must_use]
    pub fn through(points: &[([f64; N], f64)], confidence: f64) -> Option<Self> {
        let freedom = points.len().checked_sub(N + 1).filter(|&freedom| freedom >= FEWEST)?;
        let count = points.len() as f64;
        let centers: [f64; N] =
            std::array::from_fn(|at| points.iter().map(|(others, _)| others[at]).sum::<f64>() / count);
        let center = points.iter().map(|(_, value)| value).sum::<f64>() / count;
        let (mut products, mut with_value) = ([[0.0; N]; N], [0.0; N]);
        for (others, value) in points {
            let others: [f64; N] = std::array::from_fn(|at| others[at] - centers[at]);
            for row in 0..N {
                with_value[row] += others[row] * (value - center);
                for column in 0..N {
                    products[row][column] += others[row] * others[column];
                }
            }
        }
        let inverse = inverted(products)?;
        let slopes: [f64; N] =
            std::array::from_fn(|row| (0..N).map(|column| inverse[row][column] * with_value[column]).sum());
        let intercept = center - (0..N).map(|at| slopes[at] * centers[at]).sum::<f64>();
        let residual = |(others, value): &([f64; N], f64)| {
            value - intercept - (0..N).map(|at| slopes[at] * others[at]).sum::<f64>()
        };
        let variance = points.iter().map(|point| residual(point).powi(2)).sum::<f64>() / freedom as f64;
        let quantile = student(normal::distance(1.0 - confidence), freedom as f64);
        let slopes = std::array::from_fn(|at| {
            let reach = quantile * (variance * inverse[at][at]).max(0.0).sqrt();
            Slope { value: slopes[at], low: slopes[at] - reach, high: slopes[at] + reach }
        });
        Some(Self { intercept, slopes })
    }
}

/// The inverse of a symmetric matrix of sums of products, by Gauss and Jordan; none if it has none to speak of.
fn inverted<const N: usize>(mut matrix: [[f64; N]; N]) -> Option<[[f64; N]; N]> {
    let sizes: [f64; N] = std::array::from_fn(|at| matrix[at][at]);
    let mut inverse: [[f64; N]; N] =
        std::array::from_fn(|row| std::array::from_fn(|column| f64::from(u8::from(row == column))));
    for pivot in 0..N {
        // What is left of it once the ones before are taken out is noise where it follows from them.
        let size = matrix[pivot][pivot];
        if size.is_nan() || size <= sizes[pivot] * 1e-9 {
            return None;
        }
        for column in 0..N {
            matrix[pivot][column] /= size;
            inverse[pivot][column] /= size;
        }
        for row in (0..N).filter(|&row| row != pivot) {
            let factor = matrix[row][pivot];
            for column in 0..N {
                matrix[row][column] -= factor * matrix[pivot][column];
                inverse[row][column] -= factor * inverse[pivot][column];
            }
        }
    }
    Some(inverse)
}

/// The quantile of Student's distribution at which the normal one has `z`.
fn student(z: f64, freedom: f64) -> f64 {
    let terms = [
        (z.powi(3) + z) / 4.0,
        (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
        (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
    ];
    terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom) + z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_scipy() {
        // scipy.stats.t.ppf(0.975, n)
        for (freedom, quantile) in [(8.0, 2.306_004), (20.0, 2.085_963), (200.0, 1.971_896)] {
            assert!((student(normal::distance(0.05), freedom) - quantile).abs() < 1e-3, "{freedom}");
        }
    }

    #[test]
    fn a_line_without_noise_is_found_and_its_interval_is_a_point() {
        let points: Vec<_> = (0..20).map(|x| ([f64::from(x)], 3.0 + 2.0 * f64::from(x))).collect();
        let line = LeastSquares::through(&points, 0.95).expect("a line");
        let Slope { value, low, high } = line.slopes[0];
        assert!((line.intercept - 3.0).abs() < 1e-9 && (value - 2.0).abs() < 1e-9, "{line:?}");
        assert!(high - low < 1e-9, "{line:?}");
    }

    #[test]
    fn a_slope_and_its_interval_are_those_of_textbooks() {
        // Deviations of +1 and -1 in turn, and two of each on either side of the middle: they leave the slope alone.
        // Of 10 points the sum of squares is 10 over 8 degrees of freedom, and that of x is 82.5.
        let deviations = [1.0, -1.0, -1.0, 1.0, 0.0, 0.0, 1.0, -1.0, -1.0, 1.0];
        let points: Vec<_> =
            (0_u8..10).map(f64::from).zip(deviations).map(|(x, off)| ([x], 5.0 * x + off)).collect();
        let line = LeastSquares::through(&points, 0.95).expect("a line");
        let reach = 2.306_004 * (1.0_f64 / 82.5).sqrt();
        assert!((line.slopes[0].value - 5.0).abs() < 1e-9, "{line:?}");
        assert!((line.slopes[0].high - 5.0 - reach).abs() < 1e-3, "{line:?}");
    }

    #[test]
    fn what_two_others_do_is_told_apart() {
        let points: Vec<_> = (0..30)
            .map(|at| {
                let (x, y) = (f64::from(at), f64::from(at * 7 % 11));
                ([x, y], 1.0 + 0.5 * x - 2.0 * y)
            })
            .collect();
        let plane = LeastSquares::through(&points, 0.95).expect("a plane");
        assert!((plane.slopes[0].value - 0.5).abs() < 1e-9, "{plane:?}");
        assert!((plane.slopes[1].value + 2.0).abs() < 1e-9, "{plane:?}");
    }

    #[test]
    fn nothing_is_told_of_few_points_and_of_others_that_do_not_vary_by_themselves() {
        let line = |points: &[([f64; 1], f64)]| LeastSquares::through(points, 0.95);
        assert_eq!(line(&(0..9).map(|x| ([f64::from(x)], 1.0)).collect::<Vec<_>>()), None);
        assert_eq!(line(&(0..50).map(|y| ([4.0], f64::from(y))).collect::<Vec<_>>()), None);
        let same: Vec<_> = (0..50).map(f64::from).map(|x| ([x, 2.0 * x], x)).collect();
        assert_eq!(LeastSquares::through(&same, 0.95), None);
    }
}
