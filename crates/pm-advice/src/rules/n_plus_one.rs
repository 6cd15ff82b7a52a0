//! One request for each thing of a list, where one query could have asked for fifty of them.
//!
//! Only within a run, only different things of one kind, and never the pages of a list, which must come one after the
//! other. Of REST only what GraphQL has too; of GraphQL only where it is known that each request asked for another
//! thing.

use std::collections::{BTreeMap, BTreeSet};

use pm_cli::human;
use pm_stats::spans::{Span, length, union};

use super::objects;
use crate::bounded::Bounded;
use crate::call::{Call, Door};
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// How many things make it a loop.
pub(super) const FEWEST: usize = 10;

/// How many things a query asks for.
const BATCH: u64 = 50;

/// How many times as long as a request for one thing a query for many takes: a guess on the safe side.
const LONGER: i64 = 2;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct NPlusOne(Bounded<(Option<Label>, Label), Loops>);

/// The loops of a command over one kind of request.
#[derive(Debug, Default)]
struct Loops {
    runs: u64,
    requests: u64,
    batches: u64,
    cost: u64,
    /// What batches of those would cost less that cost a point each; of dearer ones a batch costs as much as all.
    cheaper: u64,
    /// How long they took, what was under way at the same time once.
    took: i64,
    is_graphql: bool,
}

impl Rule for NPlusOne {
    fn run(&mut self, execution: &Execution) {
        for (what, calls) in by_kind(&execution.calls) {
            if !is_loop(&calls) {
                continue;
            }
            let Some(loops) = self.0.of((execution.command, what)) else { continue };
            let count = calls.len() as u64;
            loops.runs += 1;
            loops.requests += count;
            loops.batches += count.div_ceil(BATCH);
            loops.cost += calls.iter().map(|call| u64::from(call.cost)).sum::<u64>();
            let cheap = calls.iter().filter(|call| call.cost == 1).count() as u64;
            loops.cheaper += cheap - cheap.div_ceil(BATCH);
            loops.took = loops.took.saturating_add(time_of(&calls));
            loops.is_graphql = calls[0].door == Door::Graphql;
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let tip = |((command, what), loops): (&(Option<Label>, Label), &Loops)| {
            loops.draft(command.map(|command| labels.text(command)), labels.text(*what))
        };
        self.0.iter().filter_map(tip).collect()
    }
}

/// The requests of a run by their kind: those that were answered and began no later page.
pub(super) fn by_kind(calls: &[Call]) -> BTreeMap<Label, Vec<&Call>> {
    let mut kinds = BTreeMap::<_, Vec<_>>::new();
    for call in calls.iter().filter(|call| call.was_sent && call.succeeded && !call.next_page) {
        if let Some(what) = call.what.filter(|_| call.door != Door::Write) {
            kinds.entry(what).or_default().push(call);
        }
    }
    kinds
}

/// How long requests took, in thousandths of a millisecond; what was under way at the same time counts once.
pub(super) fn time_of(calls: &[&Call]) -> i64 {
    let span = |call: &&Call| {
        let start = call.start.saturating_mul(1000);
        Span::new(start, start.saturating_add(call.took))
    };
    length(&union(calls.iter().map(span)))
}

/// How many different things they asked for; where their names are not known, none can be told apart.
pub(super) fn different(calls: &[&Call]) -> Option<usize> {
    let targets = calls.iter().map(|call| call.target).collect::<Option<BTreeSet<_>>>()?;
    Some(targets.len())
}

fn is_loop(calls: &[&Call]) -> bool {
    calls.len() >= FEWEST && different(calls).is_some_and(|different| different * 10 >= calls.len() * 9)
}

impl Loops {
    fn draft(&self, command: Option<&str>, what: &str) -> Option<Draft> {
        let advice = if self.is_graphql {
            if what == "GraphQL node" {
                "`gh api graphql -F 'ids[]=ID1' -F 'ids[]=ID2' -f query='query($ids: [ID!]!) { nodes(ids: $ids) { id } }'`"
                    .to_owned()
            } else {
                // The name may be that of an operation, and whether it writes is not known.
                "`gh api graphql -f query='query { a: FIELD(…) { … } b: FIELD(…) { … } … }'`, with its field for FIELD, and \
                 `mutation` for `query` where it writes"
                    .to_owned()
            }
        } else {
            let (place, field) = objects::field(what.strip_prefix("GET ")?)?;
            objects::batch(place, field)
        };
        let each = self.requests / self.runs;
        let subject = command.map_or_else(String::new, |command| format!(" of '{command}'"));
        let title =
            format!("A loop{subject} asks '{what}' {} times a run, for one thing each", human::count(each));
        let saved = self.requests - self.batches;
        let each_took = self.took / i64::try_from(self.requests).unwrap_or(i64::MAX);
        let batches_take = i64::try_from(self.batches).unwrap_or(i64::MAX).saturating_mul(each_took * LONGER);
        let draft = Draft::new(
            RuleName::NPlusOne,
            title,
            format!("Ask for {BATCH} things in one query, each under a name of its own: {advice}"),
        );
        Some(
            draft
                .command(command)
                .request(what)
                .count("runs", self.runs)
                .count("requests", self.requests)
                .count("requests_per_run", each)
                .count("cost", self.cost)
                .time("time_ms", self.took)
                .count("batches", self.batches)
                .saves_requests(saved)
                .saves_quota(self.cheaper)
                .saves_time(self.took - batches_take)
                .basis("50 things a query, which costs a point where each of them did, and takes twice as long as one thing")
                .suggestion(format!("batch_{}_queries", names::word(what))),
        )
    }
}
