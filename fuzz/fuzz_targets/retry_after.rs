//! Any headers ask for a pause, or for none.
#![no_main]

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
    // Without the header nobody asks.
    headers.remove("retry-after");
    assert!(asked.is_none() || pm_http::retry_after(&headers).is_none());
});
