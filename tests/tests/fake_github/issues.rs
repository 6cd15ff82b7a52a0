//! Issues over REST: lists, pages, one, and new ones.

use super::at_rest;
use super::client::{Reply, get, get_tcp, post, send};
use pm_e2e::fake_github::{DataSet, FakeGithub, Setup};
use serde_json::json;

const ISSUES: &str = "/repos/octo/tools/issues";

fn numbers(reply: &Reply) -> Vec<u64> {
    let body = reply.json();
    let issues = body.as_array().expect("a list of issues");
    issues.iter().map(|issue| issue["number"].as_u64().expect("issues are numbered")).collect()
}

fn links(reply: &Reply) -> Vec<(String, String)> {
    let header = reply.header("link").unwrap_or_default();
    let link = |text: &str| {
        let (address, relation) = text.split_once(">; rel=\"").expect("an address and a relation");
        (relation.trim_end_matches('"').to_owned(), address.trim_start_matches('<').to_owned())
    };
    header.split(", ").filter(|text| !text.is_empty()).map(link).collect()
}

#[test]
fn the_newest_thirty_open_issues_come_first() {
    let reply = get(&at_rest(), ISSUES);
    assert_eq!(numbers(&reply), (21..=50).rev().collect::<Vec<_>>());
    assert_eq!(reply.json()[0]["title"], "Issue 50 is slow");
    assert_eq!(reply.json()[0]["state"], "open");
    assert!(reply.json()[0]["user"]["login"].is_string());
}

#[test]
fn closed_issues_come_when_they_are_asked_for() {
    let github = at_rest();
    assert_eq!(numbers(&get(&github, &format!("{ISSUES}?state=closed"))), [5, 4, 3, 2, 1]);
    assert_eq!(numbers(&get(&github, &format!("{ISSUES}?state=all&per_page=100"))).len(), 50);
    assert_eq!(numbers(&get(&github, &format!("{ISSUES}?state=all&direction=asc&per_page=2"))), [1, 2]);
    let reply = get(&github, &format!("{ISSUES}?state=odd"));
    assert_eq!(reply.status, 422);
    assert_eq!(reply.json()["errors"][0]["code"], "invalid");
}

#[test]
fn the_links_lead_through_all_pages_and_back() {
    let github = at_rest();
    let relations = |page: u32| {
        let reply = get(&github, &format!("{ISSUES}?per_page=20&page={page}"));
        links(&reply).into_iter().map(|(relation, _)| relation).collect::<Vec<_>>()
    };
    assert_eq!(relations(1), ["next", "last"]);
    assert_eq!(relations(2), ["prev", "next", "last", "first"]);
    assert_eq!(relations(3), ["prev", "first"]);
    assert_eq!(relations(9), ["prev", "first"]);
    assert!(links(&get(&github, &format!("{ISSUES}?per_page=100"))).is_empty());
}

#[test]
fn a_link_names_the_repository_by_number_and_keeps_the_query() {
    let reply = get(&at_rest(), &format!("{ISSUES}?per_page=20&state=all"));
    let address = "https://api.github.com/repositories/4242/issues?per_page=20&state=all&page=2";
    assert_eq!(links(&reply)[0], ("next".to_owned(), address.to_owned()));
}

#[test]
fn a_link_got_over_tcp_can_be_followed_to_the_fake() {
    let github = at_rest();
    let reply = get_tcp(&github, &format!("{ISSUES}?per_page=40"));
    let next = links(&reply).remove(0).1;
    let path = next.strip_prefix(&github.url()).expect("the fake's own address");
    assert_eq!(numbers(&get_tcp(&github, path)), [10, 9, 8, 7, 6]);
}

#[test]
fn a_page_beyond_the_last_is_empty_and_a_size_beyond_the_most_is_the_most() {
    let github = FakeGithub::start(Setup {
        data: DataSet { open_issues: 150, closed_issues: 0, ..DataSet::default() },
        ..Setup::default()
    });
    assert_eq!(numbers(&get(&github, &format!("{ISSUES}?page=99"))), [0; 0]);
    assert_eq!(numbers(&get(&github, &format!("{ISSUES}?per_page=1000"))).len(), 100);
    assert_eq!(numbers(&get(&github, &format!("{ISSUES}?per_page=x&page=0"))).len(), 30);
}

#[test]
fn two_fakes_with_one_setup_answer_the_same_bytes() {
    let (one, other) = (at_rest(), at_rest());
    let path = format!("{ISSUES}?state=all&per_page=100");
    assert_eq!(get(&one, &path).body, get(&other, &path).body);
}

#[test]
fn one_issue_is_shown_with_all_that_a_client_reads() {
    let reply = get(&at_rest(), &format!("{ISSUES}/3"));
    let issue = reply.json();
    assert_eq!(issue["number"], 3);
    assert_eq!(issue["state"], "closed");
    assert_eq!(issue["created_at"], "2023-11-15T01:13:20Z");
    assert_eq!(issue["updated_at"], issue["closed_at"]);
    assert_eq!(issue["url"], "https://api.github.com/repos/octo/tools/issues/3");
    assert_eq!(issue["html_url"], "https://github.com/octo/tools/issues/3");
}

#[test]
fn a_created_issue_is_listed_until_the_fake_is_reset() {
    let github = at_rest();
    let reply = post(&github, ISSUES, &json!({"title": "New", "body": "text", "labels": ["bug"]}));
    assert_eq!(reply.status, 201);
    assert_eq!(reply.header("location"), Some("https://api.github.com/repos/octo/tools/issues/51"));
    assert_eq!(reply.json()["user"]["login"], "octo");
    assert_eq!(reply.json()["labels"][0]["name"], "bug");
    assert_eq!(get(&github, &format!("{ISSUES}/51")).json()["title"], "New");
    assert_eq!(numbers(&get(&github, ISSUES))[0], 51);
    github.reset();
    assert_eq!(get(&github, &format!("{ISSUES}/51")).status, 404);
}

#[test]
fn an_issue_that_cannot_be_created_says_why() {
    let github = at_rest();
    let reply = post(&github, ISSUES, &json!({"body": "no title"}));
    assert_eq!(reply.status, 422);
    let error = json!({"resource": "Issue", "field": "title", "code": "missing_field"});
    assert_eq!(reply.json()["errors"], json!([error]));
    let line = format!("POST {ISSUES}");
    assert_eq!(send(&github, &line, &[], "{").status, 400);
    assert_eq!(send(&github, &line, &[("Authorization", "")], "{}").status, 401);
}
