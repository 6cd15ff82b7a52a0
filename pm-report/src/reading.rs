//! Every record of the inputs, and what could not be read of them.

use std::io::ErrorKind;

use pm_cli::Streams;
use pm_record::{Lines, Record, Skipped};

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
    let inputs = io.inputs(&config.files)?;
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
            Ok(record) => take(record),
            Err(reason) if config.strict => return Err(Error::bad_line(line.position, reason)),
            Err(reason) => skipped.skip(line.position, &reason),
        }
    }
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
