//! The control surface over HTTP, for tests that are not written in Rust.
//!
//! ```text
//! GET    /_control/requests   {"requests": [...]}
//! DELETE /_control/requests   forgets them
//! GET    /_control/faults     {"faults": [...]}
//! POST   /_control/faults     {"effect": {"kind": "latency", "before_headers_ms": 50},
//!                              "path_prefix": "/repos", "method": "GET", "times": 3}
//! DELETE /_control/faults     ends them
//! POST   /_control/quota      {"login": "octo", "bucket": "core", "limit": 60, "used": 59, "reset": 1700000000}
//! POST   /_control/clock      {"now": 1700000000}
//! POST   /_control/reset      everything as it was at the start
//! ```
//!
//! All but `effect` and `bucket` can be left out. These requests need no token, are not recorded, and no
//! fault hits them.

use super::answer::Answer;
use super::clock::Clock;
use super::fault::Fault;
use super::quota::QuotaChange;
use super::request::Request;
use super::state::State;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

const PREFIX: &str = "/_control/";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Now {
    now: u64,
}

pub(super) fn is_control(request: &Request) -> bool {
    request.path.starts_with(PREFIX)
}

pub(super) fn answer(state: &mut State, request: &Request) -> Answer {
    match act(state, request) {
        Ok(answer) => answer,
        Err(message) => Answer::json(400, &json!({"error": message})),
    }
}

fn act(state: &mut State, request: &Request) -> Result<Answer, String> {
    let name = request.path.strip_prefix(PREFIX).unwrap_or_default();
    match (request.method.as_str(), name) {
        ("GET", "requests") => return Ok(Answer::json(200, &json!({"requests": state.log.list()}))),
        ("GET", "faults") => return Ok(Answer::json(200, &json!({"faults": state.faults}))),
        ("POST", "quota") => {
            let change: QuotaChange = body(request)?;
            let quota = state.change_quota(&change);
            return quota.map(|quota| Answer::json(200, &json!(quota))).ok_or("no such login".to_owned());
        }
        ("DELETE", "requests") => state.log.clear(),
        ("POST", "faults") => state.faults.push(body::<Fault>(request)?),
        ("DELETE", "faults") => state.faults.clear(),
        ("POST", "clock") => state.clock = Clock::Fixed(body::<Now>(request)?.now),
        ("POST", "reset") => *state = State::new(state.setup.clone()),
        (method, _) => return Err(format!("there is no `{method} {}`", request.path)),
    }
    Ok(Answer::json(200, &json!({"faults": state.faults.len()})))
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}
