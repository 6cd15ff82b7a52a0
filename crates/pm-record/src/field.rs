//! A field of a record by its dotted path, read from the line itself.
//!
//! A filter can so group by any field, also by one that this version has no type for. One pass over the
//! line, nothing built but the value that was asked for.

use std::fmt;
use std::str::FromStr;

use serde::Deserializer;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::Scalar;

/// The path of a field inside a record's value: `command`, `context.project_size`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(String);

/// A text that names no field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' names no field")]
pub struct NoField(String);

impl Field {
    /// The path, with dots.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The field's value in a line whose only key is the record's kind; null where it has none.
    ///
    /// The line must be valid JSON: what is not, reads as null.
    #[must_use]
    pub fn read(&self, line: &[u8]) -> Scalar {
        let mut json = serde_json::Deserializer::from_slice(line);
        json.deserialize_map(Kind(self)).unwrap_or_default()
    }
}

impl FromStr for Field {
    type Err = NoField;

    fn from_str(text: &str) -> Result<Self, NoField> {
        if text.split('.').any(str::is_empty) {
            Err(NoField(text.to_owned()))
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Steps over the kind, whose name does not matter here.
struct Kind<'a>(&'a Field);

impl<'de> Visitor<'de> for Kind<'_> {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut record: A) -> Result<Scalar, A::Error> {
        match record.next_key::<IgnoredAny>()? {
            Some(_) => record.next_value_seed(Rest(&self.0.0)),
            None => Ok(Scalar::Null),
        }
    }
}

/// What is left of the path at this depth.
struct Rest<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Rest<'_> {
    type Value = Scalar;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Scalar, D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Rest<'_> {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Scalar, A::Error> {
        let (step, rest) = self.0.split_once('.').map_or((self.0, None), |(step, rest)| (step, Some(rest)));
        let mut found = Scalar::Null;
        while let Some(key) = object.next_key::<std::borrow::Cow<'de, str>>()? {
            found = match rest {
                _ if key != step => {
                    object.next_value::<IgnoredAny>()?;
                    continue;
                }
                Some(rest) => object.next_value_seed(Rest(rest))?,
                None => object.next_value()?,
            };
        }
        Ok(found)
    }

    // The path goes on where the record does not.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Null)
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_str<E>(self, _: &str) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Thousandths;

    const LINE: &[u8] = br#"{"k":{"command":"batch","exit_code":1,"context":{"size":"large","n":{"x":0.5}},"list":[{"a":1}]}}"#;

    #[track_caller]
    fn check(path: &str, expected: &Scalar) {
        let field: Field = path.parse().expect(path);
        assert_eq!(field.read(LINE), *expected, "{path}");
    }

    #[test]
    fn a_field_is_found_at_any_depth() {
        check("command", &Scalar::from("batch"));
        check("exit_code", &Scalar::Number(Thousandths(1000)));
        check("context.size", &Scalar::from("large"));
        check("context.n.x", &Scalar::Number(Thousandths(500)));
    }

    #[test]
    fn a_field_that_is_not_there_is_null() {
        for path in ["nothing", "command.deeper", "exit_code.deeper", "context", "list", "list.a"] {
            check(path, &Scalar::Null);
        }
    }

    #[test]
    fn an_empty_step_names_no_field() {
        for text in ["", ".", "a.", ".a", "a..b"] {
            assert!(text.parse::<Field>().is_err(), "{text}");
        }
    }
}
