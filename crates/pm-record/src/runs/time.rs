//! Times in the one form that this workspace writes: `2024-12-06T10:30:15.123Z`, or without its fraction.

const DAY: i64 = 86_400_000;

/// The minute of the time that was read last: the next one of a log mostly lies in it too.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Minute {
    /// As it is written: `2024-12-06T10:30`.
    text: [u8; 16],
    /// When it began.
    millis: i64,
}

impl Minute {
    /// As [`time`].
    #[expect(clippy::inline_always, reason = "a call for one line of many is a call for every one")]
    #[inline(always)]
    pub(super) fn time(&mut self, text: &[u8], start: usize) -> Option<(i64, usize)> {
        let written: &[u8; 24] = text.get(start..)?.first_chunk()?;
        let [b':', tens, ones, b'.', one, two, three, b'Z'] = *written.last_chunk()? else {
            return self.other_time(text, start);
        };
        let digits = [tens, ones, one, two, three].map(|digit| digit.wrapping_sub(b'0'));
        // A comparison of arrays is a call of the C library, which in the static builds goes byte by byte.
        let is_same = u128::from_le_bytes(*written.first_chunk()?) == u128::from_le_bytes(self.text);
        let in_minute = is_same && digits.iter().all(|&digit| digit < 10) && digits[0] < 6;
        if !in_minute {
            return self.other_time(text, start);
        }
        let [tens, ones, one, two, three] = digits.map(i64::from);
        let millis = tens * 10_000 + ones * 1000 + one * 100 + two * 10 + three;
        Some((self.millis + millis, start + 24))
    }

    #[inline(never)]
    fn other_time(&mut self, text: &[u8], start: usize) -> Option<(i64, usize)> {
        let (millis, end) = time(text, start)?;
        self.text = *text[start..].first_chunk()?;
        self.millis = millis.div_euclid(60_000) * 60_000;
        Some((millis, end))
    }
}

/// The time at `start`, in milliseconds since the Unix epoch, and the place behind it. None if it has another
/// form, which is no verdict: the full parser is asked then.
#[inline]
pub(super) fn time(text: &[u8], start: usize) -> Option<(i64, usize)> {
    let date: &[u8; 19] = text.get(start..)?.first_chunk()?;
    let separated =
        date[4] == b'-' && date[7] == b'-' && date[10] == b'T' && date[13] == b':' && date[16] == b':';
    let year = pair(date, 0)? * 100 + pair(date, 2)?;
    let (month, day) = (pair(date, 5)?, pair(date, 8)?);
    let (hour, minute, second) = (pair(date, 11)?, pair(date, 14)?, pair(date, 17)?);
    let exists = separated
        && (1..=12).contains(&month)
        && (1..=days_in(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !exists {
        return None;
    }
    let (fraction, end) = match text.get(start + 19..)? {
        [b'Z', ..] => (0, start + 20),
        [b'.', one, two, three, b'Z', ..] => {
            let digits = [*one, *two, *three];
            let all = digits.iter().all(u8::is_ascii_digit);
            let value =
                digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit.wrapping_sub(b'0')));
            (all.then_some(value)?, start + 24)
        }
        _ => return None,
    };
    let seconds = (hour * 60 + minute) * 60 + second;
    Some((days_since_epoch(year, month, day) * DAY + seconds * 1000 + fraction, end))
}

#[inline]
fn pair(text: &[u8; 19], at: usize) -> Option<i64> {
    let (tens, ones) = (text[at].wrapping_sub(b'0'), text[at + 1].wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar, counted in years that begin in March, so that the leap day comes last.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Timestamp;

    proptest! {
        #[test]
        fn every_time_that_is_written_is_read_as_the_same(millis in any::<i64>(), shift in 0..40_u32) {
            let instant = Timestamp::from_millis(millis >> shift);
            let text = format!("{instant}\"");
            prop_assert_eq!(time(text.as_bytes(), 0), Some((instant.as_millis(), 24)), "{}", text);
        }

        #[test]
        fn what_is_read_is_what_the_full_parser_reads(
            digits in proptest::array::uniform7(0..100_u32), form in 0..2_usize
        ) {
            let [century, year, month, day, hour, minute, second] = digits;
            let day_and_time = format!("{century:02}{year:02}-{:02}-{:02}T{:02}:{minute:02}:{second:02}", month % 14, day % 33, hour % 26);
            let text = [format!("{day_and_time}Z\" more"), format!("{day_and_time}.{:03}Z\"", day * 7)][form].clone();
            let mut minute = Minute::default();
            let text = text.as_bytes();
            // Twice, because the second time the minute is known.
            prop_assert_eq!(minute.time(text, 0), time(text, 0));
            prop_assert_eq!(minute.time(text, 0), time(text, 0));
            let text = str::from_utf8(text).expect("text");
            if let Some((millis, end)) = time(text.as_bytes(), 0) {
                let full = Timestamp::parse(&text[..end]).map(Timestamp::as_millis);
                prop_assert_eq!(Some(millis), full, "{}", text);
            }
        }
    }

    #[test]
    fn within_a_minute_every_time_is_read_as_by_itself() {
        let mut minute = Minute::default();
        for second in
            ["00.000", "59.999", "07.010", "60.000", "6a.000", "05.0x0", "5.0000", "05.00Z0", "99.999"]
        {
            let text = format!("2024-12-06T10:30:{second}Z\" and more");
            assert_eq!(minute.time(text.as_bytes(), 0), time(text.as_bytes(), 0), "{text}");
        }
        for place in 0..24 {
            let mut text = b"2024-12-06T10:30:15.123Z\"".to_vec();
            text[place] ^= 1;
            assert_eq!(minute.time(&text, 0), time(&text, 0), "{}", text.escape_ascii());
            assert_eq!(minute.time(b"2024-12-06T10:30:15.123Z\"", 0), Some((1_733_481_015_123, 24)));
        }
    }

    #[test]
    fn other_forms_are_left_to_the_full_parser() {
        for text in [
            "2024-12-06T10:30:15.1Z\"",
            "2024-12-06T10:30:15+01:00\"",
            "2024-12-06 10:30:15.123Z\"",
            "2024-02-30T10:30:15.123Z\"",
            "2024-12-06T10:30:60.123Z\"",
            "2024-12-06T24:30:15.123Z\"",
            "2024-12-06T10:30:15.12xZ\"",
            "2024-12-06T10:30",
            "",
        ] {
            assert_eq!(time(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(time(b"2024-12-06T10:30:15Z\" and", 0), Some((1_733_481_015_000, 20)));
    }
}
