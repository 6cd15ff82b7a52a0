//! What was meant: the command line, checked.

use indexmap::IndexMap;
use pm_cli::{Period, Source, Usage};
use pm_record::{Field, Label, Run, Scalar, Timestamp, Wanted};
use pm_store::Grain;

use crate::args::Args;
use crate::columns::{Chosen, Columns};
use crate::filter::Filter;
use crate::judged::JUDGED;
use crate::key::label;
use crate::metrics::{DURATION, METRICS};
use crate::refusal::Refusal;
use crate::window::WindowSize;
use crate::workers::Workers;
use crate::{changes, compare, top};

/// What to do, with nothing left to default.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Config {
    pub(crate) source: Source,
    /// The fields that make the groups; never empty.
    pub(crate) by: Vec<Field>,
    pub(crate) columns: Columns,
    filters: Vec<Filter>,
    leaves_out_deliberate: bool,
    pub(crate) window: WindowSize,
    /// How long after its end a window of a live stream stays open, in milliseconds.
    pub(crate) grace: i64,
    /// Runs that did not start in it are left out.
    pub(crate) period: Period,
    pub(crate) result: ResultForm,
    pub(crate) purpose: Purpose,
    /// The metrics that are compared or watched for changes.
    pub(crate) judged: Vec<String>,
    /// Whether states that `--partial` wrote are taken in.
    pub(crate) merge: bool,
    /// Whether alerts are passed on.
    pub(crate) passes_alerts: bool,
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

/// What groups are made for.
#[derive(Debug, Clone)]
pub(crate) enum Purpose {
    Summarize,
    Compare(compare::Task),
    Changes(changes::Task),
    Top(top::Task),
}

/// The field that says what ran.
const COMMAND: &str = "command";

/// The field that says where.
pub(crate) const MACHINE: &str = "machine";

/// The field that says what a run was for.
const PURPOSE: &str = "context.purpose";

/// The fields that rollups of the store are grouped by.
const ROLLED_UP: [&str; 2] = [COMMAND, MACHINE];

impl Config {
    /// Checks each flag, then the flags against each other. `now` is the time of day in milliseconds.
    pub(crate) fn new(args: Args, now: i64) -> Result<Self, Usage> {
        let period = args.period.check(now)?;
        if let Some(twice) = args.by.iter().enumerate().find(|(at, field)| args.by[..*at].contains(field)) {
            return Err(Usage::new(format!("--by names '{}' twice", twice.1), "name each field once"));
        }
        let purpose = purpose(&args)?;
        let by_windows = args.changes && args.window != WindowSize::All;
        let judged = if by_windows && args.metric.is_empty() {
            vec![DURATION.to_owned()]
        } else {
            judged(&args.metric)
        };
        let columns = if matches!(purpose, Purpose::Compare(_)) && args.metric.is_empty() {
            Columns::new(&JUDGED.iter().filter_map(|name| name.parse().ok()).collect::<Vec<_>>())?
        } else {
            Columns::new(&args.metric)?
        };
        let asked = args.by.iter().chain(args.filters.iter().map(|filter| &filter.field));
        let config = Self {
            leaves_out_deliberate: !asked.into_iter().any(|field| field.as_str() == PURPOSE),
            passes_alerts: args.pass_alerts,
            strict: args.input.strict,
            source: args.input.source(),
            by: args.by,
            columns,
            filters: args.filters,
            window: args.window,
            grace: i64::try_from(args.grace.as_millis()).unwrap_or(i64::MAX),
            period,
            result: if args.partial { ResultForm::Partial } else { ResultForm::Summary },
            merge: args.merge,
            workers: Workers::default(),
            purpose,
            judged,
        };
        config.check_fields()?;
        Ok(config)
    }

    /// Whether groups are what is written.
    pub(crate) fn summarizes(&self) -> bool {
        matches!(self.purpose, Purpose::Summarize)
    }

    /// Whether there are not too many fields.
    pub(crate) fn check_fields(&self) -> Result<(), Usage> {
        if self.by.len() + self.filters.len() + usize::from(self.leaves_out_deliberate) > Wanted::MOST {
            let message = format!("--by and --where name more than {} fields", Wanted::MOST);
            return Err(Usage::new(message, "name fewer fields"));
        }
        Ok(())
    }

    /// Groups by the machine too, so that runs of different ones are not mixed.
    pub(crate) fn part_machines(&mut self) {
        if self.by.iter().all(|field| field.as_str() != MACHINE) {
            self.by.extend(MACHINE.parse::<Field>());
        }
    }

    /// Whether a run was slow on purpose: one of a benchmark or a profile. Such runs count only for whoever asks for
    /// a purpose. The store's rollups do not have them either.
    #[inline]
    pub(crate) fn leaves_out(&self, run: &Run<'_>) -> bool {
        let purpose = || run.label(self.by.len() + self.filters.len());
        self.leaves_out_deliberate && matches!(purpose(), Label::Text("benchmark" | "profile"))
    }

    pub(crate) fn add_filter(&mut self, filter: Filter) {
        self.leaves_out_deliberate &= filter.field.as_str() != PURPOSE;
        self.filters.push(filter);
    }

    /// What a group's values are called in a comparison: the command, the machine, and further fields.
    pub(crate) fn parts(&self, key: &[Scalar]) -> (String, Option<String>, IndexMap<String, Scalar>) {
        let (mut command, mut machine, mut by) = (String::new(), None, IndexMap::new());
        for (field, value) in self.by.iter().zip(key) {
            match (field.as_str(), value) {
                (COMMAND, Scalar::Text(name)) => command.clone_from(name),
                (MACHINE, Scalar::Text(name)) => machine = Some(name.clone()),
                (COMMAND | MACHINE, _) => {}
                (name, value) => {
                    by.insert(name.to_owned(), value.clone());
                }
            }
        }
        (command, machine, by)
    }

