//! Commands whose time grows faster than the project.
//!
//! Time goes with a power of the number of tasks: a straight line on logarithms, whose slope is the exponent. Only
//! when its whole interval lies above 1 does the command grow faster than the project. What a command takes to start
//! makes the exponent seem smaller than it is, so that this errs on the side of silence.

use pm_cli::quote;
use pm_record::Scalar;
use pm_stats::{LeastSquares, Slope};

use crate::bounded::Bounded;
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};
use crate::sample::Sample;

/// Fewer runs say nothing, and neither do projects that are all of about one size.
const FEWEST: usize = 20;
const SPREAD: f64 = 4.0;

/// An exponent that is hardly more is not worth a word.
const EXPONENT: f64 = 1.1;

const CONFIDENCE: f64 = 0.95;

/// Tasks, and the time in milliseconds.
type Point = (f64, f64);

/// The rule: of each command on each machine, tasks and time of its runs.
#[derive(Debug, Default)]
pub(super) struct LargeProjectProcessing(Bounded<(Label, Option<Label>), Sample<Point>>);

/// How time goes with size.
struct Growth {
    exponent: Slope,
    smallest: f64,
    largest: f64,
    /// Beyond what it would be had it grown as the project did from the middle on, in milliseconds.
    excess: f64,
    runs: u64,
}

impl Rule for LargeProjectProcessing {
    fn run(&mut self, execution: &Execution) {
        let (Some(run), Some(command)) = (&execution.run, execution.command) else { return };
        let Some(Scalar::Number(tasks)) = run.context.get("task_count") else { return };
        let took = run.duration.total_ms;
        if run.failed() || tasks.0 <= 0 || took.0 <= 0 {
            return;
        }
        if let Some(sample) = self.0.of((command, execution.machine)) {
            sample.push((tasks.to_f64(), took.to_f64()));
        }
    }

    fn nested(&mut self, execution: &Execution) {
        self.run(execution);
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let growths = self.0.iter().filter_map(|((command, _), sample)| Some((command, Growth::of(sample)?)));
        growths.map(|(command, growth)| growth.draft(labels.text(*command))).collect()
    }
}

impl Growth {
    fn of(sample: &Sample<Point>) -> Option<Self> {
        let runs = sample.kept();
        let mut sizes: Vec<_> = runs.iter().map(|(tasks, _)| *tasks).collect();
        sizes.sort_by(f64::total_cmp);
        let (smallest, middle, largest) = (*sizes.first()?, sizes[sizes.len() / 2], *sizes.last()?);
        if runs.len() < FEWEST || largest < smallest * SPREAD {
            return None;
        }
        let points: Vec<_> = runs.iter().map(|(tasks, took)| ([tasks.ln()], took.ln())).collect();
        let line = LeastSquares::through(&points, CONFIDENCE)?;
        let [exponent] = line.slopes;
        if exponent.low <= 1.0 || exponent.value < EXPONENT {
            return None;
        }
        let at = |tasks: f64| (line.intercept + exponent.value * tasks.ln()).exp();
        let excess: f64 = runs
            .iter()
            .filter(|(tasks, _)| *tasks > middle)
            .map(|(tasks, _)| (at(*tasks) - at(middle) * tasks / middle).max(0.0))
            .sum();
        let each = sample.seen() as f64 / runs.len() as f64;
        Some(Self { exponent, smallest, largest, excess: excess * each, runs: sample.seen() })
    }

    fn draft(&self, command: &str) -> Draft {
        let Slope { value, low, high } = self.exponent;
        let title = format!(
            "'{command}' grows faster than the project: twice the tasks take {:.1} times as long (exponent {value:.2}, {low:.2} to {high:.2})",
            2.0_f64.powf(value)
        );
        let recommendation = format!(
            "Look for a loop inside of a loop over all tasks, and for what is fetched again for each: \
             `github-pm performance profile {}` on a large project, beside a small one",
            quote(command)
        );
        Draft::new(RuleName::LargeProjectProcessing, title, recommendation)
            .command(Some(command))
            .count("runs", self.runs)
            .figure("exponent", value)
            .figure("exponent_low", low)
            .figure("exponent_high", high)
            .figure("smallest_task_count", self.smallest)
            .figure("largest_task_count", self.largest)
            .saves_time((self.excess * 1000.0) as i64)
            .basis("the runs on projects above the median size, had their time grown as the size did from there on")
            .suggestion(format!("make_{}_linear", names::word(command)))
    }
}
