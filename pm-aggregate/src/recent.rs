//! Where the groups of the last runs stand, found without a search.
//!
//! A log has few commands, and a run mostly belongs to a group that had one a moment ago. The keys of such
//! groups are short, so that one fits into four words and is compared without a call; a longer one is left to
//! the table of all groups, and so is what has lost its place here to another.

/// How long a key may be.
const LONGEST: usize = 64;

/// How many groups are remembered; a power of two.
const PLACES: usize = 64;

/// A short key while it is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortKey {
    /// Zeros behind its end. Keys of different lengths are different all the same: each label says how long it is.
    bytes: [u8; LONGEST],
    length: usize,
}

/// The groups of the last runs.
#[derive(Debug)]
pub(crate) struct Recent {
    keys: [[u8; LONGEST]; PLACES],
    /// Where each group stands in the table of all groups.
    groups: [Option<usize>; PLACES],
}

impl ShortKey {
    /// A key that begins with the start of a window and with whether the run is nested.
    #[inline]
    pub(crate) fn new(window: i64, nested: bool) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..8].copy_from_slice(&window.to_le_bytes());
        bytes[8] = u8::from(nested);
        Self { bytes, length: 9 }
    }

    /// The key with one more text; none if it becomes too long.
    #[inline]
    pub(crate) fn with(mut self, text: &[u8]) -> Option<Self> {
        let start = self.length + 1;
        let end = start + text.len();
        let room = self.bytes.get_mut(start..end)?;
        copy(room, text);
        // One more than its length, so that an empty text is not what stands behind the end.
        self.bytes[self.length] = u8::try_from(text.len() + 1).ok()?;
        self.length = end;
        Some(self)
    }

    /// The only place where its group can be remembered.
    #[inline]
    fn place(&self) -> usize {
        let mut hash = 0_u64;
        for word in self.bytes[..32].as_chunks::<8>().0 {
            hash = (hash ^ u64::from_le_bytes(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        (hash >> 32) as usize % PLACES
    }
}

/// Copies a text of less than [`LONGEST`] bytes into a room of its length: by words that may overlap, for a copy
/// of a length that is not known is a call, which costs more than it does.
#[inline]
fn copy(room: &mut [u8], text: &[u8]) {
    fn ends<const N: usize>(room: &mut [u8], text: &[u8]) -> bool {
        let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) else {
            return false;
        };
        let (first, last) = (*first, *last);
        if let Some(room) = room.first_chunk_mut() {
            *room = first;
        }
        if let Some(room) = room.last_chunk_mut() {
            *room = last;
        }
        true
    }
    match text.len() {
        33.. => room.copy_from_slice(text),
        16.. => drop(ends::<16>(room, text)),
        8.. => drop(ends::<8>(room, text)),
        4.. => drop(ends::<4>(room, text)),
        _ => room.iter_mut().zip(text).for_each(|(to, from)| *to = *from),
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self { keys: [[0; LONGEST]; PLACES], groups: [None; PLACES] }
    }
}

impl Recent {
    /// Where the group of a key stands, if it is remembered.
    #[inline]
    pub(crate) fn find(&self, key: &ShortKey) -> Option<usize> {
        let place = key.place();
        if self.keys[place] == key.bytes { self.groups[place] } else { None }
    }

    /// Remembers where a group stands.
    pub(crate) fn remember(&mut self, key: &ShortKey, group: usize) {
        let place = key.place();
        self.keys[place] = key.bytes;
        self.groups[place] = Some(group);
    }

    /// Forgets everything: groups have left the table, and others stand elsewhere now.
    pub(crate) fn forget(&mut self) {
        self.groups = [None; PLACES];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_any_length_is_copied_whole() {
        for length in 0..LONGEST {
            let text: Vec<u8> = (1..=length).map(|byte| u8::try_from(byte).expect("short")).collect();
            let mut room = vec![0; length];
            copy(&mut room, &text);
            assert_eq!(room, text);
        }
    }

    #[test]
    fn keys_are_the_same_only_if_all_of_their_parts_are() {
        let key = |window, nested, texts: &[&str]| {
            texts.iter().try_fold(ShortKey::new(window, nested), |key, text| key.with(text.as_bytes()))
        };
        let keys = [
            key(0, false, &["ab", "c"]),
            key(0, false, &["a", "bc"]),
            key(0, false, &["abc"]),
            key(0, false, &["abc", ""]),
            key(0, true, &["ab", "c"]),
            key(1, false, &["ab", "c"]),
            key(0, false, &["ab\0", "c"]),
            key(0, false, &["ab", "\0c"]),
        ];
        for (at, one) in keys.iter().enumerate() {
            assert!(one.is_some());
            // It is the bytes that are compared, and not the length.
            let bytes = |key: &Option<ShortKey>| key.map(|key| key.bytes);
            assert!(keys[..at].iter().all(|other| bytes(other) != bytes(one)), "{one:?}");
        }
        assert_eq!(key(0, false, &["x".repeat(54).as_str()]).map(|key| key.length), Some(LONGEST));
        assert_eq!(key(0, false, &["x".repeat(55).as_str()]), None);
    }

    #[test]
    fn a_group_is_found_where_it_stands_until_it_is_forgotten() {
        let mut recent = Recent::default();
        let key = |name: &str| ShortKey::new(7, false).with(name.as_bytes()).expect("short");
        assert_eq!(recent.find(&ShortKey { bytes: [0; LONGEST], length: 0 }), None);
        recent.remember(&key("batch"), 3);
        assert_eq!((recent.find(&key("batch")), recent.find(&key("status"))), (Some(3), None));
        for number in 0..1000 {
            recent.remember(&key(&number.to_string()), number);
            assert_eq!(recent.find(&key(&number.to_string())), Some(number));
        }
        recent.forget();
        assert_eq!(recent.find(&key("999")), None);
    }
}
