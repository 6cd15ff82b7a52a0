//! What was meant: the command line, checked.

use std::path::PathBuf;

use pm_cli::{ColorChoice, Period, Source, Usage};
use pm_record::{Record, Timestamp};

use crate::args::Args;

/// What to do, with nothing left to default.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) source: Source,
    /// The rules; `None` for those of the store.
    pub(crate) rules: Option<PathBuf>,
    pub(crate) counts: Counts,
    /// Records that were not made in it are not judged.
    period: Period,
    /// Whether records are passed on.
    pub(crate) pass: bool,
    /// Whether an alert that fired shows in the exit status.
    pub(crate) exit_code: bool,
    pub(crate) color: ColorChoice,
    /// Whether the first line that is no record ends the run.
    pub(crate) strict: bool,
}

/// Where the counts of runs in a row are kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    /// In the store; in memory where there is none.
    Store,
    /// In a file that the user named.
    File(PathBuf),
    /// Nowhere: nothing is remembered and nobody is notified.
    Replay,
}

impl Config {
    /// Checks each flag, then the flags against each other. `now` is the time of day in milliseconds.
    pub(crate) fn new(args: Args, now: i64) -> Result<Self, Usage> {
        let period = args.period.check(now)?;
        Ok(Self {
            strict: args.input.strict,
            source: args.input.source(),
            rules: args.config,
            counts: match args.state {
                _ if args.replay => Counts::Replay,
                Some(file) => Counts::File(file),
                None => Counts::Store,
            },
            period,
            pass: args.pass,
            exit_code: args.exit_code,
            color: args.color,
        })
    }

    /// Whether a record is judged. One that does not say when it was made is not known to be outside.
    pub(crate) fn covers(&self, record: &Record) -> bool {
        record.timestamp().is_none_or(|made| self.period.covers(made.as_millis()))
    }

    /// When the time begins of which records are judged.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.period.since.map(Timestamp::from_millis)
    }
}
