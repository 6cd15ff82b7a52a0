//! Series of durations whose changes are known, out of a seed: what methods that find changes are judged on.
//!
//! Each is made of a level that may change and of a noise. They are no records of real commands, and every kind
//! occurs equally often, which in life it does not.

use crate::generator::draw::Draw;

/// A series, and the truth about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What it is made of.
    pub kind: Kind,
    /// Durations in milliseconds, with three decimals.
    pub values: Vec<f64>,
    /// The place of the first value after each change, rising.
    pub changes: Vec<usize>,
}

/// What a series is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Lognormal noise around one level, as below unless it says otherwise.
    Plain,
    /// Three in a hundred are far too long.
    Outliers,
    /// Some share of the runs takes a way that is longer.
    Bimodal,
    /// Most or some runs are answered by a cache.
    CacheHits,
    /// Days: slow and quick hours.
    Cycle,
    /// It becomes slower little by little.
    Drift,
    /// Its noise changes, and its level does not.
    Variance,
    /// Each run resembles the one before.
    Correlated,
    /// It became slower once.
    Step,
    /// It became slower once, with outliers.
    StepOutliers,
    /// Both ways became slower once.
    StepBimodal,
    /// It became slower once, and each run resembles the one before.
    StepCorrelated,
    /// It became slower once, with a noise that changed too.
    StepVariance,
    /// Another share of the runs is answered by the cache.
    CacheShift,
    /// It became quicker once.
    Improvement,
    /// It changed two to four times.
    Several,
    /// It was slow for 4 to 10 runs.
    Spike,
}

use Kind::{
    Bimodal, CacheHits, CacheShift, Correlated, Cycle, Drift, Improvement, Outliers, Plain, Several, Spike,
    Step, StepBimodal, StepCorrelated, StepOutliers, StepVariance, Variance,
};

impl Kind {
    /// Every kind, those without a change first.
    pub const ALL: [Self; 17] = [
        Plain,
        Outliers,
        Bimodal,
        CacheHits,
        Cycle,
        Drift,
        Variance,
        Correlated,
        Step,
        StepOutliers,
        StepBimodal,
        StepCorrelated,
        StepVariance,
        CacheShift,
        Improvement,
        Several,
        Spike,
    ];

    /// Whether there is no change to find.
    #[must_use]
    pub fn is_null(self) -> bool {
        self < Step
    }
}

/// So many series of each kind.
#[must_use]
pub fn series(seed: u64, of_each: usize) -> Vec<Series> {
    let mut draw = Draw::new(seed);
    let kinds = (0..of_each).flat_map(|_| Kind::ALL);
    kinds.map(|kind| Series::draw(kind, &mut draw)).collect()
}

/// By what ratio a level changes: 3 to 100 %, and no less than the noise, within which nobody would see it.
fn change(draw: &mut Draw, noise: f64) -> f64 {
    let ratio = 1.0 + log_uniform(draw, 0.03, 1.0);
    ratio.max(noise.exp())
}

fn log_uniform(draw: &mut Draw, low: f64, high: f64) -> f64 {
    draw.between(low.ln(), high.ln()).exp()
}

fn between(draw: &mut Draw, low: usize, high: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a short series")]
    let place = draw.between(low as f64, high as f64 + 1.0) as usize;
    place.min(high)
}

impl Series {
    /// One series of a kind.
    pub(crate) fn draw(kind: Kind, draw: &mut Draw) -> Self {
        let count = between(draw, 60, 500);
        let level = log_uniform(draw, 20.0, 5_000.0).ln();
        let noise = log_uniform(draw, 0.02, 0.3);
        let changes = changes(kind, count, draw);
        let levels = levels(kind, level, noise, count, &changes, draw);
        let logs = disturbed(kind, levels, noise, &changes, draw);
        let values = logs.into_iter().map(|log| (log.exp() * 1000.0).round().max(1.0) / 1000.0).collect();
        Self { kind, values, changes }
    }
}

/// Where the series changes.
fn changes(kind: Kind, count: usize, draw: &mut Draw) -> Vec<usize> {
    let inside = |draw: &mut Draw| between(draw, count / 6, count * 5 / 6);
    match kind {
        _ if kind.is_null() => Vec::new(),
        Several => {
            let segments = between(draw, 3, 5);
            let length = count / segments;
            (1..segments).map(|segment| segment * length + between(draw, 0, length / 3)).collect()
        }
        Spike => {
            let start = inside(draw);
            vec![start, start + between(draw, 4, 10)]
        }
        _ => vec![inside(draw)],
    }
}

/// The logarithm of the level at each place.
fn levels(kind: Kind, level: f64, noise: f64, count: usize, changes: &[usize], draw: &mut Draw) -> Vec<f64> {
    let mut levels = vec![level; count];
    let mut now = level;
    for (number, &at) in changes.iter().enumerate() {
        let step = if kind == Spike { change(draw, 3.0 * noise) } else { change(draw, noise) }.ln();
        now = match kind {
            CacheShift => now,
            Improvement => now - step,
            Spike if number == 1 => level,
            Several if draw.chance(0.5) => now - step,
            _ => now + step,
        };
        levels[at..].fill(now);
    }
    let (height, length) = (draw.between(0.05, 0.4), draw.between(16.0, count as f64 / 3.0));
    for (place, level) in levels.iter_mut().enumerate() {
        *level += match kind {
            Cycle => height * (std::f64::consts::TAU * place as f64 / length).sin(),
            Drift => 1.5 * height * place as f64 / count as f64,
            _ => 0.0,
        };
    }
    levels
}

/// The levels with their noise.
fn disturbed(kind: Kind, mut levels: Vec<f64>, noise: f64, changes: &[usize], draw: &mut Draw) -> Vec<f64> {
    let (share, other_share) = (draw.between(0.2, 0.45), draw.between(0.6, 0.9));
    let slower = draw.between(1.3, 3.0).ln();
    let correlation = draw.between(0.2, 0.6);
    let (wider, turn) = (draw.between(1.5, 4.0), changes.first().copied().unwrap_or(levels.len() / 2));
    let mut before = 0.0;
    for (place, level) in levels.iter_mut().enumerate() {
        let normal = draw.normal();
        *level += match kind {
            Correlated | StepCorrelated => {
                before = correlation * before + (1.0 - correlation * correlation).sqrt() * normal;
                noise * before
            }
            Variance | StepVariance if place >= turn => noise.min(0.15) * wider * normal,
            Outliers | StepOutliers if draw.chance(0.03) => draw.heavy_tail().ln(),
            Bimodal | StepBimodal if draw.chance(share) => slower + noise * normal,
            CacheHits if draw.chance(share) => -2.0 + noise * normal,
            CacheShift if draw.chance(if place < turn { share } else { other_share }) => {
                -2.0 + noise * normal
            }
            _ => noise * normal,
        };
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_series_again_and_another_one_others() {
        assert_eq!(series(1, 2), series(1, 2));
        assert_ne!(series(1, 1), series(2, 1));
    }

    #[test]
    fn changes_lie_inside_and_rise_and_only_some_kinds_have_them() {
        for series in series(3, 20) {
            assert_eq!(series.changes.is_empty(), series.kind.is_null(), "{series:?}");
            let edges = [&[0], &series.changes[..], &[series.values.len()]].concat();
            assert!(edges.windows(2).all(|pair| pair[0] + 3 < pair[1]), "{series:?}");
            assert!(series.values.iter().all(|&value| value > 0.0));
        }
    }
}
