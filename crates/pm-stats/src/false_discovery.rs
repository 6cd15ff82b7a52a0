//! Many tests at once: probabilities adjusted so that of all that is called a change, few are none.
//!
//! Benjamini and Hochberg (1995): the i-th smallest of m probabilities times m ÷ i, made to rise.

/// The adjusted probabilities, in the order of the given ones.
pub(crate) fn adjusted(probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|&one, &other| probabilities[other].total_cmp(&probabilities[one]));
    let mut adjusted = vec![1.0; probabilities.len()];
    let mut least = 1.0_f64;
    for (above, place) in order.into_iter().enumerate() {
        let rank = probabilities.len() - above;
        least = least.min(probabilities[place] * probabilities.len() as f64 / rank as f64);
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_adjusted_as_scipy_adjusts_them() {
        // scipy.stats.false_discovery_control([0.01, 0.04, 0.03, 0.5, 0.005])
        let expected = [0.025, 0.05, 0.05, 0.5, 0.025];
        let adjusted = adjusted(&[0.01, 0.04, 0.03, 0.5, 0.005]);
        assert!(
            adjusted.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-12),
            "{adjusted:?}"
        );
        assert!(super::adjusted(&[]).is_empty());
    }
}
