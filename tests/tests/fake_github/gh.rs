//! The real `gh` takes the fake for GitHub.

use super::at_rest;
use super::client::get;
use pm_e2e::fake_github::gh::{GhHome, GhOutput};
use pm_e2e::fake_github::{Effect, FakeGithub, Fault, QuotaChange, Setup};
use std::os::unix::fs::PermissionsExt;

fn run(github: &FakeGithub, args: &[&str]) -> GhOutput {
    GhHome::new(github).run(args)
}

fn succeed(github: &FakeGithub, args: &[&str]) -> String {
    let output = run(github, args);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "gh {args:?}");
    output.stdout
}

#[test]
fn a_request_arrives_with_the_token_and_the_host_of_github() {
    let github = at_rest();
    assert_eq!(succeed(&github, &["api", "user", "--jq", ".login"]), "octo\n");
    let requests = github.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].path.as_str(), requests[0].host.as_str()), ("/user", "api.github.com"));
    assert_eq!(requests[0].header("authorization"), Some(format!("token {}", github.token()).as_str()));
    assert!(requests[0].header("user-agent").is_some_and(|agent| agent.starts_with("GitHub CLI ")));
}

#[test]
fn headers_are_shown_when_asked_for() {
    let shown = succeed(&at_rest(), &["api", "-i", "user"]);
    assert!(shown.starts_with("HTTP/1.1 200 OK"));
    assert!(shown.contains("X-Ratelimit-Remaining: 4999"));
}

#[test]
fn graphql_with_variables_is_answered_and_charged() {
    let github = at_rest();
    let query = "query=query($n: Int!) { rateLimit { cost } repository(owner: \"octo\", name: \"tools\") {
        issues(first: $n) { nodes { number } } } }";
    let args = ["api", "graphql", "-f", query, "-F", "n=2", "--jq", ".data.repository.issues.nodes[].number"];
    assert_eq!(succeed(&github, &args), "1\n2\n");
    assert_eq!(github.quota("graphql").expect("it has a graphql bucket").used, 1);
}

#[test]
fn paginated_lists_are_followed_to_the_end() {
    let github = at_rest();
    let args = ["api", "--paginate", "repos/octo/tools/issues?per_page=20&state=all", "--jq", ".[].number"];
    assert_eq!(succeed(&github, &args).lines().count(), 50);
    let paths: Vec<_> = github.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/repos/octo/tools/issues", "/repositories/4242/issues", "/repositories/4242/issues"]);
}

#[test]
fn paginated_queries_are_followed_to_the_end() {
    let github = at_rest();
    let query = "query=query($endCursor: String) { repository(owner: \"octo\", name: \"tools\") {
        issues(first: 20, after: $endCursor) { nodes { number } pageInfo { hasNextPage endCursor } } } }";
    let args =
        ["api", "graphql", "--paginate", "-f", query, "--jq", ".data.repository.issues.nodes[].number"];
    assert_eq!(succeed(&github, &args).lines().count(), 50);
    assert_eq!(github.requests().len(), 3);
}

#[test]
fn a_conditional_request_is_answered_304_and_free() {
    let github = at_rest();
    // `gh api` sends an empty `Accept`, which leaves the tag as that of no `Accept` at all.
    let tag = get(&github, "/user").header("etag").expect("it has a tag").to_owned();
    let output = run(&github, &["api", "-i", "user", "-H", &format!("If-None-Match: {tag}")]);
    assert!(output.stdout.starts_with("HTTP/1.1 304 Not Modified"), "{output:?}");
    assert_eq!((output.code, output.stderr.as_str()), (Some(1), "gh: HTTP 304\n"));
    assert_eq!(github.quota("core").expect("it has a core bucket").used, 1);
}

#[test]
fn issues_are_listed_and_shown() {
    let github = at_rest();
    let listed = succeed(&github, &["issue", "list", "-R", "octo/tools", "--limit", "3"]);
    assert_eq!(listed.lines().count(), 3);
    assert!(listed.starts_with("50\tOPEN\tIssue 50 is slow\t"), "{listed}");
    let shown = succeed(&github, &["issue", "view", "2", "-R", "octo/tools"]);
    assert!(shown.contains("title:\tIssue 2 is slow"), "{shown}");
    assert!(shown.contains("state:\tCLOSED"), "{shown}");
    assert!(github.requests().iter().all(|request| request.path == "/graphql"));
}

