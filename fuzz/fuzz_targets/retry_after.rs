//! Any headers ask for a pause, or for none.
#![no_main]

use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 5] =
    ["retry-after", "date", "x-ratelimit-reset", "x-ratelimit-remaining", "x-ratelimit-resource"];

fuzz_target!(|text: &[u8]| {
    let mut headers = HeaderMap::new();
    for (line, name) in text.split(|&byte| byte == b'\n').zip(NAMES.iter().cycle()).take(16) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(*name, value);
        }
    }
    let asked = pm_http::retry_after(&headers);
    // A number of seconds is what it says, whatever stands beside it; the first that is one counts.
    let texts = headers.get_all("retry-after").iter();
    let texts = texts.filter_map(|value| std::str::from_utf8(value.as_bytes()).ok()).map(str::trim);
    let is_number = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = texts.filter(is_number).find_map(|text| text.parse().ok()).map(Duration::from_secs);
    assert!(number.is_none() || asked == number, "{asked:?}");
    // A date means something beside the server's own only, and nobody else has a say.
    headers.remove("x-ratelimit-reset");
    headers.remove("x-ratelimit-remaining");
    headers.remove("x-ratelimit-resource");
    assert_eq!(pm_http::retry_after(&headers), asked);
    headers.remove("date");
    assert_eq!(pm_http::retry_after(&headers), number);
    // Without the header nobody asks.
    headers.remove("retry-after");
    assert_eq!(pm_http::retry_after(&headers), None);
});
