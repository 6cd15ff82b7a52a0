//! The control surface over HTTP.

use super::at_rest;
use super::client::{get, post, send};
use pm_e2e::fake_github::{Effect, Fault};
use serde_json::json;

#[test]
fn a_fault_can_be_set_listed_and_cleared() {
    let github = at_rest();
    let fault =
        json!({"effect": {"kind": "server_error", "status": 502}, "path_prefix": "/user", "times": "always"});
    assert_eq!(post(&github, "/_control/faults", &fault).json(), json!({"faults": 1}));
    assert_eq!(github.faults().list(), [Fault::server_error(502).on_path("/user").always()]);
    assert_eq!(get(&github, "/user").status, 502);
    assert_eq!(get(&github, "/_control/faults").json()["faults"][0]["times"], "always");
    assert_eq!(send(&github, "DELETE /_control/faults", &[], "").status, 200);
    assert_eq!(get(&github, "/user").status, 200);
}

#[test]
fn every_fault_has_a_json_form() {
    let github = at_rest();
    for effect in [
        json!({"kind": "latency", "before_headers_ms": 1}),
        json!({"kind": "bad_credentials"}),
        json!({"kind": "forbidden"}),
        json!({"kind": "primary_limit"}),
        json!({"kind": "secondary_limit", "status": 429, "retry_after": 5}),
        json!({"kind": "server_error", "status": 500}),
        json!({"kind": "drop"}),
        json!({"kind": "truncate"}),
        json!({"kind": "malformed_json"}),
        json!({"kind": "slow_drip", "chunk_bytes": 1, "pause_ms": 1}),
    ] {
        assert_eq!(post(&github, "/_control/faults", &json!({"effect": effect})).status, 200, "{effect}");
    }
    let faults = github.faults().list();
    assert_eq!(faults.len(), 10);
    assert_eq!(faults[4], Fault::too_many_requests(Some(5)));
    assert_eq!(faults[0].effect, Effect::Latency { before_headers_ms: 1, after_headers_ms: 0 });
}

#[test]
fn a_mistake_is_told_and_changes_nothing() {
    let github = at_rest();
    for (path, body) in [
        ("/_control/faults", json!({"effect": {"kind": "odd"}})),
        ("/_control/faults", json!({"effect": {"kind": "drop"}, "time": 3})),
        ("/_control/faults", json!({"effect": {"kind": "drop"}, "times": "often"})),
        ("/_control/quota", json!({"bucket": "core", "login": "nobody"})),
        ("/_control/nowhere", json!({})),
    ] {
        let reply = post(&github, path, &body);
        assert_eq!(reply.status, 400, "{path} {body}");
        assert!(reply.json()["error"].is_string());
    }
    assert!(github.faults().list().is_empty());
}

#[test]
fn quota_and_clock_can_be_set() {
    let github = at_rest();
    let change = json!({"bucket": "core", "limit": 60, "used": 60, "reset": super::NOW + 5});
    let quota = post(&github, "/_control/quota", &change).json();
    assert_eq!(quota, json!({"limit": 60, "used": 60, "remaining": 0, "reset": super::NOW + 5}));
    assert_eq!(get(&github, "/user").status, 403);
    post(&github, "/_control/clock", &json!({"now": super::NOW + 5}));
    assert_eq!(get(&github, "/user").status, 200);
    let change = json!({"login": "anonymous", "bucket": "core", "used": 60});
    assert_eq!(post(&github, "/_control/quota", &change).json()["remaining"], 0);
    assert_eq!(send(&github, "GET /", &[("Authorization", "")], "").status, 403);
}

#[test]
fn requests_can_be_read_and_forgotten_and_do_not_record_themselves() {
    let github = at_rest();
    github.faults().push(Fault::server_error(500).always());
    get(&github, "/user?a=b");
    let requests = get(&github, "/_control/requests").json()["requests"].clone();
    assert_eq!(requests.as_array().map(Vec::len), Some(1));
    assert_eq!(requests[0]["path"], "/user");
    assert_eq!(requests[0]["query"], "a=b");
    assert_eq!(requests[0]["status"], 500);
    assert_eq!(requests[0]["transport"], "socket");
    send(&github, "DELETE /_control/requests", &[], "");
    assert!(github.requests().is_empty());
}

#[test]
fn a_reset_puts_everything_back() {
    let github = at_rest();
    github.faults().push(Fault::server_error(500).always());
    github.set_now(1);
    get(&github, "/user");
    post(&github, "/_control/reset", &json!({}));
    assert!(github.faults().list().is_empty());
    assert!(github.requests().is_empty());
    let reply = get(&github, "/user");
    assert_eq!(reply.number("x-ratelimit-used"), 1);
    assert_eq!(reply.number("x-ratelimit-reset"), super::NOW + 3600);
}
