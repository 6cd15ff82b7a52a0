//! The machines that runs ran on: the first 64 by name, because which ones are kept must not depend on the order
//! of the runs.

use std::collections::BTreeSet;

use pm_record::{MACHINES, Run};

use crate::key::cut;

/// Names of machines, sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Machines {
    names: Vec<Box<str>>,
}

impl Machines {
    /// Adds the one that a run ran on.
    pub(crate) fn add_of(&mut self, run: &Run<'_>) {
        if let Some(machine) = run.machine() {
            self.add(machine);
        }
    }

    /// Adds one.
    pub(crate) fn add(&mut self, name: &str) {
        let name = cut(name);
        if let Err(place) = self.names.binary_search_by(|kept| (**kept).cmp(name))
            && place < MACHINES
        {
            self.names.truncate(MACHINES - 1);
            self.names.insert(place, name.into());
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
