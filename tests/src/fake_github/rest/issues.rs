//! Lists, shows and creates issues.

use super::pagination::Page;
use super::{REPOSITORY_ID, conditional, view};
use crate::fake_github::answer::Answer;
use crate::fake_github::api::Call;
use crate::fake_github::data::Data;
use serde_json::{Value, json};

/// `GET .../issues`: the newest first, only open ones unless `state` says otherwise.
pub(super) fn list(data: &Data, call: &Call) -> Answer {
    let wanted = call.request.parameter("state").unwrap_or_else(|| "open".to_owned());
    if !["open", "closed", "all"].contains(&wanted.as_str()) {
        return Answer::invalid(&json!([{"resource": "Issue", "field": "state", "code": "invalid"}]));
    }
    let matches = |number: &u32| wanted == "all" || (wanted == "open") == data.is_open(*number);
    let mut numbers: Vec<u32> = data.numbers().filter(matches).collect();
    if call.request.parameter("direction").as_deref() != Some("asc") {
        numbers.reverse();
    }
    let page = Page::of(call, numbers.len());
    let issues: Vec<_> = numbers[page.range()].iter().filter_map(|&number| data.issue(number)).collect();
    let modified = issues.iter().map(|issue| issue.updated).max();
    let body = issues.iter().map(|issue| view::issue(data, issue, &call.origin)).collect();
    let answer = conditional::answer(call, &Value::Array(body), modified);
    match page.link(call, &format!("/repositories/{REPOSITORY_ID}/issues")) {
        Some(link) => answer.with("Link", link),
        None => answer,
    }
}

/// `GET .../issues/{number}`.
pub(super) fn one(data: &Data, call: &Call, number: &str) -> Answer {
    let Some(issue) = number.parse().ok().and_then(|number| data.issue(number)) else {
        return Answer::not_found();
    };
    conditional::answer(call, &view::issue(data, &issue, &call.origin), Some(issue.updated))
}

/// `POST .../issues`.
pub(super) fn create(data: &mut Data, call: &Call) -> Answer {
    if call.is_anonymous() {
        return Answer::requires_authentication();
    }
    let Ok(Value::Object(wanted)) = serde_json::from_slice(&call.request.body) else {
        return Answer::error(400, "Problems parsing JSON");
    };
    let text = |name: &str| wanted.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("title").is_empty() {
        return Answer::invalid(&json!([{"resource": "Issue", "field": "title", "code": "missing_field"}]));
    }
    let labels = wanted.get("labels").and_then(Value::as_array).into_iter().flatten();
    let labels = labels.filter_map(Value::as_str).map(str::to_owned).collect();
    let issue = data.create(call.login(), text("title"), text("body"), labels, call.now);
    let body = view::issue(data, &issue, &call.origin);
    let location = body["url"].as_str().unwrap_or_default().to_owned();
    Answer::json(201, &body).with("Location", location)
}
