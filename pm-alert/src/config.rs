//! What was meant: the command line, checked.

use std::path::PathBuf;

use pm_cli::{ColorChoice, Period, Source, Usage};
use pm_record::Timestamp;
use pm_store::{Place, Span};

use crate::args::Args;

/// What to do, with nothing left to default.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub(crate) struct Config {
    pub(crate) source: Source,
    /// The rules; `None` for those of the store.
    pub(crate) rules: Option<PathBuf>,
    pub(crate) counts: Counts,
    /// Records that were not made in it are not judged; of a store that is replayed, alerts about such are not
    /// told.
    period: Period,
    /// Whether alerts are told one by one, or what comes of all.
    pub(crate) digest: Option<Hours>,
    /// Whether the store is read without end.
    pub(crate) follow: bool,
    /// Where that begins, unless an earlier run says so; without it, with the next record.
    pub(crate) begin: Option<Place>,
    /// The only file of the store to read.
    pub(crate) segment: Option<String>,
    /// What to do in place of judging.
    pub(crate) errand: Option<Errand>,
    /// Whether records are passed on.
    pub(crate) pass: bool,
    /// Whether an alert that fired shows in the exit status.
    pub(crate) exit_code: bool,
    /// Whether tips are given.
    pub(crate) tips: bool,
    /// Whether the console is told.
    pub(crate) console: bool,
    pub(crate) color: ColorChoice,
    /// Whether the first line that is no record ends the run.
    pub(crate) strict: bool,
}

/// Something else than judging.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// To say whether the rules can be meant.
    Check,
    /// To tell a channel of a test.
    Test(String),
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

/// Whether a digest keeps the hours of alerts apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hours {
    Apart,
    Together,
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
            digest: args.digest.then_some(if args.segment.is_some() {
                Hours::Apart
            } else {
                Hours::Together
            }),
            follow: args.follow,
            begin: args.begin,
            segment: args.segment,
            errand: if args.check { Some(Errand::Check) } else { args.test.map(Errand::Test) },
            pass: args.pass,
            exit_code: args.exit_code,
            tips: !args.no_tips && !args.replay,
            console: !args.no_console,
            color: args.color,
        })
    }

    /// Whether what was made then is judged. What does not say when is not known to be outside.
    pub(crate) fn covers(&self, made: Option<Timestamp>) -> bool {
        made.is_none_or(|made| self.period.covers(made.as_millis()))
    }

    /// The time of which records are judged.
    pub(crate) fn span(&self) -> Span {
        let Period { since, until } = self.period;
        Span { since: since.map(Timestamp::from_millis), until: until.map(Timestamp::from_millis) }
    }

    /// Whether a store is replayed, each of its files by itself.
    pub(crate) fn replays_store(&self) -> bool {
        self.counts == Counts::Replay && matches!(self.source, Source::Store(_))
    }

    /// Whether a store's digests may stand for its records: they are made by its own rules, and hold no bad lines.
    pub(crate) fn takes_digests(&self) -> bool {
        self.digest == Some(Hours::Together) && self.rules.is_none() && !self.strict
    }
}
