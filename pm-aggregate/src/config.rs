//! What was meant: the command line, checked.

use std::path::PathBuf;

use pm_cli::Usage;
use pm_record::{Field, Timestamp};

use crate::args::Args;
use crate::window::WindowSize;

/// What to do, with nothing left to default.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) source: Source,
    /// The fields that make the groups; never empty.
    pub(crate) by: Vec<Field>,
    pub(crate) window: WindowSize,
    /// Runs that started earlier are left out.
    pub(crate) since: Option<Timestamp>,
    /// Runs that started then or later are left out.
    pub(crate) until: Option<Timestamp>,
    pub(crate) result: ResultForm,
    /// Whether states that `--partial` wrote are taken in.
    pub(crate) merge: bool,
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

/// What a group is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultForm {
    Summary,
    Partial,
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
            let hint =
                if since == until { "give --until a later time" } else { "try them the other way round" };
            return Err(Usage::new(message, hint));
        }
        if args.merge && (since.is_some() || until.is_some()) {
            let message = "--since and --until cannot look into the states that --merge takes in";
            let hint = "give them to the runs that write the states: `pm-aggregate --since TIME --partial`";
            return Err(Usage::new(message, hint));
        }
        if let Some(twice) = args.by.iter().enumerate().find(|(at, field)| args.by[..*at].contains(field)) {
            return Err(Usage::new(format!("--by names '{}' twice", twice.1), "name each field once"));
        }
        Ok(Self {
            source: match args.input.store {
                Some(named) => Source::Store(named),
                None => Source::Named(args.input.files),
            },
            by: args.by,
            window: args.window,
            since,
            until,
            result: if args.partial { ResultForm::Partial } else { ResultForm::Summary },
            merge: args.merge,
            strict: args.input.strict,
        })
    }

    /// Whether a run that started at `start` counts.
    pub(crate) fn covers(&self, start: Timestamp) -> bool {
        self.since.is_none_or(|since| since <= start) && self.until.is_none_or(|until| start < until)
    }
}
