//! Windows of time, cut by the records' own timestamps.
//!
//! Wall time is never read: yesterday's file gives yesterday's windows. Fixed windows are aligned to the
//! Unix epoch, so hours and days begin where UTC's do, and every machine cuts alike.

use std::str::FromStr;

use pm_record::{Timestamp, Window};
use pm_store::Grain;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

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
    /// When the window starts that an instant belongs to. Where all time is one window, that is the same
    /// instant for all, and means nothing.
    #[inline]
    pub(crate) fn start_of(self, instant: Timestamp) -> Timestamp {
        match self {
            Self::All => Timestamp::from_millis(0),
            Self::Fixed(length) => {
                Timestamp::from_millis(instant.as_millis().div_euclid(length).saturating_mul(length))
            }
        }
    }

    /// The first instant after the window that starts at `start`; never, where all time is one.
    #[inline]
    pub(crate) fn end_of(self, start: Timestamp) -> Timestamp {
        match self {
            Self::All => Timestamp::from_millis(i64::MAX),
            Self::Fixed(length) => Timestamp::from_millis(start.as_millis().saturating_add(length)),
        }
    }

    /// The window that starts at `start`; none when all time is one.
    pub(crate) fn window_at(self, start: Timestamp) -> Option<Window> {
        matches!(self, Self::Fixed(_)).then(|| Window { start, end: self.end_of(start) })
    }

    /// The finest cut of time that it needs; none if nobody cuts as finely before it is asked for.
    pub(crate) fn grain(self) -> Option<Grain> {
        match self {
            Self::All => Some(Grain::All),
            Self::Fixed(length) if length % DAY == 0 => Some(Grain::Day),
            Self::Fixed(length) if length % HOUR == 0 => Some(Grain::Hour),
            Self::Fixed(_) => None,
        }
    }

    /// When the window starts into which a partial result of the window `inner` goes: `Err` when it would straddle
    /// two.
    pub(crate) fn enclosing(self, inner: Option<Window>) -> Result<Timestamp, Straddles> {
        match (self, inner) {
            (Self::Fixed(_), None) => Err(Straddles),
            (Self::Fixed(_), Some(inner)) => {
                let start = self.start_of(inner.start);
                if inner.end <= self.end_of(start) { Ok(start) } else { Err(Straddles) }
            }
            (Self::All, _) => Ok(self.start_of(Timestamp::from_millis(0))),
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

    const HOUR: WindowSize = WindowSize::Fixed(super::HOUR);
    const DAY: WindowSize = WindowSize::Fixed(super::DAY);

    #[test]
    fn windows_begin_where_utc_s_hours_and_days_do() {
        let instant = time("2024-12-06T10:30:15.123Z");
        let (start, end) = (time("2024-12-06T10:00:00Z"), time("2024-12-06T11:00:00Z"));
        assert_eq!(HOUR.window_at(HOUR.start_of(instant)), Some(Window { start, end }));
        assert_eq!(DAY.start_of(instant), time("2024-12-06T00:00:00Z"));
        assert_eq!(HOUR.start_of(end), end);
        assert_eq!(WindowSize::All.window_at(WindowSize::All.start_of(instant)), None);
    }

    #[test]
    fn an_instant_before_1970_lies_in_the_window_that_holds_it() {
        assert_eq!(HOUR.start_of(time("1969-12-31T23:59:59Z")), time("1969-12-31T23:00:00Z"));
    }

    #[test]
    fn a_partial_goes_into_the_window_that_holds_all_of_it() {
        let window = |size: WindowSize| size.window_at(size.start_of(time("2024-12-06T10:30:00Z")));
        let (hour, day) = (window(HOUR), window(DAY));
        assert_eq!(DAY.enclosing(hour), Ok(time("2024-12-06T00:00:00Z")));
        assert_eq!(HOUR.enclosing(hour), Ok(time("2024-12-06T10:00:00Z")));
        assert_eq!(WindowSize::All.enclosing(day), WindowSize::All.enclosing(None));
        assert_eq!(HOUR.enclosing(day), Err(Straddles));
        assert_eq!(HOUR.enclosing(None), Err(Straddles));
    }

    #[test]
    fn a_window_needs_the_coarsest_cut_that_it_is_made_of() {
        let grain = |text: &str| text.parse::<WindowSize>().expect(text).grain();
        let grains = ["all", "1d", "3d", "1h", "6h", "90m", "1m"].map(grain);
        let (all, day, hour) = (Some(Grain::All), Some(Grain::Day), Some(Grain::Hour));
        assert_eq!(grains, [all, day, day, hour, hour, None, None]);
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
