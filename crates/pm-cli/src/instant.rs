//! Points in time as people type them.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveTime};

/// What was typed; what it means depends on the time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instant {
    /// A date or a time: milliseconds since the Unix epoch.
    At(i64),
    /// So many milliseconds before now.
    Ago(i64),
}

/// A text that names no point in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoInstant;

impl std::fmt::Display for NoInstant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no time; write 2024-12-06, 2024-12-06T10:30:00Z or '2 days ago'")
    }
}

impl std::error::Error for NoInstant {}

impl Instant {
    /// Milliseconds since the Unix epoch, at the time `now`.
    #[must_use]
    pub fn millis(self, now: i64) -> i64 {
        match self {
            Self::At(millis) => millis,
            Self::Ago(millis) => now.saturating_sub(millis),
        }
    }
}

impl FromStr for Instant {
    type Err = NoInstant;

    /// Reads RFC 3339, a date (its first instant in UTC), `now`, or a duration and `ago`.
    fn from_str(text: &str) -> Result<Self, NoInstant> {
        if text == "now" {
            return Ok(Self::Ago(0));
        }
        if let Some(duration) = text.strip_suffix(" ago") {
            let duration = humantime::parse_duration(duration).map_err(|_| NoInstant)?;
            return i64::try_from(duration.as_millis()).map(Self::Ago).map_err(|_| NoInstant);
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(time.timestamp_millis()));
        }
        let date = NaiveDate::from_str(text).map_err(|_| NoInstant)?;
        Ok(Self::At(date.and_time(NaiveTime::MIN).and_utc().timestamp_millis()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_dates_and_distances_are_read() {
        let cases = [
            ("1970-01-02", Instant::At(86_400_000)),
            ("1970-01-01T01:00:00.5+01:00", Instant::At(500)),
            ("2 days ago", Instant::Ago(172_800_000)),
            ("90s ago", Instant::Ago(90_000)),
            ("now", Instant::Ago(0)),
        ];
        for (text, instant) in cases {
            assert_eq!(text.parse(), Ok(instant), "{text}");
        }
        assert_eq!(Instant::Ago(500).millis(2000), 1500);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "soon", "2024-13-01", "ago", "days ago", "10:30"] {
            assert_eq!(text.parse::<Instant>(), Err(NoInstant), "{text}");
        }
    }
}
