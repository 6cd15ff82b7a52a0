//! What GitHub refuses before it looks at the path, and the headers of every answer.

use super::client::{exchange, get, send};
use super::{NOW, at_rest};

#[test]
fn every_answer_carries_the_headers_of_github() {
    let github = at_rest();
    let reply = get(&github, "/user");
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(reply.header("date"), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(reply.header("x-github-media-type"), Some("github.v3; format=json"));
    assert_eq!(reply.header("x-github-api-version-selected"), Some("2022-11-28"));
    assert_eq!(reply.header("x-oauth-scopes"), Some("read:org, read:project, repo"));
    assert_eq!(reply.header("x-ratelimit-resource"), Some("core"));
    assert_eq!(reply.number("x-ratelimit-limit"), 5000);
    assert_eq!(reply.number("x-ratelimit-used"), 1);
    assert_eq!(reply.number("x-ratelimit-remaining"), 4999);
    assert_eq!(reply.number("x-ratelimit-reset"), NOW + 3600);
    let other = get(&github, "/user");
    assert!(reply.header("x-github-request-id").is_some());
    assert_ne!(reply.header("x-github-request-id"), other.header("x-github-request-id"));
}

#[test]
fn a_request_without_a_user_agent_is_forbidden() {
    let github = at_rest();
    let reply = send(&github, "GET /user", &[("User-Agent", "")], "");
    assert_eq!(reply.status, 403);
    assert!(String::from_utf8_lossy(&reply.body).contains("User-Agent"));
    assert_eq!(reply.header("x-ratelimit-limit"), None);
    let empty = b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \r\nConnection: close\r\n\r\n";
    assert!(exchange(&github, empty).starts_with(b"HTTP/1.1 403 "));
}

#[test]
fn a_token_that_nobody_has_is_bad_credentials() {
    let github = at_rest();
    for authorization in ["token ghp_other", "Bearer nonsense", "Basic b2N0bzp4", "alone"] {
        let reply = send(&github, "GET /user", &[("Authorization", authorization)], "");
        assert_eq!(reply.status, 401, "{authorization}");
        assert_eq!(reply.json()["message"], "Bad credentials");
        assert_eq!(reply.json()["status"], "401");
        assert_eq!(reply.number("x-ratelimit-limit"), 60);
        assert_eq!(reply.header("x-oauth-scopes"), None);
    }
}

#[test]
fn a_token_is_accepted_after_either_word() {
    let github = at_rest();
    for scheme in ["token", "Bearer", "bearer"] {
        let header = format!("{scheme} {}", github.token());
        let reply = send(&github, "GET /user", &[("Authorization", &header)], "");
        assert_eq!(reply.json()["login"], "octo");
    }
}

#[test]
fn an_anonymous_caller_is_nobody() {
    let github = at_rest();
    let reply = send(&github, "GET /user", &[("Authorization", "")], "");
    assert_eq!(reply.status, 401);
    assert_eq!(reply.json()["message"], "Requires authentication");
}

#[test]
fn an_unknown_path_is_not_found_in_the_json_form() {
    let github = at_rest();
    for path in
        ["/nowhere", "/repos/octo/other/issues", "/repos/octo/tools/issues/999", "/repositories/1/issues"]
    {
        let reply = get(&github, path);
        assert_eq!(reply.status, 404, "{path}");
        assert_eq!(reply.json()["message"], "Not Found");
        assert!(reply.json()["documentation_url"].is_string());
    }
    assert_eq!(send(&github, "PATCH /repos/octo/tools/issues/1", &[], "{}").status, 404);
}

#[test]
fn only_two_api_versions_exist() {
    let github = at_rest();
    for (version, status) in [("2022-11-28", 200), ("2026-03-10", 200), ("2020-01-01", 400)] {
        let reply = send(&github, "GET /user", &[("X-GitHub-Api-Version", version)], "");
        assert_eq!(reply.status, status, "{version}");
        if status == 200 {
            assert_eq!(reply.header("x-github-api-version-selected"), Some(version));
        }
    }
}

#[test]
fn enterprise_paths_lead_to_the_same_api() {
    let github = at_rest();
    assert_eq!(get(&github, "/api/v3/user").json()["login"], "octo");
    assert_eq!(get(&github, "/api/v3").status, 200);
    let body = r#"{"query": "{ viewer { login } }"}"#;
    let reply = send(&github, "POST /api/graphql", &[("Host", "ghe.example")], body);
    assert_eq!(reply.json()["data"]["viewer"]["login"], "octo");
    let reply = send(&github, "GET /api/v3/repos/octo/tools/issues/1", &[("Host", "ghe.example")], "");
    assert_eq!(reply.json()["url"], "https://ghe.example/api/v3/repos/octo/tools/issues/1");
    assert_eq!(reply.json()["html_url"], "https://ghe.example/octo/tools/issues/1");
}
