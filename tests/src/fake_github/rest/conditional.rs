//! Answers with an `ETag`, or with 304 to a client that has the same answer already.

use crate::fake_github::answer::Answer;
use crate::fake_github::api::Call;
use crate::fake_github::clock::{http_date, parse_http_date};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A 200 with this body, or a 304. `If-None-Match` is decisive; only without it the time counts.
pub(super) fn answer(call: &Call, body: &Value, last_modified: Option<u64>) -> Answer {
    let full = Answer::json(200, body);
    let tag = entity_tag(call, &full.body);
    let unchanged = match call.request.header("if-none-match") {
        Some(known) => is_listed(known, &tag),
        None => last_modified.zip(since(call)).is_some_and(|(modified, since)| modified <= since),
    };
    let answer = if unchanged { Answer::empty(304) } else { full };
    let answer = answer
        .with("ETag", tag)
        .with("Cache-Control", "private, max-age=60, s-maxage=60")
        .with("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP");
    match last_modified {
        Some(epoch) => answer.with("Last-Modified", http_date(epoch)),
        None => answer,
    }
}

fn since(call: &Call) -> Option<u64> {
    parse_http_date(call.request.header("if-modified-since")?)
}

/// A weak tag over the body, the caller and the accepted media type, all of which GitHub's tags vary with.
fn entity_tag(call: &Call, body: &[u8]) -> String {
    let accept = call.request.header("accept").unwrap_or_default();
    let mut hash = Sha256::new();
    for part in [call.login().as_bytes(), accept.as_bytes(), body] {
        hash.update(part);
        hash.update([0]);
    }
    let hex = hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes everything");
        hex
    });
    format!("W/\"{hex}\"")
}

/// Compares weakly, as HTTP demands for `If-None-Match`: `W/` does not count.
fn is_listed(known: &str, tag: &str) -> bool {
    let strip = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.split(',').any(|each| each.trim() == "*" || strip(each) == strip(tag))
}
