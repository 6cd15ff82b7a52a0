//! The labels of a mark: what only the command knows of its work, such as `task_count`.

use indexmap::IndexMap;
use pm_record::Scalar;
use serde::Deserialize;
use serde_json::Value;

use super::line::NoMark;

/// The most labels of one mark, and of all marks of a run.
pub(super) const MOST: usize = 64;

/// The longest text of a label, in bytes.
pub(super) const LONGEST: usize = 256;

pub(super) fn read(context: IndexMap<String, Value>) -> Result<IndexMap<String, Scalar>, NoMark> {
    if context.len() > MOST {
        return Err(NoMark::TooManyLabels);
    }
    let mut labels = IndexMap::new();
    for (key, value) in context {
        if key.is_empty() || key.contains('.') {
            return Err(NoMark::NotALabel(key));
        }
        if value.is_null() {
            continue;
        }
        match Scalar::deserialize(value).ok().filter(fits) {
            Some(scalar) => labels.insert(key, scalar),
            None => return Err(NoMark::NotAScalar(key)),
        };
    }
    Ok(labels)
}

/// A list, an object or a number that cannot be held has been read as null.
fn fits(scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Null => false,
        Scalar::Text(text) => text.len() <= LONGEST,
        Scalar::Bool(_) | Scalar::Number(_) => true,
    }
}

/// Adds the labels of one mark to those of all before it; the last value of each counts.
///
/// Returns whether there was room for all: a command that never stops inventing labels takes no more memory.
pub(crate) fn label(labels: &mut IndexMap<String, Scalar>, more: IndexMap<String, Scalar>) -> bool {
    let mut room = true;
    for (key, scalar) in more {
        if labels.len() < MOST || labels.contains_key(&key) {
            labels.insert(key, scalar);
        } else {
            room = false;
        }
    }
    room
}

#[cfg(test)]
mod tests {
    use pm_record::Thousandths;

    use super::*;

    fn number(count: usize) -> Scalar {
        Scalar::Number(Thousandths::from_count(count as u64))
    }

    #[test]
    fn the_last_value_of_a_label_counts_and_there_are_at_most_64() {
        let mut labels = IndexMap::new();
        for count in 0..MOST {
            assert!(label(&mut labels, IndexMap::from([(format!("l{count}"), number(count))])));
        }
        let more = IndexMap::from([("one_more".to_owned(), number(1)), ("l0".to_owned(), number(7))]);
        assert!(!label(&mut labels, more));
        assert_eq!((labels.len(), &labels["l0"]), (MOST, &number(7)));
    }
}
