//! Every record of the inputs, and what could not be read of them.

use std::io::ErrorKind;

use pm_cli::{Input, Opener, Source, Streams};
use pm_record::{Lines, Record, Skipped, Timestamp};
use pm_store::{Question, Settings, Store};

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
    let mut read = Read { skipped: Skipped::default(), unread: None };
    if config.all_readings {
        // Few lines tell of limits and resource use, and only those of all the time are taken apart.
        read.all(open(config, None, io)?, is_reading, config, io, &mut take)?;
        read.all(open(config, config.newest, io)?, |line| !is_reading(line), config, io, &mut take)?;
        return Ok(read);
    }
    let inputs = open(config, config.newest, io)?;
    io.tell_of_typing(TOOL, &inputs);
    read.all(inputs, |_| true, config, io, &mut take)?;
    Ok(read)
}

/// Whether a line is about limits or resource use: the kind stands first in whatever our tools wrote.
fn is_reading(line: &[u8]) -> bool {
    const KINDS: [&[u8]; 2] = [b"\"api_monitoring\"", b"\"system_metrics\""];
    let inside = line.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    inside.is_some_and(|inside| KINDS.iter().any(|kind| inside.starts_with(kind)))
}

/// Whether a record is of the time that was asked for; one that does not say is.
fn is_covered(config: &Config, record: &Record) -> bool {
    config.period.is_all() || record.timestamp().is_none_or(|time| config.period.covers(time.as_millis()))
}

/// The store that is read, if it is one.
fn store(config: &Config, io: &Streams) -> Result<Option<Store>, pm_store::Error> {
    let Source::Store(named) = &config.source else { return Ok(None) };
    let directory = |name: &str| io.environment.absolute(name).map(Into::into);
    Store::meant(named.as_deref(), io.environment.current_dir(), directory).map(Some)
}

/// Whether a store is read whose settings have the requests of host commands recorded.
pub(crate) fn records_requests(config: &Config, io: &Streams) -> bool {
    let store = store(config, io).ok().flatten();
    store.is_some_and(|store| Settings::of(&store).is_ok_and(|settings| settings.api))
}

/// The inputs: what was named, or the records of a store, of which about so many bytes at its end may be enough.
fn open(config: &Config, newest: Option<u64>, io: &mut Streams) -> Result<Vec<Input>, Error> {
    if let Source::Named(files) = &config.source {
        return Ok(io.inputs(files)?);
    }
    let Some(store) = store(config, io)? else { return Ok(Vec::new()) };
    let time = |cut: Option<i64>| cut.map(Timestamp::from_millis);
    let question = Question {
        since: time(config.period.since),
        until: time(config.period.until),
        rollups: None,
        records_first: true,
        by_machine: false,
    };
    let sources = match newest {
        Some(bytes) => store.newest(&question, bytes)?,
        None => store.sources(&question)?,
    };
    let sources = sources.into_iter();
    let input = |source: pm_store::Source| {
        let path = source.path.clone();
        io.found(&path, Opener::new(move || source.open().map_err(std::io::Error::other)))
    };
    Ok(sources.map(input).collect())
}

impl Read {
    /// Hands over every record of a line that is `wanted`.
    fn all(
        &mut self,
        inputs: Vec<Input>,
        wanted: impl Fn(&[u8]) -> bool,
        config: &Config,
        io: &Streams,
        mut take: impl FnMut(Record),
    ) -> Result<(), Error> {
        let mut lines = Lines::new(inputs);
        loop {
            // Nothing is written before the end, so there is nothing to flush while the input keeps us waiting.
            let line = match lines.next_line(|_| Ok(())) {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(()),
                // Who compressed it met the same signal, and so this is the end.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof && io.interrupted().is_some() => {
                    continue;
                }
                Err(error) => {
                    self.unread.get_or_insert(Error::Read(error));
                    continue;
                }
            };
            if !wanted(line.bytes) {
                continue;
            }
            self.skipped.seen();
            match line.record() {
                Ok(record) if !is_covered(config, &record) => {}
                Ok(record) => take(record),
                Err(reason) if config.strict => return Err(Error::bad_line(line.position, reason)),
                Err(reason) => self.skipped.skip(line.position, &reason),
            }
        }
    }

    /// Tells what was skipped; returns what could not be read.
    pub(crate) fn end(self, io: &mut Streams) -> Option<Error> {
        if !self.skipped.is_empty() {
            io.tell(TOOL, &self.skipped.to_string());
        }
        self.unread
    }
}

#[cfg(test)]
mod tests {
    use super::is_reading;

    #[test]
    fn a_line_about_limits_or_resource_use_is_told_by_its_first_key() {
        for line in [r#"{"api_monitoring":{}}"#, r#" { "system_metrics" : {"a":1}}"#] {
            assert!(is_reading(line.as_bytes()), "{line}");
        }
        for line in ["", "{", r#"{"performance_metrics":{"api_monitoring":1}}"#, r#""api_monitoring""#] {
            assert!(!is_reading(line.as_bytes()), "{line}");
        }
    }
}
