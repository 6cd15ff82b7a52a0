//! Whatever is typed as a time, a duration or a field is read or refused; and text is always printable.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_cli::Instant;
use pm_record::{Field, Timestamp};

fuzz_target!(|text: &str| {
    if let Ok(instant) = text.parse::<Instant>() {
        let _ = Timestamp::from_millis(instant.millis(i64::MIN)).to_string();
        let _ = Timestamp::from_millis(instant.millis(i64::MAX)).to_string();
    }
    if let Some(time) = Timestamp::parse(text) {
        assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
    }
    let _ = (pm_cli::parse_duration(text), text.parse::<Field>());
    assert!(!pm_cli::printable(text).chars().any(char::is_control));
});
