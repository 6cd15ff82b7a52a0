//! The days of the example, and those that it is moved to.
//!
//! Tools look back from now, so an example has to end now; a page has to say the same every day. Whole days are moved,
//! because the day of a record decides which file it is in. What is left of the clock is the hour to which reports
//! look, which stands in their second line and is written as that of the page.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};

/// How far the example is moved, and the hour that now ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Days {
    forward: TimeDelta,
    hour: DateTime<Utc>,
}

/// The hour to which reports of the page look.
const HOUR: &str = "2024-12-06T11:00:00Z";

fn hour_of_the_page() -> DateTime<Utc> {
    HOUR.parse().expect("a time")
}

impl Days {
    /// From the day of the page to this one.
    pub(crate) fn now() -> Self {
        let now = DateTime::<Utc>::from(std::time::SystemTime::now());
        Self::at(now)
    }

    fn at(now: DateTime<Utc>) -> Self {
        let hour = now - TimeDelta::minutes(now.minute().into()) - TimeDelta::seconds(now.second().into());
        let hour = hour.with_nanosecond(0).expect("a whole second") + TimeDelta::hours(1);
        Self { forward: now.date_naive() - hour_of_the_page().date_naive(), hour }
    }

    /// Days of the example and the page, as days up to now.
    pub(crate) fn to_now(self, text: &str) -> String {
        each_day(text, |day| day + self.forward)
    }

    /// Days up to now, as those of the page.
    pub(crate) fn to_page(self, text: &str) -> String {
        each_day(text, |day| day - self.forward)
    }

    /// A report of the page's days, as if it had been made in the page's hour.
    pub(crate) fn with_hour_of_page(self, text: &str) -> String {
        let minute = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M").to_string();
        let window = |end: DateTime<Utc>, days| {
            format!("{} to {} UTC", minute(end - TimeDelta::days(days)), minute(end))
        };
        let hour = self.hour - self.forward;
        [1, 7, 30].iter().fold(text.to_owned(), |text, days| {
            text.replace(&window(hour, *days), &window(hour_of_the_page(), *days))
        })
    }
}

/// The text with each date in it replaced.
fn each_day(text: &str, change: impl Fn(NaiveDate) -> NaiveDate) -> String {
    const LENGTH: usize = "2024-12-06".len();
    let mut moved = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_apart = !moved.ends_with(|before: char| before.is_ascii_alphanumeric());
        let is_apart = is_apart && first.is_ascii_digit();
        let day = rest.get(..LENGTH).filter(|_| is_apart).and_then(|word| word.parse::<NaiveDate>().ok());
        let length = if let Some(day) = day.filter(|day| (2000..3000).contains(&day.year())) {
            moved += &change(day).to_string();
            LENGTH
        } else {
            moved.push(first);
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    moved
}

#[test]
fn days_and_the_hour_of_a_report_are_moved_there_and_back() {
    let days = Days::at("2026-11-28T23:41:10.5Z".parse().expect("a time"));
    let page =
        "the week before 2024-12-05: 2024-11-29 11:00 to 2024-12-06 11:00 UTC, at 2024-12-04T10:11:12Z";
    let now = "the week before 2026-11-27: 2026-11-22 00:00 to 2026-11-29 00:00 UTC, at 2026-11-26T10:11:12Z";
    assert_eq!(days.with_hour_of_page(&days.to_page(now)), page);
    assert_eq!(days.to_now("2024-12-05.ndjson"), "2026-11-27.ndjson");
}
