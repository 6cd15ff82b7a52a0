//! Strings, numbers and literals, eight and more bytes at a time.
//!
//! Each function accepts less than JSON allows and says `None` to everything else, which is no verdict: the
//! full parser is asked then.

use super::lanes::{Lanes, WORD, word_at};

/// Where the string ends whose first byte stands at `start`: the place of its closing quote. None if it has
/// escapes, control characters or bytes that are no UTF-8, or does not end.
#[expect(clippy::inline_always, reason = "a call for each string of a line is a tenth of its time")]
#[inline(always)]
pub(super) fn string(lanes: impl Lanes, text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        let Some(word) = word_at(text, at) else { return unusual_string(text, start) };
        let stop = lanes.plain(word);
        if stop == WORD {
            at += WORD;
            continue;
        }
        let end = at + stop;
        return if text[end] == b'"' { Some(end) } else { unusual_string(text, start) };
    }
}

/// The same, byte by byte, for what is not ASCII and for the last bytes of the text.
#[cold]
fn unusual_string(text: &[u8], start: usize) -> Option<usize> {
    let stop = |&byte: &u8| byte == b'"' || byte == b'\\' || byte < 0x20;
    let end = start + text.get(start..)?.iter().position(stop)?;
    (text[end] == b'"' && str::from_utf8(&text[start..end]).is_ok()).then_some(end)
}

/// A number as it is mostly written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    /// Its value in thousandths.
    pub(super) thousandths: i64,
    /// Whether it has no decimals.
    pub(super) whole: bool,
    /// How many digits stand before the point.
    pub(super) digits: usize,
    /// The place behind it.
    pub(super) end: usize,
}

/// So many digits before the point are exact in thousandths, without decimals and with them, also by way of
/// the floating point that the full parser takes.
const WHOLE_DIGITS: usize = 15;
const DIGITS_BEFORE_DECIMALS: usize = 12;

/// The number at `start`; whoever asks makes sure that what stands behind it ends it. None if it has a leading
/// zero, more than three decimals or too many digits, or is a negative zero.
///
/// Where the next value begins waits for where this one ends, so what counts is how soon the end is known: half
/// a word is enough for most numbers, and both ends of the decimals come from one look at it.
#[expect(clippy::inline_always, reason = "a third of the time of a line is spent here, and more with calls")]
#[inline(always)]
pub(super) fn number(text: &[u8], start: usize) -> Option<Number> {
    let Some(window) = text.get(start..)?.first_chunk::<16>() else { return long_number(text, start) };
    let values = u64::from_le_bytes(*window.first_chunk()?) ^ (EIGHT * u64::from(b'0'));
    // A digit plus 0x76 stays below 0x80, so nothing is carried before the first byte that is none, nor behind
    // a point.
    let ends = (values.wrapping_add(EIGHT * 0x76) | values) & (EIGHT * 0x80);
    let behind = ends & ends.wrapping_sub(1);
    let digits = ends.trailing_zeros() as usize / 8;
    if window[digits] != b'.' {
        if digits == 0 || digits == 8 || window[0] == b'0' && digits > 1 {
            return long_number(text, start);
        }
        let thousandths = value_of(values, digits) * 1000;
        return Some(Number { thousandths, whole: true, digits, end: start + digits });
    }
    let end = behind.trailing_zeros() as usize / 8;
    let decimals = end.wrapping_sub(digits + 1);
    if digits == 0 || end == 8 || window[0] == b'0' && digits > 1 || decimals == 0 || decimals > 3 {
        return long_number(text, start);
    }
    // All digits as one number, without the point.
    let before = u64::MAX >> (64 - 8 * digits);
    let joined = values & before | values >> 8 & !before;
    let thousandths = value_of(joined, end - 1) * [0, 100, 10, 1][decimals];
    Some(Number { thousandths, whole: false, digits, end: start + end })
}

const EIGHT: u64 = 0x0101_0101_0101_0101;

