//! A series as it is searched: on a scale on which its noise is 1, with no outlier far out.

/// A series, made ready.
#[derive(Debug, Clone)]
pub(super) struct Signal {
    /// Logarithms of the values; the values themselves where some are not positive.
    pub(super) levels: Vec<f64>,
    pub(super) is_log: bool,
    /// The levels, clipped, in units of the noise.
    pub(super) clipped: Vec<f64>,
    /// The deviation of the levels' noise.
    pub(super) noise: f64,
    /// By how much autocorrelation makes chance look like change: 1 for independent values, up to 4.
    pub(super) inflation: f64,
}

/// Makes the median absolute deviation the standard deviation of normal noise.
const NORMAL: f64 = 1.4826;

/// How many deviations an outlier may count.
const CLIP: f64 = 3.0;

/// The half width of the running median.
const REACH: usize = 4;

impl Signal {
    /// None if there is no noise and so no change.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let is_log = values.iter().all(|&value| value > 0.0);
        let levels = if is_log { values.iter().map(|value| value.ln()).collect() } else { values.to_vec() };
        Self::of_levels(levels, is_log)
    }

    pub(super) fn of_levels(levels: Vec<f64>, is_log: bool) -> Option<Self> {
        let noise = noise(&levels)?;
        let middles = running_medians(&levels);
        let clip = |(level, middle): (&f64, f64)| {
            let off = (level - middle).clamp(-CLIP * noise, CLIP * noise);
            (middle + off) / noise
        };
        let clipped = levels.iter().zip(middles).map(clip).collect();
        let inflation = inflation(&levels);
        Some(Self { levels, is_log, clipped, noise, inflation })
    }

    /// The inflation by how values follow each other around the means between these edges.
    pub(super) fn inflation_around(&self, edges: &[usize]) -> f64 {
        let (mut square, mut product) = (0.0, 0.0);
        for pair in edges.windows(2) {
            let segment = &self.clipped[pair[0]..pair[1]];
            let mean = segment.iter().sum::<f64>() / segment.len() as f64;
            square += segment.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            product += segment.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>();
        }
        // Estimated means lie too near to their own values.
        let slack = 0.5 / (self.clipped.len() as f64).sqrt();
        if square > 0.0 { inflation_of(product / square + slack) } else { 1.0 }
    }
}

/// The deviation from one value to the next, which a change of level hardly touches.
fn noise(levels: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = levels.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let scale = NORMAL * deviation(&mut steps) / std::f64::consts::SQRT_2;
    let scale = if scale > 0.0 { scale } else { NORMAL * deviation(&mut levels.to_vec()) };
    let scale = if scale > 0.0 { scale } else { standard_deviation(levels) };
    (scale > 0.0 && scale.is_finite()).then_some(scale)
}

/// The median absolute deviation.
fn deviation(values: &mut [f64]) -> f64 {
    let middle = median(values);
    for value in values.iter_mut() {
        *value = (*value - middle).abs();
    }
    median(values)
}

fn median(values: &mut [f64]) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let half = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    if is_even {
        f64::midpoint(below.iter().copied().fold(f64::NEG_INFINITY, f64::max), upper)
    } else {
        upper
    }
}

fn standard_deviation(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
}

/// Medians of nine; beyond the ends the series goes on as in a mirror.
fn running_medians(levels: &[f64]) -> Vec<f64> {
    let mirrored = |place: isize| {
        let last = levels.len().cast_signed() - 1;
        let place = if place < 0 {
            -place
        } else if place > last {
            2 * last - place
        } else {
            place
        };
        levels[place.clamp(0, last) as usize]
    };
    let reach = REACH.cast_signed();
    let mut window: Vec<f64> = (-reach..=reach).map(mirrored).collect();
    window.sort_unstable_by(f64::total_cmp);
    let mut medians = Vec::with_capacity(levels.len());
    for place in 0..levels.len().cast_signed() {
        medians.push(window[REACH]);
        let (goes, comes) = (mirrored(place - reach), mirrored(place + reach + 1));
        replace(&mut window, goes, comes);
    }
    medians
}

/// Puts one value in the place of another, in a window that stays sorted.
fn replace(window: &mut [f64], goes: f64, comes: f64) {
    let mut at = window.iter().position(|&kept| kept == goes).unwrap_or(0);
    window[at] = comes;
    while at > 0 && window[at - 1] > window[at] {
        window.swap(at - 1, at);
        at -= 1;
    }
    while at + 1 < window.len() && window[at + 1] < window[at] {
        window.swap(at + 1, at);
        at += 1;
    }
}

/// With fewer values nothing is known of autocorrelation.
const CORRELATED: usize = 20;

/// (1 + ρ) ÷ (1 − ρ), by how much wider a mean of values spreads of which each resembles the one before. ρ comes from
/// how much more two values differ that are two steps apart than neighbors do, which no change of level hides.
fn inflation(levels: &[f64]) -> f64 {
    if levels.len() < CORRELATED {
        return 1.0;
    }
    // Where most values are the same as the one before there is no noise that could be correlated.
    let Some((near, far)) = mean_square(levels, 1).zip(mean_square(levels, 2)) else { return 1.0 };
    let slack = 0.5 / (levels.len() as f64).sqrt();
    inflation_of(far / near - 1.0 - slack)
}

fn inflation_of(correlation: f64) -> f64 {
    let correlation = correlation.clamp(0.0, 0.6);
    (1.0 + correlation) / (1.0 - correlation)
}

/// The mean squared difference at some distance, without those that are far out; none if most are 0.
fn mean_square(levels: &[f64], lag: usize) -> Option<f64> {
    let differences: Vec<f64> = levels.iter().zip(&levels[lag..]).map(|(one, other)| other - one).collect();
    let limit = CLIP * NORMAL * deviation(&mut differences.clone());
    // A change of level is no noise: it would count twice as often at twice the distance.
    let noise: Vec<f64> = differences.into_iter().filter(|difference| difference.abs() <= limit).collect();
    let squares: f64 = noise.iter().map(|difference| difference * difference).sum();
    (limit > 0.0 && squares > 0.0).then(|| squares / noise.len() as f64)
}
