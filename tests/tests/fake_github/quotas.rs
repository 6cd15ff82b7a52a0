//! Quota: what is charged, what is left, when it comes back, and what happens without any.

use super::client::{get, query, send};
use super::{NOW, at_rest};
use pm_e2e::fake_github::{Account, Clock, FakeGithub, Limit, QuotaChange, Setup};

fn change(bucket: &str) -> QuotaChange {
    QuotaChange { bucket: bucket.to_owned(), ..QuotaChange::default() }
}

#[test]
fn the_rate_limit_shows_every_bucket_and_is_free() {
    let github = at_rest();
    get(&github, "/user");
    let reply = get(&github, "/rate_limit");
    let resources = &reply.json()["resources"];
    let core = serde_json::json!({"limit": 5000, "used": 1, "remaining": 4999, "reset": NOW + 3600});
    assert_eq!(resources["core"], core);
    assert_eq!(resources["search"]["limit"], 30);
    assert_eq!(resources["search"]["reset"], NOW + 60);
    assert!(resources.as_object().expect("a map of buckets").len() > 10);
    assert_eq!(reply.number("x-ratelimit-used"), 1);
}

#[test]
fn the_copy_of_core_is_gone_in_the_newer_version() {
    let github = at_rest();
    let with = |version| send(&github, "GET /rate_limit", &[("X-GitHub-Api-Version", version)], "").json();
    assert_eq!(with("2022-11-28")["rate"], with("2022-11-28")["resources"]["core"]);
    assert_eq!(with("2026-03-10").get("rate"), None);
    assert!(with("2026-03-10")["resources"]["core"].is_object());
}

#[test]
fn an_anonymous_caller_has_sixty_requests() {
    let github = at_rest();
    let reply = send(&github, "GET /rate_limit", &[("Authorization", "")], "");
    assert_eq!(reply.json()["resources"]["core"]["limit"], 60);
}

#[test]
fn errors_are_charged_as_successes_are() {
    let github = at_rest();
    get(&github, "/nowhere");
    assert_eq!(github.quota("core").expect("it has a core bucket").used, 1);
}

#[test]
fn without_quota_rest_answers_403_and_remaining_0() {
    let github = at_rest();
    github.set_quota(QuotaChange { limit: Some(10), used: Some(9), ..change("core") });
    assert_eq!(get(&github, "/user").status, 200);
    let reply = get(&github, "/user");
    assert_eq!(reply.status, 403);
    assert_eq!(reply.number("x-ratelimit-remaining"), 0);
    assert_eq!(reply.number("x-ratelimit-used"), 10);
    assert!(reply.json()["message"].as_str().is_some_and(|text| text.starts_with("API rate limit exceeded")));
    assert_eq!(get(&github, "/rate_limit").status, 200);
    assert_eq!(query(&github, "{ viewer { login } }").json()["data"]["viewer"]["login"], "octo");
}

#[test]
fn without_quota_graphql_answers_200_and_an_error() {
    let github = at_rest();
    github.set_quota(QuotaChange { used: Some(5000), ..change("graphql") });
    let reply = query(&github, "{ viewer { login } }");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["errors"][0]["type"], "RATE_LIMITED");
    assert_eq!(reply.number("x-ratelimit-remaining"), 0);
    assert_eq!(reply.header("x-ratelimit-resource"), Some("graphql"));
}

#[test]
fn a_window_that_ends_gives_the_quota_back() {
    let github = at_rest();
    github.set_quota(QuotaChange { used: Some(5000), reset: Some(NOW + 10), ..change("core") });
    assert_eq!(get(&github, "/user").status, 403);
    github.set_now(NOW + 9);
    assert_eq!(get(&github, "/user").status, 403);
    github.set_now(NOW + 10);
    let reply = get(&github, "/user");
    assert_eq!(reply.status, 200);
    assert_eq!(reply.number("x-ratelimit-used"), 1);
    assert_eq!(reply.number("x-ratelimit-reset"), NOW + 10 + 3600);
}

#[test]
fn limits_and_resets_can_be_chosen_at_the_start() {
    let limit = Limit { limit: 15_000, used: 7, window_seconds: 3600, reset: Some(NOW + 5) };
    let mut setup = Setup { clock: Clock::Fixed(NOW), ..Setup::default() };
    setup.limits.insert("core".to_owned(), limit);
    setup.limits.insert("brand_new".to_owned(), Limit::new(3, 60));
    let github = FakeGithub::start(setup);
    let resources = get(&github, "/rate_limit").json()["resources"].clone();
    assert_eq!(resources["core"]["remaining"], 14_993);
    assert_eq!(resources["core"]["reset"], NOW + 5);
    assert_eq!(resources["brand_new"]["limit"], 3);
}

#[test]
fn tokens_of_one_account_share_their_quota_and_accounts_do_not() {
    let account = |login: &str, token: &str| Account {
        login: login.to_owned(),
        token: token.to_owned(),
        scopes: String::new(),
    };
    let accounts = vec![account("a", "one"), account("a", "two"), account("b", "three")];
    let github = FakeGithub::start(Setup { accounts, ..Setup::default() });
    let used = |token: &str| {
        let reply = send(&github, "GET /user", &[("Authorization", &format!("token {token}"))], "");
        reply.number("x-ratelimit-used")
    };
    assert_eq!([used("one"), used("two"), used("three")], [1, 2, 1]);
    assert_eq!(github.quota_of("b", "core").expect("it has a core bucket").used, 1);
}

#[test]
fn the_reset_can_waver_by_a_second() {
    let github =
        FakeGithub::start(Setup { clock: Clock::Fixed(NOW), reset_jitter: true, ..Setup::default() });
    let resets = [0; 4].map(|_| get(&github, "/user").number("x-ratelimit-reset") - NOW);
    assert_eq!(resets, [3600, 3601, 3600, 3601]);
}

#[test]
fn with_limits_off_there_is_no_sign_of_them() {
    let github = FakeGithub::start(Setup { limits_enabled: false, ..Setup::default() });
    let reply = get(&github, "/api/v3/rate_limit");
    assert_eq!(reply.status, 404);
    assert_eq!(reply.header("x-ratelimit-limit"), None);
    assert_eq!(get(&github, "/api/v3/user").header("x-ratelimit-remaining"), None);
}