/// The value of one to eight digits, the first one lowest; behind them may stand anything.
#[inline]
fn value_of(digits: u64, count: usize) -> i64 {
    // What stands behind the digits is shifted out, and zeros come in before them.
    let padded = digits << (64 - 8 * count);
    let pairs = (padded.wrapping_mul(10) + (padded >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    let eight = (fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff;
    eight.cast_signed()
}

/// The number at `start`, digit by digit: a negative one, one of more than seven characters, one that stands at
/// the end of the text, and what is none.
#[inline(never)]
pub(super) fn long_number(text: &[u8], start: usize) -> Option<Number> {
    let digit = |at: usize| text.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10);
    let negative = text.get(start) == Some(&b'-');
    let start = start + usize::from(negative);
    let (mut at, mut thousandths) = (start, 0_i64);
    while let Some(value) = digit(at) {
        if at - start == WHOLE_DIGITS {
            return None;
        }
        thousandths = thousandths * 10 + i64::from(value) * 1000;
        at += 1;
    }
    let (digits, whole) = (at - start, text.get(at) != Some(&b'.'));
    let leading_zero = digit(start)? == 0 && (digits > 1 || negative && whole);
    let mut scale = 1000;
    if !whole {
        at += 1;
        while let Some(value) = digit(at) {
            scale /= 10;
            thousandths += i64::from(value) * scale;
            at += 1;
            if scale == 0 {
                return None;
            }
        }
    }
    let exact = whole || scale < 1000 && digits <= DIGITS_BEFORE_DECIMALS;
    let thousandths = if negative { -thousandths } else { thousandths };
    (exact && !leading_zero).then_some(Number { thousandths, whole, digits, end: at })
}

/// Where `true` or `false` ends, if it stands at `at`.
pub(super) fn word_of(text: &[u8], at: usize, truth: bool) -> Option<usize> {
    let word: &[u8] = if truth { b"true" } else { b"false" };
    continues(text, at, word).then(|| at + word.len())
}

/// Whether the text goes on with `literal` at `at`.
#[inline]
pub(super) fn continues(text: &[u8], at: usize, literal: &[u8]) -> bool {
    let Some(here) = text.get(at..at + literal.len()) else { return false };
    // A comparison of slices is a call of the C library, which in the static builds goes byte by byte.
    let (here, here_rest) = here.as_chunks::<16>();
    let (literal, rest) = literal.as_chunks::<16>();
    here.iter().zip(literal).all(|(one, other)| one == other) && short_equal(here_rest, rest)
}

/// Whether two slices of the same length below 16 are equal.
#[inline]
fn short_equal(one: &[u8], other: &[u8]) -> bool {
    let ends = |bytes: &[u8]| -> Option<(u64, u64)> {
        let (first, last) = (bytes.first_chunk()?, bytes.last_chunk()?);
        Some((u64::from_le_bytes(*first), u64::from_le_bytes(*last)))
    };
    let short_ends = |bytes: &[u8]| -> Option<(u32, u32)> {
        let (first, last) = (bytes.first_chunk()?, bytes.last_chunk()?);
        Some((u32::from_le_bytes(*first), u32::from_le_bytes(*last)))
    };
    match (ends(one), ends(other)) {
        (Some(one), Some(other)) => return one == other,
        (None, None) => {}
        _ => return false,
    }
    match (short_ends(one), short_ends(other)) {
        (None, None) => one.iter().zip(other).all(|(one, other)| one == other),
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lanes::tests::by_every_way;
    use super::*;

    #[track_caller]
    fn check_number(text: &str, expected: Option<(i64, bool)>) {
        for behind in ["", ",", "}", ",\"next\":12345678901234567890", "e5", "é"] {
            let whole = format!("{text}{behind}");
            by_every_way(|way| {
                let got = way.number(whole.as_bytes(), 0).map(|number| (number.thousandths, number.whole));
                assert_eq!(got, expected, "{whole}");
            });
        }
    }

    #[test]
    fn numbers_are_read_exactly_or_not_at_all() {
        check_number("0", Some((0, true)));
        check_number("7", Some((7_000, true)));
        check_number("-12", Some((-12_000, true)));
        check_number("1234567", Some((1_234_567_000, true)));
        check_number("12345678", Some((12_345_678_000, true)));
        check_number("123456789012345", Some((123_456_789_012_345_000, true)));
        check_number("0.5", Some((500, false)));
        check_number("-0.25", Some((-250, false)));
        check_number("123456789012.125", Some((123_456_789_012_125, false)));
        for doubtful in
            ["", "-", "-0", "01", "00", ".5", "5.", "1.2345", "1234567890123456", "1234567890123.5", "x"]
        {
            check_number(doubtful, None);
        }
    }

    #[track_caller]
    fn check_string(text: &[u8], expected: Option<usize>) {
        for behind in [&b""[..], b"\"", b", \xff\\\x01 and so on"] {
            by_every_way(|way| {
                assert_eq!(way.string(&[text, behind].concat(), 1), expected, "{}", text.escape_ascii());
            });
        }
    }

    #[test]
    fn strings_end_at_their_quote_wherever_it_stands() {
        for length in 0..40 {
            let text = [b"\"".as_slice(), &vec![b'x'; length], b"\""].concat();
            check_string(&text, Some(length + 1));
            for place in 1..=length {
                for (bytes, plain) in [(&b"\\"[..], false), (b"\x1f", false), (b"\xc3", false), (b" ", true)]
                {
                    let mut text = text.clone();
                    text.splice(place..=place, bytes.iter().copied());
                    check_string(&text, plain.then_some(length + 1));
                }
            }
        }
        check_string("\"größer und länger\"".as_bytes(), Some(21));
        by_every_way(|way| assert_eq!(way.string(b"\"no end", 1), None));
    }

    proptest! {
        #[test]
        fn a_number_is_what_the_full_parser_makes_of_it(value in any::<i64>(), shift in 0..64_u32) {
            let number = crate::Thousandths(value >> shift);
            let text = number.to_string();
            let full: crate::Thousandths = serde_json::from_str(&text).expect("a number");
            for behind in ["", ",\"next\":1.5,\"another\":\"\""] {
                let line = format!("{text}{behind}");
                // Only what has too many digits to be exact is left to the full parser.
                let whole = text.trim_start_matches('-').split('.').next().unwrap_or_default();
                let most = if text.contains('.') { DIGITS_BEFORE_DECIMALS } else { WHOLE_DIGITS };
                by_every_way(|way| {
                    let read = way.number(line.as_bytes(), 0).map(|read| (read.thousandths, read.end));
                    let expected = (whole.len() <= most).then_some((full.0, text.len()));
                    assert!(read == Some((full.0, text.len())) || read == expected, "{text}: {read:?}");
                });
            }
        }

        #[test]
        fn a_literal_continues_where_every_byte_does(text in "[ab]{0,50}", at in 0..20_usize, length in 0..40_usize) {
            let text = text.as_bytes();
            let literal = text.get(at..at + length);
            if let Some(literal) = literal {
                prop_assert!(continues(text, at, literal));
                for place in 0..length {
                    let mut other = literal.to_vec();
                    other[place] ^= 1;
                    prop_assert!(!continues(text, at, &other));
                }
            } else {
                prop_assert!(!continues(text, at, &vec![b'a'; length]));
            }
        }
    }
}
