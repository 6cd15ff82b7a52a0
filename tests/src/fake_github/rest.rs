//! The REST API: finds out what a path means and answers it.

mod conditional;
mod issues;
mod pagination;
mod quotas;
mod view;

use super::answer::Answer;
use super::api::{Call, Caller};
use super::state::State;
use serde_json::{Value, json};

/// The repository's number, which `Link` headers use in place of its name.
const REPOSITORY_ID: u64 = 4242;

/// Answers a REST request of a caller who has quota.
pub(super) fn answer(state: &mut State, call: &Call) -> Answer {
    let segments: Vec<&str> = call.request.api_path().split('/').skip(1).collect();
    let reads = matches!(call.request.method.as_str(), "GET" | "HEAD");
    match (call.request.method.as_str(), segments.as_slice()) {
        (_, [""]) if reads => Answer::json(200, &root(call)),
        (_, ["rate_limit"]) if reads => quotas::rate_limit(state, call),
        (_, ["user"]) if reads => user(call),
        (_, ["repos", owner, name, rest @ ..]) if state.data.is_repository(owner, name) => {
            repository(state, call, rest)
        }
        (_, ["repositories", id, rest @ ..]) if *id == REPOSITORY_ID.to_string() => {
            repository(state, call, rest)
        }
        _ => Answer::not_found(),
    }
}

fn repository(state: &mut State, call: &Call, rest: &[&str]) -> Answer {
    let reads = matches!(call.request.method.as_str(), "GET" | "HEAD");
    match (call.request.method.as_str(), rest) {
        (_, []) if reads => conditional::answer(call, &view::repository(&state.data, &call.origin), None),
        (_, ["issues"]) if reads => issues::list(&state.data, call),
        ("POST", ["issues"]) => issues::create(&mut state.data, call),
        (_, ["issues", number]) if reads => issues::one(&state.data, call, number),
        _ => Answer::not_found(),
    }
}

fn user(call: &Call) -> Answer {
    match &call.caller {
        Caller::Known(account) => conditional::answer(call, &view::user(&account.login, &call.origin), None),
        Caller::Anonymous => Answer::requires_authentication(),
    }
}

fn root(call: &Call) -> Value {
    let api = &call.origin.api;
    json!({
        "current_user_url": format!("{api}/user"),
        "rate_limit_url": format!("{api}/rate_limit"),
        "repository_url": format!("{api}/repos/{{owner}}/{{repo}}"),
    })
}
