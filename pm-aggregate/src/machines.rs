//! The machines that runs ran on: the first 64 by name, because which ones are kept must not depend on the order
//! of the runs.

use std::collections::BTreeSet;

use pm_record::{MACHINES, Run};

use crate::key::cut;

/// Names of machines, sorted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Machines {
    names: Vec<Box<str>>,
    /// The place of the one that was seen last: runs of one machine mostly come one after the other.
    last: usize,
}

impl PartialEq for Machines {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}

impl Machines {
    /// Adds the one that a run ran on.
    #[inline]
    pub(crate) fn add_of(&mut self, run: &Run<'_>) {
        let is_last = self.names.get(self.last).is_some_and(|last| run.ran_on(last));
        if !is_last && let Some(machine) = run.machine() {
            self.find(cut(machine));
        }
    }

    /// Adds one.
    pub(crate) fn add(&mut self, name: &str) {
        if self.names.get(self.last).is_none_or(|last| **last != *name) {
            self.find(cut(name));
        }
    }

    fn find(&mut self, name: &str) {
        match self.names.binary_search_by(|kept| (**kept).cmp(name)) {
            Ok(place) => self.last = place,
            Err(place) if place < MACHINES => {
                self.names.truncate(MACHINES - 1);
                self.names.insert(place, name.into());
                self.last = place;
            }
            Err(_) => {}
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    pub(crate) fn to_set(&self) -> BTreeSet<String> {
        self.iter().map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_64_by_name_are_kept_whatever_the_order() {
        let (mut up, mut down) = (Machines::default(), Machines::default());
        let name = |number: usize| format!("m{number:03}");
        for number in 0..200 {
            up.add(&name(number));
            up.add(&name(number));
            down.add(&name(199 - number));
            down.add(&name(0));
        }
        assert_eq!(up, down);
        assert_eq!(up.iter().map(str::to_owned).collect::<Vec<_>>(), (0..64).map(name).collect::<Vec<_>>());
    }
}
