//! An instant, in milliseconds of UTC.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds since the Unix epoch; written `2024-12-06T10:30:15.123Z`, read with any offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Years 0 to 9999, which is what RFC 3339 can write.
const WRITABLE: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

impl Timestamp {
    /// An instant by its milliseconds since the Unix epoch; the nearest that can be written.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(WRITABLE.start, WRITABLE.end - 1))
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339; a finer fraction than milliseconds is cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let millis = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
        WRITABLE.contains(&millis).then_some(Self(millis))
    }

    /// The day in UTC, `2024-12-06`.
    #[must_use]
    pub fn day(self) -> String {
        self.to_string()[..10].to_owned()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = DateTime::<Utc>::from_timestamp_millis(self.0).ok_or(fmt::Error)?;
        f.write_str(&instant.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom(format_args!("'{text}' is not an RFC 3339 time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_with_milliseconds() {
        let instant = Timestamp::parse("2024-12-06T11:30:15.1239+01:00").expect("a valid time");
        assert_eq!(instant.to_string(), "2024-12-06T10:30:15.123Z");
        assert_eq!(instant.day(), "2024-12-06");
    }

    #[test]
    fn what_is_no_time_is_refused_by_name() {
        let error = serde_json::from_str::<Timestamp>("\"yesterday\"").expect_err("no time").to_string();
        assert!(error.starts_with("'yesterday' is not an RFC 3339 time"), "{error}");
    }

    #[test]
    fn an_instant_that_cannot_be_written_is_moved_to_the_nearest_that_can() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    }
}
