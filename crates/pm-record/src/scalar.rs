//! A single value out of a record, of whatever type it has there.

use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Thousandths;

/// A JSON value that is no list and no object. Ordered: null, false, true, numbers, texts.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scalar {
    /// Absent or null. A list or an object reads as this too: neither can label a group.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Thousandths),
    /// A string.
    Text(String),
}

impl Scalar {
    /// Whether there is no value.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Thousandths> for Scalar {
    fn from(number: Thousandths) -> Self {
        Self::Number(number)
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("-"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => number.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalar)
    }
}

struct AnyScalar;

impl<'de> Visitor<'de> for AnyScalar {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Scalar, E> {
        Ok(Scalar::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
        Ok(i64::try_from(number).map_or_else(|_| Scalar::Text(number.to_string()), whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Thousandths::from_f64(number).map_or(Scalar::Null, Scalar::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Null)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Scalar, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Null)
    }
}

/// A number that does not fit is kept by its digits: it is somebody's identifier, and two of them are not one.
fn whole(number: i64) -> Scalar {
    let fits = number.checked_mul(1000).map(|thousandths| Scalar::Number(Thousandths(thousandths)));
    fits.unwrap_or_else(|| Scalar::Text(number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_survives_a_round_trip() {
        for json in ["null", "true", "3", "0.25", "\"a\\\"b\""] {
            let scalar: Scalar = serde_json::from_str(json).expect(json);
            assert_eq!(serde_json::to_string(&scalar).expect("a scalar"), json);
        }
    }

    #[test]
    fn a_whole_number_that_does_not_fit_keeps_its_digits() {
        for json in ["9300000000000001", "9400000000000002", "-9300000000000001", "18446744073709551615"] {
            assert_eq!(serde_json::from_str::<Scalar>(json).expect(json), Scalar::from(json));
        }
    }

    #[test]
    fn lists_objects_and_fractions_that_do_not_fit_read_as_null() {
        for json in ["[1,[2]]", "{\"a\":{\"b\":1}}", "1e300"] {
            assert_eq!(serde_json::from_str::<Scalar>(json).expect(json), Scalar::Null);
        }
    }
}
