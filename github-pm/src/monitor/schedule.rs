//! When a program that has ended is started again.

use std::time::Duration;

/// The first pause; each further one is twice as long.
const SHORTEST: Duration = Duration::from_secs(1);

/// No pause is longer.
const LONGEST: Duration = Duration::from_mins(1);

/// A program that has run so long was well.
const WELL: Duration = Duration::from_mins(1);

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// In a way that trying again is useless, unless somebody changes something.
    Useless,
    /// In any other way.
    Other,
}

/// How long to wait after a program has ended that had run so long and was waited for so long before.
pub(super) fn pause(end: End, lived: Duration, before: Option<Duration>) -> Duration {
    match before {
        _ if end == End::Useless => LONGEST,
        Some(before) if lived < WELL => (before * 2).min(LONGEST),
        _ => SHORTEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute_and_begin_anew_after_a_minute_well_spent() {
        let mut pauses = Vec::new();
        let mut before = None;
        for lived in [0, 0, 0, 59, 0, 0, 0, 0, 60, 0] {
            let next = pause(End::Other, Duration::from_secs(lived), before);
            pauses.push(next.as_secs());
            before = Some(next);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 1, 2]);
        assert_eq!(pause(End::Useless, Duration::ZERO, None), LONGEST);
    }
}
