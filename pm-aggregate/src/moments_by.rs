//! Moments by key, of the keys that have any.
//!
//! A sorted vector: there are at most a few dozen keys and mostly a handful, while a tree's first node
//! alone is larger than everything else that an ordinary group holds.

use std::borrow::Borrow;

use pm_stats::Moments;

/// Moments by key, in the order of the keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MomentsBy<K> {
    sorted: Vec<(K, Moments)>,
}

impl<K> Default for MomentsBy<K> {
    fn default() -> Self {
        Self { sorted: Vec::new() }
    }
}

impl<K: Ord> MomentsBy<K> {
    /// The moments of `key`, empty ones if it had none, as long as the key is one of the first `most`.
    ///
    /// One that makes way for a smaller key never comes back, so what is kept in the end saw all of its
    /// values, whatever their order.
    pub(crate) fn among_first<Q>(&mut self, most: usize, key: &Q) -> Option<&mut Moments>
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        let place = match self.sorted.binary_search_by(|(kept, _)| kept.borrow().cmp(key)) {
            Ok(place) => place,
            Err(place) if place >= most => return None,
            Err(place) => {
                self.sorted.truncate(most - 1);
                if self.sorted.len() == self.sorted.capacity() {
                    self.sorted.reserve_exact(self.sorted.len().clamp(1, 8));
                }
                self.sorted.insert(place, (key.to_owned(), Moments::default()));
                place
            }
        };
        Some(&mut self.sorted[place].1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &Moments)> {
        self.sorted.iter().map(|(key, moments)| (key, moments))
    }
}
