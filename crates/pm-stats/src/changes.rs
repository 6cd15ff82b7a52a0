//! Since when? The places in a series at which its level changed for good.
//!
//! Penalized segmentation of clipped logarithms, in which each boundary must then be confirmed by ranks:
//!
//! 1. [`signal`]: logarithms in units of their noise, outliers clipped at three of them around a running median.
//! 2. [`partition`]: the best segments by squared error, each further one at a price of 3·k·ln n, where k grows
//!    with autocorrelation.
//! 3. [`confirm`]: a boundary stays if a rank test of the runs beside it is sure (p ≤ 10⁻⁴), their medians
//!    differ by 3 %, and no straight line explains them as well as the step.
//! 4. [`cycle`]: where several are left and one sinusoid explains the series about as well, the sinusoid is taken
//!    out and all is done again.
//!
//! Time is quadratic in the number of values up to [`MOST`]; of more than that, medians of consecutive runs are taken,
//! so that a change is then only known to within one such piece. The answer depends on the values alone.

mod confirm;
mod modes;
mod partition;
mod shape;
mod signal;
mod stream;

use std::borrow::Cow;

pub use stream::ChangeStream;

use crate::comparison::CONFIDENCE;
use crate::median::Median;
use crate::shift::Shift;
use crate::tally::Tally;
use confirm::Confirmed;
use modes::Ways;
use signal::Signal;

/// So many values are looked at one by one.
const MOST: usize = 2000;

/// With fewer values there is nothing to find.
const FEWEST: usize = 6;

/// Two changes that are nearer to each other are one.
const NEAR: usize = 10;

/// A place at which the level changed.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangePoint {
    /// The place of the first value after it.
    pub at: usize,
    /// The first and the last place at which that value may really stand.
    pub between: (usize, usize),
    /// How many values there are from the change before, or from the beginning, up to this one; and how many from
    /// this one up to the next or to the end.
    pub counts: (u64, u64),
    /// The median from the change before, or from the beginning, up to this one.
    pub before: Median,
    /// The median from this change on, up to the next or to the end.
    pub after: Median,
    /// By what ratio the values changed; none where some are not positive.
    pub ratio: Option<Shift>,
    /// The probability of ranks that differ so much by chance. It was the best of many places, so that it is
    /// a measure of strength rather than a rate of errors.
    pub p: f64,
}

/// All changes of a series, in its order. `values` are finite and stand in the order of time.
///
/// ```
/// let series: Vec<f64> = (0..40).map(|run| f64::from(if run < 25 { 100 + run % 3 } else { 130 + run % 3 })).collect();
/// let changes = pm_stats::change_points(&series);
/// assert_eq!(changes.iter().map(|change| change.at).collect::<Vec<_>>(), [25]);
/// ```
#[must_use]
pub fn change_points(values: &[f64]) -> Vec<ChangePoint> {
    if values.len() < FEWEST {
        return Vec::new();
    }
    let size = values.len().div_ceil(MOST);
    let pieces = medians(values, size);
    let found = find(&pieces);
    let place = |piece: usize| (piece * size).min(values.len() - 1);
    let ends = found.iter().skip(1).map(|change| place(change.at)).chain([values.len()]);
    let starts = std::iter::once(0).chain(found.iter().map(|change| place(change.at)));
    let changes = found.iter().zip(starts.zip(ends)).map(|(change, (start, end))| {
        let at = place(change.at);
        let (before, after) =
            (Tally::new(values[start..at].iter().copied()), Tally::new(values[at..end].iter().copied()));
        let between = (place(change.between.0), (place(change.between.1 + 1) - 1).max(at));
        describe(at, between, change.p, &before, &after)
    });
    changes.flatten().collect()
}

fn describe(
    at: usize,
    between: (usize, usize),
    p: f64,
    before: &Tally,
    after: &Tally,
) -> Option<ChangePoint> {
    let ratio = if before.is_positive() && after.is_positive() {
        let shift = Shift::of(&before.map(f64::ln), &after.map(f64::ln), CONFIDENCE)?;
        let interval = shift.interval.map(|(low, high)| (low.exp(), high.exp()));
        Some(Shift { value: shift.value.exp(), interval })
    } else {
        None
    };
    let counts = (before.count(), after.count());
    let (before, after) = (Median::of(before, CONFIDENCE)?, Median::of(after, CONFIDENCE)?);
    Some(ChangePoint { at, between, counts, before, after, ratio, p })
}

/// The medians of so many consecutive values each.
fn medians(values: &[f64], size: usize) -> Cow<'_, [f64]> {
    if size == 1 {
        return values.into();
    }
    let median = |piece: &[f64]| {
        let mut piece = piece.to_vec();
        let half = piece.len() / 2;
        let (_, middle, _) = piece.select_nth_unstable_by(half, f64::total_cmp);
        *middle
    };
    values.chunks(size).map(median).collect()
}

/// The changes of a series that is short enough to be looked at value by value.
fn find(values: &[f64]) -> Vec<Confirmed> {
    let Some(signal) = Signal::of(values) else { return Vec::new() };
    let found = shape::search(&signal);
    let Some(ways) = Ways::of(&signal) else { return found };
    let Some(single) = Signal::of_levels(ways.joined(), signal.is_log) else { return found };
    // What both modes did together shows where they are one; how often each occurs, where they are two.
    // Of a change that shows both ways, the place is better known where there is less noise.
    let mut all = shape::search(&single);
    let is_new = |change: &Confirmed| all.iter().all(|other| other.at.abs_diff(change.at) > NEAR);
    let mut further: Vec<_> = found.into_iter().filter(is_new).collect();
    confirm::widen(&mut further, &ways.taken());
    all.extend(further);
    all.sort_unstable_by_key(|change| change.at);
    all
}

#[cfg(test)]
mod tests;
