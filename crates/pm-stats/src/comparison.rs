//! Two samples in, a verdict out: did it become more, less, neither, or can nobody tell yet?
//!
//! - *improved* or *regressed*: the rank test's probability is under 5 %, after Benjamini and Hochberg's
//!   adjustment over the table, and the shift is at least the floor of 5 %.
//! - *unchanged*: the shift's whole 95 % interval lies within the floor.
//! - *inconclusive*: neither; then it is estimated how many runs would be enough.
//!
//! Everything is done on logarithms, so that swapping the two samples turns the verdict round and nothing else;
//! values that are not positive are compared as they are. A count that changed has no floor to pass, and what always
//! was 12 and now is always 13 has changed, with a single run on each side.

use crate::false_discovery;
use crate::median::{self, Median};
use crate::rank_test::RankTest;
use crate::shift::Shift;
use crate::tally::Tally;

/// What kind of number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Something measured, that comes out a little different every time.
    Measure,
    /// Something counted, of which any change is a change.
    Count,
}

/// Whether less is better, as it is of time, or more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Better {
    /// Less is.
    #[default]
    Less,
    /// More is.
    More,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It became worse.
    Regressed,
    /// It became better.
    Improved,
    /// Nobody can tell from so few runs.
    Inconclusive,
    /// It is what it was.
    Unchanged,
}

/// How sure an interval is, and how unlikely a change by chance has to be.
pub const CONFIDENCE: f64 = 0.95;
const SIGNIFICANCE: f64 = 1.0 - CONFIDENCE;

/// The smallest change that matters, as a ratio.
pub const FLOOR: f64 = 1.05;

/// Two samples held against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What kind of number it is.
    pub kind: Kind,
    /// The median before, and now.
    pub medians: (Median, Median),
    /// By what ratio the values changed; none where some are not positive.
    pub ratio: Option<Shift>,
    /// By how much they changed, where there is no ratio.
    pub difference: Option<Shift>,
    /// The rank test's probability; none if all values of either sample are one and the same number that was counted.
    pub p: Option<f64>,
    /// How many values there were before, and now.
    pub counts: (u64, u64),
}

/// A verdict, with what it was derived from.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The figures.
    pub comparison: Comparison,
    /// The probability, adjusted over the table; none where there is none.
    pub adjusted_p: Option<f64>,
    /// What came of it.
    pub verdict: Verdict,
    /// About how many runs on each side would be enough, where these are not.
    pub needed: Option<u64>,
}

impl Comparison {
    /// Compares what was before with what is now; none if there is nothing on one side.
    #[must_use]
    pub fn new(kind: Kind, before: &Tally, now: &Tally) -> Option<Self> {
        let medians = Median::of(before, CONFIDENCE).zip(Median::of(now, CONFIDENCE))?;
        let is_exact = kind == Kind::Count && before.constant().is_some() && now.constant().is_some();
        let p = (!is_exact).then(|| RankTest::of(before, now).p);
        let counts = (before.count(), now.count());
        let plain = Self { kind, medians, ratio: None, difference: None, p, counts };
        if before.is_positive() && now.is_positive() {
            let shift = Shift::of(&before.map(f64::ln), &now.map(f64::ln), CONFIDENCE)?;
            let ends = |(low, high): (f64, f64)| (low.exp(), high.exp());
            let ratio = Shift { value: shift.value.exp(), interval: shift.interval.map(ends) };
            Some(Self { ratio: Some(ratio), ..plain })
        } else {
            Some(Self { difference: Shift::of(before, now, CONFIDENCE), ..plain })
        }
    }

    /// Compares what is now with a single number that it was said to be, which is positive; none if there is nothing
    /// now or it is not all positive. The test is the sign test: how many lie on either side of the number.
    #[must_use]
    pub fn with_limit(kind: Kind, limit: f64, now: &Tally) -> Option<Self> {
        let median = Median::of(now, CONFIDENCE).filter(|_| now.is_positive() && limit > 0.0)?;
        let interval = median.interval.map(|(low, high)| (low / limit, high / limit));
        let side = |is_on: fn(&f64, &f64) -> bool| -> u64 {
            now.entries().iter().filter(|(value, _)| is_on(value, &limit)).map(|(_, count)| count).sum()
        };
        let p = median::sign_test(side(f64::lt), side(f64::gt));
        Some(Self {
            kind,
            medians: (Median { value: limit, interval: None }, median),
            ratio: Some(Shift { value: median.value / limit, interval }),
            difference: None,
            p: Some(p),
            counts: (0, now.count()),
        })
    }

