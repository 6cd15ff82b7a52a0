//! `--since` and `--until`: the part of time that a reader looks at.

use chrono::{DateTime, SecondsFormat};

use crate::{Instant, Usage};

/// The flags, as they were typed.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct PeriodArgs {
    /// Leave out what started earlier: a date, a time, or '2 days ago'
    #[arg(long, value_name = "TIME")]
    pub since: Option<Instant>,

    /// Leave out what started at this time or later
    #[arg(long, value_name = "TIME")]
    pub until: Option<Instant>,
}

/// A part of time, open at either end where nothing was said; milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// Its first instant.
    pub since: Option<i64>,
    /// The first instant after it; always later than `since`.
    pub until: Option<i64>,
}

impl PeriodArgs {
    /// What was meant at the time `now`.
    ///
    /// # Errors
    ///
    /// [`Usage`] if nothing lies between the two.
    pub fn check(self, now: i64) -> Result<Period, Usage> {
        let millis = |instant: Instant| instant.millis(now);
        let period = Period { since: self.since.map(millis), until: self.until.map(millis) };
        match (period.since, period.until) {
            (Some(since), Some(until)) if since >= until => {
                let message =
                    format!("nothing lies between --since {} and --until {}", written(since), written(until));
                let hint =
                    if since == until { "give --until a later time" } else { "try them the other way round" };
                Err(Usage::new(message, hint))
            }
            _ => Ok(period),
        }
    }
}

impl Period {
    /// Whether an instant lies in it.
    #[must_use]
    pub fn covers(self, instant: i64) -> bool {
        self.since.is_none_or(|since| since <= instant) && self.until.is_none_or(|until| instant < until)
    }

    /// Whether it leaves nothing out.
    #[must_use]
    pub fn is_all(self) -> bool {
        self == Self::default()
    }
}

fn written(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis)
        .map_or_else(|| millis.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn args(since: &str, until: &str) -> PeriodArgs {
        PeriodArgs { since: since.parse().ok(), until: until.parse().ok() }
    }

    #[test]
    fn the_first_instant_belongs_to_a_period_and_the_last_does_not() {
        let period = args("2 hours ago", "1 hour ago").check(5 * HOUR).expect("a period");
        let covered = [3 * HOUR - 1, 3 * HOUR, 4 * HOUR - 1, 4 * HOUR].map(|instant| period.covers(instant));
        assert_eq!(covered, [false, true, true, false]);
    }

    #[test]
    fn a_period_is_open_where_nothing_was_said() {
        let period = PeriodArgs::default().check(0).expect("all time");
        assert!(period.is_all() && period.covers(i64::MIN) && period.covers(i64::MAX));
    }

    #[test]
    fn a_period_of_nothing_is_refused_with_what_is_wrong_about_it() {
        let error = args("1970-01-02", "1970-01-01").check(0).expect_err("turned round");
        assert_eq!(
            error.to_string(),
            "nothing lies between --since 1970-01-02T00:00:00.000Z and --until 1970-01-01T00:00:00.000Z"
        );
        let hint = |since, until| crate::Explain::hint(&args(since, until).check(0).expect_err("nothing"));
        assert_eq!(hint("1970-01-02", "1970-01-01").as_deref(), Some("try them the other way round"));
        assert_eq!(hint("1970-01-02", "1970-01-02").as_deref(), Some("give --until a later time"));
    }
}
