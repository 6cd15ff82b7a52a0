//! The JSON forms of GraphQL objects, all fields filled in.
//!
//! `__typename` stands in every object whose field could be of several types.

use super::field_value;
use crate::fake_github::clock::iso_date;
use crate::fake_github::data::{DataSet, Issue, Item};
use crate::fake_github::origin::Origin;
use serde_json::{Value, json};

pub(super) use field_value::named as field_value_named;

pub(super) fn user(kind: &str, login: &str, origin: &Origin) -> Value {
    json!({
        "__typename": kind,
        "id": format!("U_{login}"),
        "login": login,
        "name": login,
        "url": format!("{}/{login}", origin.web),
    })
}

pub(super) fn repository(set: &DataSet, origin: &Origin) -> Value {
    json!({
        "id": "R_00004242",
        "name": set.repository,
        "nameWithOwner": format!("{}/{}", set.owner, set.repository),
        "owner": user("User", &set.owner, origin),
        "description": "Tools that are measured",
        "url": repository_url(set, origin),
        "isPrivate": false,
        "hasIssuesEnabled": true,
        "hasWikiEnabled": false,
        "viewerPermission": "WRITE",
        "defaultBranchRef": {"id": "REF_main", "name": "main"},
        "parent": Value::Null,
        "mergeCommitAllowed": true,
        "rebaseMergeAllowed": true,
        "squashMergeAllowed": true,
    })
}

pub(super) fn issue(set: &DataSet, issue: &Issue, origin: &Origin) -> Value {
    let labels: Vec<Value> = issue.labels.iter().map(|name| label(name)).collect();
    let comments: Vec<Value> = (0..issue.comments).map(|index| comment(index, issue, origin)).collect();
    let closed = (!issue.is_open).then(|| iso_date(issue.updated));
    json!({
        "__typename": "Issue",
        "id": format!("I_{:08}", issue.number),
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": if issue.is_open { "OPEN" } else { "CLOSED" },
        "stateReason": if issue.is_open { Value::Null } else { "COMPLETED".into() },
        "url": format!("{}/issues/{}", repository_url(set, origin), issue.number),
        "closed": !issue.is_open,
        "closedAt": closed,
        "createdAt": iso_date(issue.created),
        "updatedAt": iso_date(issue.updated),
        "author": user("User", &issue.author, origin),
        "authorAssociation": "CONTRIBUTOR",
        "milestone": Value::Null,
        "reactionGroups": [],
        "assignees": [],
        "labels": labels,
        "comments": comments,
        "projectCards": [],
    })
}

fn label(name: &str) -> Value {
    json!({"id": format!("LA_{name}"), "name": name, "description": format!("About {name}"), "color": "d73a4a"})
}

fn comment(index: u64, issue: &Issue, origin: &Origin) -> Value {
    json!({
        "author": user("User", &issue.author, origin),
        "authorAssociation": "CONTRIBUTOR",
        "body": format!("Comment {} on issue {}.", index + 1, issue.number),
        "createdAt": iso_date(issue.created + index),
        "includesCreatedEdit": false,
        "isMinimized": false,
        "minimizedReason": Value::Null,
        "reactionGroups": [],
    })
}

pub(super) fn project(set: &DataSet, origin: &Origin) -> Value {
    json!({
        "id": format!("PVT_{:04}", set.project_number),
        "number": set.project_number,
        "title": "Roadmap",
        "url": format!("{}/orgs/{}/projects/{}", origin.web, set.owner, set.project_number),
        "closed": false,
        "fields": field_value::fields(),
    })
}

pub(super) fn item(set: &DataSet, item: &Item, origin: &Origin) -> Value {
    let (kind, content) = match &item.issue {
        Some(of) => ("ISSUE", issue(set, of, origin)),
        None => ("DRAFT_ISSUE", draft(item)),
    };
    json!({
        "id": format!("PVTI_{:08}", item.number),
        "type": kind,
        "isArchived": false,
        "createdAt": iso_date(item.updated),
        "updatedAt": iso_date(item.updated),
        "fieldValues": field_value::values(item, &content["title"]),
        "content": content,
    })
}

fn draft(item: &Item) -> Value {
    json!({
        "__typename": "DraftIssue",
        "id": format!("DI_{:08}", item.number),
        "title": format!("Draft {}", item.number),
        "body": "",
        "createdAt": iso_date(item.updated),
        "updatedAt": iso_date(item.updated),
    })
}

fn repository_url(set: &DataSet, origin: &Origin) -> String {
    format!("{}/{}/{}", origin.web, set.owner, set.repository)
}
