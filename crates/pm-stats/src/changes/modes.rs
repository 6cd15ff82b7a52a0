//! Runs that take one of two ways, such as through a cache or around it.
//!
//! Between two ways that lie far apart a small change of both is lost: it shows once the longer way is moved onto the
//! shorter one.

use super::signal::Signal;

/// How much of the variance may be left within the ways. Of normal noise cut in two it is 0.36.
const WITHIN: f64 = 0.2;

/// The smallest share of a way.
const SHARE: f64 = 0.1;

/// Of as many turns from one way to the other as chance would make, so many there have to be: a step makes one.
const MIXED: f64 = 0.5;

/// Two ways that a series takes.
pub(super) struct Ways<'a> {
    levels: &'a [f64],
    /// The largest level of the lower one.
    cut: f64,
    apart: f64,
}

impl<'a> Ways<'a> {
    /// None if there are no two.
    pub(super) fn of(signal: &'a Signal) -> Option<Self> {
        let levels = &signal.levels;
        let mut sorted = levels.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let (cut, apart) = split(&sorted)?;
        let count = levels.len() as f64;
        let above = levels.iter().filter(|&&level| level > cut).count() as f64 / count;
        let turns = levels.windows(2).filter(|pair| (pair[0] > cut) != (pair[1] > cut)).count() as f64;
        let are_mixed = turns >= MIXED * 2.0 * above * (1.0 - above) * (count - 1.0);
        are_mixed.then_some(Self { levels, cut, apart })
    }

    /// The levels with both ways moved onto one.
    pub(super) fn joined(&self) -> Vec<f64> {
        self.levels.iter().map(|&level| if level > self.cut { level - self.apart } else { level }).collect()
    }

    /// Which way each value took: zero for the lower one, one for the upper one.
    pub(super) fn taken(&self) -> Vec<f64> {
        self.levels.iter().map(|&level| f64::from(u8::from(level > self.cut))).collect()
    }
}

/// The best cut of rising values in two, by squared error: the largest value below it, and how far apart the means lie.
fn split(sorted: &[f64]) -> Option<(f64, f64)> {
    let count = sorted.len() as f64;
    let total: f64 = sorted.iter().sum();
    let mean = total / count;
    let variance: f64 = sorted.iter().map(|value| (value - mean).powi(2)).sum();
    let (mut sum, mut best) = (0.0, (0.0, 0, 0.0));
    for (place, value) in sorted[..sorted.len() - 1].iter().enumerate() {
        sum += value;
        let below = (place + 1) as f64;
        let apart = (total - sum) / (count - below) - sum / below;
        let between = below * (count - below) / count * apart * apart;
        if between > best.0 && sorted[place + 1] > *value {
            best = (between, place, apart);
        }
    }
    let (between, place, apart) = best;
    let share = (place + 1) as f64 / count;
    let is_split = between > (1.0 - WITHIN) * variance && (SHARE..=1.0 - SHARE).contains(&share);
    is_split.then(|| (sorted[place], apart))
}
