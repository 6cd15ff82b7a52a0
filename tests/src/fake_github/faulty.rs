//! What a fault answers in place of the API, and how it spoils the delivery.

use super::answer::Answer;
use super::api::Call;
use super::deliver::{Body, Delivery};
use super::fault::{Effect, Plan};
use super::quota::Quota;
use serde_json::{Value, json};
use std::time::Duration;

const SECONDARY: &str = "You have exceeded a secondary rate limit. Please wait a few minutes before you \
    try again. If you reach out to GitHub Support for help, please include the request ID";

/// The answer of a fault that replaces the API's own, or `None` when the API is to answer.
pub(super) fn replacement(
    effect: &Effect,
    call: &Call,
    is_graphql: bool,
    request_id: &str,
) -> Option<Answer> {
    match effect {
        Effect::BadCredentials => Some(Answer::bad_credentials()),
        Effect::Forbidden => Some(Answer::error(403, "Resource not accessible by personal access token")),
        Effect::PrimaryLimit { .. } if is_graphql => Some(graphql_limit(&call.whom())),
        &Effect::PrimaryLimit { status } => Some(primary_limit(status, &call.whom())),
        &Effect::SecondaryLimit { status, retry_after } => {
            let answer = Answer::error(status, &format!("{SECONDARY} {request_id}."));
            Some(match retry_after {
                Some(seconds) => answer.with("Retry-After", seconds.to_string()),
                None => answer,
            })
        }
        &Effect::ServerError { status } => Some(Answer::error(status, "Server Error")),
        Effect::Redirect { status, location } => {
            Some(Answer::empty(*status).with("Location", location.clone()))
        }
        // Never sent.
        Effect::Drop => Some(Answer::empty(500)),
        Effect::Latency { .. } | Effect::Truncate | Effect::MalformedJson | Effect::SlowDrip { .. } => None,
    }
}

/// What a fault makes the quota headers say, whatever the true quota is.
pub(super) fn shown_quota(effect: &Effect, quota: Quota) -> Quota {
    match effect {
        Effect::PrimaryLimit { .. } => Quota { used: quota.limit, remaining: 0, ..quota },
        // A secondary limit is told from a primary one by the quota that is left.
        Effect::SecondaryLimit { .. } if quota.remaining == 0 => {
            Quota { used: quota.limit.saturating_sub(1), remaining: 1, ..quota }
        }
        _ => quota,
    }
}

/// How the answer is to be written.
pub(super) fn delivery(plan: &Plan) -> Delivery {
    let body = match plan.effect {
        Some(Effect::Drop) => Body::Dropped,
        Some(Effect::Truncate) => Body::Truncated,
        Some(Effect::SlowDrip { chunk_bytes, pause_ms }) => {
            Body::Dripping { chunk_bytes: chunk_bytes.max(1), pause: Duration::from_millis(pause_ms) }
        }
        _ => Body::Whole,
    };
    Delivery { before_headers: plan.before_headers, after_headers: plan.after_headers, body }
}

/// REST's answer to a caller who has no quota left.
pub(super) fn primary_limit(status: u16, whom: &str) -> Answer {
    Answer::error(status, &format!("API rate limit exceeded for {whom}."))
}

/// GraphQL's answer to a caller who has no quota left: a success by its status.
pub(super) fn graphql_limit(whom: &str) -> Answer {
    let message = format!("API rate limit exceeded for {whom}.");
    Answer::json(200, &json!({"data": Value::Null, "errors": [{"type": "RATE_LIMITED", "message": message}]}))
}

/// Half of a JSON text, which is never JSON itself.
pub(super) fn malform(answer: &mut Answer) {
    answer.body.truncate(answer.body.len() / 2);
}
