//! Days and months of UTC, as they stand in the names of files.

use std::fmt;

use pm_record::Timestamp;

/// A day's length in milliseconds; UTC as it is reckoned has no other.
pub(crate) const DAY: i64 = 86_400_000;

/// A day of UTC; displays `2024-12-06`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

/// A month of UTC; displays `2024-12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(Day);

impl Day {
    /// The day that an instant belongs to.
    #[must_use]
    pub fn of(instant: Timestamp) -> Self {
        Self(instant.as_millis().div_euclid(DAY))
    }

    /// Reads `2024-12-06`, and nothing else that may mean a day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let day = Self::of(Timestamp::parse(&format!("{text}T00:00:00Z"))?);
        (day.to_string() == text).then_some(day)
    }

    /// Its first instant.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(DAY))
    }

    /// The first instant after it.
    #[must_use]
    pub fn end(self) -> Timestamp {
        self.next().start()
    }

    /// The day after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The month that it belongs to.
    #[must_use]
    pub fn month(self) -> Month {
        let text = self.start().day();
        Month(Self::parse(&format!("{}-01", &text[..7])).unwrap_or(self))
    }
}

impl Month {
    /// Reads `2024-12`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Day::parse(&format!("{text}-01")).map(Self)
    }

    /// The first instant after it.
    pub(crate) fn end(self) -> Timestamp {
        // Any month has ended 31 days after its first, and the next one has not.
        Day(self.0.0 + 31).month().0.start()
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.start().day())
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.start().day()[..7])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_day_as_it_is_written_is_one() {
        let day = Day::parse("2024-12-06").expect("a day");
        assert_eq!(day.to_string(), "2024-12-06");
        assert_eq!(day.start().to_string(), "2024-12-06T00:00:00.000Z");
        assert_eq!(day.end().to_string(), "2024-12-07T00:00:00.000Z");
        for text in ["", "2024-13-01", "2024-02-30", "2024-1-1", "2024-12-06 ", "20241206", "----------"] {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        for (day, month, end) in [
            ("2024-02-29", "2024-02", "2024-03-01T00:00:00.000Z"),
            ("2024-12-31", "2024-12", "2025-01-01T00:00:00.000Z"),
            ("2025-02-01", "2025-02", "2025-03-01T00:00:00.000Z"),
            ("2025-04-30", "2025-04", "2025-05-01T00:00:00.000Z"),
        ] {
            let of = Day::parse(day).expect("a day").month();
            assert_eq!((of.to_string().as_str(), of.end().to_string().as_str()), (month, end));
            assert_eq!(Month::parse(month), Some(of));
        }
    }
}
