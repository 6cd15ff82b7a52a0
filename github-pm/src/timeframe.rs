//! How far back a report looks.

use pm_record::{Timestamp, Window};

const HOUR: i64 = 3_600_000;

/// A stretch of time that ends with the running hour of UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Timeframe {
    /// The last 24 hours.
    #[default]
    Day,
    /// The last 7 days.
    Week,
    /// The last 30 days.
    Month,
}

impl Timeframe {
    /// Its first instant and its end, at the time `now` in milliseconds.
    pub(crate) fn window(self, now: i64) -> Window {
        let end = now.div_euclid(HOUR).saturating_add(1).saturating_mul(HOUR);
        let start = end.saturating_sub(self.hours() * HOUR);
        Window { start: Timestamp::from_millis(start), end: Timestamp::from_millis(end) }
    }

    fn hours(self) -> i64 {
        match self {
            Self::Day => 24,
            Self::Week => 24 * 7,
            Self::Month => 24 * 30,
        }
    }

    /// How it is cut where something is drawn over time: about a hundred windows, hours of which rollups know.
    pub(crate) fn step(self) -> &'static str {
        match self {
            Self::Day => "15m",
            Self::Week => "2h",
            Self::Month => "6h",
        }
    }

    /// The same for a column of a table: about a dozen windows.
    pub(crate) fn glance(self) -> &'static str {
        match self {
            Self::Day => "2h",
            Self::Week => "12h",
            Self::Month => "2d",
        }
    }

    /// It, as it is typed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// It, inside of a sentence.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Day => "the last 24 hours",
            Self::Week => "the last 7 days",
            Self::Month => "the last 30 days",
        }
    }

    /// The title of a report about it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Day => "Performance of the last 24 hours",
            Self::Week => "Performance of the last 7 days",
            Self::Month => "Performance of the last 30 days",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(timeframe: Timeframe, now: &str, start: &str, end: &str) {
        let window = timeframe.window(Timestamp::parse(now).expect("a time").as_millis());
        assert_eq!([window.start.to_string(), window.end.to_string()], [start, end]);
    }

    #[test]
    fn whole_hours_are_cut_and_the_running_one_counts() {
        check(
            Timeframe::Day,
            "2024-12-06T10:30:15.123Z",
            "2024-12-05T11:00:00.000Z",
            "2024-12-06T11:00:00.000Z",
        );
        check(
            Timeframe::Week,
            "2024-12-06T10:59:59.999Z",
            "2024-11-29T11:00:00.000Z",
            "2024-12-06T11:00:00.000Z",
        );
        check(
            Timeframe::Month,
            "2024-03-01T10:00:00Z",
            "2024-01-31T11:00:00.000Z",
            "2024-03-01T11:00:00.000Z",
        );
    }
}
