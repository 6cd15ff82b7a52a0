//! A metric's value: an integer number of thousandths of its unit.
//!
//! Three decimals are all a record carries, so an integer holds every value exactly, and sums do not
//! depend on their order. A number with more decimals is rounded when it is read, halves away from zero.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number with three decimals; `Thousandths(2_450_000)` is written `2450`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thousandths(pub i64);

impl Thousandths {
    /// A whole number of units; the nearest value that can be held if it does not fit.
    #[must_use]
    pub fn from_units(units: i64) -> Self {
        Self(units.saturating_mul(1000))
    }

    /// A whole number of units, as counters have it; the largest value that can be held if it does not fit.
    #[must_use]
    pub fn from_count(count: u64) -> Self {
        Self::from_units(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// The nearest value to `units`; `None` if it is not finite or does not fit.
    #[must_use]
    pub fn from_f64(units: f64) -> Option<Self> {
        let thousandths = (units * 1000.0).round();
        // The largest f64 below 2^63; a cast is exact up to there.
        #[expect(clippy::cast_possible_truncation, reason = "the range is checked on the same line")]
        (thousandths.abs() < 9_223_372_036_854_775_000.0).then_some(Self(thousandths as i64))
    }

    /// The value in units, for people and for ratios.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl fmt::Display for Thousandths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        let sign = if self.0 < 0 { "-" } else { "" };
        match rest {
            0 => write!(f, "{sign}{whole}"),
            _ => write!(f, "{sign}{whole}.{}", format!("{rest:03}").trim_end_matches('0')),
        }
    }
}

impl Serialize for Thousandths {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1000 == 0 {
            serializer.serialize_i64(self.0 / 1000)
        } else {
            serializer.serialize_f64(self.to_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Thousandths {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Thousandths;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_i64<E: Error>(self, units: i64) -> Result<Thousandths, E> {
                units.checked_mul(1000).map(Thousandths).ok_or_else(|| out_of_range(units))
            }

            fn visit_u64<E: Error>(self, units: u64) -> Result<Thousandths, E> {
                let signed = i64::try_from(units).map_err(|_| out_of_range(units))?;
                self.visit_i64(signed)
            }

            fn visit_f64<E: Error>(self, units: f64) -> Result<Thousandths, E> {
                Thousandths::from_f64(units).ok_or_else(|| out_of_range(units))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

fn out_of_range<E: Error>(number: impl fmt::Display) -> E {
    E::custom(format_args!("number {number} is out of range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, thousandths: i64, written: &str) {
        let value: Thousandths = serde_json::from_str(json).expect(json);
        assert_eq!(value.0, thousandths, "{json}");
        assert_eq!(serde_json::to_string(&value).expect("a number"), written);
        assert_eq!(value.to_string(), written);
    }

    #[test]
    fn numbers_are_read_and_written_with_at_most_three_decimals() {
        check("2450", 2_450_000, "2450");
        check("0.5", 500, "0.5");
        check("-1.25", -1_250, "-1.25");
        check("2.4e3", 2_400_000, "2400");
        check("0.001", 1, "0.001");
        check("-0.0", 0, "0");
    }

    #[test]
    fn more_decimals_are_rounded_halves_away_from_zero() {
        check("0.0005", 1, "0.001");
        check("-0.0005", -1, "-0.001");
        check("1.99949", 1_999, "1.999");
    }

    #[test]
    fn a_number_that_cannot_be_held_is_refused() {
        for json in ["1e300", "18446744073709551615", "-9223372036854775808", "9.3e15"] {
            let error = serde_json::from_str::<Thousandths>(json).expect_err(json).to_string();
            assert!(error.contains("out of range"), "{error}");
        }
    }
}
