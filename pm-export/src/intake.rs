//! Reads inputs to their end, and lets whoever takes the lines do something before it waits.

use std::io;

use pm_cli::{Input, Streams};
use pm_record::{BadRecord, Lines, Reading, RunReader, Skipped, Wanted};

use crate::Error;
use crate::config::Config;
use crate::progress::Progress;
use crate::state::{Partly, State};

/// Whoever takes lines.
pub(crate) trait Taker {
    /// What has to be read of runs.
    fn wanted(&self) -> Wanted;

    /// Takes one line.
    fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord>;

    /// Whether enough was taken to be handed on.
    fn is_full(&self) -> bool {
        false
    }

    /// Hands on what was taken.
    fn settle(&mut self, io: &mut Streams) -> Result<(), Error>;

    /// The same while nothing comes; it may wait for the input itself.
    fn idle(&mut self, input: &mut Input, io: &mut Streams) -> Result<(), Error> {
        let _ = input;
        self.settle(io)
    }

    /// Whether a batch is left that could not be handed on.
    fn is_pending(&self) -> bool {
        false
    }

    /// What of that batch has been handed on all the same.
    fn partly(&self) -> Option<Partly> {
        None
    }

    /// Tells people what does not show in what was written.
    fn tell(&mut self, io: &mut Streams) {
        let _ = io;
    }

    /// Writes down what has to outlast this run.
    fn keep(&self, state: &mut State) {
        let _ = state;
    }
}

/// Reads all inputs, and hands on what is left at the end. The first failure to read ends none of the others.
pub(crate) fn read(
    inputs: Vec<Input>,
    taker: &mut dyn Taker,
    config: &Config,
    io: &mut Streams,
) -> Result<Skipped, Error> {
    let mut progress = Progress::of_files(config, &inputs, io);
    let read = read_all(inputs, taker, config.strict, &mut progress, io);
    progress.end(io);
    read
}

fn read_all(
    inputs: Vec<Input>,
    taker: &mut dyn Taker,
    strict: bool,
    progress: &mut Progress,
    io: &mut Streams,
) -> Result<Skipped, Error> {
    let mut runs = RunReader::new(&taker.wanted());
    let mut lines = Lines::new(inputs);
    let mut skipped = Skipped::default();
    let mut unread = None;
    loop {
        let mut failed = None;
        let next = lines.next_run(&mut runs, |input| {
            if !input.is_live() || !input.would_wait() {
                return Ok(());
            }
            // It passes through the reader, which would call it a failure of its own.
            taker.idle(input, io).map_err(|error| {
                failed = Some(error);
                io::ErrorKind::Other.into()
            })
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let (position, reading) = match next {
            Ok(Some(line)) => line,
            Ok(None) => break,
            // Who compressed it met the same signal, and so this is the end.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && io.interrupted().is_some() => {
                continue;
            }
            Err(error) => {
                unread.get_or_insert(Error::Read(error));
                continue;
            }
        };
        skipped.seen();
        match reading.and_then(|reading| taker.take(reading)) {
            Ok(()) => progress.take(lines.offset(), io),
            Err(reason) if strict => return Err(Error::bad_line(position, reason)),
            Err(reason) => skipped.skip(position, &reason),
        }
        if taker.is_full() {
            taker.settle(io)?;
        }
    }
    taker.settle(io)?;
    match unread {
        None => Ok(skipped),
        Some(error) => {
            tell(&skipped, io);
            Err(error)
        }
    }
}

/// Tells people what was skipped.
pub(crate) fn tell(skipped: &Skipped, io: &mut Streams) {
    if !skipped.is_empty() {
        io.tell(crate::TOOL, &skipped.to_string());
    }
}
