//! `--changes`: since when each metric of each command has another level.
//!
//! This is the one purpose for which values are kept: 16 bytes for each run and metric, of at most
//! [`series::LONGEST`] runs of a series. A stream that has nothing more to read for now is looked at, so that a change
//! is told as soon as it is certain, and once.

mod series;
mod windows;

use std::io::{self, Write};

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use pm_cli::{Exit, Input, Streams};
use pm_record::{
    BadRecord, ChangeDirection, PerformanceChange, Reading, Record, Run, RunReader, SampleSummary, Scalar,
    Schema, Timestamp, Wanted, interval, percentage,
};
use pm_stats::{Better, ChangePoint};

use crate::account::Account;
use crate::compare::significant;
use crate::config::Config;
use crate::inputs::{self, Taken};
use crate::judged::better;
use crate::key::cut;
use crate::metrics::DURATION;
use crate::passage::{self, Taker};
use crate::window::WindowSize;
use crate::{Error, TOOL};
use series::{Series, Timed};

/// How to look for changes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task {
    pub(crate) across_machines: bool,
    pub(crate) exit_code: bool,
}

/// Finds changes, and says so.
pub(crate) fn run(config: &Config, task: Task, io: &mut Streams) -> Result<Exit, Error> {
    let mut config = config.clone();
    if !task.across_machines {
        config.part_machines();
        config.check_fields()?;
    }
    if config.window != WindowSize::All {
        return windows::run(&config, task.exit_code, io);
    }
    let inputs = inputs::of_records(&config, io)?;
    io.tell_of_typing(TOOL, inputs.iter().map(|(input, _)| input));
    let mut runs = RunReader::new(&wanted(&config));
    let mut account = Account::new(inputs.len() > 1);
    let mut watch = Watch::new(&config, io);
    for (input, taken) in inputs {
        watch.taken = taken;
        let outcome = passage::read(input, &mut runs, config.strict, &mut watch);
        let outcome = outcome.map_err(|error| error.named(account.several))?;
        if let Some(failure) = watch.failure.take() {
            return Err(Error::Write(failure));
        }
        account.add(outcome, false);
    }
    watch.scan().map_err(Error::Write)?;
    let exit = if task.exit_code && watch.has_regressed { Exit::Yes } else { Exit::Done };
    if !account.skipped.is_empty() {
        io.tell(TOOL, &account.skipped.to_string());
    }
    account.failure(io.interrupted().is_some()).map_or(Ok(exit), |failure| Err(Error::Read(failure)))
}

/// What to read of a run: the numbers are those that are judged, but for the duration, which always is read.
fn wanted(config: &Config) -> Wanted {
    let numbers = config.judged.iter().filter(|name| *name != DURATION).filter_map(|name| name.parse().ok());
    Wanted { numbers: numbers.collect(), ..config.wanted(false) }
}

/// What makes a group.
type Key = Vec<Scalar>;

/// All series of all groups.
struct Watch<'a> {
    config: &'a Config,
    io: &'a mut Streams,
    /// Of each group a series for each metric, in the order of `config.judged`.
    groups: IndexMap<Key, Vec<Series>, RandomState>,
    /// What is taken of the input that is read.
    taken: Taken,
    has_regressed: bool,
    /// Why changes could not be written.
    failure: Option<io::Error>,
}

impl<'a> Watch<'a> {
    fn new(config: &'a Config, io: &'a mut Streams) -> Self {
        let taken = Taken::of_named(config);
        Self { config, io, groups: IndexMap::default(), taken, has_regressed: false, failure: None }
    }

    fn push(&mut self, run: &Run<'_>) {
        let start = run.timestamp();
        // What never ran has no level.
        if !self.taken.covers(start)
            || !self.config.lets_through(run)
            || run.not_started()
            || self.config.leaves_out(run)
        {
            return;
        }
        let key: Key = (0..self.config.by.len()).map(|place| scalar(run, place)).collect();
        let judged = &self.config.judged;
        let group =
            self.groups.entry(key).or_insert_with(|| judged.iter().map(|_| Series::default()).collect());
        let mut place = 0;
        for (metric, series) in judged.iter().zip(group) {
            let value = if metric == DURATION {
                Some(run.total().0)
            } else {
                place += 1;
                run.number(place - 1)
            };
            if let Some(value) = value {
                series.push(start, value);
            }
        }
    }

    /// Looks at every series that has something new, and writes what has changed: by group, metric and time.
    fn scan(&mut self) -> io::Result<()> {
        let mut found: Vec<(&Key, usize, Vec<Timed>)> = Vec::new();
        for (key, group) in &mut self.groups {
            for (place, series) in group.iter_mut().enumerate() {
                let changes = series.scan();
                if !changes.is_empty() {
                    found.push((key, place, changes));
                }
            }
        }
        found.sort_unstable_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)));
        for (key, place, changes) in found {
            for (change, times) in changes {
                let record = record(self.config, key, &self.config.judged[place], &change, times);
                self.has_regressed |= record.direction == ChangeDirection::Regression;
                self.io.output.write_all(&Record::Change(Box::new(record)).to_line())?;
            }
        }
        self.io.output.flush()
    }
}

impl Taker for Watch<'_> {
    fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        if let Reading::Run(run) = reading {
            self.push(&run);
        }
        Ok(())
    }

    fn before_read(&mut self, input: &mut Input) -> io::Result<()> {
        if !input.is_live() || !input.would_wait() {
            return Ok(());
        }
        self.scan().map_err(|failure| {
            let told = io::Error::from(failure.kind());
            self.failure = Some(failure);
            told
        })
    }
}

/// The value of a field that makes groups.
pub(crate) fn scalar(run: &Run<'_>, place: usize) -> Scalar {
    match Scalar::from(run.label(place)) {
        Scalar::Text(text) => Scalar::Text(cut(&text).to_owned()),
        other => other,
    }
}

/// The record of a change. `times` are those of the first run after it, and of the first and the last that may be it.
fn record(
    config: &Config,
    key: &Key,
    metric: &str,
    change: &ChangePoint,
    times: [Timestamp; 3],
) -> PerformanceChange {
    let (command, machine, by) = config.parts(key);
    let [timestamp, first, last] = times;
    let (before, after) = (change.before.value, change.after.value);
    let ratio = change.ratio.map(|ratio| ratio.value);
    let is_more = ratio.map_or(after > before, |ratio| ratio > 1.0);
    let relative = ratio.or_else(|| (before > 0.0).then(|| after / before));
    PerformanceChange {
        schema: Schema,
        command,
        metric: metric.to_owned(),
        machine,
        by,
        timestamp,
        between: [first, last],
        before: SampleSummary::new(change.counts.0, &change.before),
        after: SampleSummary::new(change.counts.1, &change.after),
        change_percentage: relative.and_then(percentage),
        interval: change
            .ratio
            .and_then(|ratio| ratio.interval)
            .and_then(|(low, high)| interval((low - 1.0) * 100.0, (high - 1.0) * 100.0)),
        p_value: Some(significant(change.p)),
        direction: if is_more == (better(metric) == Better::More) {
            ChangeDirection::Improvement
        } else {
            ChangeDirection::Regression
        },
    }
}
