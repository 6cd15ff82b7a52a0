//! What the headers of an answer say about limits.

use std::time::{Duration, UNIX_EPOCH};

use pm_record::Timestamp;

use crate::Limit;

/// The headers that have to do with limits and time. A header that cannot be read is as good as absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LimitHeaders {
    /// The resource that the request counted for, at most 64 characters.
    pub resource: Option<String>,
    /// Its limit.
    pub limit: Limit,
    /// How long to wait before the next request.
    pub retry_after: Option<Duration>,
    /// What time it is at GitHub, in whole seconds.
    pub date: Option<Timestamp>,
}

impl LimitHeaders {
    /// Reads them from names and values, in any letter case and order. Of two with one name the first counts.
    #[must_use]
    pub fn read<'a>(headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let (mut found, mut retry_at) = (Self::default(), None);
        for (name, value) in headers {
            let Some(text) = std::str::from_utf8(value).ok().map(str::trim) else { continue };
            let name = name.to_ascii_lowercase();
            match name.as_str() {
                "x-ratelimit-limit" => set(&mut found.limit.limit, number(text)),
                "x-ratelimit-remaining" => set(&mut found.limit.remaining, number(text)),
                "x-ratelimit-used" => set(&mut found.limit.used, number(text)),
                "x-ratelimit-reset" => set(&mut found.limit.reset, number(text).map(seconds)),
                "x-ratelimit-resource" => set(&mut found.resource, resource(text)),
                "retry-after" => {
                    set(&mut found.retry_after, number(text).map(Duration::from_secs));
                    set(&mut retry_at, date(text));
                }
                "date" => set(&mut found.date, date(text)),
                _ => {}
            }
        }
        // HTTP also allows a time of day, which means something only beside the server's own.
        let distance = || {
            let millis = retry_at?.as_millis().saturating_sub(found.date?.as_millis());
            Some(Duration::from_millis(u64::try_from(millis).unwrap_or(0)))
        };
        found.retry_after = found.retry_after.or_else(distance);
        found
    }
}

fn set<T>(place: &mut Option<T>, value: Option<T>) {
    if place.is_none() {
        *place = value;
    }
}

/// Digits only: `parse` would also take a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// An instant by its seconds since the Unix epoch; the nearest that can be written.
pub(crate) fn seconds(epoch: u64) -> Timestamp {
    Timestamp::from_millis(i64::try_from(epoch).unwrap_or(i64::MAX).saturating_mul(1000))
}

fn resource(text: &str) -> Option<String> {
    let is_name = !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then(|| text.to_owned())
}

fn date(text: &str) -> Option<Timestamp> {
    let since = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(seconds(since.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&str, &str)]) -> LimitHeaders {
        LimitHeaders::read(headers.iter().map(|(name, value)| (*name, value.as_bytes())))
    }

    #[test]
    fn the_headers_of_an_answer_are_read_in_any_letter_case() {
        let headers = read(&[
            ("X-RateLimit-Limit", "5000"),
            ("x-ratelimit-remaining", " 4988 "),
            ("X-RATELIMIT-USED", "12"),
            ("X-RateLimit-Reset", "1700003600"),
            ("X-RateLimit-Resource", "core"),
            ("Retry-After", "60"),
            ("Date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ]);
        let limit = Limit {
            limit: Some(5000),
            remaining: Some(4988),
            used: Some(12),
            reset: Some(Timestamp::from_millis(1_700_003_600_000)),
        };
        let expected = LimitHeaders {
            resource: Some("core".into()),
            limit,
            retry_after: Some(Duration::from_mins(1)),
            date: Some(Timestamp::from_millis(1_700_000_000_000)),
        };
        assert_eq!(headers, expected);
    }

    #[test]
    fn what_cannot_be_read_is_as_good_as_absent() {
        for value in ["", "-1", "+1", "1.5", "0x10", "99999999999999999999", "x"] {
            let headers = read(&[
                ("x-ratelimit-limit", value),
                ("x-ratelimit-reset", value),
                ("retry-after", value),
                ("date", value),
            ]);
            assert_eq!(headers, LimitHeaders::default(), "{value}");
        }
        let long = "x".repeat(65);
        assert_eq!(read(&[("x-ratelimit-resource", &long)]), LimitHeaders::default());
        let headers = LimitHeaders::read([("x-ratelimit-limit", &b"\xff"[..])]);
        assert_eq!(headers, LimitHeaders::default());
    }

    #[test]
    fn a_time_to_try_again_is_a_distance_from_the_server_s_own() {
        let at = ("Retry-After", "Tue, 14 Nov 2023 22:14:20 GMT");
        let date = ("Date", "Tue, 14 Nov 2023 22:13:20 GMT");
        assert_eq!(read(&[at, date]).retry_after, Some(Duration::from_mins(1)));
        assert_eq!(read(&[at]).retry_after, None);
        assert_eq!(read(&[("Retry-After", date.1), ("Date", at.1)]).retry_after, Some(Duration::ZERO));
    }

    #[test]
    fn of_two_headers_of_one_name_the_first_counts() {
        let headers = read(&[("x-ratelimit-used", "1"), ("x-ratelimit-used", "2")]);
        assert_eq!(headers.limit.used, Some(1));
    }

    proptest::proptest! {
        #[test]
        fn no_header_is_too_odd(pairs in proptest::collection::vec((".*", proptest::collection::vec(0_u8.., 0..40)), 0..8)) {
            let headers = LimitHeaders::read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_slice())));
            proptest::prop_assert!(headers.resource.is_none_or(|name| name.len() <= 64));
        }
    }
}
