//! Which requests were asked before, and whether their answers are the ones from before.

use crate::call::{Before, Call, Door};
use crate::generations::Generations;

/// The last answer to everything that was asked.
#[derive(Debug, Default)]
pub(crate) struct History(Generations<u64, u64>);

impl History {
    /// Says of a request what is remembered, and remembers it.
    pub(crate) fn see(&mut self, call: &mut Call) {
        if call.door != Door::Get || !call.succeeded {
            return;
        }
        let (Some(target), Some(answer)) = (call.target, call.answer) else { return };
        let (last, was_known) = self.0.of(target);
        call.before = match (was_known, *last == answer) {
            (false, _) => Before::New,
            (true, true) => Before::Same,
            (true, false) => Before::Changed,
        };
        *last = answer;
    }
}
