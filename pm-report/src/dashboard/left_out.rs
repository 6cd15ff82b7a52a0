//! The runs of groups that are too many to be told of.
//!
//! A group's whole and its windows come as summaries of their own, and counting each would count a run again and again.
//! So of every such group the longest time that was told of is known, and how many runs that had. The cost is a few bytes
//! a group; beyond [`MOST`] groups a run counts as often as it is told of.

use std::collections::HashMap;

use pm_record::Window;

use crate::verdicts::is_window_of;

/// How many groups are told apart.
const MOST: usize = 100_000;

/// How many runs belong to groups that are left out.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    groups: HashMap<String, (Window, u64)>,
    runs: u64,
}

impl LeftOut {
    /// Takes in a summary of a group.
    pub(super) fn push(&mut self, name: String, window: Window, runs: u64) {
        let is_full = self.groups.len() >= MOST;
        let Some((known, counted)) = self.groups.get_mut(&name) else {
            self.runs = self.runs.saturating_add(runs);
            if !is_full {
                self.groups.insert(name, (window, runs));
            }
            return;
        };
        if is_window_of(window, *known) {
            return;
        }
        // Windows without a gap are together as long as the whole is.
        let holds_it = window.start <= known.start && known.end <= window.end;
        if holds_it || is_window_of(*known, window) {
            self.runs = self.runs.saturating_sub(*counted);
            *counted = 0;
        }
        *known = Window { start: known.start.min(window.start), end: known.end.max(window.end) };
        *counted = counted.saturating_add(runs);
        self.runs = self.runs.saturating_add(runs);
    }

    pub(super) fn runs(&self) -> u64 {
        self.runs
    }
}
