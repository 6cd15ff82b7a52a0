//! Stretches of time in settings: `90s`, `10m`, `26h`, `2days`.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A stretch of time in milliseconds, more than none and at most ten years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) i64);

const MOST_MILLIS: i64 = 3660 * 24 * 3_600_000;

impl Span {
    fn parse(text: &str) -> Option<Self> {
        let millis = i64::try_from(humantime::parse_duration(text.trim()).ok()?.as_millis()).ok()?;
        (1..=MOST_MILLIS).contains(&millis).then_some(Self(millis))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Span;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time, such as 90s, 10m or 26h")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
                Span::parse(text)
                    .ok_or_else(|| E::custom(format_args!("'{text}' is no time, such as 90s, 10m or 26h")))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
