//! The phases of the runs of a group.
//!
//! Runs that come one after the other mostly have the same phases in the same order, and where their lines are
//! known to have the same keys, nothing is compared: each value goes where the one before it went.

use pm_record::Run;
use pm_stats::{Distribution, Moments};

use crate::columns::Columns;
use crate::key::cut;

/// How many phases a group keeps, as many as one run may have: the first by name, so that which
/// ones they are does not depend on the order of the runs.
const PHASES: usize = 64;

/// Stands for the place of a phase that is not kept.
const NOWHERE: u8 = u8::MAX;

/// One phase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phase {
    name: Box<str>,
    pub(crate) values: Values,
}

/// What is kept of the values of a phase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    Moments(Moments),
    Distribution(Box<Distribution>),
}

/// The phases, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phases {
    sorted: Vec<Phase>,
    /// The places of the phases of the run before, in the order of its line.
    places: Vec<u8>,
    /// The shape of its line.
    shape: Option<u32>,
}

impl PartialEq for Phases {
    fn eq(&self, other: &Self) -> bool {
        self.sorted == other.sorted
    }
}

impl Values {
    #[inline]
    fn push(&mut self, value: i64) {
        match self {
            Self::Moments(moments) => moments.push(value),
            Self::Distribution(distribution) => distribution.push(value),
        }
    }
}

impl Phases {
    /// Adds those of one run.
    #[inline]
    pub(crate) fn push(&mut self, run: &Run<'_>, columns: &Columns) {
        let shape = run.shape();
        if (shape.is_none() || shape != self.shape) && !self.is_as_before(run) {
            self.find(run, columns);
        }
        self.shape = shape;
        for (value, &place) in run.phase_values().zip(&self.places) {
            if let Some(phase) = self.sorted.get_mut(usize::from(place)) {
                phase.values.push(value);
            }
        }
    }

    /// Whether the run has the phases of the one before.
    fn is_as_before(&self, run: &Run<'_>) -> bool {
        let is_at = |name: &str, place: u8| {
            self.sorted.get(usize::from(place)).is_some_and(|phase| *phase.name == *cut(name))
        };
        run.phases().len() == self.places.len()
            && run.phases().zip(&self.places).all(|((name, _), &place)| is_at(name, place))
    }

    fn find(&mut self, run: &Run<'_>, columns: &Columns) {
        for (name, _) in run.phases() {
            self.among_first(cut(name), columns);
        }
        // One that came in later moved the others.
        self.places.clear();
        for (name, _) in run.phases() {
            let place = self.search(cut(name)).ok().and_then(|place| u8::try_from(place).ok());
            self.places.push(place.unwrap_or(NOWHERE));
        }
    }

    fn search(&self, name: &str) -> Result<usize, usize> {
        self.sorted.binary_search_by(|phase| (*phase.name).cmp(name))
    }

    /// The values of a phase, none yet if it is new, as long as it is one of the first.
    ///
    /// One that makes way for another before it never comes back, so what is kept in the end saw all of its
    /// values, whatever their order.
    pub(crate) fn among_first(&mut self, name: &str, columns: &Columns) -> Option<&mut Values> {
        let place = match self.search(name) {
            Ok(place) => place,
            Err(place) if place >= PHASES => return None,
            Err(place) => {
                self.sorted.truncate(PHASES - 1);
                if self.sorted.len() == self.sorted.capacity() {
                    self.sorted.reserve_exact(self.sorted.len().clamp(1, 8));
                }
                let values = if columns.distributes_phase(name) {
                    Values::Distribution(Box::default())
                } else {
                    Values::Moments(Moments::default())
                };
                self.sorted.insert(place, Phase { name: name.into(), values });
                // Those behind it stand elsewhere now.
                self.places.clear();
                self.shape = None;
                place
            }
        };
        Some(&mut self.sorted[place].values)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.sorted.iter().map(|phase| (&*phase.name, &phase.values))
    }
}
