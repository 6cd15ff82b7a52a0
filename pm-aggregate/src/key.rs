//! What makes a group, as bytes: two groups are the same if their bytes are.
//!
//! The bytes of a run are put together in a buffer that is used again, hashed once and compared once; nothing is
//! allocated but for the first run of a group. Their order means nothing: groups are sorted by [`Key`], once, at
//! the end.

use pm_record::{Label, Scalar, Thousandths, Timestamp};

/// How many bytes of a name are kept.
const LONGEST_NAME: usize = 256;

/// The name, or as much of it as is kept.
#[inline]
pub(crate) fn cut(name: &str) -> &str {
    if name.len() <= LONGEST_NAME { name } else { &name[..name.floor_char_boundary(LONGEST_NAME)] }
}

/// A key in one piece. Sorted by labels, then by window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The values of the fields that make the groups.
    pub(crate) by: Vec<Scalar>,
    /// When the window starts; where all time is one it is the same for all.
    pub(crate) window: Timestamp,
    /// Whether these are the nested ones among its runs.
    pub(crate) nested: bool,
}

/// Where the labels begin.
const HEADER: usize = 9;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const TEXT: u8 = 4;

/// Begins a key.
#[inline]
pub(crate) fn begin(bytes: &mut Vec<u8>, window: Timestamp, nested: bool) {
    bytes.clear();
    bytes.push(u8::from(nested));
    bytes.extend_from_slice(&window.as_millis().to_le_bytes());
}

/// Adds the value of the next field.
#[inline]
pub(crate) fn add(bytes: &mut Vec<u8>, label: Label<'_>) {
    match label {
        Label::Null => bytes.push(NULL),
        Label::Bool(false) => bytes.push(FALSE),
        Label::Bool(true) => bytes.push(TRUE),
        Label::Number(Thousandths(number)) => {
            bytes.push(NUMBER);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Label::Text(text) => {
            let text = cut(text);
            bytes.push(TEXT);
            // It was cut, so that its length fits.
            bytes.extend_from_slice(&u16::try_from(text.len()).unwrap_or(u16::MAX).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
}

/// When the window of a key starts.
pub(crate) fn window_of(bytes: &[u8]) -> Timestamp {
    let millis = bytes.get(1..HEADER).and_then(|millis| millis.try_into().ok());
    Timestamp::from_millis(millis.map_or(0, i64::from_le_bytes))
}

impl From<&[u8]> for Key {
    fn from(bytes: &[u8]) -> Self {
        let mut rest = bytes.get(HEADER..).unwrap_or_default();
        let by = std::iter::from_fn(|| take_label(&mut rest)).collect();
        Self { by, window: window_of(bytes), nested: bytes.first() == Some(&1) }
    }
}

fn take_label(rest: &mut &[u8]) -> Option<Scalar> {
    let (&tag, mut after) = rest.split_first()?;
    let label = match tag {
        FALSE => Scalar::Bool(false),
        TRUE => Scalar::Bool(true),
        NUMBER => {
            let (number, later) = after.split_first_chunk()?;
            after = later;
            Scalar::Number(Thousandths(i64::from_le_bytes(*number)))
        }
        TEXT => {
            let (length, later) = after.split_first_chunk()?;
            let (text, later) = later.split_at_checked(u16::from_le_bytes(*length).into())?;
            after = later;
            Scalar::Text(String::from_utf8_lossy(text).into_owned())
        }
        _ => Scalar::Null,
    };
    *rest = after;
    Some(label)
}

/// A value as it is read of a run.
pub(crate) fn label(scalar: &Scalar) -> Label<'_> {
    match scalar {
        Scalar::Null => Label::Null,
        Scalar::Bool(truth) => Label::Bool(*truth),
        Scalar::Number(number) => Label::Number(*number),
        Scalar::Text(text) => Label::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_a_round_trip_through_bytes() {
        let by = vec![
            Scalar::Null,
            Scalar::Bool(false),
            Scalar::Bool(true),
            Scalar::Number(Thousandths(i64::MIN)),
            Scalar::from(""),
            Scalar::from("\0é"),
            Scalar::Null,
        ];
        let key = Key { by, window: Timestamp::from_millis(-5), nested: true };
        let mut bytes = vec![7; 7];
        begin(&mut bytes, key.window, key.nested);
        key.by.iter().for_each(|scalar| add(&mut bytes, label(scalar)));
        assert_eq!(Key::from(bytes.as_slice()), key);
    }

    #[test]
    fn labels_that_run_into_each_other_are_two_keys() {
        let bytes = |texts: [&str; 2]| {
            let mut bytes = Vec::new();
            begin(&mut bytes, Timestamp::from_millis(0), false);
            for text in texts {
                add(&mut bytes, Label::Text(text));
            }
            bytes
        };
        assert_ne!(bytes(["ab", "c"]), bytes(["a", "bc"]));
    }

    #[test]
    fn a_long_name_is_cut_between_two_characters() {
        let long = "é".repeat(200);
        assert_eq!(cut(&long), "é".repeat(128));
        assert_eq!(cut(&format!("x{long}")).len(), 255);
    }
}
