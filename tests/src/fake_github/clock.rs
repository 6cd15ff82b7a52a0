//! Tells the fake what time it is, and writes times as GitHub does.

use chrono::{DateTime, SecondsFormat};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the fake takes the time from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The machine's own clock.
    System,
    /// Always this epoch second, until [`FakeGithub::set_now`](super::FakeGithub::set_now) moves it.
    Fixed(u64),
}

impl Clock {
    pub(super) fn epoch(self) -> u64 {
        match self {
            Clock::Fixed(epoch) => epoch,
            Clock::System => {
                SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970").as_secs()
            }
        }
    }
}

/// The form of the `Date` and `Last-Modified` headers.
pub(super) fn http_date(epoch: u64) -> String {
    at(epoch).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The form of every time inside a JSON body.
pub(super) fn iso_date(epoch: u64) -> String {
    at(epoch).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Reads what `If-Modified-Since` carries; `None` for anything else, which GitHub ignores.
pub(super) fn parse_http_date(text: &str) -> Option<u64> {
    u64::try_from(DateTime::parse_from_rfc2822(text).ok()?.timestamp()).ok()
}

fn at(epoch: u64) -> DateTime<chrono::Utc> {
    i64::try_from(epoch).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_http_date_is_read_back_as_written() {
        assert_eq!(http_date(1_700_000_000), "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(parse_http_date(&http_date(1_700_000_000)), Some(1_700_000_000));
        assert_eq!(parse_http_date("yesterday"), None);
    }

    #[test]
    fn a_json_time_ends_in_z() {
        assert_eq!(iso_date(1_700_000_000), "2023-11-14T22:13:20Z");
    }
}
