//! How far a benchmark has come, on the terminal of whoever waits for it.

use std::io::Write;

use pm_cli::{human, printable};

use super::schedule::Turn;

/// How many columns the bar has; with the longest text beside it, a line is shorter than 80.
const WIDTH: usize = 24;

/// How many of them a command's name gets.
const NAME: usize = 20;

/// What was seen of each arm so far: how often it ran, and how long that took together, in milliseconds.
#[derive(Debug)]
pub(super) struct Progress {
    seen: Vec<(u32, f64)>,
    done: usize,
}

impl Progress {
    pub(super) fn new(arms: usize) -> Self {
        Self { seen: vec![(0, 0.0); arms], done: 0 }
    }

    /// A run of an arm has ended.
    pub(super) fn see(&mut self, arm: usize, millis: f64) {
        let (runs, time) = &mut self.seen[arm];
        *runs += 1;
        *time += millis;
        self.done += 1;
    }

    /// How long these turns will take, as what was seen of each arm has it; of an arm that never ran, the others' mean.
    fn time_left(&self, turns: &[Turn]) -> Option<f64> {
        let (runs, time) = self.seen.iter().fold((0, 0.0), |sum, arm| (sum.0 + arm.0, sum.1 + arm.1));
        let mean = (runs > 0).then(|| time / f64::from(runs))?;
        let of = |arm: usize| match self.seen[arm] {
            (0, _) => mean,
            (runs, time) => time / f64::from(runs),
        };
        // The sum of none would be a negative zero.
        Some(turns.iter().fold(0.0, |left, turn| left + of(turn.arm)))
    }

    /// One line: `[######------------------]  6/24  batch · 1m 05s left`.
    fn line(&self, turns: &[Turn], name: &str) -> String {
        let filled = WIDTH * self.done / turns.len().max(1);
        let bar = format!("{}{}", "#".repeat(filled), "-".repeat(WIDTH - filled));
        let name: String = printable(name).chars().take(NAME).collect();
        let left = self.time_left(&turns[self.done.min(turns.len())..]);
        let left = left.map(|left| format!(" · {} left", human::duration(left))).unwrap_or_default();
        let all = turns.len().to_string();
        format!("[{bar}] {:>1$}/{all}  {name}{left}", self.done, all.len())
    }

    /// Shows it in the place of what was shown before.
    pub(super) fn show(&self, turns: &[Turn], name: &str, terminal: &mut dyn Write) {
        // Nobody is helped by hearing that a bar could not be shown.
        let _ = write!(terminal, "\r{}\x1b[K", self.line(turns, name)).and_then(|()| terminal.flush());
    }

    /// Takes it away.
    pub(super) fn clear(terminal: &mut dyn Write) {
        let _ = write!(terminal, "\r\x1b[K").and_then(|()| terminal.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::benchmark::schedule;

    #[track_caller]
    fn check(seen: &[(usize, f64)], name: &str, expected: &str) {
        let turns = schedule::turns(2, 0, 3);
        let mut progress = Progress::new(2);
        for &(arm, millis) in seen {
            progress.see(arm, millis);
        }
        assert_eq!(progress.line(&turns, name), expected);
    }

    #[test]
    fn the_time_left_is_what_each_takes_times_how_often_it_still_runs() {
        check(&[], "batch", "[------------------------] 0/8  batch");
        // Seven turns are left: three of the one that took a second, and four of the other.
        check(&[(0, 1000.0)], "batch", "[###---------------------] 1/8  batch · 7.0s left");
        check(&[(0, 1000.0), (1, 100.0)], "batch", "[######------------------] 2/8  batch · 3.3s left");
        let all: Vec<_> = (0..8).map(|turn| (turn % 2, 10.0)).collect();
        check(&all, "batch", "[########################] 8/8  batch · 0.0ms left");
    }

    #[test]
    fn a_name_is_short_and_cannot_move_the_cursor() {
        let name = format!("a\u{1b}[2J{}", "x".repeat(100));
        check(&[], &name, "[------------------------] 0/8  a\\u{1b}[2Jxxxxxxxxxx");
    }
}
