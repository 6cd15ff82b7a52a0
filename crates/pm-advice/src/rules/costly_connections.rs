//! Queries that are charged for far more than they return.
//!
//! GitHub charges a query for what it could return: for the lists within lists that would be looked up if every list
//! were as long as `first` asks for, a point for each hundred. Every list that is looked up is an object in the answer,
//! so an answer with few objects would have been cheaper with a smaller `first`.

use pm_cli::human;

use crate::bounded::Bounded;
use crate::call::Door;
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// Lists that a point pays for.
const A_POINT: u64 = 100;

/// Fewer points wasted are not worth a word, and neither is a smaller share.
const FEWEST: u64 = 20;
const SHARE: f64 = 0.5;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct CostlyConnections(Bounded<Label, Queries>);

#[derive(Debug, Default)]
struct Queries {
    count: u64,
    cost: u64,
    objects: u64,
    /// What would have paid for the objects.
    needed: u64,
}

impl Rule for CostlyConnections {
    fn run(&mut self, execution: &Execution) {
        for call in &execution.calls {
            let Some(objects) = call.objects.filter(|_| call.door == Door::Graphql && call.cost > 0) else {
                continue;
            };
            let Some(queries) = call.what.and_then(|what| self.0.of(what)) else { continue };
            let (cost, objects) = (u64::from(call.cost), u64::from(objects));
            queries.count += 1;
            queries.cost += cost;
            queries.objects += objects;
            queries.needed += objects.div_ceil(A_POINT).clamp(1, cost);
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let is_much = |queries: &&Queries| {
            let wasted = queries.cost - queries.needed;
            wasted >= FEWEST && wasted as f64 >= queries.cost as f64 * SHARE
        };
        let found = self.0.iter().filter(|(_, queries)| is_much(queries));
        found.map(|(what, queries)| queries.draft(labels.text(*what))).collect()
    }
}

impl Queries {
    fn draft(&self, what: &str) -> Draft {
        let (cost, objects) = (self.cost as f64 / self.count as f64, self.objects / self.count);
        let title =
            format!("'{what}' costs {cost:.0} points a query and returns {} objects", human::count(objects));
        let recommendation = "Ask for as many as there are: lower `first` in the lists that others stand in, and see the cost \
             with `gh api graphql -f query='{ rateLimit(dryRun: true) { cost } … }'`";
        Draft::new(RuleName::CostlyConnections, title, recommendation.to_owned())
            .request(what)
            .count("queries", self.count)
            .count("cost", self.cost)
            .figure("cost_per_query", cost)
            .count("objects_per_query", objects)
            .saves_quota(self.cost - self.needed)
            .basis("a point for each hundred objects returned, and one at least")
            .suggestion(format!("ask_for_fewer_nodes_in_{}", names::word(what)))
    }
}
