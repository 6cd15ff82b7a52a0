//! Divides the time of a run among its phases: every instant belongs to exactly one, so they sum to the total.
//!
//! That one is the innermost phase that the command has marked; else the first `--phase` of the command line
//! of which a process lives; else `other`. All is counted in whole microseconds, each instant cut off rather
//! than each span, so that nothing is lost to rounding.
//!
//! A command can neither make this grow without bound nor unbalance it: names beyond the 64th share `other`,
//! and phases nested deeper than 65,536 are only counted.

use std::time::Duration;

use indexmap::IndexMap;
use pm_record::Thousandths;

use crate::marks::{PhaseName, Step};

/// The most names that have a time of their own; those of the command line come first.
const MOST_NAMES: usize = 64;

/// The most phases, one inside the other, that are told apart.
const DEEPEST: usize = 65_536;

/// Where time goes that no phase has.
const OTHER: &str = "other";

/// Where time goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// To the name at this index.
    Named(u8),
    Other,
}

/// What `--phase` asked for.
#[derive(Debug)]
struct Rule {
    place: Place,
    /// How many of its processes live.
    live: u64,
}

/// The phases of one run, on a clock that the caller reads.
#[derive(Debug)]
pub(crate) struct Phases {
    names: Vec<PhaseName>,
    rules: Vec<Rule>,
    /// The phases that are marked, innermost last.
    open: Vec<Place>,
    /// Those for which there was no room; they are inside all of `open`.
    deeper: u64,
    marked: bool,
    /// The last instant, in microseconds, and where time has gone since.
    now: i64,
    current: Place,
    /// Microseconds, in the order in which they began.
    spent: IndexMap<Place, i64>,
}

impl Phases {
    /// Starts with the phases of the command line, in its order; a name may be there more than once.
    pub(crate) fn new(programs: Vec<PhaseName>) -> Self {
        let mut phases = Self {
            names: Vec::new(),
            rules: Vec::with_capacity(programs.len()),
            open: Vec::new(),
            deeper: 0,
            marked: false,
            now: 0,
            current: Place::Other,
            spent: IndexMap::new(),
        };
        for name in programs {
            let place = phases.place(&name);
            phases.rules.push(Rule { place, live: 0 });
        }
        phases
    }

    /// Takes a step that was marked at this instant. An instant before the last one is taken as the last one.
    ///
    /// Closing where nothing is open, or by a name that the innermost phase does not have, is a mistake of
    /// the command and changes nothing.
    pub(crate) fn mark(&mut self, at: Duration, step: &Step) {
        self.go_on(at);
        match step {
            Step::Switch(name) => self.switch(name),
            Step::Open(name) => self.open(name),
            Step::Close(name) => self.close(name.as_ref()),
        }
        self.settle();
    }

    /// A process of a `--phase` has begun, where `rule` is the index of the phase in the command line.
    pub(crate) fn program_began(&mut self, at: Duration, rule: usize) {
        self.go_on(at);
        if let Some(rule) = self.rules.get_mut(rule) {
            rule.live += 1;
        }
        self.settle();
    }

    /// A process of a `--phase` has ended.
    pub(crate) fn program_ended(&mut self, at: Duration, rule: usize) {
        self.go_on(at);
        if let Some(rule) = self.rules.get_mut(rule) {
            rule.live = rule.live.saturating_sub(1);
        }
        self.settle();
    }

    /// The milliseconds of every phase, as `<name>_ms`, in the order in which they began; nothing if nobody
    /// asked for phases.
    pub(crate) fn finish(mut self, total: Duration) -> IndexMap<String, Thousandths> {
        if !self.marked && self.rules.is_empty() {
            return IndexMap::new();
        }
        self.go_on(total);
        self.give_back(self.now - micros(total));
        if self.spent.is_empty() {
            self.spent.insert(Place::Other, 0);
        }
        let key = |place| match place {
            Place::Named(index) => format!("{}_ms", self.names[usize::from(index)]),
            Place::Other => format!("{OTHER}_ms"),
        };
        self.spent.iter().map(|(&place, &spent)| (key(place), Thousandths(spent))).collect()
    }

    fn switch(&mut self, name: &PhaseName) {
        if self.open.is_empty() {
            return self.open(name);
        }
        self.marked = true;
        // One that is too deep has no place that it could give up.
        if self.deeper == 0 {
            self.open.pop();
            let place = self.place(name);
            self.open.push(place);
        }
    }

    fn open(&mut self, name: &PhaseName) {
        self.marked = true;
        if self.open.len() < DEEPEST {
            let place = self.place(name);
            self.open.push(place);
        } else {
            self.deeper += 1;
        }
    }

    fn close(&mut self, name: Option<&PhaseName>) {
        if self.deeper > 0 {
            // Its name is not known, so the command is taken at its word.
            self.deeper -= 1;
        } else if name.is_none_or(|name| self.open.last().copied() == self.find(name)) {
            self.open.pop();
        }
    }

    /// Where the time of a phase goes. A new name is remembered while there is room.
    fn place(&mut self, name: &PhaseName) -> Place {
        self.find(name).unwrap_or_else(|| {
            self.names.push(name.clone());
            self.find(name).unwrap_or(Place::Other)
        })
    }

    /// The same for a name that must have been there before.
    fn find(&self, name: &PhaseName) -> Option<Place> {
        match self.names.iter().position(|known| known == name) {
            Some(index) => u8::try_from(index).ok().map(Place::Named),
            None => (name.as_str() == OTHER || self.names.len() == MOST_NAMES).then_some(Place::Other),
        }
    }

    /// Gives the time since the last instant to the phase that it belongs to.
    fn go_on(&mut self, at: Duration) {
        let at = micros(at).max(self.now);
        if at > self.now {
            *self.spent.entry(self.current).or_default() += at - self.now;
        }
        self.now = at;
    }

    /// Finds out whose time comes next.
    fn settle(&mut self) {
        let program = || self.rules.iter().find(|rule| rule.live > 0).map(|rule| rule.place);
        self.current = self.open.last().copied().or_else(program).unwrap_or(Place::Other);
        // A phase that was marked is worth telling even if it took no time; `other` is only what is left.
        if self.current != Place::Other {
            self.spent.entry(self.current).or_default();
        }
    }

    /// Takes time that lies behind the end from the phases that began last: a process or a mark can be seen
    /// just after the command has ended.
    fn give_back(&mut self, mut excess: i64) {
        for spent in self.spent.values_mut().rev() {
            let given = excess.min(*spent);
            *spent -= given;
            excess -= given;
        }
        if self.spent.get(&Place::Other) == Some(&0) {
            self.spent.shift_remove(&Place::Other);
        }
    }
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
