//! What is to be said of the reading, once all is read.

use std::io::{self, ErrorKind};

use pm_record::Skipped;

use crate::reading::Outcome;

/// What was skipped, and what could not be read.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) skipped: Skipped,
    /// The first input that could not be read to its end, and why.
    failure: Option<io::Error>,
    /// Whether inputs have to be named.
    pub(crate) several: bool,
    /// How many lines of the same input came before.
    lines: u64,
}

impl Account {
    pub(crate) fn new(several: bool) -> Self {
        Self { skipped: Skipped::default(), failure: None, several, lines: 0 }
    }

    /// Adds what came of the next piece, which goes on with the input before or begins another.
    pub(crate) fn add(&mut self, outcome: Outcome, goes_on: bool) {
        if !goes_on {
            self.lines = 0;
        }
        let name = self.several.then_some(outcome.name.as_str());
        self.skipped.follow(outcome.skipped, name, self.lines);
        self.lines += outcome.lines;
        if self.failure.is_none() {
            self.failure = outcome.failure;
        }
    }

    /// Why an input could not be read to its end. A stream that breaks off after a signal has met the same signal
    /// at its other end, and so that is its end.
    pub(crate) fn failure(self, interrupted: bool) -> Option<io::Error> {
        self.failure.filter(|failure| !(interrupted && failure.kind() == ErrorKind::UnexpectedEof))
    }
}
