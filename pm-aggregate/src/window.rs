//! Windows of time, cut by the records' own timestamps.
//!
//! Wall time is never read: yesterday's file gives yesterday's windows. Fixed windows are aligned to the
//! Unix epoch, so hours and days begin where UTC's do, and every machine cuts alike.

use std::str::FromStr;

use pm_record::{Timestamp, Window};

/// How time is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowSize {
    /// Not at all.
    All,
    /// Into pieces of so many milliseconds; at least 1,000.
    Fixed(i64),
}

impl FromStr for WindowSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        let length = pm_cli::parse_duration(text)?;
        match i64::try_from(length.as_millis()) {
            Ok(millis @ 1_000..) => Ok(Self::Fixed(millis)),
            Ok(_) => Err("a window lasts at least a second".to_owned()),
            Err(_) => Err("a window that long holds all time; write 'all'".to_owned()),
        }
    }
}

impl WindowSize {
    /// The window that an instant belongs to; none when all time is one.
    pub(crate) fn containing(self, instant: Timestamp) -> Option<Window> {
        let Self::Fixed(length) = self else { return None };
        let start = instant.as_millis().div_euclid(length).saturating_mul(length);
        let end = start.saturating_add(length);
        Some(Window { start: Timestamp::from_millis(start), end: Timestamp::from_millis(end) })
    }

    /// The window into which a partial result of the window `inner` goes: `Err` when it would straddle two.
    pub(crate) fn enclosing(self, inner: Option<Window>) -> Result<Option<Window>, Straddles> {
        match (self, inner) {
            (Self::All, _) => Ok(None),
            (Self::Fixed(_), None) => Err(Straddles),
            (Self::Fixed(_), Some(inner)) => {
                let outer = self.containing(inner.start).ok_or(Straddles)?;
                if inner.end <= outer.end { Ok(Some(outer)) } else { Err(Straddles) }
            }
        }
    }
}

/// A partial result that no single window holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Straddles;

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a valid time")
    }

    const HOUR: WindowSize = WindowSize::Fixed(3_600_000);
    const DAY: WindowSize = WindowSize::Fixed(86_400_000);

    #[test]
    fn windows_begin_where_utc_s_hours_and_days_do() {
        let instant = time("2024-12-06T10:30:15.123Z");
        let hour = HOUR.containing(instant).expect("a window");
        assert_eq!((hour.start, hour.end), (time("2024-12-06T10:00:00Z"), time("2024-12-06T11:00:00Z")));
        assert_eq!(DAY.containing(instant).expect("a window").start, time("2024-12-06T00:00:00Z"));
        assert_eq!(HOUR.containing(hour.end).expect("a window").start, hour.end);
        assert_eq!(WindowSize::All.containing(instant), None);
    }

    #[test]
    fn an_instant_before_1970_lies_in_the_window_that_holds_it() {
        let window = HOUR.containing(time("1969-12-31T23:59:59Z")).expect("a window");
        assert_eq!(window.start, time("1969-12-31T23:00:00Z"));
    }

    #[test]
    fn a_partial_goes_into_the_window_that_holds_all_of_it() {
        let hour = HOUR.containing(time("2024-12-06T10:30:00Z"));
        let day = DAY.containing(time("2024-12-06T10:30:00Z"));
        assert_eq!(DAY.enclosing(hour), Ok(day));
        assert_eq!(HOUR.enclosing(hour), Ok(hour));
        assert_eq!(WindowSize::All.enclosing(day), Ok(None));
        assert_eq!(HOUR.enclosing(day), Err(Straddles));
        assert_eq!(HOUR.enclosing(None), Err(Straddles));
    }

    #[test]
    fn a_window_of_less_than_a_second_is_refused() {
        assert_eq!(["1h", "1d", "all"].map(str::parse), [Ok(HOUR), Ok(DAY), Ok(WindowSize::All)]);
        assert_eq!("20ms".parse::<WindowSize>(), Err("a window lasts at least a second".to_owned()));
    }

    #[test]
    fn a_window_longer_than_time_is_refused_for_that_reason() {
        let refused = "500000000000y".parse::<WindowSize>();
        assert_eq!(refused, Err("a window that long holds all time; write 'all'".to_owned()));
    }
}
