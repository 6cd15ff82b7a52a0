//! A map that stops taking new keys when it is full: what came first is what there is most of.

use std::hash::Hash;

use indexmap::IndexMap;

/// At most so many different keys.
const MOST: usize = 4_000;

/// Values by key, in the order in which the keys came.
#[derive(Debug)]
pub(crate) struct Bounded<K, V>(IndexMap<K, V>);

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self(IndexMap::new())
    }
}

impl<K: Hash + Eq, V: Default> Bounded<K, V> {
    /// The value of a key, which is made if it is new; none if there is no room for it.
    pub(crate) fn of(&mut self, key: K) -> Option<&mut V> {
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            return None;
        }
        Some(self.0.entry(key).or_default())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.get(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_map_takes_no_new_key_and_still_knows_the_old_ones() {
        let mut map = Bounded::<usize, u32>::default();
        for key in 0..MOST + 10 {
            let _ = map.of(key).map(|value| *value += 1);
        }
        assert_eq!(map.iter().count(), MOST);
        assert!(map.of(MOST + 1).is_none() && map.of(0).is_some() && map.get(&1) == Some(&1));
    }
}
