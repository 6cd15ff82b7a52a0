//! The record of a reading, and what two readings say of the time between them.
//!
//! Resets are by GitHub's clock, so whatever is compared with them is, too: this machine's clock is corrected by
//! what the answer's `Date` says. That has whole seconds, so a difference that it cannot tell from none is none.

use std::time::Duration;

use pm_github::{Limit, Quotas};
use pm_record::{ApiMonitoring, RateLimit, RateLimitTracking, Thousandths, Timestamp};

/// An answer, and when it came.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    /// The middle between asking and answer, by this machine's clock.
    pub(crate) at: Timestamp,
    /// How long it took, in milliseconds.
    pub(crate) round_trip: i64,
    /// What time it was at GitHub, cut to whole seconds.
    pub(crate) server: Option<Timestamp>,
    pub(crate) limits: Limits,
}

/// What the server has.
#[derive(Debug, Clone)]
pub(crate) enum Limits {
    On(Quotas),
    /// As an Enterprise Server does by default.
    Off,
}

/// The record of a reading of this host's API with this credential. `earlier` is the one before.
pub(crate) fn of(
    host: &str,
    credential: Option<&str>,
    reading: &Reading,
    earlier: Option<&ApiMonitoring>,
) -> ApiMonitoring {
    let skew = skew(reading);
    let mut record = ApiMonitoring {
        timestamp: Some(reading.at),
        api_host: Some(host.to_owned()),
        credential: credential.map(str::to_owned),
        authenticated: Some(credential.is_some()),
        clock_skew_ms: skew.map(Thousandths::from_units),
        ..ApiMonitoring::default()
    };
    let Limits::On(quotas) = &reading.limits else {
        record.limits_off = true;
        return record;
    };
    let now = moved(reading.at, skew.unwrap_or(0));
    record.resources = quotas
        .0
        .iter()
        .map(|(name, limit)| {
            let before = earlier.and_then(|earlier| Some((earlier.timestamp?, earlier.resources.get(name)?)));
            (name.clone(), resource(limit, before, reading.at, now))
        })
        .collect();
    record.rate_limit_tracking = quotas.0.get("core").map(tracking).unwrap_or_default();
    record
}

/// How much later it is at GitHub than here, in milliseconds: whole seconds, since more is not known.
fn skew(reading: &Reading) -> Option<i64> {
    let server = reading.server?.as_millis();
    // The header names the second in which the answer was made, so its middle is the best guess.
    let difference = server + 500 - reading.at.as_millis();
    let unknown = 500 + reading.round_trip / 2;
    Some(if difference.abs() <= unknown { 0 } else { (difference + 500).div_euclid(1000) * 1000 })
}

fn moved(instant: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(instant.as_millis().saturating_add(millis))
}

fn tracking(core: &Limit) -> RateLimitTracking {
    let ratio = core.limit.filter(|limit| *limit > 0).zip(core.remaining);
    RateLimitTracking {
        current_limit: core.limit.map(Thousandths::from_count),
        remaining: core.remaining.map(Thousandths::from_count),
        reset_time: core.reset,
        efficiency_score: ratio.and_then(|(limit, rest)| Thousandths::from_f64(rest as f64 / limit as f64)),
    }
}

/// One resource at `now`, which is GitHub's time; `at` is ours, as that of the reading before is.
fn resource(
    limit: &Limit,
    before: Option<(Timestamp, &RateLimit)>,
    at: Timestamp,
    now: Timestamp,
) -> RateLimit {
    let burn = before.and_then(|(then, before)| {
        let elapsed =
            u64::try_from(at.as_millis().saturating_sub(then.as_millis())).ok().filter(|&ms| ms > 0)?;
        let used = limit.used_since(&as_limit(before), Duration::from_millis(elapsed))?;
        Some(used as f64 * 60_000.0 / elapsed as f64)
    });
    RateLimit {
        burn_per_minute: burn.and_then(Thousandths::from_f64),
        exhausted_at: exhausted_at(limit, burn, now),
        ..RateLimit::from(limit)
    }
}

/// When nothing will be left at this speed; none if the next window begins before.
fn exhausted_at(limit: &Limit, burn: Option<f64>, now: Timestamp) -> Option<Timestamp> {
    let (left, reset) = (limit.remaining?, limit.reset?);
    let at = if left == 0 {
        now
    } else {
        let minutes = left as f64 / burn.filter(|burn| *burn > 0.0)?;
        // A time beyond what can be said is beyond any reset.
        moved(now, Thousandths::from_f64(minutes * 60.0)?.0)
    };
    (at < reset).then_some(at)
}

