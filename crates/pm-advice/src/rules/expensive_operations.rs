//! Which kinds of requests cost most of the API's limits together.

use crate::bounded::Bounded;
use crate::execution::Execution;
use crate::labels::{Label, Labels};

/// How many are named.
const MOST: usize = 5;

/// What each kind of request cost.
#[derive(Debug, Default)]
pub(crate) struct ExpensiveOperations(Bounded<Label, u64>);

impl ExpensiveOperations {
    /// Takes in a run of the user's own work.
    pub(crate) fn run(&mut self, execution: &Execution) {
        for call in &execution.calls {
            if let Some(cost) = call.what.and_then(|what| self.0.of(what)) {
                *cost += u64::from(call.cost);
            }
        }
    }

    /// The dearest first; what cost nothing is none.
    pub(crate) fn sorted<'a>(&self, labels: &'a Labels) -> Vec<&'a str> {
        let mut all: Vec<_> = self.0.iter().filter(|(_, cost)| **cost > 0).collect();
        all.sort_by_key(|(what, cost)| (std::cmp::Reverse(**cost), labels.text(**what)));
        all.into_iter().take(MOST).map(|(what, _)| labels.text(*what)).collect()
    }
}
