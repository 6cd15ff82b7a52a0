//! Names that come again and again, kept once.
//!
//! It saves a copy for each record and changes no answer. Memory: [`MOST`] names, none longer than a name is kept.

use std::cell::RefCell;
use std::sync::Arc;

use foldhash::{HashSet, HashSetExt};

use crate::reading::cut;

/// How many names are kept before all are let go.
const MOST: usize = 4096;

/// The names.
#[derive(Debug)]
pub(crate) struct Names(RefCell<HashSet<Arc<str>>>);

impl Default for Names {
    fn default() -> Self {
        Self(RefCell::new(HashSet::new()))
    }
}

impl Names {
    /// The name, cut to what is kept of one.
    pub(crate) fn get(&self, text: &str) -> Arc<str> {
        let mut names = self.0.borrow_mut();
        let name = cut(text);
        if let Some(known) = names.get(name) {
            return known.clone();
        }
        if names.len() >= MOST {
            names.clear();
        }
        let new: Arc<str> = name.into();
        names.insert(new.clone());
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_there_are_never_too_many() {
        let names = Names::default();
        let first = names.get("batch");
        assert!(Arc::ptr_eq(&first, &names.get("batch")));
        for number in 0..2 * MOST {
            assert_eq!(&*names.get(&format!("c{number}")), format!("c{number}"));
            assert!(names.0.borrow().len() <= MOST);
        }
        assert_eq!(names.get(&"x".repeat(10_000)).len(), 256);
    }
}
