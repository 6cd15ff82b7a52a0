//! Thirty-two bytes that are looked at together, by the instructions that every x86-64 and ARM processor has:
//! most of what stands between two values of a record fits, and most strings.

use wide::u8x32;

/// How many bytes are looked at together.
pub(super) const WORD: usize = 32;

/// The bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word(u8x32);

/// A bit for each of the bytes, the first one lowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mask(u32);

impl Word {
    #[inline]
    pub(super) fn new(bytes: [u8; WORD]) -> Self {
        Self(u8x32::new(bytes))
    }

    /// The bytes that cannot stand in a plain string: quotes, backslashes, control characters and what is not
    /// ASCII.
    #[inline]
    pub(super) fn stops(self) -> Mask {
        let quote = self.0.simd_eq(u8x32::splat(b'"'));
        let backslash = self.0.simd_eq(u8x32::splat(b'\\'));
        let control = self.0.simd_lt(u8x32::splat(0x20));
        // A mask is made of the highest bits, and those of bytes beyond ASCII are set.
        Mask((quote | backslash | control | self.0).to_bitmask())
    }

    /// The bytes that are the same.
    #[inline]
    pub(super) fn equal(self, other: Self) -> Mask {
        Mask(self.0.simd_eq(other.0).to_bitmask())
    }
}

impl Mask {
    /// The first bytes.
    pub(super) fn first(length: usize) -> Self {
        Self(
            u32::MAX
                .checked_shr(u32::try_from(WORD.saturating_sub(length)).unwrap_or_default())
                .unwrap_or_default(),
        )
    }

    /// Whether all of `other` are in this one.
    #[inline]
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The place of the lowest; [`WORD`] if there is none.
    #[inline]
    pub(super) fn lowest(self) -> usize {
        self.0.trailing_zeros() as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(bytes: [u8; WORD], other: [u8; WORD]) {
        let where_ = |is_in: &dyn Fn(usize) -> bool| {
            Mask((0..WORD).map(|place| u32::from(is_in(place)) << place).sum())
        };
        let (word, stops) =
            (Word::new(bytes), |byte: u8| byte == b'"' || byte == b'\\' || !(0x20..0x80).contains(&byte));
        assert_eq!(word.stops(), where_(&|place| stops(bytes[place])), "{bytes:?}");
        assert_eq!(word.equal(Word::new(other)), where_(&|place| bytes[place] == other[place]), "{bytes:?}");
    }

    proptest! {
        #[test]
        fn each_byte_is_looked_at_by_itself(bytes in any::<[u8; WORD]>(), other in any::<[u8; WORD]>(), same in any::<u32>()) {
            check(bytes, std::array::from_fn(|place| if same >> place & 1 == 1 { bytes[place] } else { other[place] }));
        }
    }

    #[test]
    fn every_byte_is_what_it_is() {
        for byte in 0..=u8::MAX {
            check([byte; WORD], [byte; WORD]);
        }
    }

    #[test]
    fn the_places_of_a_mask_come_from_the_lowest_up() {
        let mask = Mask(0b1010_0000);
        assert_eq!([mask, Mask(0b1000_0000), Mask(0)].map(Mask::lowest), [5, 7, WORD]);
        assert!(
            Mask::first(9).has(mask)
                && !Mask::first(7).has(mask)
                && Mask::first(99).has(Mask(u32::MAX))
                && Mask::first(0) == Mask(0)
        );
    }
}
