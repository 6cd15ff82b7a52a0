//! One program that takes more than half of a command's time.
//!
//! Known only of runs whose processes were traced. A process that starts others waits for them, so only those that
//! start none count, and shells never.

use std::collections::{BTreeMap, BTreeSet};

use pm_cli::{human, quote};
use pm_stats::spans::{Span, length, union};

use crate::bounded::Bounded;
use crate::draft::Draft;
use crate::execution::{Execution, Purpose};
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// The share that dominates.
const SHARE: f64 = 0.5;

/// Fewer runs say nothing, and less time is not worth a word, in thousandths of a millisecond.
const FEWEST: u64 = 3;
const LEAST: i64 = 3_000_000;

/// Programs that are started more often in a run are another rule's.
const OFTEN: u64 = 50;

/// How many programs of a command are told apart.
const MOST: usize = 256;

/// Who only starts others.
const SHELLS: [&str; 6] = ["sh", "bash", "dash", "zsh", "env", "xargs"];

/// The rule.
#[derive(Debug, Default)]
pub(super) struct DominantProgram(Bounded<Label, Programs>);

#[derive(Debug, Default)]
struct Programs {
    runs: u64,
    total: i64,
    /// How long they lived, and how many.
    by_name: BTreeMap<Label, (i64, u64)>,
}

impl Rule for DominantProgram {
    fn any_run(&mut self, execution: &Execution) {
        let (Some(total), Some(command)) = (execution.took(), execution.command) else { return };
        if execution.processes.len() < 2 || execution.is_nested() || execution.purpose() == Purpose::Other {
            return;
        }
        let Some(known) = self.0.of(command) else { return };
        known.runs += 1;
        known.total = known.total.saturating_add(total);
        let parents: BTreeSet<_> = execution.processes.iter().filter_map(|process| process.parent).collect();
        let mut lives = BTreeMap::<Label, Vec<Span>>::new();
        for process in execution.processes.iter().filter(|process| !parents.contains(&process.pid)) {
            if let (Some(program), Some(took)) = (process.program, process.took) {
                let span = Span::new(process.start, process.start.saturating_add(took));
                lives.entry(program).or_default().push(span);
            }
        }
        for (program, lives) in lives {
            if known.by_name.len() < MOST || known.by_name.contains_key(&program) {
                let (sum, count) = known.by_name.entry(program).or_default();
                *count += lives.len() as u64;
                // Of several that live at once only one keeps the command waiting.
                *sum = sum.saturating_add(length(&union(lives)));
            }
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        self.0
            .iter()
            .filter_map(|(command, programs)| programs.draft(labels.text(*command), labels))
            .collect()
    }
}

impl Programs {
    fn draft(&self, command: &str, labels: &Labels) -> Option<Draft> {
        let real = self.by_name.iter().filter(|(program, _)| !SHELLS.contains(&labels.text(**program)));
        let (program, &(took, count)) =
            real.max_by_key(|(program, (took, _))| (*took, std::cmp::Reverse(**program)))?;
        let share = (took as f64 / self.total as f64).min(1.0);
        if self.runs < FEWEST || took < LEAST || share <= SHARE || count / self.runs >= OFTEN {
            return None;
        }
        let program = labels.text(*program);
        let title = format!("'{command}' spends {} of its time in '{program}'", human::percentage(share));
        let recommendation = match program {
            "gh" | "curl" => {
                "See what its requests could do without: `github-pm performance optimize --analyze-api-usage`"
                    .to_owned()
            }
            "git" => "Fetch less: `git fetch --depth 1`, `git clone --filter=blob:none`".to_owned(),
            "npm" => "Install from the cache: `npm ci --prefer-offline`".to_owned(),
            _ => format!(
                "See which of its runs takes long: `github-pm performance profile {}`",
                quote(command)
            ),
        };
        Some(
            Draft::new(RuleName::DominantProgram, title, recommendation)
                .command(Some(command))
                .evidence("program", program)
                .count("runs", self.runs)
                .count("processes", count)
                .time("program_ms", took)
                .time("time_ms", self.total)
                .figure("share_of_time", share)
                .saves_time(((self.total as f64 * share) / 2.0) as i64)
                .basis("half of the program's time")
                .suggestion(format!("speed_up_{}_in_{}", names::word(program), names::word(command))),
        )
    }
}
