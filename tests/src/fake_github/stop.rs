//! Tells every thread of the fake that the test is over.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// A flag that can be waited on, so that a delayed answer does not delay the end of a test.
#[derive(Debug, Default)]
pub(super) struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub(super) fn raise(&self) {
        *self.stopped.lock().expect("no thread panics while it holds the flag") = true;
        self.changed.notify_all();
    }

    pub(super) fn is_raised(&self) -> bool {
        *self.stopped.lock().expect("no thread panics while it holds the flag")
    }

    /// Waits for the whole time, or less when the fake stops; says whether it stopped.
    pub(super) fn sleep(&self, time: Duration) -> bool {
        let flag = self.stopped.lock().expect("no thread panics while it holds the flag");
        let waited = self.changed.wait_timeout_while(flag, time, |stopped| !*stopped);
        *waited.expect("no thread panics while it holds the flag").0
    }
}
