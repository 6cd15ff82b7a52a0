//! Random numbers of the kinds that a run needs, exactly alike on every machine.
//!
//! The generator is PCG-64 (XSL RR 128/64), a published algorithm that a crate cannot change without
//! becoming another one. The distributions are our own few lines because those of a library may use the
//! platform's `exp` and `ln`, and may be tuned from one version to the next.

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

#[derive(Debug, Clone)]
pub(crate) struct Draw(Pcg64);

/// Any number does; this one is the algorithm's own default.
const STREAM: u128 = 0x0a02_bdbf_7bb3_c0a7_ac28_fa16_a64a_bf96;

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Pcg64::new(seed.into(), STREAM))
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 up to, not including, 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// The place of one of the weights, each as likely as it is heavy.
    pub(crate) fn pick(&mut self, weights: impl IntoIterator<Item = u32, IntoIter: Clone>) -> usize {
        let weights = weights.into_iter();
        let total: u32 = weights.clone().sum();
        let mut left = self.unit() * f64::from(total);
        weights
            .take_while(|&weight| {
                left -= f64::from(weight);
                left >= 0.0
            })
            .count()
    }

    /// Mean 0 and deviation 1: the sum of twelve uniform numbers less 6, each of 16 bits.
    pub(crate) fn normal(&mut self) -> f64 {
        let sum: u64 = (0..3)
            .map(|_| {
                let bits = self.bits();
                (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48)
            })
            .sum();
        sum as f64 / 65_535.0 - 6.0
    }

    /// Half lie below `median`; `spread` is the deviation of the natural logarithm.
    pub(crate) fn log_normal(&mut self, median: f64, spread: f64) -> f64 {
        median * exp(spread * self.normal())
    }

    /// From 2 up: half the draws are above 2.8, one in a hundred above 20.
    pub(crate) fn heavy_tail(&mut self) -> f64 {
        2.0 / (1.0 - self.unit()).sqrt()
    }
}

/// e^x as (1 + x/1024)^1024: within a percent for the exponents used here, by multiplications alone.
fn exp(x: f64) -> f64 {
    (0..10).fold(1.0 + x / 1024.0, |power, _| power * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(mut one: impl FnMut(&mut Draw) -> f64) -> Vec<f64> {
        let mut draw = Draw::new(7);
        let mut values: Vec<f64> = (0..20_000).map(|_| one(&mut draw)).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    #[test]
    fn a_log_normal_has_its_median_and_its_spread() {
        let values = many(|draw| draw.log_normal(100.0, 0.5));
        let (median, above) = (values[10_000], values[16_827]);
        assert!((95.0..105.0).contains(&median), "{median}");
        // One deviation up, where 84.13 % lie below, is e^0.5 times the median.
        assert!((158.0..172.0).contains(&above), "{above}");
    }

    #[test]
    fn a_weight_of_zero_is_never_picked_and_the_others_in_proportion() {
        let mut draw = Draw::new(7);
        let mut seen = [0; 3];
        for _ in 0..10_000 {
            seen[draw.pick([30, 0, 10])] += 1;
        }
        assert!(seen[1] == 0 && (7_200..7_800).contains(&seen[0]), "{seen:?}");
    }

    #[test]
    fn the_heavy_tail_reaches_far() {
        let values = many(Draw::heavy_tail);
        assert!(values[0] >= 2.0 && (2.7..3.0).contains(&values[10_000]), "{}", values[10_000]);
        assert!((18.0..22.0).contains(&values[19_800]), "{}", values[19_800]);
    }
}
