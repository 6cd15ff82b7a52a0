//! Times as people read them: in UTC, and no finer than they need.

use pm_record::Timestamp;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// How fine a column of times is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precision {
    Days,
    Minutes,
    Seconds,
}

impl Precision {
    /// The coarsest that still tells every one of `times`.
    pub(crate) fn of(times: impl Iterator<Item = Timestamp>) -> Self {
        times.map(|time| Self::needed(time.as_millis())).max().unwrap_or(Self::Days)
    }

    fn needed(millis: i64) -> Self {
        if millis % DAY == 0 {
            Self::Days
        } else if millis % MINUTE == 0 {
            Self::Minutes
        } else {
            Self::Seconds
        }
    }

    /// `2024-12-06`, `2024-12-06 10:30` or `2024-12-06 10:30:15`.
    pub(crate) fn write(self, time: Timestamp) -> String {
        let text = time.to_string();
        let (day, clock) = text.split_at(10);
        match self {
            Self::Days => day.to_owned(),
            Self::Minutes => format!("{day} {}", &clock[1..6]),
            Self::Seconds => format!("{day} {}", &clock[1..9]),
        }
    }
}

/// From when to when: `2024-12-06 10:00 to 12:00 UTC`. Seconds are told of what lasted less than ten minutes.
pub(crate) fn span(first: Timestamp, last: Timestamp) -> String {
    let precision = match last.as_millis().saturating_sub(first.as_millis()) {
        ..600_000 => Precision::of([first, last].into_iter()).max(Precision::Minutes),
        _ => Precision::Minutes,
    };
    let (from, to) = (precision.write(first), precision.write(last));
    if from == to {
        format!("{from} UTC")
    } else if first.day() == last.day() {
        format!("{from} to {} UTC", &to[11..])
    } else {
        format!("{from} to {to} UTC")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(first: &str, last: &str, expected: &str) {
        let time = |text| Timestamp::parse(text).expect("a valid time");
        assert_eq!(span(time(first), time(last)), expected);
    }

    #[test]
    fn a_span_names_the_day_once_and_seconds_where_they_matter() {
        check("2024-12-06T10:00:00Z", "2024-12-06T12:29:40Z", "2024-12-06 10:00 to 12:29 UTC");
        check("2024-12-06T00:00:00Z", "2024-12-07T00:00:00Z", "2024-12-06 00:00 to 2024-12-07 00:00 UTC");
        check("2024-12-06T10:00:00Z", "2024-12-06T10:00:02.45Z", "2024-12-06 10:00:00 to 10:00:02 UTC");
        check("2024-12-06T10:00:00Z", "2024-12-06T10:00:00.2Z", "2024-12-06 10:00:00 UTC");
    }

    #[test]
    fn a_column_is_as_fine_as_its_finest_time() {
        let precision = |texts: &[&str]| {
            Precision::of(texts.iter().map(|text| Timestamp::parse(text).expect("a valid time")))
        };
        let (midnight, hour, second) =
            ("2024-12-06T00:00:00Z", "2024-12-06T10:00:00Z", "2024-12-06T10:00:01Z");
        assert_eq!(precision(&[midnight]), Precision::Days);
        assert_eq!(precision(&[midnight, hour]), Precision::Minutes);
        assert_eq!(precision(&[midnight, second, hour]), Precision::Seconds);
    }
}
