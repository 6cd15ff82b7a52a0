//! A map that forgets what was not asked about for long, in constant time and by no clock.
//!
//! There are two halves. What is asked about moves to the young one; when that is full, it becomes the old one, and
//! what was the old one is forgotten. So the last few tens of thousands of different keys are always known.

use std::collections::HashMap;
use std::hash::Hash;

/// How many keys a half holds.
const HALF: usize = 50_000;

/// Values by key.
#[derive(Debug)]
pub(crate) struct Generations<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Generations<K, V> {
    fn default() -> Self {
        Self { young: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Hash + Eq + Copy, V: Default> Generations<K, V> {
    /// The value of a key, which is made if it is not known, and whether it was known.
    pub(crate) fn of(&mut self, key: K) -> (&mut V, bool) {
        let moved = self.old.remove(&key);
        if self.young.len() >= HALF && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        let was_known = moved.is_some() || self.young.contains_key(&key);
        (self.young.entry(key).or_insert_with(|| moved.unwrap_or_default()), was_known)
    }

    /// Everything that is still known, in no order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.young.values().chain(self.old.values())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about_stays_and_the_rest_is_forgotten() {
        let mut map = Generations::<usize, usize>::default();
        *map.of(0).0 = 7;
        for key in 1..4 * HALF {
            let _ = map.of(key);
            assert_eq!((*map.of(0).0, map.of(0).1), (7, true));
        }
        assert!(!map.of(1).1);
        assert!(map.values().count() <= 2 * HALF + 1);
    }
}
