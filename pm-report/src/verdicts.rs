//! How the time of each command came out beside what it was: one word a command, for a column.

use pm_cli::human;
use pm_record::{ComparisonStatus, PerformanceComparison, Thousandths, Window};

use crate::report::{LONGEST_LABEL, kept};

/// How many comparisons are kept: a thousand commands on a few machines.
const MOST: usize = 4_000;

/// All comparisons of times.
#[derive(Debug, Default)]
pub(crate) struct Verdicts(Vec<Verdict>);

/// How the time of a command came out, on one machine or wherever it ran.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    command: String,
    pub(crate) status: ComparisonStatus,
    pub(crate) change: Option<Thousandths>,
    /// How long the runs that are compared took together, about, in milliseconds.
    pub(crate) weight: f64,
}

impl Verdicts {
    /// Takes in a comparison, if it is of times by command alone.
    pub(crate) fn push(&mut self, comparison: &PerformanceComparison) {
        let is_of_time = comparison.metric == "duration.total_ms" && comparison.by.is_empty();
        if is_of_time && self.0.len() < MOST {
            self.0.push(Verdict {
                command: kept(&comparison.command, LONGEST_LABEL),
                status: comparison.status,
                change: comparison.change_percentage,
                weight: comparison.current.median.unwrap_or_default().to_f64()
                    * comparison.current.count as f64,
            });
        }
    }

    pub(crate) fn all(&self) -> &[Verdict] {
        &self.0
    }

    /// That of a command. Where several machines were compared, each by itself, it is the worst verdict, or else that
    /// of the machine with most of the time.
    pub(crate) fn of(&self, command: &str) -> Option<&Verdict> {
        let all = self.0.iter().filter(|verdict| verdict.command == command);
        let order = |verdict: &Verdict| match verdict.status {
            ComparisonStatus::Regressed => 2,
            ComparisonStatus::Improved => 1,
            ComparisonStatus::Inconclusive | ComparisonStatus::Unchanged => 0,
        };
        all.max_by(|one, other| order(one).cmp(&order(other)).then(one.weight.total_cmp(&other.weight)))
    }
}

impl Verdict {
    /// The change in percent where it is more than chance, and 0 where it is not.
    pub(crate) fn percent(&self) -> f64 {
        match self.status {
            ComparisonStatus::Regressed | ComparisonStatus::Improved => {
                self.change.map_or(0.0, Thousandths::to_f64)
            }
            ComparisonStatus::Inconclusive | ComparisonStatus::Unchanged => 0.0,
        }
    }

    /// It in two words that need no color: `▲ 50% slower`.
    pub(crate) fn words(&self) -> String {
        let percent = self.change.map_or_else(String::new, |change| human::percent(change.to_f64().abs()));
        match self.status {
            ComparisonStatus::Regressed => format!("▲ {percent} slower"),
            ComparisonStatus::Improved => format!("▼ {percent} faster"),
            ComparisonStatus::Unchanged => "the same".to_owned(),
            ComparisonStatus::Inconclusive => "cannot tell".to_owned(),
        }
    }
}

/// Whether one is a window that was cut out of the time of the other. Such windows are aligned to their length, and so the
/// first may begin before the time that was asked for. The runs of another log, at about the same time, are not aligned.
pub(crate) fn is_window_of(inner: Window, outer: Window) -> bool {
    let length = |window: Window| window.end.as_millis().saturating_sub(window.start.as_millis());
    let is_cut = length(inner) > 0 && inner.start.as_millis() % length(inner) == 0;
    is_cut && length(outer) > length(inner) && outer.start < inner.end && inner.start < outer.end
}
