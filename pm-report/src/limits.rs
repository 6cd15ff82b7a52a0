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
