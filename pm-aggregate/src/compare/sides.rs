//! Both sides of a comparison, as two configurations of the same groups.

use pm_cli::{Input, Source, Streams, Usage};
use pm_store::{Benchmarks, Grain, Question, Store};

use super::Task;
use crate::Error;
use crate::config::Config;
use crate::filter::Filter;
use crate::inputs::{self, Taken};
use crate::selection::{Baseline, Selection};

/// The baseline's configuration and the current one's. They differ in the period and in what the filters ask
/// for, and read the same fields.
#[derive(Debug)]
pub(super) struct Sides {
    pub(super) baseline: Config,
    pub(super) current: Config,
}

impl Sides {
    pub(super) fn new(config: &Config, task: &Task, now: i64) -> Result<Self, Usage> {
        let mut baseline = config.clone();
        if !task.across_machines {
            baseline.part_machines();
        }
        let mut sides = Self { current: baseline.clone(), baseline };
        if let Baseline::Selection(selection) = &task.baseline {
            sides.select(selection, Side::Baseline, now)?;
        }
        if let Some(selection) = &task.current {
            sides.select(selection, Side::Current, now)?;
        }
        sides.baseline.check_fields()?;
        Ok(sides)
    }

    fn select(&mut self, selection: &Selection, side: Side, now: i64) -> Result<(), Usage> {
        match selection {
            Selection::Time(stretch) => {
                let refuse = |message: String| Usage::new(message, "try the two times the other way round");
                let period = stretch.period(now).map_err(refuse)?;
                match side {
                    Side::Baseline => {
                        self.baseline.period = period;
                        if self.current.period.is_all() {
                            self.current.period.since = period.until;
                        }
                    }
                    Side::Current => self.current.period = period,
                }
            }
            Selection::Label { field, value } => {
                let is = Filter::new(field.clone(), value.clone());
                let (mine, other) = match side {
                    // What is not the baseline has changed since, if nothing else is said of it.
                    Side::Baseline => (is.clone(), is.negated()),
                    Side::Current => (is.clone(), is.any()),
                };
                let (baseline, current) = match side {
                    Side::Baseline => (mine, other),
                    Side::Current => (other, mine),
                };
                self.baseline.add_filter(baseline);
                self.current.add_filter(current);
            }
        }
        Ok(())
    }

    /// Every input, with what each side takes of it.
    pub(super) fn open(&self, task: &Task, io: &mut Streams) -> Result<Vec<Shared>, Error> {
        let mut inputs = Vec::new();
        if let Baseline::File(path) = &task.baseline {
            // The period says which runs are the current ones.
            let taken = Taken::of_named(&self.baseline).of_all_time();
            let file = io.files(std::slice::from_ref(path))?;
            inputs.extend(file.into_iter().map(|input| (input, [Some(taken), None])));
        }
        let is_selection = matches!(task.baseline, Baseline::Selection(_));
        let sides = [is_selection.then_some(&self.baseline), Some(&self.current)];
        match &self.current.source {
            Source::Named(files) => {
                let taken = sides.map(|side| side.map(Taken::of_named));
                inputs.extend(io.inputs(files)?.into_iter().map(|input| (input, taken)));
            }
            Source::Store(named) => {
                for (place, side) in sides.into_iter().enumerate() {
                    let Some(side) = side else { continue };
                    let store = inputs::store(named.as_deref(), io)?;
                    let rollups = side.rollups_know_fields().then_some(Grain::All);
                    let (since, until) = (side.since(), side.until());
                    let records_first = !task.quick;
                    let question = Question { since, until, rollups, records_first, by_machine: true };
                    for source in store.sources(&question)? {
                        let (input, taken) = inputs::stored(side, source, io);
                        let mut both = [None; 2];
                        both[place] = Some(taken);
                        inputs.push((input, both));
                    }
                }
            }
        }
        Ok(inputs)
    }

    /// The limits that are the baseline, if they are.
    pub(super) fn limits(&self, task: &Task, io: &Streams) -> Result<Option<Benchmarks>, Error> {
        let Baseline::Limits(path) = &task.baseline else { return Ok(None) };
        // By its plain name it is the store's.
        let limits = if path.as_os_str() == "benchmarks.yml"
            && !io.environment.current_dir().join(path).is_file()
        {
            let named = if let Source::Store(named) = &self.current.source { named.as_deref() } else { None };
            let store: Store = inputs::store(named, io)?;
            Benchmarks::of(&store)
        } else {
            Benchmarks::of_file(&io.environment.current_dir().join(path))
        };
        let limits = limits?;
        if limits.commands.values().all(|limits| limits.baseline_ms.is_none()) {
            return Err(Error::NoLimits(path.clone()));
        }
        Ok(Some(limits))
    }
}

/// An input, with what each side takes of it.
pub(super) type Shared = (Input, [Option<Taken>; 2]);

#[derive(Debug, Clone, Copy)]
enum Side {
    Baseline,
    Current,
}
