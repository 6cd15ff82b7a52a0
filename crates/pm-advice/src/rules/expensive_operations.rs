//! What each kind of request cost of the API's limits.

use pm_record::{OperationCost, Thousandths};

use crate::bounded::Bounded;
use crate::execution::Execution;
use crate::labels::{Label, Labels};

/// How many are told of.
const MOST: usize = 50;

/// What each kind of request cost.
#[derive(Debug, Default)]
pub(crate) struct ExpensiveOperations(Bounded<Label, Sums>);

#[derive(Debug, Default)]
struct Sums {
    requests: u64,
    cost: u64,
    /// In thousandths of a millisecond.
    took: i64,
}

impl ExpensiveOperations {
    /// Takes in a run of the user's own work.
    pub(crate) fn run(&mut self, execution: &Execution) {
        for call in &execution.calls {
            if let Some(sums) = call.what.and_then(|what| self.0.of(what)) {
                sums.requests += 1;
                sums.cost += u64::from(call.cost);
                sums.took = sums.took.saturating_add(call.took);
            }
        }
    }

    /// The dearest first, and of those that cost as much the one that took longer.
    pub(crate) fn sorted(&self, labels: &Labels) -> Vec<OperationCost> {
        let mut all: Vec<_> = self.0.iter().collect();
        all.sort_by_key(|(what, sums)| (std::cmp::Reverse((sums.cost, sums.took)), labels.text(**what)));
        let told = all.into_iter().take(MOST).map(|(what, sums)| OperationCost {
            operation: labels.text(*what).to_owned(),
            requests: sums.requests,
            cost: sums.cost,
            time_ms: Some(Thousandths(sums.took)),
        });
        told.collect()
    }
}
