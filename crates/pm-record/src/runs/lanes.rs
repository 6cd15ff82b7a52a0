//! Many bytes of a line looked at together: most of what stands between two values of a record fits, and most
//! values.
//!
//! There are two ways of doing it, which say the same: [`Portable`] by the instructions that every processor of
//! its kind has, and [`Avx2`](super::avx2::Avx2), which takes half as many. What a line holds is the same
//! either way; the tests hold both against each other.
#![expect(clippy::inline_always, reason = "each is a part of a loop over the pieces of a line")]

use wide::u8x32;

use super::bytes::{self, Number};

/// How many bytes are looked at together.
pub(super) const WORD: usize = 32;

/// Bytes that are always the same, as many as are compared together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) bytes: [u8; WORD],
    /// All ones where the byte counts, and zero behind the last that does.
    pub(super) mask: [u8; WORD],
}

impl Literal {
    /// The first [`WORD`] of these bytes.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut literal = Self { bytes: [0; WORD], mask: [0; WORD] };
        for (place, &byte) in bytes.iter().take(WORD).enumerate() {
            (literal.bytes[place], literal.mask[place]) = (byte, u8::MAX);
        }
        literal
    }
}

/// A way of looking at many bytes together.
pub(super) trait Lanes: Copy {
    /// Whether the text begins with the literal.
    fn begins(self, text: &[u8; WORD], literal: &Literal) -> bool;

    /// Which bytes are quotes, backslashes, control characters or not ASCII, a bit for each, the first one lowest.
    fn stops(self, text: &[u8; WORD]) -> u32;

    /// Which bytes are white space, such as may stand within a line, likewise.
    fn blanks(self, text: &[u8; WORD]) -> u32;

    /// How many bytes a plain string may go on with: up to the first that stops it.
    #[inline(always)]
    fn plain(self, text: &[u8; WORD]) -> usize {
        self.stops(text).trailing_zeros() as usize
    }

    /// The number at `start`; whoever asks makes sure that what stands behind it ends it. None if it has a
    /// leading zero, more than three decimals or too many digits, or is a negative zero.
    fn number(self, text: &[u8], start: usize) -> Option<Number>;
}

/// By the instructions that every processor has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Portable;

impl Lanes for Portable {
    #[inline(always)]
    fn begins(self, text: &[u8; WORD], literal: &Literal) -> bool {
        let differ = (u8x32::new(*text) ^ u8x32::new(literal.bytes)) & u8x32::new(literal.mask);
        differ.simd_eq(u8x32::splat(0)).to_bitmask() == u32::MAX
    }

    #[inline(always)]
    fn stops(self, text: &[u8; WORD]) -> u32 {
        let text = u8x32::new(*text);
        let quote = text.simd_eq(u8x32::splat(b'"'));
        let backslash = text.simd_eq(u8x32::splat(b'\\'));
        let control = text.simd_lt(u8x32::splat(0x20));
        // A mask is made of the highest bits, and those of bytes beyond ASCII are set.
        (quote | backslash | control | text).to_bitmask()
    }

    #[inline(always)]
    fn blanks(self, text: &[u8; WORD]) -> u32 {
        let text = u8x32::new(*text);
        let is = |byte| text.simd_eq(u8x32::splat(byte));
        (is(b' ') | is(b'\t') | is(b'\r')).to_bitmask()
    }

    #[inline(always)]
    fn number(self, text: &[u8], start: usize) -> Option<Number> {
        bytes::number(text, start)
    }
}

/// The bytes at `at`.
#[inline(always)]
pub(super) fn word_at(text: &[u8], at: usize) -> Option<&[u8; WORD]> {
    text.get(at..)?.first_chunk()
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::avx2::Avx2;
    use super::super::masks::Masks;
    use super::*;

    /// Does the same by every way that this processor has.
    pub(in crate::runs) fn by_every_way(mut check: impl FnMut(&dyn Way)) {
        check(&Portable);
        if let Some(avx2) = Avx2::detect() {
            check(&avx2);
        }
    }

    /// Checks the masks of a line that are made by every way.
    pub(in crate::runs) fn masks_by_every_way(line: &[u8], check: impl Fn(&Masks)) {
        let mut masks = Masks::default();
        masks.mark(Portable, line);
        check(&masks);
        if let Some(avx2) = Avx2::detect() {
            avx2.mark(&mut masks, line);
            check(&masks);
        }
    }

    /// A way, whichever it is.
    pub(in crate::runs) trait Way {
        fn begins(&self, text: &[u8; WORD], literal: &Literal) -> bool;
        fn plain(&self, text: &[u8; WORD]) -> usize;
        fn number(&self, text: &[u8], start: usize) -> Option<Number>;
        fn string(&self, text: &[u8], start: usize) -> Option<usize>;
    }

    impl<L: Lanes> Way for L {
        fn begins(&self, text: &[u8; WORD], literal: &Literal) -> bool {
            Lanes::begins(*self, text, literal)
        }

        fn plain(&self, text: &[u8; WORD]) -> usize {
            Lanes::plain(*self, text)
        }

        fn number(&self, text: &[u8], start: usize) -> Option<Number> {
            Lanes::number(*self, text, start)
        }

        fn string(&self, text: &[u8], start: usize) -> Option<usize> {
            bytes::string(*self, text, start)
        }
    }

    #[track_caller]
    fn check(text: [u8; WORD], literal: &[u8]) {
        let stop = |&byte: &u8| byte == b'"' || byte == b'\\' || !(0x20..0x80).contains(&byte);
        let plain = text.iter().position(stop).unwrap_or(WORD);
        by_every_way(|way| {
            assert_eq!(way.plain(&text), plain, "{text:?}");
            let begins = way.begins(&text, &Literal::new(literal));
            assert_eq!(begins, text.starts_with(literal), "{text:?} {literal:?}");
        });
    }

    proptest! {
        #[test]
        fn each_byte_is_looked_at_by_itself(
            bytes in any::<[u8; WORD]>(), plain in any::<[bool; WORD]>(), length in 0..=WORD, other in 0..WORD,
        ) {
            let text = std::array::from_fn(|place| if plain[place] { b'x' } else { bytes[place] });
            check(text, &text[..length]);
            let mut literal = text;
            literal[other] ^= 1 << (other % 8);
            check(text, &literal[..length]);
        }
    }

    #[test]
    fn every_byte_is_what_it_is() {
        // Miri looks at each instruction for long.
        let step = if cfg!(miri) { 13 } else { 1 };
        for byte in (0..=u8::MAX).step_by(step) {
            for place in (0..WORD).step_by(step) {
                let mut text = [b'x'; WORD];
                text[place] = byte;
                check(text, b"xxxxxxxx");
            }
        }
    }
}
