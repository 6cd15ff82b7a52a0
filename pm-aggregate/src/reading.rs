//! One input, or a part of one, read into groups.

use std::fmt::Display;
use std::io::{self, Read};

use pm_record::{Lines, RunReader, Skipped};

use crate::Error;
use crate::config::Config;
use crate::groups::Groups;
use crate::inputs::{RolledUp, Taken};

/// Reads into groups of its own, and learns from line to line.
#[derive(Debug)]
pub(crate) struct Worker<'a> {
    config: &'a Config,
    runs: RunReader,
    pub(crate) groups: Groups<'a>,
}

/// What came of reading.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) skipped: Skipped,
    /// How many lines there were.
    pub(crate) lines: u64,
    /// Whether any of it was compressed.
    pub(crate) compressed: bool,
    /// Why it could not be read to its end.
    pub(crate) failure: Option<io::Error>,
}

impl Outcome {
    /// Nothing could be read.
    fn failed(name: String, failure: io::Error) -> Self {
        Self { name, skipped: Skipped::default(), lines: 0, compressed: false, failure: Some(failure) }
    }
}

impl<'a> Worker<'a> {
    pub(crate) fn new(config: &'a Config, partials: bool) -> Self {
        Self { config, runs: RunReader::new(&config.wanted(partials)), groups: Groups::new(config) }
    }

    /// Reads what is needed of a rollup of the store.
    pub(crate) fn read_rollup(
        &mut self,
        rollup: impl Read + Display,
        taken: &Taken,
    ) -> Result<Outcome, Error> {
        let name = rollup.to_string();
        match RolledUp::new(rollup, taken, self.config) {
            Ok(needed) => self.read(needed, taken, |_, _| Ok(())),
            Err(failure) => Ok(Outcome::failed(name, failure)),
        }
    }

    /// Reads an input to its end, or with `--strict` to the first line that is no record. `before_read` is called
    /// before every read.
    pub(crate) fn read<R: Read + Display>(
        &mut self,
        input: R,
        taken: &Taken,
        mut before_read: impl FnMut(&mut Groups<'a>, &mut R) -> io::Result<()>,
    ) -> Result<Outcome, Error> {
        let name = input.to_string();
        let mut lines = Lines::new([input]);
        let mut skipped = Skipped::default();
        let failure = loop {
            let (runs, groups) = (&mut self.runs, &mut self.groups);
            let (position, reading) = match lines.next_run(runs, |input| before_read(groups, input)) {
                Ok(Some(line)) => line,
                Ok(None) => break None,
                Err(failure) => break Some(failure),
            };
            skipped.seen();
            if let Err(reason) = reading.and_then(|reading| self.groups.take(reading, taken)) {
                if self.config.strict {
                    return Err(Error::BadLine { input: name, position: position.to_string(), reason });
                }
                skipped.skip(position, &reason);
            }
        };
        Ok(Outcome { name, skipped, lines: lines.count(), compressed: lines.was_compressed(), failure })
    }
}
