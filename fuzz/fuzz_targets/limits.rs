//! No answer of a server is too odd to be judged, whatever its headers and its body hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pm_github::{Answer, Door, Fingerprint, LimitHeaders, Patience, Quotas, verdict};
use pm_record::Timestamp;

fuzz_target!(|input: (u16, Vec<(u8, &[u8])>, &[u8])| {
    let (status, headers, body) = input;
    let names = [
        "X-RateLimit-Limit",
        "x-ratelimit-remaining",
        "x-ratelimit-used",
        "x-ratelimit-reset",
        "x-ratelimit-resource",
        "retry-after",
        "date",
        "other",
    ];
    let named = headers.iter().map(|(name, value)| (names[usize::from(*name) % names.len()], *value));
    let headers = LimitHeaders::read(named);
    assert!(headers.resource.as_ref().is_none_or(|name| name.len() <= 64));

    let answer = Answer::read(body);
    assert!(answer.complaints.len() <= 9);
    assert!(answer.complaints.iter().all(|complaint| complaint.message.chars().count() <= 300));
    for door in [Door::Rest, Door::Graphql] {
        let _ = verdict(door, status, &headers, &answer);
    }
    let mut patience = Patience::new(3);
    for now in [i64::MIN, 0, i64::MAX] {
        let wait = patience.wait(&headers, Timestamp::from_millis(now)).expect("three waits");
        assert!(wait.as_secs() <= 86_400);
    }
    if let Ok(quotas) = Quotas::parse(body) {
        assert!(!quotas.0.is_empty() && quotas.0.len() <= 256);
    }
    let _ = Fingerprint::of_authorization(body);
});