#[test]
fn an_issue_is_created_by_posting_fields() {
    let github = at_rest();
    let args = ["api", "repos/octo/tools/issues", "-f", "title=New", "--jq", ".number"];
    assert_eq!(succeed(&github, &args), "51\n");
    assert_eq!(github.requests()[0].method, "POST");
}

#[test]
fn an_enterprise_host_is_asked_in_its_own_form() {
    let github = at_rest();
    let home = GhHome::new(&github);
    for args in [["api", "user"].as_slice(), &["api", "graphql", "-f", "query={ viewer { login } }"]] {
        let output = GhOutput::of(home.command(args).env("GH_HOST", "ghe.example"));
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
        assert!(output.stdout.contains("\"login\":\"octo\""));
    }
    let asked: Vec<_> = github.requests().into_iter().map(|request| (request.host, request.path)).collect();
    let host = || "ghe.example".to_owned();
    assert_eq!(asked, [(host(), "/api/v3/user".to_owned()), (host(), "/api/graphql".to_owned())]);
}

#[test]
fn an_enterprise_issue_list_is_answered_too() {
    let github = at_rest();
    let home = GhHome::new(&github);
    let args = ["issue", "list", "-R", "ghe.example/octo/tools", "--limit", "1"];
    let output = GhOutput::of(home.command(args).env("GH_HOST", "ghe.example"));
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    assert!(output.stdout.starts_with("50\t"), "{output:?}");
}

#[test]
fn what_is_not_found_is_an_error_of_gh() {
    let output = run(&at_rest(), &["api", "repos/octo/nowhere"]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(1), "gh: Not Found (HTTP 404)\n"));
    assert!(output.stdout.contains("\"message\":\"Not Found\""));
}

#[test]
fn a_bad_token_is_an_error_of_gh() {
    let github = at_rest();
    let output = GhHome::through(github.socket_path(), "ghp_other").run(["api", "user"]);
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.starts_with("gh: Bad credentials (HTTP 401)"), "{output:?}");
}

#[test]
fn a_secondary_limit_is_an_error_of_gh() {
    let github = at_rest();
    github.faults().push(Fault::secondary_limit(Some(60)));
    let output = run(&github, &["api", "-i", "user"]);
    assert_eq!(output.code, Some(1));
    assert!(output.stderr.starts_with("gh: You have exceeded a secondary rate limit"), "{output:?}");
    assert!(output.stdout.contains("Retry-After: 60"));
}

#[test]
fn an_exhausted_quota_is_an_error_of_gh_in_both_apis() {
    let github = at_rest();
    for bucket in ["core", "graphql"] {
        github.set_quota(QuotaChange {
            bucket: bucket.to_owned(),
            used: Some(5000),
            ..QuotaChange::default()
        });
    }
    for args in [["api", "user"].as_slice(), &["api", "graphql", "-f", "query={ viewer { login } }"]] {
        let output = run(&github, args);
        assert_eq!(output.code, Some(1), "{args:?}");
        assert!(output.stderr.starts_with("gh: API rate limit exceeded for user ID "), "{output:?}");
    }
}

#[test]
fn broken_answers_are_errors_of_gh() {
    for (effect, words) in [
        (Effect::Drop, "EOF"),
        (Effect::Truncate, "unexpected EOF"),
        (Effect::ServerError { status: 502 }, "HTTP 502"),
    ] {
        let github = FakeGithub::start(Setup::default());
        github.faults().push(Fault::new(effect).always());
        let output = run(&github, &["api", "user"]);
        assert_eq!(output.code, Some(1), "{output:?}");
        assert!(output.stderr.contains(words), "{output:?}");
    }
}

#[test]
fn the_home_is_private_and_asks_for_no_updates() {
    let github = at_rest();
    let home = GhHome::new(&github);
    let mode = |path: &std::path::Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    let config = home.config_directory();
    assert_eq!(mode(config.parent().expect("it lies in the home")), 0o700);
    home.run(["issue", "list", "-R", "octo/tools"]);
    assert_eq!(github.requests().len(), 1);
    drop(home);
    assert!(!config.exists());
}
