//! Faults: each does what it says, to the requests it is for, as often as it is to.

use super::at_rest;
use super::client::{exchange, get, query, request};
use pm_e2e::fake_github::{Effect, FakeGithub, Fault};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

const SECONDARY: &str = "You have exceeded a secondary rate limit";

fn hurt(effect: Effect) -> FakeGithub {
    let github = at_rest();
    github.faults().push(Fault::new(effect));
    github
}

#[test]
fn latency_delays_the_answer_and_nothing_else() {
    let github = at_rest();
    github.faults().push(Fault::latency(60));
    let begin = Instant::now();
    assert_eq!(get(&github, "/user").status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(60));
    assert_eq!(github.quota("core").expect("it has a core bucket").used, 1);
}

#[test]
fn latency_after_the_headers_lets_the_headers_through() {
    let github = hurt(Effect::Latency { before_headers_ms: 0, after_headers_ms: 300 });
    let mut stream = UnixStream::connect(github.socket_path()).expect("the fake listens");
    let begin = Instant::now();
    stream.write_all(&request(&github, "GET /user", &[], "")).expect("the fake reads");
    let mut bytes = [0; 4096];
    let count = stream.read(&mut bytes).expect("the headers come");
    assert!(bytes[..count].ends_with(b"\r\n\r\n"));
    let mut body = Vec::new();
    stream.read_to_end(&mut body).expect("the body comes");
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert!(body.starts_with(b"{"));
}

#[test]
fn bad_credentials_and_missing_permissions_are_no_limits() {
    let reply = get(&hurt(Effect::BadCredentials), "/user");
    assert_eq!((reply.status, reply.json()["message"].as_str()), (401, Some("Bad credentials")));
    let reply = get(&hurt(Effect::Forbidden), "/user");
    assert_eq!(reply.status, 403);
    assert!(reply.number("x-ratelimit-remaining") > 0);
    assert_eq!(reply.header("retry-after"), None);
    assert!(!reply.json()["message"].to_string().contains("rate limit"));
}

#[test]
fn the_primary_limit_shows_no_quota_left() {
    let reply = get(&hurt(Effect::PrimaryLimit { status: 429 }), "/user");
    assert_eq!(reply.status, 429);
    assert_eq!(reply.number("x-ratelimit-remaining"), 0);
    assert_eq!(reply.number("x-ratelimit-used"), 5000);
    let github = at_rest();
    github.faults().push(Fault::primary_limit());
    let reply = query(&github, "{ viewer { login } }");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["errors"][0]["type"], "RATE_LIMITED");
    assert_eq!(reply.number("x-ratelimit-remaining"), 0);
}

#[test]
fn a_secondary_limit_shows_quota_left_and_says_so_in_words() {
    let github = at_rest();
    github.faults().push(Fault::secondary_limit(None));
    github.faults().push(Fault::secondary_limit(Some(60)));
    github.faults().push(Fault::too_many_requests(Some(1)));
    let replies = [get(&github, "/user"), get(&github, "/user"), get(&github, "/user")];
    assert_eq!(replies.each_ref().map(|reply| reply.status), [403, 403, 429]);
    assert_eq!(replies.each_ref().map(|reply| reply.header("retry-after")), [None, Some("60"), Some("1")]);
    for reply in replies {
        assert!(reply.number("x-ratelimit-remaining") > 0);
        assert!(reply.json()["message"].as_str().is_some_and(|text| text.starts_with(SECONDARY)));
    }
    assert_eq!(github.quota("core").expect("it has a core bucket").used, 0);
}

#[test]
fn a_server_error_has_the_status_chosen() {
    let github = at_rest();
    for status in [500, 502, 503, 504] {
        github.faults().push(Fault::server_error(status));
        assert_eq!(get(&github, "/user").status, status);
    }
}

#[test]
fn a_dropped_connection_gives_no_byte() {
    let github = hurt(Effect::Drop);
    assert!(exchange(&github, &request(&github, "GET /user", &[], "")).is_empty());
    assert_eq!(github.requests()[0].status, None);
}

#[test]
fn a_truncated_answer_promises_more_than_it_sends() {
    let reply = get(&hurt(Effect::Truncate), "/user");
    assert_eq!(reply.status, 200);
    let promised = usize::try_from(reply.number("content-length")).expect("a small body");
    assert_eq!(reply.body.len(), promised / 2);
}

#[test]
fn malformed_json_is_whole_by_its_length() {
    let reply = get(&hurt(Effect::MalformedJson), "/user");
    assert_eq!(reply.number("content-length"), reply.body.len() as u64);
    assert!(serde_json::from_slice::<serde_json::Value>(&reply.body).is_err());
}

#[test]
fn a_slow_drip_ends_with_the_whole_body() {
    let github = hurt(Effect::SlowDrip { chunk_bytes: 50, pause_ms: 5 });
    let begin = Instant::now();
    let reply = get(&github, "/user");
    assert_eq!(reply.json()["login"], "octo");
    let drops = u32::try_from(reply.body.len().div_ceil(50)).expect("a small body");
    assert!(drops > 2 && begin.elapsed() >= Duration::from_millis(5) * drops);
}

#[test]
fn a_fault_hits_only_its_path_and_method() {
    let github = at_rest();
    github.faults().push(Fault::server_error(502).on_path("/repos").on_method("get").always());
    assert_eq!(get(&github, "/user").status, 200);
    assert_eq!(get(&github, "/repos/octo/tools").status, 502);
    assert_eq!(get(&github, "/api/v3/repos/octo/tools").status, 502);
    let post = super::client::post(&github, "/repos/octo/tools/issues", &serde_json::json!({"title": "x"}));
    assert_eq!(post.status, 201);
}

#[test]
fn a_fault_hits_so_often_and_no_more() {
    let github = at_rest();
    github.faults().push(Fault::server_error(500).times(2));
    let statuses = [0; 3].map(|_| get(&github, "/user").status);
    assert_eq!(statuses, [500, 500, 200]);
    assert!(github.faults().list().is_empty());
}

#[test]
fn faults_without_end_last_until_they_are_cleared() {
    let github = at_rest();
    github.faults().push(Fault::server_error(503).always());
    assert_eq!([0; 3].map(|_| get(&github, "/user").status), [503; 3]);
    github.faults().clear();
    assert_eq!(get(&github, "/user").status, 200);
}

#[test]
fn latencies_add_to_each_other_and_to_the_first_other_fault() {
    let github = at_rest();
    github.faults().push(Fault::latency(30));
    github.faults().push(Fault::server_error(500));
    github.faults().push(Fault::server_error(502));
    github.faults().push(Fault::latency(30));
    let begin = Instant::now();
    assert_eq!(get(&github, "/user").status, 500);
    assert!(begin.elapsed() >= Duration::from_millis(60));
    assert_eq!(github.faults().list(), [Fault::server_error(502)]);
}
