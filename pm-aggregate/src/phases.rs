//! The phases of the runs of a group.
//!
//! The reader numbers the names that it meets, so that a name is looked up once for each group, and every other
//! value of that phase goes where the first one went.

use pm_record::Run;
use pm_stats::{Distribution, Moments};

use crate::columns::Columns;
use crate::key::cut;

/// How many phases a group keeps, as many as one run may have: the first by name, so that which
/// ones they are does not depend on the order of the runs.
const PHASES: usize = 64;

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
    /// Where the phases are whose names have these numbers.
    places: Vec<Place>,
}

/// Where a phase is, as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Unknown,
    At(u8),
    /// It is not one of those that are kept.
    Nowhere,
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
        for (at, (number, value)) in run.numbered_phases().enumerate() {
            let place = number.and_then(|number| self.places.get(usize::from(number)).copied());
            let phase = match place {
                Some(Place::At(place)) => {
                    self.sorted.get_mut(usize::from(place)).map(|phase| &mut phase.values)
                }
                Some(Place::Nowhere) => None,
                Some(Place::Unknown) | None => {
                    self.find(run.phase_name(at).unwrap_or_default(), number, columns)
                }
            };
            if let Some(values) = phase {
                values.push(value);
            }
        }
    }

    /// The values of a phase whose place is not known yet.
    #[cold]
    fn find(&mut self, name: &str, number: Option<u8>, columns: &Columns) -> Option<&mut Values> {
        let name = cut(name);
        let kept = self.among_first(name, columns).is_some();
        let place = self.search(name).ok().filter(|_| kept);
        if let Some(number) = number.map(usize::from) {
            if number >= self.places.len() {
                self.places.resize(number + 1, Place::Unknown);
            }
            let known = place.and_then(|place| u8::try_from(place).ok());
            self.places[number] = known.map_or(Place::Nowhere, Place::At);
        }
        place.map(|place| &mut self.sorted[place].values)
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
                place
            }
        };
        Some(&mut self.sorted[place].values)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Values)> {
        self.sorted.iter().map(|phase| (&*phase.name, &phase.values))
    }
}
