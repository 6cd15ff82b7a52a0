//! What is left of GitHub's rate limits, and until when it lasts, as the newest reading of each credential says.

use pm_cli::human;
use pm_record::{ApiMonitoring, RateLimit, Timestamp};

use crate::readings::Readings;
use crate::report::{LONGEST_LABEL, kept};
use crate::times::{self, Precision};

/// One resource of one credential.
#[derive(Debug, Clone)]
pub(crate) struct Limit<'a> {
    pub(crate) resource: &'a str,
    /// Where there are several.
    pub(crate) host: Option<&'a str>,
    figures: &'a RateLimit,
    pub(crate) at: Timestamp,
}

/// Those of the newest readings that have been used, and the core resource; that of which least is left first.
pub(crate) fn newest(readings: &Readings) -> Vec<Limit<'_>> {
    let newest = readings.limits().filter_map(|series| series.last().copied());
    let mut all: Vec<_> = newest.flat_map(of_reading).collect();
    all.sort_by(|one, other| {
        one.ratio().total_cmp(&other.ratio()).then_with(|| one.resource.cmp(other.resource))
    });
    all
}

/// That of which least is left.
pub(crate) fn scarcest(readings: &Readings) -> Option<Limit<'_>> {
    newest(readings).into_iter().next()
}

fn of_reading(reading: &ApiMonitoring) -> impl Iterator<Item = Limit<'_>> {
    let at = reading.timestamp;
    reading.resources.iter().filter_map(move |(resource, limit)| {
        let is_used = limit.used.is_some_and(|used| used.0 > 0) || resource == "core";
        let is_limited = limit.limit.is_some_and(|limit| limit.0 > 0) && limit.remaining.is_some();
        (is_used && is_limited).then_some(())?;
        Some(Limit { resource, host: reading.api_host.as_deref(), figures: limit, at: at? })
    })
}

impl Limit<'_> {
    /// What is left of it, 0 to 1.
    pub(crate) fn ratio(&self) -> f64 {
        let [remaining, limit] =
            [self.figures.remaining, self.figures.limit].map(|value| value.unwrap_or_default().to_f64());
        if limit > 0.0 { remaining / limit } else { 1.0 }
    }

    /// `4,321 of 5,000 'core'`.
    pub(crate) fn left(&self) -> String {
        let whole = |value: Option<pm_record::Thousandths>| {
            human::count(u64::try_from(value.unwrap_or_default().0 / 1000).unwrap_or(0))
        };
        format!(
            "{} of {} '{}'",
            whole(self.figures.remaining),
            whole(self.figures.limit),
            kept(self.resource, LONGEST_LABEL)
        )
    }

    /// Whether it is used up before it is renewed.
    pub(crate) fn runs_out(&self) -> bool {
        self.figures.exhausted_at.is_some() || self.ratio() == 0.0
    }

    /// Whether it was read there.
    pub(crate) fn is_of(&self, reading: &ApiMonitoring) -> bool {
        reading.resources.get(self.resource).is_some_and(|figures| std::ptr::eq(figures, self.figures))
    }

    /// How it goes on at the present speed: when it is used up or renewed, whichever is first, and what is left then. None
    /// where the speed is not known, or nothing is used.
    pub(crate) fn course(&self) -> Option<(Timestamp, f64)> {
        let burn = self.figures.burn_per_minute?.to_f64();
        let end = [self.figures.exhausted_at, self.figures.reset_time].into_iter().flatten().min()?;
        let minutes = (end.as_millis() - self.at.as_millis()) as f64 / 60_000.0;
        let left = self.figures.remaining?.to_f64() - burn * minutes;
        (burn > 0.0 && minutes > 0.0).then(|| (end, left.max(0.0)))
    }

    /// Until when it lasts: `used up at 10:43 UTC, renewed at 11:00 UTC`.
    pub(crate) fn forecast(&self) -> String {
        let clock = |at: Timestamp| times::span(at, at);
        let renewed = self.figures.reset_time.map(|reset| format!("renewed {}", clock(reset)));
        let burn = self.figures.burn_per_minute.filter(|burn| burn.0 > 0);
        let burn = burn.map(|burn| format!("{burn} a minute"));
        let out = match self.figures.exhausted_at {
            Some(out) => Some(format!("used up {} at this speed", clock(out))),
            None if self.ratio() == 0.0 => Some("used up".to_owned()),
            None => None,
        };
        let read = format!("as of {} UTC", Precision::Seconds.write(self.at));
        [burn, out, renewed, Some(read)].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use pm_record::Record;

    use super::*;

    #[track_caller]
    fn check(more: &str, expected: Option<(&str, f64)>) {
        let line = format!(
            r#"{{"api_monitoring":{{"timestamp":"2024-12-06T10:00:00.000Z","resources":{{"core":{{"limit":5000,"remaining":300,"used":4700{more}}}}}}}}}"#
        );
        let mut readings = Readings::default();
        readings.push(&Record::parse(line.as_bytes()).expect("a record"));
        let limit = scarcest(&readings).expect("a limit");
        let course = limit.course().map(|(at, left)| (at.to_string(), left));
        assert_eq!(course, expected.map(|(at, left)| (format!("2024-12-06T{at}:00.000Z"), left)));
    }

    #[test]
    fn the_course_ends_where_it_is_used_up_or_renewed() {
        check("", None);
        check(r#","burn_per_minute":0,"reset_time":"2024-12-06T10:30:00Z""#, None);
        check(r#","burn_per_minute":5,"reset_time":"2024-12-06T09:59:00Z""#, None);
        check(r#","burn_per_minute":5,"reset_time":"2024-12-06T10:30:00Z""#, Some(("10:30", 150.0)));
        check(
            r#","burn_per_minute":20,"reset_time":"2024-12-06T10:30:00Z","exhausted_at":"2024-12-06T10:15:00Z""#,
            Some(("10:15", 0.0)),
        );
    }
}
