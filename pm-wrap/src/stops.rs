//! For how long the command was stopped.

use std::time::{Duration, Instant};

/// The stops so far, the present one included.
#[derive(Debug, Default)]
pub(crate) struct Stops {
    before: Duration,
    since: Option<Instant>,
}

impl Stops {
    pub(crate) fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    pub(crate) fn end(&mut self) {
        self.before = self.total();
        self.since = None;
    }

    pub(crate) fn total(&self) -> Duration {
        self.before + self.since.map_or(Duration::ZERO, |since| since.elapsed())
    }
}
