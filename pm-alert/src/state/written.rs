//! A value that is written as JSON again and again and changes seldom: its text is kept until somebody may have changed it.
//!
//! Whoever could change it makes the text anew, and so nobody can forget to. The cost: it is held twice, once as text, and
//! taking it to be changed without changing it costs as much as a change.

use std::cell::OnceCell;
use std::ops::{Deref, DerefMut};

use serde::ser::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// A value and, once it was written, its text.
#[derive(Debug, Clone)]
pub(crate) struct Written<T> {
    value: T,
    text: OnceCell<Box<RawValue>>,
}

impl<T> Written<T> {
    pub(super) fn new(value: T) -> Self {
        Self { value, text: OnceCell::new() }
    }
}

impl<T> Deref for Written<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Written<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.text.take();
        &mut self.value
    }
}

/// What is the same is written in the same way.
impl<T: PartialEq> PartialEq for Written<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Serialize> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if let Some(text) = self.text.get() {
            return text.serialize(to);
        }
        let text = to_raw_value(&self.value).map_err(S::Error::custom)?;
        self.text.get_or_init(|| text).serialize(to)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(written: &Written<Vec<u8>>, expected: &str) {
        assert_eq!(serde_json::to_string(written).expect("text"), expected);
        // Once more, when there is a text.
        assert_eq!(serde_json::to_string(&(1, written)).expect("text"), format!("[1,{expected}]"));
    }

    #[test]
    fn what_was_changed_is_written_anew_and_what_was_not_stays() {
        let mut written: Written<Vec<u8>> = serde_json::from_str("[ 1 ]").expect("a value");
        check(&written, "[1]");
        let text = written.text.get().map(|text| text.get().as_ptr());
        check(&written, "[1]");
        assert!(text.is_some() && written.text.get().map(|text| text.get().as_ptr()) == text);
        written.push(2);
        check(&written, "[1,2]");
        assert_eq!(written.first(), Some(&1));
        assert!(written.text.get().is_some(), "looking changes nothing");
    }
}
