//! The same as [`Portable`](super::lanes::Portable) in half as many instructions, where the processor has AVX2: a
//! line takes three fifths of the time.
//!
//! This is unsafe code, because a processor that lacks these instructions would do anything at all when it met
//! them. What makes it sound is one invariant: **an [`Avx2`] exists only where [`Avx2::detect`] found the
//! processor to have what `#[target_feature]` names here.** Every `unsafe` block relies on that and on nothing
//! else; no pointer is made and no length is assumed.
#![cfg_attr(
    target_arch = "x86_64",
    expect(unsafe_code, reason = "to call what needs a feature of the processor that was found at run time")
)]

#[cfg(not(target_arch = "x86_64"))]
pub(super) use elsewhere::Avx2;
#[cfg(target_arch = "x86_64")]
pub(super) use x86_64::Avx2;

#[cfg(target_arch = "x86_64")]
#[expect(
    clippy::inline_always,
    reason = "what is not a part of the loop is not compiled for these instructions"
)]
#[expect(clippy::unused_self, reason = "an `Avx2` is what says that the processor can do it")]
mod x86_64 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_cmpeq_epi8, _mm_cvtsi128_si64, _mm_madd_epi16, _mm_maddubs_epi16, _mm_min_epu8,
        _mm_movemask_epi8, _mm_packus_epi32, _mm_set_epi16, _mm_set_epi64x, _mm_set1_epi8, _mm_set1_epi16,
        _mm_shuffle_epi8, _mm_sub_epi8, _mm256_cmpeq_epi8, _mm256_min_epu8, _mm256_movemask_epi8,
        _mm256_or_si256, _mm256_set_epi64x, _mm256_set1_epi8, _mm256_testz_si256, _mm256_xor_si256,
    };

    use crate::runs::bytes::{self, Number};
    use crate::runs::lanes::{Lanes, Literal, WORD};
    use crate::runs::layout::{Layouts, Taken};
    use crate::runs::masks::Masks;
    use crate::runs::row::Row;

    /// That this processor has AVX2 and the manipulations of bits that came with it.
    #[derive(Debug, Clone, Copy)]
    pub(in crate::runs) struct Avx2(());

    impl Avx2 {
        pub(in crate::runs) fn detect() -> Option<Self> {
            let found = std::arch::is_x86_feature_detected!("avx2")
                && std::arch::is_x86_feature_detected!("bmi1")
                && std::arch::is_x86_feature_detected!("bmi2");
            found.then_some(Self(()))
        }

        /// Reads a line with all of it compiled for these instructions.
        #[inline]
        pub(in crate::runs) fn read(self, layouts: &Layouts, text: &[u8], row: &mut Row) -> Option<Taken> {
            #[target_feature(enable = "avx2,bmi1,bmi2")]
            fn read(lanes: Avx2, layouts: &Layouts, text: &[u8], row: &mut Row) -> Option<Taken> {
                layouts.read_by(lanes, text, row)
            }
            // SAFETY: there is an `Avx2`, so the processor has what the function needs.
            unsafe { read(self, layouts, text, row) }
        }

        /// Marks a line likewise.
        pub(in crate::runs) fn mark(self, masks: &mut Masks, line: &[u8]) {
            #[target_feature(enable = "avx2,bmi1,bmi2")]
            fn mark(lanes: Avx2, masks: &mut Masks, line: &[u8]) {
                masks.mark(lanes, line);
            }
            // SAFETY: as in `read`.
            unsafe { mark(self, masks, line) }
        }
    }

    impl Avx2 {
        /// Which bytes are no digits, a bit each, and which of all bytes are points. Behind the last byte all are none.
        #[inline(always)]
        fn no_digits(self, window: &[u8; 16]) -> (u32, u32) {
            // SAFETY: as in `value`.
            unsafe {
                let text = load_half(window);
                let values = _mm_sub_epi8(text, _mm_set1_epi8(b'0'.cast_signed()));
                let digits = _mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values);
                let points = _mm_cmpeq_epi8(text, _mm_set1_epi8(b'.'.cast_signed()));
                (!_mm_movemask_epi8(digits).cast_unsigned(), _mm_movemask_epi8(points).cast_unsigned())
            }
        }

        /// The digits before the point and the decimals are moved to where they stand in a number of sixteen
        /// digits, three of them decimals; then neighbors are joined, two by two.
        #[inline(always)]
        fn value(self, window: &[u8; 16], digits: usize, rest: usize) -> i64 {
            // SAFETY: there is an `Avx2`, so the processor has what these instructions need. They are not in a
            // function of their own that says so, because such a one cannot be told to become a part of the
            // loop, and a call for each number would cost as much as the number.
            unsafe {
                let values = _mm_sub_epi8(load_half(window), _mm_set1_epi8(b'0'.cast_signed()));
                let moved = _mm_shuffle_epi8(values, load_half(&MOVES[(digits * 8 + rest) % MOVES.len()]));
                let twos = _mm_maddubs_epi16(moved, _mm_set1_epi16(0x010a));
                let fours = _mm_madd_epi16(twos, _mm_set_epi16(1, 100, 1, 100, 1, 100, 1, 100));
                let packed = _mm_packus_epi32(fours, fours);
                let eights =
                    _mm_madd_epi16(packed, _mm_set_epi16(1, 10_000, 1, 10_000, 1, 10_000, 1, 10_000));
                let both = _mm_cvtsi128_si64(eights);
                (both & 0xffff_ffff) * 100_000_000 + (both >> 32)
            }
        }
    }

    impl Lanes for Avx2 {
        #[inline(always)]
        fn begins(self, text: &[u8; WORD], literal: &Literal) -> bool {
            // SAFETY: there is an `Avx2`, so the processor has what the function needs.
            unsafe { begins(text, literal) }
        }

        #[inline(always)]
        fn stops(self, text: &[u8; WORD]) -> u32 {
            // SAFETY: there is an `Avx2`, so the processor has what the function needs.
            unsafe { stops(text) }
        }

        #[inline(always)]
        fn blanks(self, text: &[u8; WORD]) -> u32 {
            // SAFETY: there is an `Avx2`, so the processor has what the function needs.
            unsafe { blanks(text) }
        }

        /// Nothing here depends on how long the number is or on whether it has decimals but by way of numbers: these
        /// change from line to line, and a jump that cannot be foreseen costs as much as all of this.
        #[inline(always)]
        fn number(self, text: &[u8], start: usize) -> Option<Number> {
            let Some(window) = text.get(start..)?.first_chunk::<16>() else {
                return bytes::long_number(text, start);
            };
            let (others, points) = self.no_digits(window);
            // The point, if it is the first that is no digit.
            let point = points & others & others.wrapping_neg();
            let (digits, end) = (others.trailing_zeros(), (others ^ point).trailing_zeros());
            let rest = end - digits;
            // One question that is always answered alike; whether there is a single digit is anybody's guess.
            let leading_zero = u32::from(window[0] == b'0') & !others >> 1;
            let usual = SOME_DIGITS >> digits & NOTHING_OR_DECIMALS >> rest & !leading_zero & 1;
            if usual == 0 {
                return bytes::long_number(text, start);
            }
            let (digits, end) = (digits as usize, start + end as usize);
            let thousandths = self.value(window, digits, rest as usize);
            Some(Number { thousandths, whole: rest == 0, digits, end })
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn begins(text: &[u8; WORD], literal: &Literal) -> bool {
        let differ = _mm256_xor_si256(load(text), load(&literal.bytes));
        _mm256_testz_si256(differ, load(&literal.mask)) == 1
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn stops(text: &[u8; WORD]) -> u32 {
        let text = load(text);
        let quote = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b'"'.cast_signed()));
        let backslash = _mm256_cmpeq_epi8(text, _mm256_set1_epi8(b'\\'.cast_signed()));
        let control = _mm256_cmpeq_epi8(_mm256_min_epu8(text, _mm256_set1_epi8(0x1f)), text);
        // A mask is made of the highest bits, and those of bytes beyond ASCII are set.
        let stops = _mm256_or_si256(_mm256_or_si256(quote, backslash), _mm256_or_si256(control, text));
        _mm256_movemask_epi8(stops).cast_unsigned()
    }

    #[inline]
    #[target_feature(enable = "avx2,bmi1,bmi2")]
    fn blanks(text: &[u8; WORD]) -> u32 {
        let text = load(text);
        let is = |byte: u8| _mm256_cmpeq_epi8(text, _mm256_set1_epi8(byte.cast_signed()));
        let blanks = _mm256_or_si256(is(b' '), _mm256_or_si256(is(b'\t'), is(b'\r')));
        _mm256_movemask_epi8(blanks).cast_unsigned()
    }

    /// With so many digits before the point, three decimals and what comes behind them are within sixteen bytes.
    const MOST_DIGITS: usize = 11;

    /// Bits for the numbers of digits that may stand before the point, and for those of the bytes that may stand
    /// behind the digits: none, or a point and one to three decimals.
    const SOME_DIGITS: u32 = (1 << (MOST_DIGITS + 1)) - 2;
    const NOTHING_OR_DECIMALS: u32 = 0b1_1101;

    /// For each number of digits before the point and of bytes behind them, where each of sixteen digits comes from;
    /// a set highest bit makes it zero. There is a power of two of them.
    const MOVES: [[u8; 16]; 16 * 8] = {
        let mut moves = [[0x80; 16]; 16 * 8];
        let mut digits = 1;
        while digits as usize <= MOST_DIGITS {
            let mut rest = 0;
            while rest < 5 {
                let row = &mut moves[digits as usize * 8 + rest as usize];
                let mut from: u8 = 0;
                while from < digits {
                    row[(13 - digits + from) as usize] = from;
                    from += 1;
                }
                let mut from: u8 = 1;
                while from < rest {
                    row[(12 + from) as usize] = digits + from;
                    from += 1;
                }
                rest += 1;
            }
            digits += 1;
        }
        moves
    };

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(bytes: &[u8; WORD]) -> __m256i {
        let [one, two, three, four] = words(bytes);
        _mm256_set_epi64x(four, three, two, one)
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load_half(bytes: &[u8; 16]) -> __m128i {
        let [one, two] = words(bytes);
        _mm_set_epi64x(two, one)
    }

    #[inline]
    fn words<const BYTES: usize, const WORDS: usize>(bytes: &[u8; BYTES]) -> [i64; WORDS] {
        let (words, _) = bytes.as_chunks::<8>();
        std::array::from_fn(|place| i64::from_le_bytes(words[place]))
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod elsewhere {
    use crate::runs::bytes::Number;
    use crate::runs::lanes::{Lanes, Literal, WORD};
    use crate::runs::layout::{Layouts, Taken};
    use crate::runs::masks::Masks;
    use crate::runs::row::Row;

    /// No processor of this kind has it.
    #[derive(Debug, Clone, Copy)]
    pub(in crate::runs) enum Avx2 {}

    impl Avx2 {
        pub(in crate::runs) fn detect() -> Option<Self> {
            None
        }

        pub(in crate::runs) fn read(self, _: &Layouts, _: &[u8], _: &mut Row) -> Option<Taken> {
            match self {}
        }

        pub(in crate::runs) fn mark(self, _: &mut Masks, _: &[u8]) {
            match self {}
        }
    }

    impl Lanes for Avx2 {
        fn begins(self, _: &[u8; WORD], _: &Literal) -> bool {
            match self {}
        }

        fn stops(self, _: &[u8; WORD]) -> u32 {
            match self {}
        }

        fn blanks(self, _: &[u8; WORD]) -> u32 {
            match self {}
        }

        fn number(self, _: &[u8], _: usize) -> Option<Number> {
            match self {}
        }
    }
}
