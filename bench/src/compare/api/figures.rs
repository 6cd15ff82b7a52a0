//! Quantiles of many times.

/// The element of rank ⌈q·n⌉; 0 of none.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "q is from 0 to 1")]
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_an_element_by_its_rank() {
        let all: Vec<f64> = (1..=200).map(f64::from).collect();
        for (q, expected) in [(0.0, 1.0), (0.5, 100.0), (0.99, 198.0), (1.0, 200.0)] {
            assert!((quantile(&all, q) - expected).abs() < f64::EPSILON, "{q}");
        }
        assert!(quantile(&[], 0.5).abs() < f64::EPSILON);
    }
}
