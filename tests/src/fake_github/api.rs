//! Takes a request through the checks that GitHub makes before it looks at the path.

use super::answer::Answer;
use super::clock::http_date;
use super::fault::Effect;
use super::faulty;
use super::graphql;
use super::origin::Origin;
use super::quota::{ANONYMOUS, Quota};
use super::request::Request;
use super::rest;
use super::setup::Account;
use super::state::State;

/// The version that a client gets which names none.
const OLDER_VERSION: &str = "2022-11-28";
pub(super) const NEWER_VERSION: &str = "2026-03-10";

const NO_USER_AGENT: &str = "Request forbidden by administrative rules. Please make sure your request has a \
    User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). \
    Check https://developer.github.com for other possible causes.\r\n";

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    Anonymous,
    Known(Account),
}

/// A request that may be answered, with all that the answer depends on.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) caller: Caller,
    pub(super) version: &'static str,
    pub(super) origin: Origin,
    pub(super) now: u64,
}

impl Call<'_> {
    /// The name that the caller's quota is counted under.
    pub(super) fn login(&self) -> &str {
        match &self.caller {
            Caller::Known(account) => &account.login,
            Caller::Anonymous => ANONYMOUS,
        }
    }

    /// What the messages about limits call the caller.
    pub(super) fn whom(&self) -> String {
        match &self.caller {
            Caller::Known(account) => format!("user ID {}", user_id(&account.login)),
            Caller::Anonymous => "127.0.0.1".to_owned(),
        }
    }

    pub(super) fn is_anonymous(&self) -> bool {
        self.caller == Caller::Anonymous
    }
}

/// Answers a request to the API, a replacing fault included.
pub(super) fn answer(state: &mut State, request: &Request, effect: Option<&Effect>) -> Answer {
    if request.header("user-agent").is_none_or(str::is_empty) {
        return Answer::text(403, NO_USER_AGENT);
    }
    let Some(version) = version(request) else {
        return Answer::error(400, "The requested X-GitHub-Api-Version is not supported.");
    };
    let is_graphql = request.api_path() == "/graphql";
    let resource = if is_graphql { "graphql" } else { "core" };
    let request_id = request_id(state);
    let caller = caller(state, request);
    let known = caller.is_some();
    let caller = caller.unwrap_or(Caller::Anonymous);
    let call = Call { request, caller, version, origin: Origin::of(request), now: state.now() };
    let replaced = effect.and_then(|effect| faulty::replacement(effect, &call, is_graphql, &request_id));
    let answer = match replaced {
        Some(answer) => answer,
        None if !known => Answer::bad_credentials(),
        None => admit(state, &call, is_graphql),
    };
    let quota = state.quotas.get(call.login(), resource, call.now);
    let quota = quota.filter(|_| state.setup.limits_enabled);
    let shown = quota.map(|quota| effect.map_or(quota, |effect| faulty::shown_quota(effect, quota)));
    dress(answer, &call, resource, shown.map(|quota| jitter(state, quota)), &request_id)
}

/// Refuses a caller without quota, and asks the API on behalf of any other.
fn admit(state: &mut State, call: &Call, is_graphql: bool) -> Answer {
    if is_graphql {
        return graphql::answer(state, call);
    }
    let is_free = call.request.api_path() == "/rate_limit";
    if !is_free && is_exhausted(state, call, "core") {
        return faulty::primary_limit(403, &call.whom());
    }
    let answer = rest::answer(state, call);
    // A 304 is free only to callers who authenticate.
    let is_free = is_free || (answer.status == 304 && !call.is_anonymous());
    if !is_free && state.setup.limits_enabled {
        state.quotas.charge(call.login(), "core", 1, call.now);
    }
    answer
}

pub(super) fn is_exhausted(state: &mut State, call: &Call, bucket: &str) -> bool {
    let quota = state.quotas.get(call.login(), bucket, call.now);
    state.setup.limits_enabled && quota.is_some_and(|quota| quota.remaining == 0)
}

/// The API version that applies, or `None` for one that does not exist.
fn version(request: &Request) -> Option<&'static str> {
    match request.header("x-github-api-version") {
        None | Some("" | OLDER_VERSION) => Some(OLDER_VERSION),
        Some(NEWER_VERSION) => Some(NEWER_VERSION),
        Some(_) => None,
    }
}

/// The number of a user, which is the same for the same login.
pub(super) fn user_id(login: &str) -> u64 {
    login.bytes().map(u64::from).sum()
}

/// Who the `Authorization` header says is calling; `None` when nobody has that token.
fn caller(state: &State, request: &Request) -> Option<Caller> {
    let Some(header) = request.header("authorization").filter(|header| !header.is_empty()) else {
        return Some(Caller::Anonymous);
    };
    let (scheme, token) = header.split_once(' ')?;
    if !["token", "bearer"].contains(&scheme.to_ascii_lowercase().as_str()) {
        return None;
    }
    let account = state.setup.accounts.iter().find(|account| account.token == token.trim())?;
    Some(Caller::Known(account.clone()))
}

/// Counted, in the shape of GitHub's.
fn request_id(state: &State) -> String {
    let number = state.log.next_number();
    format!("FA4E:{:05X}:{:07X}:{:07X}:{:08X}", number, number * 17, number * 31, state.now())
}

/// Moves every second `reset` by a second, when the test asked for that.
fn jitter(state: &State, quota: Quota) -> Quota {
    let late = u64::from(state.setup.reset_jitter && state.log.next_number().is_multiple_of(2));
    Quota { reset: quota.reset + late, ..quota }
}

/// Adds the headers that every answer carries.
fn dress(answer: Answer, call: &Call, resource: &str, quota: Option<Quota>, request_id: &str) -> Answer {
    let mut answer = answer
        .with("Server", "github.com")
        .with("Date", http_date(call.now))
        .with("X-GitHub-Request-Id", request_id)
        .with("X-GitHub-Media-Type", "github.v3; format=json")
        .with("X-GitHub-Api-Version-Selected", call.version);
    if let Caller::Known(account) = &call.caller {
        answer = answer.with("X-OAuth-Scopes", &account.scopes).with("X-Accepted-OAuth-Scopes", "repo");
    }
    match quota {
        Some(quota) => answer.with_quota(resource, quota),
        None => answer,
    }
}
