//! The program `generate-records`: a seed in, lines of records out.

use std::ffi::OsString;
use std::io::{self, Write};

use pm_cli::{Exit, Explain, Instant, Streams, Usage};
use pm_record::Timestamp;

use crate::{Generator, Layout, Scribe};

/// The program's name.
pub const TOOL: &str = "generate-records";

/// Write realistic records of commands, the same for the same flags
#[derive(Debug, clap::Parser)]
#[command(name = "generate-records", version, after_help = EXAMPLES)]
struct Args {
    /// Which records: another number, others
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// How many
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    records: u64,

    /// Spread them over so many days
    #[arg(long, value_name = "D", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,

    /// When the last day ends: a date, a time, or 'now'
    #[arg(long, value_name = "TIME", default_value = "2026-11-23")]
    end: Instant,

    /// How the lines look; the runs are the same
    #[arg(long, value_enum, default_value_t = Layout::Regular)]
    layout: Layout,
}

const EXAMPLES: &str = "\
Examples:
  generate-records | pm-aggregate                              a week of 20 commands
  generate-records --records 1000000 --days 30 > month.ndjson  600 MB
  generate-records --seed 2 --end now --days 1                 other records, up to now
  generate-records --layout irregular                          as if many programs had written them";

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] Usage),
    /// Standard output failed.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Write(_) => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Write(_) => None,
        }
    }
}

/// The whole life of the program.
///
/// # Errors
///
/// Wrong usage, or an output that cannot be written.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let end = Timestamp::from_millis(args.end.millis(io.clock.now_millis()));
    let generator = Generator::new(args.seed).records(args.records).days(args.days).end(end);
    let mut scribe = Scribe::new(args.layout, args.seed);
    for run in generator {
        io.output.write_all(&scribe.line(run)).map_err(Error::Write)?;
    }
    Ok(Exit::Done)
}
