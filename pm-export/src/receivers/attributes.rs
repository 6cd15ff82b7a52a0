//! Attributes of spans, as they are written.

use pm_record::Thousandths;

use crate::wire;

/// The numbers of the field that an attribute is, and of its own.
mod tag {
    pub(super) const ATTRIBUTES: u32 = 9;
    pub(super) const KEY: u32 = 1;
    pub(super) const VALUE: u32 = 2;
    pub(super) const TEXT: u32 = 1;
    pub(super) const BOOL: u32 = 2;
    pub(super) const INT: u32 = 3;
    pub(super) const DOUBLE: u32 = 4;
}

/// A value of an attribute.
#[derive(Clone, Copy)]
pub(super) enum Any<'a> {
    Text(&'a str),
    Bool(bool),
    Int(i64),
    Double(f64),
}

/// Writes one of any kind. Its lengths are known before, and so nothing is written twice.
pub(super) fn attribute(key: &str, value: Any<'_>, out: &mut Vec<u8>) {
    /// The number of a field, of those below 16, takes a byte.
    const TAG: usize = 1;
    let length = match value {
        Any::Text(text) => TAG + wire::length_of(text.len() as u64) + text.len(),
        Any::Bool(_) => TAG + 1,
        Any::Int(number) => TAG + wire::length_of(number.cast_unsigned()),
        Any::Double(_) => TAG + size_of::<f64>(),
    };
    begin(key.as_bytes(), length, out);
    match value {
        Any::Text(text) => wire::bytes(tag::TEXT, text.as_bytes(), out),
        Any::Bool(truth) => wire::number(tag::BOOL, truth.into(), out),
        Any::Int(number) => wire::number(tag::INT, number.cast_unsigned(), out),
        Any::Double(number) => wire::fixed(tag::DOUBLE, number.to_bits(), out),
    }
}

/// What stands before a value of so many bytes.
fn begin(key: &[u8], length: usize, out: &mut Vec<u8>) {
    let with_length = |length: usize| 1 + wire::length_of(length as u64) + length;
    wire::head(tag::ATTRIBUTES, with_length(key.len()) + with_length(length), out);
    wire::bytes(tag::KEY, key, out);
    wire::head(tag::VALUE, length, out);
}

/// Writes one of text, by a key that is known when this is compiled: every run has several.
#[inline]
pub(super) fn text<const KEY: usize>(key: &[u8; KEY], text: &[u8], out: &mut Vec<u8>) {
    const ATTRIBUTE: u8 = wire::delimited(tag::ATTRIBUTES);
    const KEY_FIELD: u8 = wire::delimited(tag::KEY);
    const VALUE_FIELD: u8 = wire::delimited(tag::VALUE);
    const TEXT_FIELD: u8 = wire::delimited(tag::TEXT);
    // Two bytes stand before the key, and four before the text, where every length takes one.
    if let (Ok(length), Ok(whole @ ..0x80)) = (u8::try_from(text.len()), u8::try_from(KEY + text.len() + 6)) {
        out.extend_from_slice(&[ATTRIBUTE, whole, KEY_FIELD, whole - length - 6]);
        out.extend_from_slice(key);
        out.extend_from_slice(&[VALUE_FIELD, length + 2, TEXT_FIELD, length]);
        out.extend_from_slice(text);
    } else {
        begin(key, 1 + wire::length_of(text.len() as u64) + text.len(), out);
        wire::bytes(tag::TEXT, text, out);
    }
}

/// Attributes of numbers, as they were written the last time that the same ones were there.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures {
    /// Which of them are there, one bit each.
    there: u8,
    written: Vec<u8>,
    /// Behind the number of each.
    ends: Vec<usize>,
}

impl Figures {
    /// Writes those of which there is a number, in thousandths.
    #[inline]
    pub(super) fn add<const N: usize>(
        &mut self,
        keys: &[&str; N],
        numbers: [Option<i64>; N],
        out: &mut Vec<u8>,
    ) {
        let there = numbers.iter().fold(0, |there, number| there << 1 | u8::from(number.is_some()));
        if there != self.there {
            self.write(keys, numbers);
            self.there = there;
        }
        let start = out.len();
        out.extend_from_slice(&self.written);
        for (number, end) in numbers.into_iter().flatten().zip(&self.ends) {
            let bits = Thousandths(number).to_f64().to_bits();
            out[start + end - size_of::<f64>()..start + end].copy_from_slice(&bits.to_le_bytes());
        }
    }

    fn write<const N: usize>(&mut self, keys: &[&str; N], numbers: [Option<i64>; N]) {
        self.written.clear();
        self.ends.clear();
        for (key, _) in keys.iter().zip(numbers).filter(|(_, number)| number.is_some()) {
            attribute(key, Any::Double(0.0), &mut self.written);
            self.ends.push(self.written.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::proto::{Any as Proto, AnyValue, KeyValue, Span};

    /// Attributes as they were written.
    fn read_again(written: &[u8]) -> Vec<KeyValue> {
        let (length, whole) = (written.len(), [written, written].concat());
        // Twice, so that what is too long or too short is no attribute any more.
        let mut span = Span::decode(whole.as_slice()).expect("attributes");
        assert_eq!(span.encoded_len(), 2 * length);
        span.attributes.split_off(span.attributes.len() / 2)
    }

    fn pair(key: &str, value: Proto) -> KeyValue {
        KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
    }

    #[track_caller]
    fn check(key: &str, value: Any<'_>, expected: Proto) {
        let mut written = Vec::new();
        attribute(key, value, &mut written);
        assert_eq!(read_again(&written), [pair(key, expected)]);
    }

    proptest! {
        #[test]
        fn attributes_are_written_as_they_are_meant(key in ".{1,150}", text in ".{0,150}", truth in any::<bool>(), int in any::<i64>(), double in any::<f64>()) {
            check(&key, Any::Text(&text), Proto::Text(text.clone()));
            check(&key, Any::Bool(truth), Proto::Bool(truth));
            check(&key, Any::Int(int), Proto::Int(int));
            check(&key, Any::Double(double), Proto::Double(double));
        }

        #[test]
        fn text_is_written_in_the_quick_way_as_in_the_other(length in 0..300_usize) {
            let (mut quick, mut usual, value) = (Vec::new(), Vec::new(), "x".repeat(length));
            text(b"github_pm.command", value.as_bytes(), &mut quick);
            attribute("github_pm.command", Any::Text(&value), &mut usual);
            prop_assert_eq!(quick, usual);
        }

        #[test]
        fn numbers_are_those_of_this_run_whatever_the_run_before_had(runs in prop::collection::vec(any::<[Option<i64>; 3]>(), 1..9)) {
            const KEYS: [&str; 3] = ["a", "b", "c"];
            let mut figures = Figures::default();
            for numbers in runs {
                let mut written = Vec::new();
                figures.add(&KEYS, numbers, &mut written);
                let pairs = KEYS.iter().zip(numbers);
                let double = |number: i64| Proto::Double(Thousandths(number).to_f64());
                let expected: Vec<_> =
                    pairs.filter_map(|(key, number)| Some(pair(key, double(number?)))).collect();
                prop_assert_eq!(read_again(&written), expected);
            }
        }
    }
}
