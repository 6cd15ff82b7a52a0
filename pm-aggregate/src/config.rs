//! What was meant: the command line, checked.

use pm_cli::{Period, Source, Usage};
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
    /// Runs that did not start in it are left out.
    period: Period,
    pub(crate) result: ResultForm,
    /// Whether states that `--partial` wrote are taken in.
    pub(crate) merge: bool,
    /// Whether the first line that is no record ends the run.
    pub(crate) strict: bool,
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
        let period = args.period.check(now)?;
        if args.merge && !period.is_all() {
            let message = "--since and --until cannot look into the states that --merge takes in";
            let hint = "give them to the runs that write the states: `pm-aggregate --since TIME --partial`";
            return Err(Usage::new(message, hint));
        }
        if let Some(twice) = args.by.iter().enumerate().find(|(at, field)| args.by[..*at].contains(field)) {
            return Err(Usage::new(format!("--by names '{}' twice", twice.1), "name each field once"));
        }
        Ok(Self {
            strict: args.input.strict,
            source: args.input.source(),
            by: args.by,
            window: args.window,
            period,
            result: if args.partial { ResultForm::Partial } else { ResultForm::Summary },
            merge: args.merge,
        })
    }

    /// Whether a run that started at `start` counts.
    pub(crate) fn covers(&self, start: Timestamp) -> bool {
        self.period.covers(start.as_millis())
    }

    /// When the time begins from which runs are taken.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.period.since.map(Timestamp::from_millis)
    }

    /// When it ends.
    pub(crate) fn until(&self) -> Option<Timestamp> {
        self.period.until.map(Timestamp::from_millis)
    }
}
