//! Where the groups of the last runs stand, found without a search.
//!
//! A log has few commands and few machines, and a run mostly belongs to a group that had one of the same machine
//! a moment ago. The keys of such groups are short, so that one fits into a few words together with the machine
//! and is compared without a call; a longer one is left to the table of all groups, and so is what has lost its
//! place here to another. Whoever is found here needs not be asked whether the group knows the machine.

/// How many words a key may have.
const LONGEST: usize = 8;

/// How many groups and machines of theirs are remembered; a power of two.
const PLACES: usize = 256;

/// A short key while it is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortKey {
    /// The start of the window, whether the run is nested and how long each text is, and then the texts, each in
    /// words of its own; zeros behind them.
    words: [u64; LONGEST],
    /// How many words there are, and how many texts.
    length: usize,
    texts: usize,
}

/// The groups of the last runs.
#[derive(Debug)]
pub(crate) struct Recent {
    keys: [[u64; LONGEST]; PLACES],
    /// Where each group stands in the table of all groups.
    groups: [Option<usize>; PLACES],
}

impl ShortKey {
    /// A key that begins with the start of a window and with whether the run is nested.
    #[inline]
    pub(crate) fn new(window: i64, nested: bool) -> Self {
        let mut words = [0; LONGEST];
        (words[0], words[1]) = (window.cast_unsigned(), u64::from(nested));
        Self { words, length: 2, texts: 0 }
    }

    /// The key with one more text; none if it becomes too long.
    #[inline]
    pub(crate) fn with(mut self, text: &[u8]) -> Option<Self> {
        self.texts += 1;
        // One more than its length, so that an empty text is not none.
        self.words[1] |= (text.len() as u64 + 1).checked_shl(8 * u32::try_from(self.texts).ok()?)?;
        if let Some(last) = text.last_chunk::<8>() {
            let (words, rest) = text.as_chunks::<8>();
            for word in words {
                self.push(u64::from_le_bytes(*word))?;
            }
            if !rest.is_empty() {
                self.push(u64::from_le_bytes(*last))?;
            }
        } else {
            self.push(short_word(text))?;
        }
        Some(self)
    }

    #[inline]
    fn push(&mut self, word: u64) -> Option<()> {
        *self.words.get_mut(self.length)? = word;
        self.length += 1;
        Some(())
    }

    /// One of the two places where its group can be remembered; the other one is beside it.
    #[inline]
    fn place(&self) -> usize {
        let mut hash = 0_u64;
        for word in self.words {
            hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
        (hash >> 32) as usize % PLACES
    }
}

/// A text of less than eight bytes as a word. Texts of one length have one word only if they are the same: it is
/// made of the first and the last half, which may overlap.
#[inline]
fn short_word(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    text.iter().fold(0, |word, &byte| word << 8 | u64::from(byte))
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
        if self.holds(place, key) {
            return self.groups[place];
        }
        let other = place ^ 1;
        if self.holds(other, key) { self.groups[other] } else { None }
    }

    #[inline]
    fn holds(&self, place: usize, key: &ShortKey) -> bool {
        // A comparison of arrays is a call of the C library, which in the static builds goes byte by byte.
        self.keys[place].iter().zip(key.words).fold(0, |all, (one, other)| all | (one ^ other)) == 0
    }

    /// Remembers where a group stands. What stood in its place moves to the other one.
    pub(crate) fn remember(&mut self, key: &ShortKey, group: usize) {
        let place = key.place();
        (self.keys[place ^ 1], self.groups[place ^ 1]) = (self.keys[place], self.groups[place]);
        (self.keys[place], self.groups[place]) = (key.words, Some(group));
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
    fn texts_that_differ_in_one_byte_are_two_keys_whatever_their_length() {
        for length in 1..=48 {
            let text = vec![b'x'; length];
            let key = |text: &[u8]| ShortKey::new(0, false).with(text).expect("short").words;
            for place in 0..length {
                let mut other = text.clone();
                other[place] ^= 1;
                assert_ne!(key(&text), key(&other), "{length} {place}");
            }
            assert_ne!(key(&text), key(&text[1..]), "{length}");
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
            // It is the words that are compared, and nothing else.
            let words = |key: &Option<ShortKey>| key.map(|key| key.words);
            assert!(keys[..at].iter().all(|other| words(other) != words(one)), "{one:?}");
        }
        assert_eq!(key(0, false, &["x".repeat(48).as_str()]).map(|key| key.length), Some(LONGEST));
        assert_eq!(key(0, false, &["x".repeat(49).as_str()]), None);
        assert_eq!(key(0, false, &["x"; 7]), None);
    }

    #[test]
    fn a_group_is_found_where_it_stands_until_it_is_forgotten() {
        let mut recent = Recent::default();
        let key = |name: &str| ShortKey::new(7, false).with(name.as_bytes()).expect("short");
        assert_eq!(recent.find(&ShortKey { words: [0; LONGEST], length: 0, texts: 0 }), None);
        recent.remember(&key("batch"), 3);
        assert_eq!((recent.find(&key("batch")), recent.find(&key("status"))), (Some(3), None));
        for number in 0..1000 {
            recent.remember(&key(&number.to_string()), number);
            assert_eq!(recent.find(&key(&number.to_string())), Some(number));
        }
        // Each is in one of its two places, or nowhere: nobody is taken for another.
        let found = (0..2000).map(|number| (number, recent.find(&key(&number.to_string()))));
        let kept =
            found.filter(|&(number, found)| found.inspect(|&found| assert_eq!(found, number)).is_some());
        assert!((PLACES / 2..=PLACES).contains(&kept.count()));
        recent.forget();
        assert_eq!(recent.find(&key("999")), None);
    }
}
