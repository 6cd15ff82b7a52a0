//! Which boundaries are changes: each is judged by the segments beside it, and the weakest goes until all are
//! strong enough.

use super::partition::{SEGMENT, Sums};
use super::signal::Signal;
use crate::normal;
use crate::rank_test::RankTest;
use crate::tally::Tally;

/// How unlikely ranks have to be that differ by chance.
const SIGNIFICANCE: f64 = 1e-4;

/// By what ratio medians have to differ; where there are no logarithms, it is a share of the larger one.
const EFFECT: f64 = 1.03;

/// How much worse than the step a straight line has to fit: what drifts does not step.
const STRAIGHT: f64 = 1.02;

/// How much worse than the best place another may be at which the change can be, in squared deviations of what is
/// around it: what it takes to confirm one.
const UNCERTAIN: f64 = 15.0;

/// A boundary that is a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Confirmed {
    /// The place of the first value after it.
    pub(super) at: usize,
    /// The first and the last place where it can be.
    pub(super) between: (usize, usize),
    /// The probability of ranks that differ so much by chance.
    pub(super) p: f64,
}

/// The boundaries that are changes.
pub(super) fn confirmed(signal: &Signal, boundaries: &[usize]) -> Vec<Confirmed> {
    let count = signal.levels.len();
    let mut edges: Vec<usize> = [&[0], boundaries, &[count]].concat();
    let judge = Judge::new(signal, &edges);
    let mut scores: Vec<f64> = edges.windows(3).map(|edges| judge.score(edges)).collect();
    while let Some((weakest, _)) = scores
        .iter()
        .enumerate()
        .filter(|(_, score)| **score < 1.0)
        .min_by(|one, other| one.1.total_cmp(other.1))
    {
        edges.remove(weakest + 1);
        scores.remove(weakest);
        for neighbor in weakest.saturating_sub(1)..scores.len().min(weakest + 1) {
            scores[neighbor] = judge.score(&edges[neighbor..neighbor + 3]);
        }
    }
    judge.settle(&mut edges);
    edges.windows(3).map(|edges| judge.locate(edges)).collect()
}

/// What boundaries are judged by.
struct Judge<'a> {
    signal: &'a Signal,
    sums: Sums,
    /// By how much autocorrelation makes chance look like change.
    inflation: f64,
    /// How many deviations the rank test has to be sure.
    distance: f64,
}

impl<'a> Judge<'a> {
    fn new(signal: &'a Signal, edges: &[usize]) -> Self {
        // What goes up and down regularly looks correlated from one value to the next, and around its level is not.
        let inflation = signal.inflation.min(signal.inflation_around(edges));
        let distance = normal::distance(SIGNIFICANCE) * inflation.sqrt();
        Self { signal, sums: Sums::new(&signal.clipped), inflation, distance }
    }

    /// How strong the second of three edges is: the weakest of all measures, of which each is 1 where it is just enough.
    fn score(&self, edges: &[usize]) -> f64 {
        let (start, at, end) = (edges[0], edges[1], edges[2]);
        let effect = self.effect(&self.tally(start, at), &self.tally(at, end));
        let straightness = self.straightness(start, at, end) / STRAIGHT;
        let ranks = normal::distance(self.ranks(start, at, end)) / self.distance;
        ranks.min(effect).min(straightness)
    }

    fn tally(&self, from: usize, to: usize) -> Tally {
        Tally::new(self.signal.levels[from..to].iter().copied())
    }

    fn ranks(&self, start: usize, at: usize, end: usize) -> f64 {
        RankTest::of(&self.tally(start, at), &self.tally(at, end)).p
    }

    fn effect(&self, before: &Tally, after: &Tally) -> f64 {
        let middle = |tally: &Tally| {
            let rank = |rank| tally.at_rank(rank).unwrap_or_default();
            f64::midpoint(rank(tally.count().div_ceil(2)), rank(tally.count() / 2 + 1))
        };
        let (before, after) = (middle(before), middle(after));
        let floor =
            if self.signal.is_log { EFFECT.ln() } else { (EFFECT - 1.0) * before.abs().max(after.abs()) };
        if floor > 0.0 { (after - before).abs() / floor } else { 0.0 }
    }

    /// By what ratio a straight line over both segments is worse than the step.
    fn straightness(&self, start: usize, at: usize, end: usize) -> f64 {
        let step = self.sums.cost(start, at) + self.sums.cost(at, end);
        let count = (end - start) as f64;
        let middle = (count - 1.0) / 2.0;
        let along = |(place, value): (usize, &f64)| (place as f64 - middle) * value;
        let slope: f64 = self.signal.clipped[start..end].iter().enumerate().map(along).sum();
        let line = self.sums.cost(start, end) - slope * slope * 12.0 / (count * (count * count - 1.0));
        // Without any error there is nothing that could be better.
        if step > 0.0 { line / step } else { f64::INFINITY }
    }

    /// Moves each boundary to the best place between its neighbors, some of which were not there when it was chosen.
    fn settle(&self, edges: &mut [usize]) {
        for place in 1..edges.len() - 1 {
            let (start, end) = (edges[place - 1], edges[place + 1]);
            let cost = |at: &usize| self.sums.cost(start, *at) + self.sums.cost(*at, end);
            let all = start + SEGMENT..=end - SEGMENT;
            edges[place] = all.min_by(|one, other| cost(one).total_cmp(&cost(other))).unwrap_or(edges[place]);
        }
    }

    /// Where the second of three edges is, and where it can be.
    fn locate(&self, edges: &[usize]) -> Confirmed {
        let (start, at, end) = (edges[0], edges[1], edges[2]);
        let between = range(&self.sums, edges, self.inflation, 1.0);
        Confirmed { at, between, p: self.ranks(start, at, end) }
    }
}

/// The first and the last place where the second of three edges can be, by the squares of what is around it.
/// `noise` is the least variance that it is taken to have.
fn range(sums: &Sums, edges: &[usize], inflation: f64, noise: f64) -> (usize, usize) {
    let (start, at, end) = (edges[0], edges[1], edges[2]);
    let cost = |at| sums.cost(start, at) + sums.cost(at, end);
    // Two ways of running beside each other differ by more than the noise of either.
    let variance = (cost(at) / (end - start) as f64).max(noise);
    let limit = cost(at) + UNCERTAIN * inflation * variance;
    let first = (start + SEGMENT.min(at - start)..at).find(|&place| cost(place) <= limit);
    let last = (at + 1..=end - SEGMENT.min(end - at)).rev().find(|&place| cost(place) <= limit);
    (first.unwrap_or(at), last.unwrap_or(at))
}

/// Widens where each change can be, by which of two ways each value took: zero or one.
pub(super) fn widen(changes: &mut [Confirmed], ways: &[f64]) {
    let sums = Sums::new(ways);
    let places: Vec<usize> =
        std::iter::once(0).chain(changes.iter().map(|change| change.at)).chain([ways.len()]).collect();
    for (change, edges) in changes.iter_mut().zip(places.windows(3)) {
        let (first, last) = range(&sums, edges, 1.0, 0.0);
        change.between = (change.between.0.min(first), change.between.1.max(last));
    }
}
