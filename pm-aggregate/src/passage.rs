//! Inputs read one after the other by whoever needs more than sums: comparisons and changes.

use std::io;

use pm_cli::Input;
use pm_record::{BadRecord, Lines, Reading, RunReader, Skipped};

use crate::Error;
use crate::reading::Outcome;

/// Whoever takes what is read.
pub(crate) trait Taker {
    /// Takes what a line holds; an error if it cannot be meant.
    fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord>;

    /// The input is about to be read, and may have nothing more to read yet.
    fn before_read(&mut self, _input: &mut Input) -> io::Result<()> {
        Ok(())
    }
}

/// Reads an input to its end, or if it is `strict` to the first line that is no record.
pub(crate) fn read(
    input: Input,
    runs: &mut RunReader,
    strict: bool,
    taker: &mut impl Taker,
) -> Result<Outcome, Error> {
    let name = input.to_string();
    let mut lines = Lines::new([input]);
    let mut skipped = Skipped::default();
    let failure = loop {
        let (position, reading) = match lines.next_run(runs, |input| taker.before_read(input)) {
            Ok(Some(line)) => line,
            Ok(None) => break None,
            Err(failure) => break Some(failure),
        };
        skipped.seen();
        if let Err(reason) = reading.and_then(|reading| taker.take(reading)) {
            if strict {
                return Err(Error::BadLine { input: name, position: position.to_string(), reason });
            }
            skipped.skip(position, &reason);
        }
    };
    Ok(Outcome { name, skipped, lines: lines.count(), compressed: lines.was_compressed(), failure })
}
