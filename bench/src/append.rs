//! The program `append-records`: one writer of many to the same store.
//!
//! It waits until its standard input ends, so that whoever starts many writers can let them go at once, and
//! then appends record after record, each by a call of its own as a tool would. Every record says who
//! wrote it and as which of its own, so that a reader can tell whether each is there, once and whole.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pm_cli::{Exit, Explain, Streams, Usage};
use pm_record::{Record, Timestamp};
use pm_store::Store;

use crate::Generator;

/// The program's name.
pub const TOOL: &str = "append-records";

/// Append records to a store until the time is over and write how many
///
/// Begins when standard input ends.
#[derive(Debug, clap::Parser)]
#[command(name = "append-records", version)]
struct Args {
    /// The folder of the store
    #[arg(long, value_name = "DIR")]
    store: PathBuf,

    /// Which of the writers this is; it stands in every record
    #[arg(long, value_name = "N", default_value_t = 0)]
    writer: u32,

    /// How long
    #[arg(long = "for", value_name = "TIME", default_value = "1s", value_parser = pm_cli::parse_duration)]
    time: Duration,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// Standard input failed.
    #[error("cannot wait for the end of standard input")]
    Wait(#[source] io::Error),
    /// A record was not appended.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
    /// Standard output failed.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Wait(_) | Self::Store(_) | Self::Write(_) => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Wait(_) | Self::Store(_) | Self::Write(_) => None,
        }
    }
}

/// The whole life of the program.
///
/// # Errors
///
/// Wrong usage, a record that cannot be appended, or an output that cannot be written.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let mut lines = Lines::of(args.writer);
    for mut input in io.inputs(&[]).map_err(|error| Error::Wait(io::Error::other(error.to_string())))? {
        io::copy(&mut input, &mut io::sink()).map_err(Error::Wait)?;
    }
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < args.time {
        let now = Timestamp::from_millis(io.clock.now_millis());
        Store::at(&args.store).append(lines.line(count), now)?;
        count += 1;
    }
    writeln!(io.output, "{count}").map_err(Error::Write)?;
    Ok(Exit::Done)
}

/// The lines of one writer: all of the same run, but for their numbers. Only the number's digits are written
/// anew, so that what takes the time is the appending.
#[derive(Debug)]
pub(crate) struct Lines {
    line: Vec<u8>,
    digits: std::ops::Range<usize>,
}

/// How many digits a number has.
const WIDTH: usize = 10;

impl Lines {
    pub(crate) fn of(writer: u32) -> Self {
        let mut run = Generator::new(writer.into()).records(1).next().expect("one run was asked for");
        let prefix = format!("writer_{writer:04}_");
        run.execution_id = Some(format!("{prefix}{:0WIDTH$}", 0));
        let line = Record::Performance(Box::new(run)).to_line();
        let id = line.windows(prefix.len()).position(|part| part == prefix.as_bytes()).unwrap_or_default();
        let start = id + prefix.len();
        Self { line, digits: start..start + WIDTH }
    }

    /// The line with this number.
    pub(crate) fn line(&mut self, number: u64) -> &[u8] {
        let mut left = number;
        for digit in self.line[self.digits.clone()].iter_mut().rev() {
            *digit = b'0' + (left % 10) as u8;
            left /= 10;
        }
        &self.line
    }

    /// The number of a line of this writer, if it is one and whole.
    pub(crate) fn number(&mut self, line: &[u8]) -> Option<u64> {
        let digits = std::str::from_utf8(line.get(self.digits.clone())?).ok()?;
        let number = digits.parse().ok()?;
        (self.line(number) == line).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_by_its_number_and_only_if_it_is_whole() {
        let (mut lines, mut others) = (Lines::of(7), Lines::of(8));
        let line = lines.line(1_234_567_890).to_vec();
        assert_eq!(lines.number(&line), Some(1_234_567_890));
        assert_eq!(lines.number(&line[..line.len() - 1]), None);
        assert_eq!(others.number(&line), None);
        assert!(matches!(Record::parse(&line), Ok(Record::Performance(_))));
    }
}