    /// The change in logarithms, or as it is where there are none, with the half width of its interval.
    fn change(&self) -> (f64, Option<(f64, f64)>) {
        match (self.ratio, self.difference) {
            (Some(ratio), _) => (ratio.value.ln(), ratio.interval.map(|(low, high)| (low.ln(), high.ln()))),
            (None, Some(difference)) => (difference.value, difference.interval),
            (None, None) => (0.0, None),
        }
    }

    /// The smallest change that matters, in the same terms.
    fn floor(&self) -> f64 {
        match self.ratio {
            Some(_) => FLOOR.ln(),
            // Where there is no ratio, a share of the larger of what was and what is.
            None => (FLOOR - 1.0) * self.medians.0.value.abs().max(self.medians.1.value.abs()),
        }
    }

    fn verdict(&self, adjusted_p: Option<f64>, better: Better) -> Verdict {
        let (change, interval) = self.change();
        let floor = self.floor();
        let is_real = adjusted_p.is_none_or(|p| p < SIGNIFICANCE);
        // A change of exactly the floor counts as one, whatever its last bits are.
        let matters = self.kind == Kind::Count || change.abs() >= floor * (1.0 - 1e-12);
        if is_real && change != 0.0 && matters {
            let more = change > 0.0;
            return if more == (better == Better::More) { Verdict::Improved } else { Verdict::Regressed };
        }
        let is_inside = |(low, high): (f64, f64)| low >= -floor && high <= floor;
        match interval {
            _ if self.p.is_none() => Verdict::Unchanged,
            Some(interval) if is_inside(interval) => Verdict::Unchanged,
            _ => Verdict::Inconclusive,
        }
    }

    /// About how many runs a side would be enough: intervals become narrower with the root of their number.
    fn needed(&self) -> u64 {
        let (n, m) = (self.counts.0 as f64, self.counts.1 as f64);
        // A single number has no runs that could be too few.
        let runs = if self.counts.0 == 0 { m } else { 2.0 * n * m / (n + m) };
        let (change, interval) = self.change();
        let Some((low, high)) = interval else { return FEWEST };
        let half = (high - low) / 2.0;
        let floor = self.floor();
        // What is about the floor would take for ever; a quarter of it is near enough.
        let room = if change.abs() < floor { floor - change.abs() } else { change.abs() };
        let room = room.max(floor / 4.0);
        if room <= 0.0 {
            // Half of the values are 0, and their median says nothing of the others.
            return (2.0 * runs).ceil() as u64;
        }
        let needed = (runs * (half / room).powi(2)).ceil();
        let fewer = if self.counts.0 == 0 { self.counts.1 } else { self.counts.0.min(self.counts.1) };
        (needed as u64).clamp(FEWEST.max(fewer + 1), MOST)
    }
}

/// With fewer runs on each side nothing is said of their medians.
const FEWEST: u64 = 6;

/// Nobody runs anything more often to learn that.
const MOST: u64 = 1_000_000;

/// Judges a table of comparisons, in which each is one of many chances to be wrong.
#[must_use]
pub fn judge(table: impl IntoIterator<Item = (Comparison, Better)>) -> Vec<Judged> {
    let table: Vec<_> = table.into_iter().collect();
    let known: Vec<f64> = table.iter().filter_map(|(comparison, _)| comparison.p).collect();
    let mut adjusted = false_discovery::adjusted(&known).into_iter();
    let judged = table.into_iter().map(|(comparison, better)| {
        let adjusted_p = comparison.p.and_then(|_| adjusted.next());
        let verdict = comparison.verdict(adjusted_p, better);
        let needed = (verdict == Verdict::Inconclusive).then(|| comparison.needed());
        Judged { comparison, adjusted_p, verdict, needed }
    });
    judged.collect()
}

/// Takes back every verdict that something changed, if what was compared with itself seems to have changed too: then
/// the machine cannot tell. Of the controls' own verdicts any but these two is no objection.
pub fn heed_controls(controls: &[Judged], judged: &mut [Judged]) {
    let is_change = |verdict| matches!(verdict, Verdict::Regressed | Verdict::Improved);
    if controls.iter().any(|control| is_change(control.verdict)) {
        for judged in judged.iter_mut().filter(|judged| is_change(judged.verdict)) {
            judged.verdict = Verdict::Inconclusive;
            judged.needed = Some(judged.comparison.needed());
        }
    }
}

#[cfg(test)]
mod tests;
