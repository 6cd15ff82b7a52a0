//! `GET /rate_limit`: every bucket of the caller.

use crate::fake_github::answer::Answer;
use crate::fake_github::api::{Call, NEWER_VERSION};
use crate::fake_github::state::State;
use serde_json::json;

pub(super) fn rate_limit(state: &mut State, call: &Call) -> Answer {
    if !state.setup.limits_enabled {
        return Answer::error(404, "Rate limiting is not enabled.");
    }
    let resources = state.quotas.report(call.login(), call.now);
    let mut body = json!({"resources": resources});
    if call.version != NEWER_VERSION {
        body["rate"] = json!(resources.get("core"));
    }
    Answer::json(200, &body)
}
