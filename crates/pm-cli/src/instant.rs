//! Points in time as people type them.

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};

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

/// Times without a zone, which are UTC.
const WITHOUT_ZONE: [&str; 4] =
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];

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

    /// Reads RFC 3339, also without its zone, which is then UTC, or without its seconds; a date, which is its
    /// first instant in UTC; `now`; or a duration and `ago`.
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
        let time = WITHOUT_ZONE.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        if let Some(time) = time {
            return Ok(Self::At(time.and_utc().timestamp_millis()));
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
            ("1970-01-02T00:00:01", Instant::At(86_401_000)),
            ("1970-01-02 00:00:01.5", Instant::At(86_401_500)),
            ("1970-01-02T00:01", Instant::At(86_460_000)),
            ("1970-01-02 00:01", Instant::At(86_460_000)),
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
        for text in ["", "soon", "2024-13-01", "ago", "days ago", "10:30", "2024-12-06T", "2024-12-06T10:60"]
        {
            assert_eq!(text.parse::<Instant>(), Err(NoInstant), "{text}");
        }
    }
}
