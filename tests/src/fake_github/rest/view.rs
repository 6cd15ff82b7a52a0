//! The JSON forms of the REST API.

use super::REPOSITORY_ID;
use crate::fake_github::api::user_id;
use crate::fake_github::clock::iso_date;
use crate::fake_github::data::{Data, Issue};
use crate::fake_github::origin::Origin;
use serde_json::{Value, json};

pub(super) fn issue(data: &Data, issue: &Issue, origin: &Origin) -> Value {
    let number = issue.number;
    let repository = repository_url(data, origin);
    let closed = (!issue.is_open).then(|| iso_date(issue.updated));
    let labels: Vec<Value> = issue.labels.iter().map(|name| label(name, &repository)).collect();
    json!({
        "id": 9_000_000 + u64::from(number),
        "node_id": format!("I_{number:08}"),
        "number": number,
        "title": issue.title,
        "body": issue.body,
        "state": if issue.is_open { "open" } else { "closed" },
        "state_reason": if issue.is_open { Value::Null } else { "completed".into() },
        "locked": false,
        "user": user(&issue.author, origin),
        "author_association": "CONTRIBUTOR",
        "labels": labels,
        "assignee": Value::Null,
        "assignees": [],
        "milestone": Value::Null,
        "comments": issue.comments,
        "created_at": iso_date(issue.created),
        "updated_at": iso_date(issue.updated),
        "closed_at": closed,
        "url": format!("{repository}/issues/{number}"),
        "comments_url": format!("{repository}/issues/{number}/comments"),
        "repository_url": repository,
        "html_url": format!("{}/{}/{}/issues/{number}", origin.web, data.set.owner, data.set.repository),
    })
}

pub(super) fn repository(data: &Data, origin: &Origin) -> Value {
    let set = &data.set;
    json!({
        "id": REPOSITORY_ID,
        "node_id": "R_00004242",
        "name": set.repository,
        "full_name": format!("{}/{}", set.owner, set.repository),
        "owner": user(&set.owner, origin),
        "private": false,
        "default_branch": "main",
        "has_issues": true,
        "open_issues_count": data.numbers().filter(|&number| data.is_open(number)).count(),
        "url": repository_url(data, origin),
        "html_url": format!("{}/{}/{}", origin.web, set.owner, set.repository),
    })
}

pub(super) fn user(login: &str, origin: &Origin) -> Value {
    json!({
        "login": login,
        "id": user_id(login),
        "node_id": format!("U_{login}"),
        "type": "User",
        "site_admin": false,
        "url": format!("{}/users/{login}", origin.api),
        "html_url": format!("{}/{login}", origin.web),
    })
}

fn label(name: &str, repository: &str) -> Value {
    json!({
        "id": 7000 + name.len(),
        "node_id": format!("LA_{name}"),
        "name": name,
        "color": "d73a4a",
        "default": true,
        "description": format!("About {name}"),
        "url": format!("{repository}/labels/{name}"),
    })
}

fn repository_url(data: &Data, origin: &Origin) -> String {
    format!("{}/repos/{}/{}", origin.api, data.set.owner, data.set.repository)
}
