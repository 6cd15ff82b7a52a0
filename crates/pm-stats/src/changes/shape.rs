//! Days, weeks and drift: a series that follows a simple shape has no steps where it does.

use std::f64::consts::TAU;

use super::confirm::{self, Confirmed};
use super::partition::{self, Sums};
use super::signal::Signal;

/// The shortest period, in values.
const SHORTEST: f64 = 8.0;

/// By how much worse than the steps a shape may fit, and still be preferred for being simpler.
const PREFERRED: f64 = 1.1;

/// How much squared error a value may leave where a single step leaves nothing but noise.
const EXPLAINED: f64 = 1.05;

/// So many shapes are taken out of a series, one after the other.
const SHAPES: usize = 2;

/// A cycle of one period, by least squares: the level is `mean + cos·cos(turn·i) + sin·sin(turn·i)`.
#[derive(Debug, Clone, Copy)]
struct Cycle {
    turn: f64,
    cosine: f64,
    sine: f64,
    /// The squared error that it leaves.
    error: f64,
}

/// The changes of a series that are no part of such a shape.
pub(super) fn search(signal: &Signal) -> Vec<Confirmed> {
    let mut found = confirm::confirmed(signal, &partition::boundaries(signal));
    let mut rest = std::borrow::Cow::Borrowed(signal);
    for _ in 0..SHAPES {
        if found.is_empty() {
            break;
        }
        let Some(next) = without(&rest, &found).and_then(|levels| Signal::of_levels(levels, signal.is_log))
        else {
            break;
        };
        found = confirm::confirmed(&next, &partition::boundaries(&next));
        rest = std::borrow::Cow::Owned(next);
    }
    found
}

/// The levels without the shape that explains them about as well as the changes do; none if none does.
fn without(signal: &Signal, changes: &[Confirmed]) -> Option<Vec<f64>> {
    let values = &signal.clipped;
    let sums = Sums::new(values);
    let starts = std::iter::once(0).chain(changes.iter().map(|change| change.at));
    let ends = changes.iter().map(|change| change.at).chain([values.len()]);
    let steps: f64 = starts.zip(ends).map(|(start, end)| sums.cost(start, end)).sum();
    if changes.len() == 1 && steps < EXPLAINED * values.len() as f64 {
        return None;
    }
    // A single step is as simple as any shape.
    let preferred = if changes.len() == 1 { 1.0 } else { PREFERRED };
    let (slope, error) = line(values);
    // The clipped series is in units of the noise, the levels are not.
    let scale = signal.noise;
    let levels = signal.levels.iter().enumerate();
    if error < preferred * steps {
        return Some(levels.map(|(place, level)| level - scale * slope * place as f64).collect());
    }
    let best = Cycle::best(values)?;
    let at = |place: usize| {
        let (sine, cosine) = (best.turn * place as f64).sin_cos();
        best.cosine * cosine + best.sine * sine
    };
    (best.error < preferred * steps).then(|| levels.map(|(place, level)| level - scale * at(place)).collect())
}

/// The slope of the best straight line, and the squared error that it leaves.
fn line(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let (middle, mean) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let along: f64 = values.iter().enumerate().map(|(place, value)| (place as f64 - middle) * value).sum();
    let total: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let spread = count * (count * count - 1.0) / 12.0;
    (along / spread, total - along * along / spread)
}

impl Cycle {
    /// The one of all periods that fits best.
    fn best(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let values: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let total: f64 = values.iter().map(|value| value * value).sum();
        let next = |period: &f64| Some(period * (1.0 + period / (6.0 * count)));
        let periods = std::iter::successors(Some(SHORTEST), next).take_while(|&period| period <= count / 2.0);
        let turns: Vec<f64> = periods.map(|period| TAU / period).collect();
        let cycles = turns.chunks(LANES).flat_map(|turns| {
            let mut lanes = [0.0; LANES];
            lanes[..turns.len()].copy_from_slice(turns);
            let (cosines, sines) = along(&values, lanes);
            let fit =
                move |(lane, &turn): (usize, &f64)| Self::fit(turn, count, total, cosines[lane], sines[lane]);
            turns.iter().enumerate().map(fit).collect::<Vec<_>>()
        });
        cycles.min_by(|one, other| one.error.total_cmp(&other.error))
    }

    /// The best one of a turn, by the sums of all values, whose mean is 0, times its cosine and times its sine.
    fn fit(turn: f64, count: f64, total: f64, along_cosine: f64, along_sine: f64) -> Self {
        // Sums over cos(turn·i), sin(turn·i) and their products have a closed form.
        let sums = |turn: f64| {
            let (height, middle) =
                ((count * turn / 2.0).sin() / (turn / 2.0).sin(), turn * (count - 1.0) / 2.0);
            (height * middle.cos(), height * middle.sin())
        };
        let ((cosines, sines), (twice_cosines, twice_sines)) = (sums(turn), sums(2.0 * turn));
        let cc = f64::midpoint(count, twice_cosines) - cosines * cosines / count;
        let ss = f64::midpoint(count, -twice_cosines) - sines * sines / count;
        let cs = twice_sines / 2.0 - cosines * sines / count;
        let determinant = cc * ss - cs * cs;
        let cosine = (along_cosine * ss - along_sine * cs) / determinant;
        let sine = (along_sine * cc - along_cosine * cs) / determinant;
        let error = total - cosine * along_cosine - sine * along_sine;
        // Hardly a turn, or hardly more than two values a turn: nothing that could be told from a line or from noise.
        let error = if determinant > 1e-6 * count { error.max(0.0) } else { f64::INFINITY };
        Self { turn, cosine, sine, error }
    }
}

/// So many periods are tried side by side.
const LANES: usize = 8;

/// The sums of all values times the cosines, and times the sines, of turns that go on with the place.
fn along(values: &[f64], turns: [f64; LANES]) -> ([f64; LANES], [f64; LANES]) {
    let (step_sines, step_cosines) = (turns.map(f64::sin), turns.map(f64::cos));
    let (mut cosines, mut sines) = ([1.0; LANES], [0.0; LANES]);
    let (mut along_cosines, mut along_sines) = ([0.0; LANES], [0.0; LANES]);
    for &value in values {
        for lane in 0..LANES {
            let (cosine, sine) = (cosines[lane], sines[lane]);
            along_cosines[lane] += cosine * value;
            along_sines[lane] += sine * value;
            cosines[lane] = cosine * step_cosines[lane] - sine * step_sines[lane];
            sines[lane] = sine * step_cosines[lane] + cosine * step_sines[lane];
        }
    }
    (along_cosines, along_sines)
}
