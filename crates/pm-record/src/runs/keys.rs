//! Keys of objects, numbered, and found again without a look at each of them.

use super::bytes;

/// How many chains the keys are spread over.
const BUCKETS: usize = 64;

/// Some keys, numbered from 0 in the order in which they came.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    all: Vec<Box<[u8]>>,
    /// For each hash, the first key that has it, and for each key the next one: plus one, or 0.
    first: [u8; BUCKETS],
    next: Vec<u8>,
}

impl Default for Keys {
    fn default() -> Self {
        Self { all: Vec::new(), first: [0; BUCKETS], next: Vec::new() }
    }
}

/// Length and ends keep the keys of records apart well enough.
#[inline]
fn bucket(key: &[u8]) -> usize {
    let end = |byte: Option<&u8>| byte.copied().map_or(0, usize::from);
    (key.len() * 7 + end(key.first()) * 3 + end(key.last()) * 13) % BUCKETS
}

impl Keys {
    /// The most keys that one can hold.
    pub(super) const MOST: usize = 254;

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The number of a key.
    #[inline]
    pub(super) fn find(&self, key: &[u8]) -> Option<usize> {
        let mut link = self.first[bucket(key)];
        loop {
            let place = usize::from(link.checked_sub(1)?);
            let kept = self.all.get(place)?;
            if kept.len() == key.len() && bytes::continues(key, 0, kept) {
                return Some(place);
            }
            link = *self.next.get(place)?;
        }
    }

    /// Adds a key that is not there yet, if there is room, and returns its number.
    pub(super) fn add(&mut self, key: &[u8]) -> Option<usize> {
        let place = self.all.len();
        if place == Self::MOST {
            return None;
        }
        let first = &mut self.first[bucket(key)];
        self.next.push(std::mem::replace(first, u8::try_from(place + 1).ok()?));
        self.all.push(key.into());
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_under_its_own_number_until_there_is_no_more_room() {
        let mut keys = Keys::default();
        let name = |number: usize| format!("key_{number}");
        for number in 0..Keys::MOST {
            assert_eq!(keys.find(name(number).as_bytes()), None);
            assert_eq!(keys.add(name(number).as_bytes()), Some(number));
        }
        assert_eq!(keys.add(b"one more"), None);
        for number in 0..Keys::MOST {
            assert_eq!(keys.find(name(number).as_bytes()), Some(number));
        }
        assert_eq!((keys.find(b""), keys.find(b"key"), keys.len()), (None, None, Keys::MOST));
    }
}
