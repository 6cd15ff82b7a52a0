//! A series as one line of blocks: each is as high as its value, between the smallest and the largest.

use std::collections::BTreeMap;

use pm_record::{Thousandths, Timestamp, Window};

/// As many heights as there are.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What a difference is drawn at full height from: less is noise, and stays at the foot.
const LEAST_RATIO: f64 = 1.5;

/// How many places it has at most; a longer series is none for a column.
const MOST: usize = 40;

/// From when to when lines go, and how long a place of theirs is: one for all, so that places stand below each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Course {
    first: Timestamp,
    last: Timestamp,
    step: i64,
}

impl Course {
    /// One that holds this window too.
    pub(crate) fn with(course: Option<Self>, window: Window) -> Self {
        let step = window.end.as_millis().saturating_sub(window.start.as_millis()).max(1);
        let at = window.start;
        course.map_or(Self { first: at, last: at, step }, |Self { first, last, step: known }| Self {
            first: first.min(at),
            last: last.max(at),
            step: step.min(known),
        })
    }

    fn place(self, at: Timestamp) -> Option<usize> {
        usize::try_from((at.as_millis() - self.first.as_millis()) / self.step)
            .ok()
            .filter(|place| *place < MOST)
    }
}

/// The line, on a scale of ratios. Where nothing ran it has a gap. A series of one value has no course, and so no line.
pub(crate) fn sparkline(series: &BTreeMap<Timestamp, Thousandths>, course: Course) -> Option<String> {
    if series.len() < 2 {
        return None;
    }
    let height = |value: Thousandths| value.to_f64().max(0.001).ln();
    let low = series.values().map(|&value| height(value)).fold(f64::INFINITY, f64::min);
    let high = series.values().map(|&value| height(value)).fold(f64::NEG_INFINITY, f64::max);
    let range = (high - low).max(LEAST_RATIO.ln());
    let mut line = vec![' '; course.place(course.last)? + 1];
    for (&at, &value) in series {
        let part = (height(value) - low) / range * (BLOCKS.len() - 1) as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it lies between 0 and 7"
        )]
        let block = BLOCKS[(part.round() as usize).min(BLOCKS.len() - 1)];
        *line.get_mut(course.place(at)?)? = block;
    }
    Some(line.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[Option<i64>], expected: Option<&str>) {
        let hour = |hour: i64| Timestamp::from_millis(hour * 3_600_000);
        let window = |at: i64| Window { start: hour(at), end: hour(at + 1) };
        let course = (0..values.len())
            .fold(None, |course, at| Some(Course::with(course, window(i64::try_from(at).expect("an hour")))));
        let known = values.iter().zip(0..).filter_map(|(value, hour)| {
            Some((Timestamp::from_millis(hour * 3_600_000), Thousandths((*value)? * 1000)))
        });
        let line = course.and_then(|course| sparkline(&known.collect(), course));
        assert_eq!(line.as_deref(), expected, "{values:?}");
    }

    #[test]
    fn a_series_rises_between_its_smallest_and_its_largest_by_ratios() {
        check(&[Some(100), Some(2000), Some(10_000)], Some("▁▆█"));
        check(&[None, Some(100), None, Some(100), Some(800), None], Some(" ▁ ▁█ "));
        check(&[Some(100), Some(101), Some(102)], Some("▁▁▁"));
        check(&[Some(100)], None);
        check(&[], None);
        check(&[Some(0), Some(5)], Some("▁█"));
        check(&vec![Some(1); 41], None);
    }
}
