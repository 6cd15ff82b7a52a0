//! What was meant: the command line, checked.

use std::path::PathBuf;

use pm_cli::{ColorChoice, Usage};
use pm_record::{Record, Timestamp};

use crate::args::Args;

/// What to do, with nothing left to default.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) source: Source,
    /// The rules; `None` for those of the store.
    pub(crate) rules: Option<PathBuf>,
    pub(crate) counts: Counts,
    /// Records of an earlier time are not judged.
    pub(crate) since: Option<Timestamp>,
    /// Records of then or later are not judged.
    until: Option<Timestamp>,
    /// Whether records are passed on.
    pub(crate) pass: bool,
    /// Whether an alert that fired shows in the exit status.
    pub(crate) exit_code: bool,
    pub(crate) color: ColorChoice,
    /// Whether the first line that is no record ends the run.
    pub(crate) strict: bool,
}

/// Where the records come from.
#[derive(Debug)]
pub(crate) enum Source {
    /// These files, or standard input when there are none.
    Named(Vec<PathBuf>),
    /// The store: this one, or the nearest.
    Store(Option<PathBuf>),
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
        let instant = |instant: pm_cli::Instant| Timestamp::from_millis(instant.millis(now));
        let (since, until) = (args.since.map(instant), args.until.map(instant));
        if let (Some(since), Some(until)) = (since, until)
            && since >= until
        {
            let message = format!("nothing lies between --since {since} and --until {until}");
            return Err(Usage::new(message, "try them the other way round"));
        }
        Ok(Self {
            source: match args.input.store {
                Some(named) => Source::Store(named),
                None => Source::Named(args.input.files),
            },
            rules: args.config,
            counts: match args.state {
                _ if args.replay => Counts::Replay,
                Some(file) => Counts::File(file),
                None => Counts::Store,
            },
            since,
            until,
            pass: args.pass,
            exit_code: args.exit_code,
            color: args.color,
            strict: args.input.strict,
        })
    }

    /// Whether a record is judged. One that does not say when it was made is not known to be outside.
    pub(crate) fn covers(&self, record: &Record) -> bool {
        record.timestamp().is_none_or(|made| {
            self.since.is_none_or(|since| since <= made) && self.until.is_none_or(|until| made < until)
        })
    }
}
