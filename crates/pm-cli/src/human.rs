//! Values as people read them.

/// A duration with one decimal from a second on: `450ms`, `3.2s`, `2.0s`, `2m 05s`, `1h 02m`.
#[must_use]
pub fn duration(millis: f64) -> String {
    // Rounding first keeps 999.6 ms from reading `1000ms`, and 59.97 s from reading `60.0s`.
    let tenths = (millis.abs() / 100.0).round();
    let sign = if millis < 0.0 { "-" } else { "" };
    if millis.abs() < 10.0 {
        format!("{millis:.1}ms")
    } else if millis.abs().round() < 1000.0 {
        format!("{millis:.0}ms")
    } else if tenths < 600.0 {
        format!("{sign}{:.1}s", tenths / 10.0)
    } else {
        let seconds = (millis.abs() / 1000.0).round();
        let (minutes, hours) = ((seconds / 60.0).floor(), (seconds / 3600.0).floor());
        if hours < 1.0 {
            format!("{sign}{minutes:.0}m {:02.0}s", seconds % 60.0)
        } else {
            format!("{sign}{hours:.0}h {:02.0}m", minutes % 60.0)
        }
    }
}

/// The same without a decimal that says nothing: `5s`, `6.2s`, `450ms`.
#[must_use]
pub fn short_duration(millis: f64) -> String {
    let text = duration(millis);
    for unit in ["ms", "s"] {
        if let Some(number) = text.strip_suffix(unit).and_then(|number| number.strip_suffix(".0")) {
            return format!("{number}{unit}");
        }
    }
    text
}

/// A number of mebibytes: `6KB`, `0.4MB`, `78MB`, `1.2GB`.
#[must_use]
pub fn mebibytes(mebibytes: f64) -> String {
    if mebibytes > 0.0 && mebibytes < 0.095 {
        format!("{:.0}KB", (mebibytes * 1024.0).max(1.0))
    } else if mebibytes >= 1024.0 {
        format!("{:.1}GB", mebibytes / 1024.0)
    } else if mebibytes >= 10.0 || mebibytes == 0.0 {
        format!("{mebibytes:.0}MB")
    } else {
        format!("{mebibytes:.1}MB")
    }
}

/// A count with a comma between groups of three digits: `1,204`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count of things: `1 file`, `1,204 files`.
#[must_use]
pub fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

/// A ratio in percent, with one decimal below ten: `0%`, `<0.1%`, `4.5%`, `63%`.
#[must_use]
pub fn percentage(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent == 0.0 || percent.abs() >= 9.95 {
        format!("{percent:.0}%")
    } else if percent > 0.0 && percent < 0.05 {
        "<0.1%".to_owned()
    } else {
        format!("{percent:.1}%")
    }
}

/// A number of percent without a decimal that says nothing: `86.5%`, `80%`.
#[must_use]
pub fn percent(percent: f64) -> String {
    let tenths = format!("{percent:.1}");
    format!("{}%", tenths.strip_suffix(".0").unwrap_or(&tenths))
}

/// A place in a row: `1st`, `2nd`, `13th`, `1,204th`.
#[must_use]
pub fn ordinal(number: u64) -> String {
    let is_teen = matches!(number % 100, 11..=13);
    let ending = match number % 10 {
        1 if !is_teen => "st",
        2 if !is_teen => "nd",
        3 if !is_teen => "rd",
        _ => "th",
    };
    format!("{}{ending}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_choose_their_unit_after_rounding() {
        let cases = [
            (0.0, "0.0ms"),
            (1.25, "1.2ms"),
            (235.4, "235ms"),
            (999.6, "1.0s"),
            (2000.0, "2.0s"),
            (59_970.0, "1m 00s"),
            (125_000.0, "2m 05s"),
            (3_725_000.0, "1h 02m"),
            (-1500.0, "-1.5s"),
        ];
        for (millis, text) in cases {
            assert_eq!(duration(millis), text, "{millis}");
        }
    }

    #[test]
    fn short_durations_drop_a_zero_decimal() {
        assert_eq!([5000.0, 6200.0, 450.0, 5.0].map(short_duration), ["5s", "6.2s", "450ms", "5ms"]);
    }

    #[test]
    fn memory_is_short() {
        let cases = [0.0, 0.0001, 0.006, 0.0949, 0.095, 0.44, 78.2, 1229.0];
        let texts = ["0MB", "1KB", "6KB", "97KB", "0.1MB", "0.4MB", "78MB", "1.2GB"];
        assert_eq!(cases.map(mebibytes), texts);
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!([0, 999, 1204, 1_234_567].map(count), ["0", "999", "1,204", "1,234,567"]);
    }

    #[test]
    fn one_thing_is_no_plural() {
        assert_eq!([0, 1, 1204].map(|n| counted(n, "day", "days")), ["0 days", "1 day", "1,204 days"]);
    }

    #[test]
    fn a_small_share_does_not_read_as_none() {
        let cases = [0.0, 0.0004, 0.045, 0.0996, 0.63, 1.0];
        assert_eq!(cases.map(percentage), ["0%", "<0.1%", "4.5%", "10%", "63%", "100%"]);
    }

    #[test]
    fn percents_drop_a_zero_decimal() {
        assert_eq!([80.0, 86.54, 0.0].map(percent), ["80%", "86.5%", "0%"]);
    }

    #[test]
    fn a_place_in_a_row_ends_as_it_is_spoken() {
        let cases = [1, 2, 3, 4, 11, 12, 13, 21, 1113, 1204];
        let spoken = ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "1,113th", "1,204th"];
        assert_eq!(cases.map(ordinal), spoken);
    }
}
