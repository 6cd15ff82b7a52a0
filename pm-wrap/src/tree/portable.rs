//! Trees of processes where there is no `/proc`: nobody is seen, so memory is what the kernel tells at the
//! end, and a time limit reaches the command alone.

use rustix::process::Pid;

use crate::sightings::Sighting;

/// The root, and nobody below it.
#[derive(Debug)]
pub(crate) struct Tree {
    root: Pid,
}

impl Tree {
    pub(crate) fn of(root: Pid) -> Self {
        Self { root }
    }

    pub(crate) fn resident_kib(&mut self) -> Option<u64> {
        None
    }

    pub(crate) fn len(&self) -> usize {
        1
    }

    pub(crate) fn proportional_kib(&self) -> Option<u64> {
        None
    }

    pub(crate) fn high_water_kib(&self) -> Option<u64> {
        None
    }

    pub(crate) fn living(&mut self) -> Vec<Pid> {
        vec![self.root]
    }

    pub(crate) fn children_of_root(&self) -> Vec<Pid> {
        Vec::new()
    }

    pub(crate) fn sightings(&self) -> impl Iterator<Item = Sighting> {
        std::iter::empty()
    }
}
