//! No body of a GraphQL request is too odd, its name is short and plain, and a longer beginning knows no less.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_relay::Operation;

fuzz_target!(|input: (u16, &[u8], bool)| {
    let (end, bytes, quoted) = input;
    // What is no JSON ends at once, so most of the time the bytes are the query.
    let query = serde_json::json!({ "query": String::from_utf8_lossy(bytes), "variables": { "n": 7 } });
    let body = if quoted { query.to_string().into_bytes() } else { bytes.to_vec() };
    let whole = Operation::read(&body, true);
    if let Some(name) = &whole.name {
        assert!(!name.is_empty() && name.chars().count() <= 102, "{name}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "_,…".contains(c)), "{name}");
    }
    let cut = Operation::read(&body[..body.len().min(usize::from(end))], false);
    assert!(cut.estimate.is_none());
});