/// A limit as a record has it.
fn as_limit(record: &RateLimit) -> Limit {
    let count = |value: Option<Thousandths>| value.and_then(|value| u64::try_from(value.0 / 1000).ok());
    Limit {
        limit: count(record.limit),
        remaining: count(record.remaining),
        used: count(record.used),
        reset: record.reset_time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn reading(seconds: i64, used: u64, reset: i64) -> Reading {
        let core = Limit {
            limit: Some(5000),
            remaining: Some(5000 - used),
            used: Some(used),
            reset: Some(at(reset)),
        };
        Reading {
            at: at(seconds),
            round_trip: 20,
            server: Some(at(seconds)),
            limits: Limits::On(Quotas([("core".to_owned(), core)].into_iter().collect())),
        }
    }

    /// The burn rate and the time of exhaustion, in seconds, that a second reading finds for core.
    #[track_caller]
    fn check(first: &Reading, second: &Reading, burn: Option<f64>, exhausted: Option<i64>) {
        let earlier = of("github.com", Some("a"), first, None);
        let later = of("github.com", Some("a"), second, Some(&earlier));
        let core = &later.resources["core"];
        let found = core.exhausted_at.map(|at| at.as_millis() / 1000);
        assert_eq!((core.burn_per_minute.map(Thousandths::to_f64), found), (burn, exhausted));
    }

    #[test]
    fn two_readings_of_one_window_say_how_fast_it_is_used() {
        // 300 in a minute, and 4,000 left: 13 minutes and 20 seconds.
        check(&reading(0, 700, 3600), &reading(60, 1000, 3600), Some(300.0), Some(860));
        check(&reading(0, 700, 3600), &reading(120, 701, 3601), Some(0.5), None);
        check(&reading(0, 700, 3600), &reading(60, 700, 3600), Some(0.0), None);
    }

    #[test]
    fn what_is_used_up_now_is_used_up_at_any_speed() {
        check(&reading(0, 5000, 3600), &reading(60, 5000, 3600), Some(0.0), Some(60));
        assert!(of("h", None, &reading(0, 5000, 3600), None).resources["core"].exhausted_at.is_some());
    }

    #[test]
    fn across_windows_and_backwards_in_time_no_speed_is_known() {
        check(&reading(0, 700, 3600), &reading(60, 10, 7200), None, None);
        check(&reading(60, 700, 3600), &reading(0, 1000, 3600), None, None);
        check(&reading(0, 700, 3600), &reading(0, 1000, 3600), None, None);
    }

    #[test]
    fn exhaustion_is_told_by_github_s_clock() {
        let ahead = |reading: Reading| Reading {
            server: reading.server.map(|server| moved(server, 600_000)),
            ..reading
        };
        // It is ten minutes later there, so the window ends before the quota does.
        check(&ahead(reading(0, 700, 1400)), &ahead(reading(60, 1000, 1400)), Some(300.0), None);
        check(&reading(0, 700, 1400), &reading(60, 1000, 1400), Some(300.0), Some(860));
    }

    #[test]
    fn a_difference_of_clocks_is_told_in_whole_seconds_and_below_that_as_none() {
        let skew = |server: i64, round_trip| {
            let reading = Reading {
                at: at(1000),
                round_trip,
                server: Some(Timestamp::from_millis(server)),
                limits: Limits::Off,
            };
            of("h", None, &reading, None).clock_skew_ms.map(Thousandths::to_f64)
        };
        assert_eq!(
            [skew(1_000_000, 20), skew(999_000, 20), skew(1_060_000, 20)],
            [Some(0.0), Some(0.0), Some(61_000.0)]
        );
        assert_eq!([skew(940_000, 20), skew(1_002_000, 8000)], [Some(-59_000.0), Some(0.0)]);
    }

    #[test]
    fn limits_that_are_off_are_said_to_be_off_and_not_zero() {
        let off = Reading { limits: Limits::Off, ..reading(0, 0, 0) };
        let line = String::from_utf8(
            pm_record::Record::Api(Box::new(of("git.example.com", Some("a"), &off, None))).to_line(),
        );
        assert_eq!(
            line.expect("JSON").trim_end(),
            r#"{"api_monitoring":{"schema":1,"timestamp":"1970-01-01T00:00:00.000Z","api_host":"git.example.com","credential":"a","authenticated":true,"limits_off":true,"clock_skew_ms":0}}"#
        );
    }

    #[test]
    fn who_asks_without_a_token_is_told_so() {
        let record = of("github.com", None, &reading(0, 15, 3600), None);
        assert_eq!((record.authenticated, record.credential), (Some(false), None));
        assert_eq!(record.rate_limit_tracking.efficiency_score, Some(Thousandths(997)));
    }
}