    /// What to read of a run: the labels are those of the groups, then those of the filters, then the purpose.
    pub(crate) fn wanted(&self, partials: bool) -> Wanted {
        let filters = self.filters.iter().map(|filter| filter.field.clone());
        let purpose = self.leaves_out_deliberate.then(|| PURPOSE.parse().ok()).flatten();
        Wanted {
            numbers: self.columns.fields().to_vec(),
            labels: self.by.iter().cloned().chain(filters).chain(purpose).collect(),
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

    /// Whether a partial result tells the groups apart; it may be grouped by more fields and in another order.
    pub(crate) fn check_groups(&self, by: &IndexMap<String, Scalar>) -> Result<(), Refusal> {
        self.by.iter().try_for_each(|field| value(by, field).map(|_| ()))
    }

    /// Whether runs inside of other runs count: where commands stand apart they do, and else their time would
    /// count twice.
    pub(crate) fn counts_nested(&self) -> bool {
        self.by.iter().any(|field| field.as_str() == COMMAND)
    }

    /// Which rollups of the store can say all that is asked for.
    pub(crate) fn rollups(&self) -> Option<Grain> {
        self.window.grain().filter(|_| self.columns.is_plain() && self.rollups_know_fields())
    }

    /// The only metric that is looked at, if there is but one.
    pub(crate) fn only_metric(&self) -> Option<&str> {
        match (&self.purpose, &self.judged[..]) {
            (Purpose::Changes(_), [only]) => Some(only),
            _ => None,
        }
    }

    /// Whether rollups can tell groups and filters apart.
    pub(crate) fn rollups_know_fields(&self) -> bool {
        let filters = self.filters.iter().map(|filter| &filter.field);
        self.by.iter().chain(filters).all(|field| ROLLED_UP.contains(&field.as_str()))
    }

    /// Whether the answer, or what is left out of it, depends on machines.
    pub(crate) fn tells_machines(&self) -> bool {
        let filters = self.filters.iter().map(|filter| &filter.field);
        self.by.iter().chain(filters).any(|field| field.as_str() == MACHINE)
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

/// What groups are made for; an error if the flags do not go together.
fn purpose(args: &Args) -> Result<Purpose, Usage> {
    if let Some(most) = args.top {
        return top_of_groups(args, most.into());
    }
    let (flag, purpose) = match (&args.compare, args.changes) {
        (Some(baseline), _) => {
            let task = compare::Task {
                baseline: baseline.clone(),
                current: args.current.clone(),
                across_machines: args.across_machines,
                exit_code: args.exit_code,
                quiet: args.quiet,
                quick: args.quick,
            };
            ("--compare", Purpose::Compare(task))
        }
        (None, true) => {
            let task = changes::Task { across_machines: args.across_machines, exit_code: args.exit_code };
            ("--changes", Purpose::Changes(task))
        }
        (None, false) => return Ok(Purpose::Summarize),
    };
    if args.window != WindowSize::All && matches!(purpose, Purpose::Compare(_)) {
        let hint = "choose the time with --since and --until";
        return Err(Usage::new(format!("{flag} and --window do not go together"), hint));
    }
    if args.by.iter().all(|field| field.as_str() != COMMAND) {
        return Err(Usage::new(
            format!("{flag} is about commands, and --by does not name them"),
            "add `command` to --by",
        ));
    }
    Ok(purpose)
}

/// The task of `--top`.
fn top_of_groups(args: &Args, most: usize) -> Result<Purpose, Usage> {
    if args.window != WindowSize::All {
        let hint = "choose the time with --since and --until";
        return Err(Usage::new("--top and --window do not go together", hint));
    }
    let metric = match &args.metric[..] {
        [] => None,
        [Chosen::Metric(field)] => Some(field).filter(|field| field.as_str() != DURATION).cloned(),
        several => {
            let names =
                if matches!(several, [Chosen::All]) { "all".to_owned() } else { several.len().to_string() };
            let message = format!("--top is about one metric, and --metric names {names}");
            return Err(Usage::new(message, "name one, such as `--metric resource_usage.peak_memory_mb`"));
        }
    };
    Ok(Purpose::Top(top::Task { most, metric }))
}

/// The metrics that are compared or watched: those that were chosen, or some that people ask for.
fn judged(chosen: &[Chosen]) -> Vec<String> {
    if chosen.is_empty() {
        return JUDGED.map(str::to_owned).to_vec();
    }
    let mut judged: Vec<String> = Vec::new();
    for chosen in chosen {
        let names: Vec<&str> = match chosen {
            Chosen::All => std::iter::once(DURATION).chain(METRICS).collect(),
            Chosen::Metric(field) => vec![field.as_str()],
        };
        for name in names {
            if judged.iter().all(|known| known != name) {
                judged.push(name.to_owned());
            }
        }
    }
    judged
}

fn value<'a>(by: &'a IndexMap<String, Scalar>, field: &Field) -> Result<&'a Scalar, Refusal> {
    by.get(field.as_str()).ok_or_else(|| Refusal::OtherGroups {
        by: by.keys().map(String::as_str).collect::<Vec<_>>().join(","),
        missing: field.as_str().to_owned(),
    })
}
