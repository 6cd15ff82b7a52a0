//! How good found changes are: F1 and covering as van den Burg and Williams (2020) define them.

/// A found change counts as the true one if it is at most so many places off.
const MARGIN: usize = 5;

/// What was right and wrong, over any number of series.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Score {
    series: usize,
    f1: f64,
    covering: f64,
    hits: usize,
    found: usize,
    real: usize,
}

impl Score {
    /// Adds one series.
    pub(super) fn add(&mut self, length: usize, real: &[usize], found: &[usize]) {
        let hits = hits(real, found);
        // The beginning of the series counts as a change that everybody finds.
        let (precision, recall) = (share(hits + 1, found.len() + 1), share(hits + 1, real.len() + 1));
        self.series += 1;
        self.f1 += 2.0 * precision * recall / (precision + recall);
        self.covering += covering(length, real, found);
        self.hits += hits;
        self.found += found.len();
        self.real += real.len();
    }

    /// The mean over the series.
    pub(super) fn f1(&self) -> f64 {
        self.f1 / self.series as f64
    }

    /// The mean over the series.
    pub(super) fn covering(&self) -> f64 {
        self.covering / self.series as f64
    }

    /// Of all changes of all series together, without their beginnings.
    pub(super) fn pooled_f1(&self) -> f64 {
        2.0 * self.hits as f64 / (self.found + self.real) as f64
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

/// How many real changes were found, each by another one of the found.
fn hits(real: &[usize], found: &[usize]) -> usize {
    let mut left = found.to_vec();
    let is_found = |at: &&usize| {
        let near = left.iter().enumerate().filter(|(_, one)| one.abs_diff(**at) <= MARGIN);
        let nearest = near.min_by_key(|(_, one)| one.abs_diff(**at)).map(|(place, _)| place);
        nearest.map(|place| left.remove(place)).is_some()
    };
    real.iter().filter(is_found).count()
}

/// Each real segment by the found one that overlaps it best, weighted by its length.
fn covering(length: usize, real: &[usize], found: &[usize]) -> f64 {
    let segments = |changes: &[usize]| {
        let edges = [&[0], changes, &[length]].concat();
        edges.windows(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>()
    };
    let found = segments(found);
    let best = |&(start, end): &(usize, usize)| {
        let overlap = |&(from, to): &(usize, usize)| {
            let common = end.min(to).saturating_sub(start.max(from));
            share(common, (end - start) + (to - from) - common)
        };
        (end - start) as f64 * found.iter().map(overlap).fold(0.0, f64::max)
    };
    segments(real).iter().map(best).sum::<f64>() / length as f64
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "shares of small numbers are exact")]
mod tests {
    use super::*;

    fn score(real: &[usize], found: &[usize]) -> (f64, f64, f64) {
        let mut score = Score::default();
        score.add(100, real, found);
        (score.f1(), score.covering(), score.pooled_f1())
    }

    #[test]
    fn what_is_found_exactly_is_perfect() {
        assert_eq!(score(&[40, 70], &[40, 70]), (1.0, 1.0, 1.0));
        let (f1, covering, _) = score(&[], &[]);
        assert_eq!((f1, covering), (1.0, 1.0));
    }

    #[test]
    fn what_is_missed_invented_or_told_twice_costs() {
        assert_eq!(score(&[50], &[]), (2.0 / 3.0, 0.5, 0.0));
        assert_eq!(score(&[], &[50]), (2.0 / 3.0, 0.5, 0.0));
        assert_eq!(score(&[50], &[49, 51]).2, 2.0 / 3.0);
        assert_eq!(score(&[50], &[55]).0, 1.0);
        assert_eq!(score(&[50], &[56]).2, 0.0);
    }
}
