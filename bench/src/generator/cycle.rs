//! When runs start: more by day than by night, in UTC.

use pm_record::Timestamp;

const DAY: i64 = 86_400_000;

/// How busy each hour of a day is.
const HOURS: [u32; 24] =
    [8, 6, 5, 5, 6, 8, 14, 28, 60, 95, 110, 105, 70, 90, 115, 110, 95, 70, 40, 28, 22, 18, 14, 10];

/// Whole days up to an end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cycle {
    pub(super) end: Timestamp,
    pub(super) days: u32,
}

impl Cycle {
    /// The instant by which `share` (0 to 1) of all work has been done. The days are whole, so a span
    /// that begins at any time of day holds each hour's work equally often.
    pub(super) fn instant(self, share: f64) -> Timestamp {
        let start = self.end.as_millis() - i64::from(self.days) * DAY;
        let (midnight, since) = (start.div_euclid(DAY) * DAY, start.rem_euclid(DAY));
        let work = done_by(since) + share * f64::from(self.days);
        #[expect(clippy::cast_possible_truncation, reason = "a number of days")]
        let day = work.floor() as i64;
        Timestamp::from_millis(midnight + day * DAY + time_of(work.fract()))
    }
}

/// The part of a day's work, 0 to 1, that is done at `millis` after midnight.
fn done_by(millis: i64) -> f64 {
    let total: u32 = HOURS.iter().sum();
    let hours = millis as f64 / 3_600_000.0;
    let done: f64 = (0_u32..)
        .zip(HOURS)
        .map(|(hour, weight)| f64::from(weight) * (hours - f64::from(hour)).clamp(0.0, 1.0))
        .sum();
    done / f64::from(total)
}

/// Milliseconds after midnight at which the part `done` of a day's work is done.
fn time_of(done: f64) -> i64 {
    let total: u32 = HOURS.iter().sum();
    let mut left = done * f64::from(total);
    for (hour, weight) in (0_u32..).zip(HOURS) {
        let weight = f64::from(weight);
        if left < weight {
            #[expect(clippy::cast_possible_truncation, reason = "less than a day")]
            return ((f64::from(hour) + left / weight) * 3_600_000.0) as i64;
        }
        left -= weight;
    }
    DAY - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_from_the_start_to_the_end_and_mostly_by_day() {
        let end = Timestamp::parse("2026-11-23T15:30:00Z").expect("a time");
        let cycle = Cycle { end, days: 2 };
        assert_eq!(cycle.instant(0.0).to_string(), "2026-11-21T15:30:00.000Z");
        assert!((end.as_millis() - cycle.instant(0.999_999).as_millis()) < 1000);
        let by_day = (0..1000).filter(|&step| {
            let instant = cycle.instant(f64::from(step) / 1000.0).as_millis();
            (8..18).contains(&(instant.rem_euclid(DAY) / 3_600_000))
        });
        assert!((780..840).contains(&by_day.count()));
    }
}
