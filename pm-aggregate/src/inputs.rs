//! What is read: the inputs, and what is taken of each.

use std::io;

use pm_cli::{Input, Opener, Period, Source, Streams};
use pm_record::{Timestamp, Window};
use pm_store::{Form, Question, Store};

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
    rollup: bool,
}

impl Taken {
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
            let taken = Taken { period: config.period, partials: config.merge, rollup: false };
            Ok(io.inputs(files)?.into_iter().map(|input| (input, taken)).collect())
        }
        Source::Store(named) => {
            let directory = |name: &str| io.environment.absolute(name).map(Into::into);
            let store = Store::meant(named.as_deref(), io.environment.current_dir(), directory)?;
            let question =
                Question { since: config.since(), until: config.until(), rollups: config.rollups() };
            let sources = store.sources(&question)?;
            Ok(sources.into_iter().map(|source| stored(config, source, io)).collect())
        }
    }
}

/// A file of the store, of which only the part counts that no other file answers for.
fn stored(config: &Config, source: pm_store::Source, io: &Streams) -> (Input, Taken) {
    let millis = |cut: Option<Timestamp>| cut.map(Timestamp::as_millis);
    let period = Period { since: millis(source.span.since), until: millis(source.span.until) };
    let rollup = source.form == Form::Rollup;
    let taken = Taken { period, partials: config.merge || rollup, rollup };
    let path = source.path.clone();
    let opener = Opener::new(move || source.open().map_err(io::Error::other));
    (io.found(&path, opener), taken)
}
