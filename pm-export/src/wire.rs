//! Protobuf as it is written: field after field into one buffer, with nothing made in between.
//!
//! Messages that are sent by the million are written here; the others are structures that `prost` encodes. A message
//! inside of another is written first and gets its length afterwards, which moves it where that takes more bytes than
//! were left free.

/// The two types of fields, beside numbers, by the digit that the format has for them.
const FIXED64: u32 = 1;
const DELIMITED: u32 = 2;

#[inline]
pub(crate) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(low_bits(value) | 0x80);
        value >>= 7;
    }
    out.push(low_bits(value));
}

fn low_bits(value: u64) -> u8 {
    (value & 0x7f) as u8
}

/// How many bytes a number takes.
pub(crate) fn length_of(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

#[inline]
fn key(tag: u32, kind: u32, out: &mut Vec<u8>) {
    varint(u64::from(tag << 3 | kind), out);
}

/// What stands before bytes or text, of a field below 16.
pub(crate) const fn delimited(tag: u32) -> u8 {
    assert!(tag < 16, "it takes more than a byte");
    (tag << 3 | DELIMITED).to_le_bytes()[0]
}

#[inline]
pub(crate) fn number(tag: u32, value: u64, out: &mut Vec<u8>) {
    key(tag, 0, out);
    varint(value, out);
}

#[inline]
pub(crate) fn fixed(tag: u32, value: u64, out: &mut Vec<u8>) {
    key(tag, FIXED64, out);
    out.extend_from_slice(&value.to_le_bytes());
}

/// Bytes, or text.
#[inline]
pub(crate) fn bytes(tag: u32, value: &[u8], out: &mut Vec<u8>) {
    head(tag, value.len(), out);
    out.extend_from_slice(value);
}

/// What stands before a message of which the length is known.
#[inline]
pub(crate) fn head(tag: u32, length: usize, out: &mut Vec<u8>) {
    key(tag, DELIMITED, out);
    varint(length as u64, out);
}

/// A message that `write` writes, of which `left_free` bytes of length are expected.
pub(crate) fn message(tag: u32, left_free: usize, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    key(tag, DELIMITED, out);
    let head = out.len();
    out.resize(head + left_free, 0);
    write(out);
    let length = out.len() - head - left_free;
    let needed = length_of(length as u64);
    if needed != left_free {
        out.resize((head + needed + length).max(out.len()), 0);
        out.copy_within(head + left_free..head + left_free + length, head + needed);
        out.truncate(head + needed + length);
    }
    let mut rest = length as u64;
    for byte in &mut out[head..head + needed] {
        *byte = low_bits(rest) | 0x80;
        rest >>= 7;
    }
    out[head + needed - 1] &= 0x7f;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    /// As `prost` has them.
    #[derive(Clone, PartialEq, Message)]
    struct Outer {
        #[prost(message, optional, tag = "9")]
        inner: Option<Inner>,
        #[prost(fixed64, tag = "7")]
        fixed: u64,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Inner {
        #[prost(bytes = "vec", tag = "1")]
        text: Vec<u8>,
        #[prost(uint64, tag = "2")]
        number: u64,
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_was_meant(length in 0..40_000_usize, number in any::<u64>(), fixed in any::<u64>(), left_free in 1..4_usize) {
            let text = vec![7; length];
            let mut written = Vec::new();
            message(9, left_free, &mut written, |out| {
                bytes(1, &text, out);
                super::number(2, number, out);
            });
            super::fixed(7, fixed, &mut written);
            let read = Outer::decode(written.as_slice()).expect("a message");
            prop_assert_eq!(&read, &Outer { inner: Some(Inner { text, number }), fixed });
            // As `prost` has it: lengths take no byte more than they need. What is zero it does not write at all.
            let zeros = 2 * usize::from(length == 0) + 2 * usize::from(number == 0) + 9 * usize::from(fixed == 0);
            prop_assert_eq!(written.len(), read.encoded_len() + zeros);
        }
    }
}
