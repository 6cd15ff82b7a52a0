//! GraphQL: prices, limits and refusals.

use super::client::{post, query, send};
use super::{NOW, at_rest};
use pm_e2e::fake_github::FakeGithub;
use serde_json::{Value, json};

const PATH: &str = "/graphql";

fn used(github: &FakeGithub) -> u64 {
    github.quota("graphql").expect("it has a graphql bucket").used
}

fn first_error(github: &FakeGithub, text: &str) -> Value {
    let reply = query(github, text);
    assert_eq!(reply.status, 200);
    reply.json()["errors"][0].clone()
}

#[test]
fn the_viewer_is_the_owner_of_the_token() {
    let github = at_rest();
    let reply = query(&github, "query { viewer { login } }");
    assert_eq!(reply.json(), json!({"data": {"viewer": {"login": "octo"}}}));
    assert_eq!(reply.header("x-ratelimit-resource"), Some("graphql"));
    assert_eq!(reply.number("x-ratelimit-used"), 1);
    assert_eq!(github.quota("core").expect("it has a core bucket").used, 0);
}

#[test]
fn a_query_is_charged_what_it_says_it_costs() {
    let github = at_rest();
    let text = "{ rateLimit { cost limit remaining used resetAt nodeCount }
        repository(owner: \"octo\", name: \"tools\") {
            issues(first: 100) { nodes { labels(first: 10) { totalCount nodes { name } }
                                         comments(last: 5) { nodes { body } } } } } }";
    let reply = query(&github, text).json();
    // One request for the issues, and for each of 100 issues one for labels and one for comments.
    let limit = json!({
        "cost": 2, "limit": 5000, "remaining": 4998, "used": 2,
        "resetAt": "2023-11-14T23:13:20Z", "nodeCount": 100 + 1000 + 500,
    });
    assert_eq!(reply["data"]["rateLimit"], limit);
    assert_eq!(used(&github), 2);
    assert_eq!(github.quota("graphql").expect("it has a graphql bucket").reset, NOW + 3600);
}

#[test]
fn a_dry_run_tells_the_cost_and_is_free() {
    let github = at_rest();
    let reply = query(&github, "{ viewer { login } rateLimit(dryRun: true) { cost used } }").json();
    assert_eq!(reply["data"], json!({"viewer": null, "rateLimit": {"cost": 1, "used": 0}}));
    assert_eq!(used(&github), 0);
}

#[test]
fn an_unknown_field_is_refused_and_free() {
    let github = at_rest();
    let error = first_error(&github, "{\n  viewer { nope }\n}");
    assert_eq!(error["message"], "Field 'nope' doesn't exist on type 'User'");
    assert_eq!(error["extensions"]["code"], "undefinedField");
    assert_eq!(error["locations"], json!([{"line": 2, "column": 12}]));
    assert_eq!(error["path"], json!(["query", "viewer", "nope"]));
    assert_eq!(used(&github), 0);
}

#[test]
fn every_mistake_in_a_query_has_its_message() {
    let github = at_rest();
    for (text, message) in [
        ("{ viewer(x: 1) { login } }", "Field 'viewer' doesn't accept argument 'x'"),
        ("{ user { login } }", "Field 'user' is missing required arguments: login"),
        ("{ viewer }", "Field must have selections (field 'viewer' returns User but has no selections)"),
        ("{ viewer { login { x } } }", "Selections can't be made on scalars (field 'login' returns String)"),
        ("{ viewer { ...f } }", "Fragment f was used, but not defined"),
        ("{ viewer { ... on Nope { x } } }", "No such type Nope, so it can't be a fragment condition"),
        ("mutation { x }", "The fake GitHub has no mutations"),
        ("query($n: Int!) { viewer { login } }", "Variable $n of type Int! was provided invalid value"),
    ] {
        assert_eq!(first_error(&github, text)["message"], message, "{text}");
    }
    assert!(
        first_error(&github, "{ viewer {")["message"]
            .as_str()
            .is_some_and(|text| text.contains("parse error"))
    );
}

#[test]
fn a_connection_needs_a_size_within_bounds() {
    let github = at_rest();
    let issues = |arguments: &str| {
        let text = format!(
            "{{ repository(owner: \"octo\", name: \"tools\") {{ issues{arguments} {{ nodes {{ id }} }} }} }}"
        );
        first_error(&github, &text)["type"].clone()
    };
    assert_eq!(issues(""), "MISSING_PAGINATION_BOUNDARIES");
    assert_eq!(issues("(first: 101)"), "EXCESSIVE_PAGINATION");
    assert_eq!(issues("(last: 0)"), "INVALID_PAGINATION");
    assert_eq!(issues("(first: 100)"), Value::Null);
}

#[test]
fn more_nodes_than_half_a_million_are_refused() {
    let github = at_rest();
    let text = "{ user(login: \"octo\") { projectsV2(first: 100) { nodes { items(first: 100) { nodes {
        fieldValues(first: 100) { nodes { __typename } } } } } } } }";
    assert_eq!(first_error(&github, text)["type"], "MAX_NODE_LIMIT_EXCEEDED");
}

#[test]
fn what_does_not_exist_is_null_with_an_error() {
    let github = at_rest();
    let reply =
        query(&github, "{ repository(owner: \"octo\", name: \"other\") { id } viewer { login } }").json();
    assert_eq!(reply["data"], json!({"repository": null, "viewer": {"login": "octo"}}));
    assert_eq!(reply["errors"][0]["type"], "NOT_FOUND");
    assert_eq!(reply["errors"][0]["path"], json!(["repository"]));
    let message = "Could not resolve to a Repository with the name 'octo/other'.";
    assert_eq!(reply["errors"][0]["message"], message);
}

#[test]
fn a_body_that_is_no_query_is_a_bad_request() {
    let github = at_rest();
    assert_eq!(send(&github, "POST /graphql", &[], "{").status, 400);
    assert_eq!(post(&github, PATH, &json!({"query": 1})).status, 400);
    assert_eq!(send(&github, "GET /graphql", &[], "").status, 404);
}

#[test]
fn an_anonymous_query_is_unauthorized() {
    let github = at_rest();
    let body = json!({"query": "{ viewer { login } }"}).to_string();
    assert_eq!(send(&github, "POST /graphql", &[("Authorization", "")], &body).status, 401);
}
