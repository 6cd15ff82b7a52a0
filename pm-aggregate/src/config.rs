//! What was meant: the command line, checked.

use indexmap::IndexMap;
use pm_cli::{Period, Source, Usage};
use pm_record::{Field, Run, Scalar, Timestamp, Wanted};
use pm_store::Grain;

use crate::args::Args;
use crate::columns::Columns;
use crate::filter::Filter;
use crate::key::label;
use crate::refusal::Refusal;
use crate::window::WindowSize;
use crate::workers::Workers;

/// What to do, with nothing left to default.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) source: Source,
    /// The fields that make the groups; never empty.
    pub(crate) by: Vec<Field>,
    pub(crate) columns: Columns,
    filters: Vec<Filter>,
    pub(crate) window: WindowSize,
    /// How long after its end a window of a live stream stays open, in milliseconds.
    pub(crate) grace: i64,
    /// Runs that did not start in it are left out.
    pub(crate) period: Period,
    pub(crate) result: ResultForm,
    /// Whether states that `--partial` wrote are taken in.
    pub(crate) merge: bool,
    /// Whether the first line that is no record ends the run.
    pub(crate) strict: bool,
    pub(crate) workers: Workers,
}

/// What a group is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResultForm {
    Summary,
    Partial,
}

/// The field that says what ran.
const COMMAND: &str = "command";

/// The fields that rollups of the store are grouped by.
const ROLLED_UP: [&str; 2] = [COMMAND, "machine"];

impl Config {
    /// Checks each flag, then the flags against each other. `now` is the time of day in milliseconds.
    pub(crate) fn new(args: Args, now: i64) -> Result<Self, Usage> {
        let period = args.period.check(now)?;
        if let Some(twice) = args.by.iter().enumerate().find(|(at, field)| args.by[..*at].contains(field)) {
            return Err(Usage::new(format!("--by names '{}' twice", twice.1), "name each field once"));
        }
        if args.by.len() + args.filters.len() > Wanted::MOST {
            let message = format!("--by and --where name more than {} fields", Wanted::MOST);
            return Err(Usage::new(message, "name fewer fields"));
        }
        Ok(Self {
            strict: args.input.strict,
            source: args.input.source(),
            by: args.by,
            columns: Columns::new(&args.metric)?,
            filters: args.filters,
            window: args.window,
            grace: i64::try_from(args.grace.as_millis()).unwrap_or(i64::MAX),
            period,
            result: if args.partial { ResultForm::Partial } else { ResultForm::Summary },
            merge: args.merge,
            workers: Workers::default(),
        })
    }

    /// What to read of a run: the labels are those of the groups, then those of the filters.
    pub(crate) fn wanted(&self, partials: bool) -> Wanted {
        let filters = self.filters.iter().map(|filter| &filter.field);
        Wanted {
            numbers: self.columns.fields().to_vec(),
            labels: self.by.iter().chain(filters).cloned().collect(),
            partials,
        }
    }

    /// Whether a run has what `--where` asks for.
    #[inline]
    pub(crate) fn lets_through(&self, run: &Run<'_>) -> bool {
        let places = self.by.len()..;
        self.filters.iter().zip(places).all(|(filter, place)| filter.agrees(run.label(place)))
    }

    /// Whether the runs of a partial result have it.
    pub(crate) fn lets_partial_through(&self, by: &IndexMap<String, Scalar>) -> Result<bool, Refusal> {
        let mut agree = true;
        for filter in &self.filters {
            agree &= filter.agrees(label(value(by, &filter.field)?));
        }
        Ok(agree)
    }

    /// The values that make the groups, of a partial result that is grouped by more fields or in another order.
    pub(crate) fn project<'a>(&self, by: &'a IndexMap<String, Scalar>) -> Result<Vec<&'a Scalar>, Refusal> {
        self.by.iter().map(|field| value(by, field)).collect()
    }

    /// Whether runs inside of other runs count: where commands stand apart they do, and else their time would
    /// count twice.
    pub(crate) fn counts_nested(&self) -> bool {
        self.by.iter().any(|field| field.as_str() == COMMAND)
    }

    /// Which rollups of the store can say all that is asked for.
    pub(crate) fn rollups(&self) -> Option<Grain> {
        let filters = self.filters.iter().map(|filter| &filter.field);
        let mut fields = self.by.iter().chain(filters);
        let told = self.columns.is_plain() && fields.all(|field| ROLLED_UP.contains(&field.as_str()));
        self.window.grain().filter(|_| told)
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

fn value<'a>(by: &'a IndexMap<String, Scalar>, field: &Field) -> Result<&'a Scalar, Refusal> {
    by.get(field.as_str()).ok_or_else(|| Refusal::OtherGroups {
        by: by.keys().map(String::as_str).collect::<Vec<_>>().join(","),
        missing: field.as_str().to_owned(),
    })
}
