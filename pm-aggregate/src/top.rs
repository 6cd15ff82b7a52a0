//! `--top N`: the runs of each group that had most of a metric, byte for byte as they were read.
//!
//! Memory is N lines a group. Of equal runs the earlier one comes first, and of those of one instant the one that was
//! read first, so that the answer depends on the runs alone.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::Write;

use pm_cli::{Exit, Input, Streams};
use pm_record::{Field, Lines, Reading, Run, RunReader, Scalar, Skipped, Timestamp, Wanted};

use crate::account::Account;
use crate::changes::scalar;
use crate::config::Config;
use crate::inputs::{self, Taken};
use crate::reading::Outcome;
use crate::{Error, TOOL};

/// Which runs are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    /// How many of each group.
    pub(crate) most: usize,
    /// What they have most of; none for their duration.
    pub(crate) metric: Option<Field>,
}

/// Finds them and passes them on.
pub(crate) fn run(config: &Config, task: &Task, io: &mut Streams) -> Result<Exit, Error> {
    let inputs = inputs::of_records(config, io)?;
    io.tell_of_typing(TOOL, inputs.iter().map(|(input, _)| input));
    let mut runs =
        RunReader::new(&Wanted { numbers: task.metric.iter().cloned().collect(), ..config.wanted(false) });
    let mut account = Account::new(inputs.len() > 1);
    let mut top = Top { config, task, groups: BTreeMap::new() };
    for (input, taken) in inputs {
        let outcome = top.read(input, &taken, &mut runs).map_err(|error| error.named(account.several))?;
        account.add(outcome, false);
    }
    for kept in top.groups.into_values().flatten() {
        io.output.write_all(&kept.line).map_err(Error::Write)?;
    }
    if !account.skipped.is_empty() {
        io.tell(TOOL, &account.skipped.to_string());
    }
    account.failure(io.interrupted().is_some()).map_or(Ok(Exit::Done), |failure| Err(Error::Read(failure)))
}

/// The runs so far.
struct Top<'a> {
    config: &'a Config,
    task: &'a Task,
    /// Of each group, by what makes it, the runs that have most, the first first.
    groups: BTreeMap<Vec<Scalar>, Vec<Kept>>,
}

struct Kept {
    order: (Reverse<i64>, Timestamp),
    line: Vec<u8>,
}

impl Top<'_> {
    fn read(&mut self, input: Input, taken: &Taken, runs: &mut RunReader) -> Result<Outcome, Error> {
        let name = input.to_string();
        let mut lines = Lines::new([input]);
        let mut skipped = Skipped::default();
        let failure = loop {
            let line = match lines.next_line(|_| Ok(())) {
                Ok(Some(line)) => line,
                Ok(None) => break None,
                Err(failure) => break Some(failure),
            };
            skipped.seen();
            // A line that is too long was not held, and its record knows that.
            match runs.read(line.bytes).map_err(|reason| line.record().err().unwrap_or(reason)) {
                Ok(Reading::Run(run)) => self.push(&run, line.bytes, taken),
                Ok(_) => {}
                Err(reason) if self.config.strict => {
                    return Err(Error::BadLine { input: name, position: line.position.to_string(), reason });
                }
                Err(reason) => skipped.skip(line.position, &reason),
            }
        };
        Ok(Outcome { name, skipped, lines: lines.count(), compressed: lines.was_compressed(), failure })
    }

    fn push(&mut self, run: &Run<'_>, line: &[u8], taken: &Taken) {
        let start = run.timestamp();
        let counts = !run.is_nested() || self.config.counts_nested();
        if !counts
            || !taken.covers(start)
            || !self.config.lets_through(run)
            || self.config.leaves_out(run)
            || run.not_started()
        {
            return;
        }
        let value = match self.task.metric {
            Some(_) => run.number(0),
            None => Some(run.total().0),
        };
        let Some(value) = value else { return };
        let key = (0..self.config.by.len()).map(|place| scalar(run, place)).collect();
        let kept = self.groups.entry(key).or_default();
        let order = (Reverse(value), start);
        let place = kept.partition_point(|other| other.order <= order);
        if place < self.task.most {
            kept.truncate(self.task.most - 1);
            kept.insert(place, Kept { order, line: [line, b"\n"].concat() });
        }
    }
}
