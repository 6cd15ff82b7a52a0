//! Time that commands spent waiting because a limit of the API refused them.

use pm_cli::{human, quote};
use pm_record::LimitHit;

use crate::bounded::Bounded;
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// Less is not worth a word, in thousandths of a millisecond; neither is a smaller share of the command's time.
const LEAST: i64 = 5_000_000;
const SHARE: f64 = 0.02;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct WaitingForLimits(Bounded<Label, Waits>);

#[derive(Debug, Default)]
struct Waits {
    runs: u64,
    waited: i64,
    of: i64,
    primary: u64,
    secondary: u64,
}

impl Rule for WaitingForLimits {
    fn run(&mut self, execution: &Execution) {
        let (Some(run), Some(command)) = (&execution.run, execution.command) else { return };
        let Some(waits) = self.0.of(command) else { return };
        let waited = run.github_api.waited_ms.map_or(0, |waited| waited.0.max(0));
        waits.runs += u64::from(waited > 0);
        waits.waited = waits.waited.saturating_add(waited);
        waits.of = waits.of.saturating_add(run.duration.total_ms.0);
        let hits = |limit| execution.calls.iter().filter(|call| call.limit == Some(limit)).count() as u64;
        waits.primary += hits(LimitHit::Primary);
        waits.secondary += hits(LimitHit::Secondary);
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let is_much =
            |waits: &&Waits| waits.waited >= LEAST && waits.waited as f64 >= waits.of as f64 * SHARE;
        let found = self.0.iter().filter(|(_, waits)| is_much(waits));
        found.map(|(command, waits)| waits.draft(labels.text(*command))).collect()
    }
}

impl Waits {
    fn draft(&self, command: &str) -> Draft {
        let share = self.waited as f64 / self.of as f64;
        let title = format!(
            "'{command}' waited {} for limits of the API in {} {}: {} of its time",
            human::duration(self.waited as f64 / 1000.0),
            human::count(self.runs),
            if self.runs == 1 { "run" } else { "runs" },
            human::percentage(share)
        );
        let analyze = format!("`github-pm performance analyze --focus api --command {}`", quote(command));
        let recommendation = if self.secondary > self.primary {
            format!(
                "Do less at once: write one thing at a time with `sleep 1` between, read four at a time at most (`xargs -P 4`); \
                 who asks for what shows {analyze}"
            )
        } else if self.primary > 0 {
            format!(
                "Ask for less, or wait for the next window before it begins (`pm-ratelimit --once` tells when that is); \
                 what it asks for shows {analyze}"
            )
        } else {
            format!(
                "Record which limit it runs into, with `api: true` in config.yml or `pm-wrap --store --api --api-requests -- CMD`; \
                 what it asks for shows {analyze}"
            )
        };
        Draft::new(RuleName::WaitingForLimits, title, recommendation)
            .command(Some(command))
            .count("runs", self.runs)
            .time("waited_ms", self.waited)
            .figure("share_of_time", share)
            .count("primary_limit_hits", self.primary)
            .count("secondary_limit_hits", self.secondary)
            .saves_time(self.waited)
            .basis("the time that it waited")
            .suggestion(format!("slow_down_{}", names::word(command)))
    }
}
