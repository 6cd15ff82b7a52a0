//! A series that goes on while it is watched.

use super::{ChangePoint, change_points};

/// How many values are kept of a level that does not end.
const KEPT: usize = 1 << 20;

/// A series of which each change is told once.
///
/// After a change was told, a scan begins at the change before it: what lies further back can no longer make a
/// difference to the levels on both sides of the next. So a scan takes as long as those two levels, and memory
/// is bounded by `KEPT` values.
#[derive(Debug, Clone, Default)]
pub struct ChangeStream {
    values: Vec<f64>,
    /// How many values came before those that are kept.
    gone: usize,
    /// The place of the change that was told last.
    told: Option<usize>,
    /// Whether values came since the last scan.
    is_new: bool,
}

impl ChangeStream {
    /// Adds the next value, which is finite.
    pub fn push(&mut self, value: f64) {
        if self.values.len() >= KEPT {
            self.forget(self.values.len() / 2);
        }
        self.values.push(value);
        self.is_new = true;
    }

    /// How many values there were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.gone + self.values.len()
    }

    /// How many of the first values are no longer needed.
    #[must_use]
    pub fn gone(&self) -> usize {
        self.gone
    }

    /// The changes that are new, by their places among all values that there were.
    pub fn scan(&mut self) -> Vec<ChangePoint> {
        if !std::mem::take(&mut self.is_new) {
            return Vec::new();
        }
        let found = change_points(&self.values);
        let gone = self.gone;
        // The one that was told last may have moved a little as more was seen of what follows it.
        let is_new = |change: &ChangePoint| self.told.is_none_or(|told| gone + change.between.0 > told);
        let new: Vec<ChangePoint> =
            found.iter().filter(|change| is_new(change)).map(|change| change.moved(gone)).collect();
        if let Some(last) = new.last() {
            self.told = Some(last.at);
            let before = found.len().checked_sub(2).map(|place| found[place].at);
            self.forget(before.unwrap_or(0));
        }
        new
    }

    fn forget(&mut self, count: usize) {
        self.values.drain(..count);
        self.gone += count;
    }
}

impl ChangePoint {
    /// The same, so many places later.
    fn moved(&self, by: usize) -> Self {
        let between = (self.between.0 + by, self.between.1 + by);
        Self { at: self.at + by, between, ..self.clone() }
    }
}
