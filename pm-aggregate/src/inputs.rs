//! What is read: the inputs, and what is taken of each.

use std::fmt::{self, Display};
use std::io::{self, Read};
use std::path::Path;

use pm_cli::{Input, Opener, Period, Source, Streams};
use pm_record::{Timestamp, Window};
use pm_store::{Extract, Form, Needed, Question, Span, Store};

use crate::Error;
use crate::config::Config;
use crate::refusal::Refusal;

/// What is taken of an input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken {
    /// Runs that did not start in it are left out.
    pub(crate) period: Period,
    /// Whether partial results are taken.
    pub(crate) partials: bool,
    /// Whether it is a rollup, of which other inputs say what lies on the edge of the period.
    pub(crate) rollup: bool,
}

/// The part of a rollup that is needed, under its name.
#[derive(Debug)]
pub(crate) struct RolledUp<'a, R: Read> {
    lines: Extract<'a, R>,
    name: String,
}

impl<'a, R: Read + Display> RolledUp<'a, R> {
    /// What is needed of a rollup, of which `taken` is taken.
    pub(crate) fn new(rollup: R, taken: &Taken, config: &'a Config) -> io::Result<Self> {
        let time = |cut: Option<i64>| cut.map(Timestamp::from_millis);
        let span = Span { since: time(taken.period.since), until: time(taken.period.until) };
        let name = rollup.to_string();
        Ok(Self { lines: Extract::new(rollup, Needed { span, metric: config.only_metric() })?, name })
    }
}

impl<R: Read> Read for RolledUp<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.lines.read(buffer)
    }
}

impl<R: Read> Display for RolledUp<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Taken {
    /// The same, whenever the runs started.
    pub(crate) fn of_all_time(self) -> Self {
        Self { period: Period::default(), ..self }
    }

    /// Whether a run that started then is taken.
    pub(crate) fn covers(&self, start: Timestamp) -> bool {
        self.period.covers(start.as_millis())
    }

    /// What is taken of an input that was named.
    pub(crate) fn of_named(config: &Config) -> Self {
        Self { period: config.period, partials: config.merge, rollup: false }
    }

    /// Whether a partial result of a window is taken; an error if it lies in the period only in part.
    pub(crate) fn takes(&self, window: Option<Window>) -> Result<bool, Refusal> {
        let Period { since, until } = self.period;
        let Some(window) = window else {
            return if self.rollup || self.period.is_all() { Ok(true) } else { Err(Refusal::HalfInPeriod) };
        };
        let (start, end) = (window.start.as_millis(), window.end.as_millis());
        let inside = since.is_none_or(|since| since <= start) && until.is_none_or(|until| end <= until);
        let outside = since.is_some_and(|since| end <= since) || until.is_some_and(|until| until <= start);
        if inside || outside || self.rollup { Ok(inside) } else { Err(Refusal::HalfInPeriod) }
    }
}

/// The inputs, in the order in which they are read.
pub(crate) fn open(config: &Config, io: &mut Streams) -> Result<Vec<(Input, Taken)>, Error> {
    match &config.source {
        Source::Named(files) => {
            let taken = Taken::of_named(config);
            Ok(io.inputs(files)?.into_iter().map(|input| (input, taken)).collect())
        }
        Source::Store(named) => {
            let (since, until) = (config.since(), config.until());
            let rollups = config.rollups();
            let question =
                Question { since, until, rollups, records_first: false, by_machine: config.tells_machines() };
            let sources = store(named.as_deref(), io)?.sources(&question)?;
            Ok(sources.into_iter().map(|source| stored(config, source, io)).collect())
        }
    }
}

/// The inputs of somebody who needs every record.
pub(crate) fn of_records(config: &Config, io: &mut Streams) -> Result<Vec<(Input, Taken)>, Error> {
    let Source::Store(named) = &config.source else { return open(config, io) };
    let (since, until) = (config.since(), config.until());
    let question =
        Question { since, until, rollups: None, records_first: true, by_machine: config.tells_machines() };
    let sources = store(named.as_deref(), io)?.sources(&question)?;
    Ok(sources.into_iter().map(|source| stored(config, source, io)).collect())
}

/// The store that was named, or the one that is found here.
pub(crate) fn store(named: Option<&Path>, io: &Streams) -> Result<Store, pm_store::Error> {
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    Store::meant(named, io.environment.current_dir(), directory)
}

/// A file of the store, of which only the part counts that no other file answers for.
pub(crate) fn stored(config: &Config, source: pm_store::Source, io: &Streams) -> (Input, Taken) {
    let millis = |cut: Option<Timestamp>| cut.map(Timestamp::as_millis);
    let period = Period { since: millis(source.span.since), until: millis(source.span.until) };
    let rollup = source.form == Form::Rollup;
    let taken = Taken { period, partials: config.merge || rollup, rollup };
    let path = source.path.clone();
    let opener = Opener::new(move || source.open().map_err(io::Error::other));
    (io.found(&path, opener), taken)
}
