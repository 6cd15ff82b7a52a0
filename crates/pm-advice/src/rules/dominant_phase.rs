//! One phase that takes more than half of a command's time: whatever else is made faster hardly shows.

use std::collections::BTreeMap;

use pm_cli::{human, quote};

use crate::bounded::Bounded;
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// The share that dominates.
const SHARE: f64 = 0.5;

/// Fewer runs say nothing, and less time is not worth a word, in thousandths of a millisecond.
const FEWEST: u64 = 5;
const LEAST: i64 = 10_000_000;

/// How many phases of a command are told apart: as many as a run has.
const MOST: usize = 64;

/// The longest name of one; whatever is longer we did not write.
const LONGEST: usize = 64;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct DominantPhase(Bounded<Label, Phases>);

#[derive(Debug, Default)]
struct Phases {
    runs: u64,
    total: i64,
    by_name: BTreeMap<String, i64>,
}

impl Rule for DominantPhase {
    fn run(&mut self, execution: &Execution) {
        let (Some(run), Some(command)) = (&execution.run, execution.command) else { return };
        if run.duration.phases.is_empty() {
            return;
        }
        let Some(known) = self.0.of(command) else { return };
        known.runs += 1;
        known.total = known.total.saturating_add(run.duration.total_ms.0);
        for (name, took) in run.duration.phases.iter().filter(|(name, _)| name.len() <= LONGEST) {
            if let Some(sum) = known.by_name.get_mut(name) {
                *sum = sum.saturating_add(took.0);
            } else if known.by_name.len() < MOST {
                known.by_name.insert(name.clone(), took.0);
            }
        }
    }

    fn nested(&mut self, execution: &Execution) {
        self.run(execution);
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        self.0.iter().filter_map(|(command, phases)| phases.draft(labels.text(*command))).collect()
    }
}

impl Phases {
    fn draft(&self, command: &str) -> Option<Draft> {
        // What belongs to no phase is not one.
        let named = self.by_name.iter().filter(|(name, _)| *name != "other_ms");
        let (name, &took) = named.max_by_key(|(_, took)| **took)?;
        let share = took as f64 / self.total as f64;
        if self.runs < FEWEST || took < LEAST || share <= SHARE {
            return None;
        }
        let name = name.strip_suffix("_ms").unwrap_or(name);
        let title =
            format!("'{command}' spends {} of its time in its phase '{name}'", human::percentage(share));
        let recommendation = format!(
            "Make '{name}' faster before anything else; what it waits for shows `github-pm performance profile {}`",
            quote(command)
        );
        Some(
            Draft::new(RuleName::DominantPhase, title, recommendation)
                .command(Some(command))
                .evidence("phase", name)
                .count("runs", self.runs)
                .time("phase_ms", took)
                .time("time_ms", self.total)
                .figure("share_of_time", share)
                .saves_time(took / 2)
                .basis("half of the phase")
                .suggestion(format!("speed_up_{}_of_{}", names::word(name), names::word(command))),
        )
    }
}
