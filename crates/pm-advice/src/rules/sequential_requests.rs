//! Requests that wait for each other for no reason: many different things of one kind, one after the other.
//!
//! That they are independent is known of things of one kind in a loop, and not of others; pages of a list are not.
//! Where a query of GraphQL could ask for all at once, that saves more, and the rule about it speaks. GitHub asks not to
//! write at the same time, so only reading counts, four at a time; and whoever has met a secondary limit is left alone.

use pm_cli::human;
use pm_record::LimitHit;

use super::n_plus_one::{self, by_kind, different, time_of};
use super::objects;
use crate::bounded::Bounded;
use crate::call::{Call, Door};
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// How many make it a loop.
const FEWEST: usize = 5;

/// How many at a time.
const AT_ONCE: i64 = 4;

/// Less of the run's time is not worth a word, and neither is less of anybody's, in thousandths of a millisecond.
const SHARE: f64 = 0.1;
const LEAST: i64 = 2_000_000;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct SequentialRequests(Bounded<(Label, Label), Loops>);

#[derive(Debug, Default)]
struct Loops {
    runs: u64,
    requests: u64,
    took: i64,
    of: i64,
    met_limit: bool,
}

impl Rule for SequentialRequests {
    fn run(&mut self, execution: &Execution) {
        let (Some(command), Some(total)) = (execution.command, execution.took()) else { return };
        let met_limit = execution.calls.iter().any(|call| call.limit == Some(LimitHit::Secondary));
        for (what, calls) in by_kind(&execution.calls) {
            if calls[0].door != Door::Get
                || different(&calls).is_none_or(|different| different < FEWEST)
                || !are_in_a_row(&calls)
            {
                continue;
            }
            let Some(loops) = self.0.of((command, what)) else { continue };
            loops.runs += 1;
            loops.requests += calls.len() as u64;
            loops.took = loops.took.saturating_add(time_of(&calls));
            loops.of = loops.of.saturating_add(total);
            loops.met_limit |= met_limit;
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let tip = |((command, what), loops): (&(Label, Label), &Loops)| {
            loops.draft(labels.text(*command), labels.text(*what))
        };
        self.0.iter().filter_map(tip).collect()
    }
}

/// Whether hardly any of them was under way when the next began.
fn are_in_a_row(calls: &[&Call]) -> bool {
    let mut spans: Vec<_> = calls.iter().map(|call| (call.start, call.end())).collect();
    spans.sort_unstable();
    let overlaps = spans.windows(2).filter(|pair| pair[1].0 < pair[0].1).count();
    overlaps * 10 <= calls.len()
}

impl Loops {
    fn draft(&self, command: &str, what: &str) -> Option<Draft> {
        let is_much = self.took >= LEAST && self.took as f64 >= self.of as f64 * SHARE;
        let endpoint = what.split_once(' ').map_or(what, |(_, endpoint)| endpoint);
        let each = self.requests / self.runs;
        let batched = objects::field(endpoint).is_some() && each >= n_plus_one::FEWEST as u64;
        // Searching has a limit of 30 a minute, which parallel searches only meet sooner.
        if !is_much || batched || self.met_limit || endpoint.starts_with("/search/") {
            return None;
        }
        let share = self.took as f64 / self.of as f64;
        let title = format!(
            "'{command}' asks '{what}' {} times a run, one after the other: {} of its time",
            human::count(each),
            human::percentage(share)
        );
        let recommendation = format!(
            "Ask for four at a time, with the addresses in a file, one a line: `xargs -P {AT_ONCE} -I{{}} gh api {{}} < FILE`"
        );
        Some(
            Draft::new(RuleName::SequentialRequests, title, recommendation)
                .command(Some(command))
                .request(what)
                .count("runs", self.runs)
                .count("requests", self.requests)
                .time("time_ms", self.took)
                .figure("share_of_time", share)
                .saves_time(self.took - self.took / AT_ONCE)
                .basis("four at a time, each as long as now")
                .suggestion(format!("run_{}_in_parallel", names::word(what))),
        )
    }
}
