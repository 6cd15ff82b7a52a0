//! Requests that were made again because they had failed.
//!
//! What a limit refused is another rule's: this one is about a server that did not answer, and errors.

use pm_cli::{human, quote};

use crate::bounded::Bounded;
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// Fewer are not worth a word, and neither is a smaller share of all requests.
const FEWEST: u64 = 10;
const SHARE: f64 = 0.05;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct RetriedRequests(Bounded<(Option<Label>, Label), Retries>);

#[derive(Debug, Default)]
struct Retries {
    requests: u64,
    repeated: u64,
    took: i64,
    cost: u64,
}

impl Rule for RetriedRequests {
    fn run(&mut self, execution: &Execution) {
        let limited: std::collections::BTreeSet<_> =
            execution.calls.iter().filter(|call| call.limit.is_some()).map(|call| call.what).collect();
        for call in execution.calls.iter().filter(|call| call.was_sent) {
            let Some(what) = call.what else { continue };
            let Some(retries) = self.0.of((execution.command, what)) else { continue };
            retries.requests += 1;
            if call.is_retry && !limited.contains(&call.what) {
                retries.repeated += 1;
                retries.took = retries.took.saturating_add(call.took);
                retries.cost += u64::from(call.cost);
            }
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let is_much = |retries: &&Retries| {
            retries.repeated >= FEWEST && retries.repeated as f64 >= retries.requests as f64 * SHARE
        };
        let found = self.0.iter().filter(|(_, retries)| is_much(retries));
        let draft = |((command, what), retries): (&(Option<Label>, Label), &Retries)| {
            retries.draft(command.map(|command| labels.text(command)), labels.text(*what))
        };
        found.map(draft).collect()
    }
}

impl Retries {
    fn draft(&self, command: Option<&str>, what: &str) -> Draft {
        let share = self.repeated as f64 / self.requests as f64;
        let title = format!(
            "{} of {} requests '{what}' repeat one that had failed",
            human::count(self.repeated),
            human::count(self.requests)
        );
        let focus = command.map_or_else(String::new, |command| format!(" --command {}", quote(command)));
        let recommendation = format!(
            "See what fails, and ask for less at a time where it is a time-out (`per_page=30`, a smaller `first`): \
             `github-pm performance analyze --focus api{focus}`"
        );
        Draft::new(RuleName::RetriedRequests, title, recommendation)
            .command(command)
            .request(what)
            .count("requests", self.requests)
            .count("retries", self.repeated)
            .figure("retry_share", share)
            .saves_requests(self.repeated)
            .saves_quota(self.cost)
            .saves_time(self.took)
            .basis("every repetition, had the first request succeeded")
            .suggestion(format!("find_out_why_{}_fails", names::word(what)))
    }
}
