//! Entity tags, and answers that are not sent twice.

use super::client::{get, send};
use super::{at_rest, client};
use pm_e2e::fake_github::{Clock, FakeGithub, Setup};
use serde_json::json;

const ISSUES: &str = "/repos/octo/tools/issues";

fn tag(github: &FakeGithub, path: &str) -> String {
    get(github, path).header("etag").expect("the answer has a tag").to_owned()
}

fn used(github: &FakeGithub) -> u64 {
    github.quota("core").expect("it has a core bucket").used
}

#[test]
fn a_304_is_free_of_quota() {
    let github = at_rest();
    let tag = tag(&github, ISSUES);
    assert_eq!(used(&github), 1);
    let reply = send(&github, &format!("GET {ISSUES}"), &[("If-None-Match", &tag)], "");
    assert_eq!(reply.status, 304);
    assert!(reply.body.is_empty());
    assert_eq!(reply.header("etag"), Some(tag.as_str()));
    assert_eq!(reply.header("content-length"), None);
    assert_eq!(reply.number("x-ratelimit-used"), 1);
    assert_eq!(used(&github), 1);
}

#[test]
fn a_304_to_an_anonymous_caller_is_charged() {
    let github = at_rest();
    let anonymous = ("Authorization", "");
    let line = format!("GET {ISSUES}");
    let tag = send(&github, &line, &[anonymous], "").header("etag").expect("it has a tag").to_owned();
    let reply = send(&github, &line, &[anonymous, ("If-None-Match", &tag)], "");
    assert_eq!(reply.status, 304);
    assert_eq!(github.anonymous_quota("core").expect("it has a core bucket").used, 2);
}

#[test]
fn tags_are_compared_weakly_and_in_lists() {
    let github = at_rest();
    let tag = tag(&github, "/user");
    assert!(tag.starts_with("W/\""));
    let strong = tag.trim_start_matches("W/").to_owned();
    for (known, status) in
        [(strong.as_str(), 304), (&format!("\"x\", {tag}"), 304), ("*", 304), ("W/\"other\"", 200)]
    {
        let reply = send(&github, "GET /user", &[("If-None-Match", known)], "");
        assert_eq!(reply.status, status, "{known}");
    }
}

#[test]
fn a_tag_changes_with_the_answer_and_with_what_was_accepted() {
    let github = at_rest();
    let before = tag(&github, ISSUES);
    let other = send(&github, &format!("GET {ISSUES}"), &[("Accept", "application/vnd.github+json")], "");
    assert_ne!(other.header("etag"), Some(before.as_str()));
    client::post(&github, ISSUES, &json!({"title": "New"}));
    assert_ne!(tag(&github, ISSUES), before);
}

#[test]
fn an_answer_older_than_the_client_knows_is_not_sent() {
    let github = FakeGithub::start(Setup { clock: Clock::Fixed(super::NOW), ..Setup::default() });
    let modified = get(&github, ISSUES).header("last-modified").expect("it has a time").to_owned();
    let line = format!("GET {ISSUES}");
    assert_eq!(send(&github, &line, &[("If-Modified-Since", &modified)], "").status, 304);
    let long_ago = ("If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT");
    assert_eq!(send(&github, &line, &[long_ago], "").status, 200);
    let both = [("If-Modified-Since", modified.as_str()), ("If-None-Match", "W/\"other\"")];
    assert_eq!(send(&github, &line, &both, "").status, 200);
}
