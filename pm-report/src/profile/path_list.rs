//! The critical path as a list: its longest stretches in order of time, each with how it was reached.

use crate::profile::span::Span;
use crate::profile::timeline::Timeline;
use crate::profile::words;

/// How many ancestors a stretch names.
const NAMED: usize = 4;

/// How many stretches are listed, however short they are.
const LEAST: usize = 3;

/// One stretch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// `sh › gh`: the process and what is above it. Raw: to be made printable by whoever shows it.
    pub(crate) chain: String,
    pub(crate) span: Span,
}

/// The list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathList {
    pub(crate) stretches: Vec<Stretch>,
    /// How many the path has.
    of: usize,
}

impl PathList {
    /// What the list is called.
    pub(crate) fn title(&self) -> String {
        match self.of - self.stretches.len() {
            0 => "Critical path".to_owned(),
            _ => format!(
                "Critical path, the longest {} of {} stretches",
                words::number(self.stretches.len()),
                words::number(self.of)
            ),
        }
    }
}

/// The longest stretches of a run's path, at most `most`; shorter ones than a hundredth of the run only where there
/// would be fewer than [`LEAST`].
pub(crate) fn longest(run: &Timeline, most: usize) -> PathList {
    let mut order: Vec<_> = (0..run.path.len()).collect();
    order.sort_by_key(|&part| (std::cmp::Reverse(run.path[part].span.length()), part));
    let long = order.iter().take_while(|&&part| run.path[part].span.length() >= run.total / 100).count();
    order.truncate(long.max(LEAST).min(most));
    order.sort_unstable();
    let stretches = order.into_iter().map(|part| {
        let part = run.path[part];
        Stretch { chain: chain(run, part.process), span: part.span }
    });
    PathList { stretches: stretches.collect(), of: run.path.len() }
}

fn chain(run: &Timeline, process: usize) -> String {
    let above = std::iter::successors(Some(process), |&process| run.processes[process].parent);
    let mut names: Vec<_> =
        above.take(NAMED + 1).map(|process| run.processes[process].program.as_str()).collect();
    if names.len() > NAMED {
        names[NAMED] = "…";
    }
    names.reverse();
    names.join(" › ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::tree::tests::record;

    #[test]
    fn the_longest_stretches_stand_in_order_of_time() {
        let run = Timeline::new(
            None,
            vec![
                record(1, None, "sh", 0, Some(100)),
                record(2, Some(1), "make", 10, Some(90)),
                record(3, Some(2), "sh", 15, Some(80)),
                record(4, Some(3), "cc", 20, Some(79)),
                record(5, Some(4), "as", 30, Some(60)),
            ],
            &[],
        );
        let list = longest(&run, 3);
        let seen: Vec<_> =
            list.stretches.iter().map(|part| (part.chain.as_str(), part.span.start, part.span.end)).collect();
        assert_eq!(
            seen,
            [
                ("sh", 0, 10_000),
                ("… › make › sh › cc › as", 30_000, 60_000),
                ("sh › make › sh › cc", 60_000, 79_000),
            ]
        );
        assert_eq!(list.title(), "Critical path, the longest 3 of 9 stretches");
        assert_eq!(longest(&run, 9).title(), "Critical path");
    }
}
