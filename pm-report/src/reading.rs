//! Every record of the inputs, and what could not be read of them.

mod newest;

use std::io::ErrorKind;

use pm_cli::{Input, Opener, Source, Streams};
use pm_record::{Lines, Record, Skipped, Timestamp};
use pm_store::{Question, Store};

use crate::config::Config;
use crate::{Error, TOOL};

/// How reading went.
#[must_use = "what could not be read has to be told: `.end(io)`"]
pub(crate) struct Read {
    skipped: Skipped,
    unread: Option<Error>,
}

/// Hands over every record. The first input that cannot be read to its end ends none of the others.
pub(crate) fn records(
    config: &Config,
    io: &mut Streams,
    mut take: impl FnMut(Record),
) -> Result<Read, Error> {
    let inputs = open(config, io)?;
    io.tell_of_typing(TOOL, &inputs);
    let mut lines = Lines::new(inputs);
    let (mut skipped, mut unread) = (Skipped::default(), None);
    loop {
        // Nothing is written before the end, so there is nothing to flush while the input keeps us waiting.
        let line = match lines.next_line(|_| Ok(())) {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(Read { skipped, unread }),
            // Who compressed it met the same signal, and so this is the end.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof && io.interrupted().is_some() => continue,
            Err(error) => {
                unread.get_or_insert(Error::Read(error));
                continue;
            }
        };
        skipped.seen();
        match line.record() {
            Ok(record) if !is_covered(config, &record) => {}
            Ok(record) => take(record),
            Err(reason) if config.strict => return Err(Error::bad_line(line.position, reason)),
            Err(reason) => skipped.skip(line.position, &reason),
        }
    }
}

/// Whether a record is of the time that was asked for; one that does not say is.
fn is_covered(config: &Config, record: &Record) -> bool {
    config.period.is_all() || record.timestamp().is_none_or(|time| config.period.covers(time.as_millis()))
}

/// The inputs: what was named, or the records of a store.
fn open(config: &Config, io: &mut Streams) -> Result<Vec<Input>, Error> {
    let named = match &config.source {
        Source::Named(files) => return Ok(io.inputs(files)?),
        Source::Store(named) => named.as_deref(),
    };
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    let store = Store::meant(named, io.environment.current_dir(), directory)?;
    let time = |cut: Option<i64>| cut.map(Timestamp::from_millis);
    let question = Question {
        since: time(config.period.since),
        until: time(config.period.until),
        rollups: None,
        records_first: true,
        by_machine: false,
    };
    let sources = store.sources(&question)?;
    if let Some(bytes) = config.newest {
        return Ok(newest::of(sources, bytes, io));
    }
    let sources = sources.into_iter();
    let input = |source: pm_store::Source| {
        let path = source.path.clone();
        io.found(&path, Opener::new(move || source.open().map_err(std::io::Error::other)))
    };
    Ok(sources.map(input).collect())
}

impl Read {
    /// Tells what was skipped; returns what could not be read.
    pub(crate) fn end(self, io: &mut Streams) -> Option<Error> {
        if !self.skipped.is_empty() {
            io.tell(TOOL, &self.skipped.to_string());
        }
        self.unread
    }
}
