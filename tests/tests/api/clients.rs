//! Other clients than `gh`: whatever asks at `GITHUB_API_URL`, as Octokit and its kin do in a workflow.

use pm_e2e::harness::repository;

use super::{World, whole};

const ASK: &str = "curl -sS -H \"Authorization: Bearer $GH_TOKEN\" -A test";

#[test]
fn whoever_asks_at_the_address_of_the_environment_is_counted() {
    for world in [World::new(), World::over_tls()] {
        let script = format!(
            "set -e; {ASK} $GITHUB_API_URL/user | grep -o '\"login\":\"octo\"'
             {ASK} $GITHUB_GRAPHQL_URL -d '{{\"query\":\"query {{ viewer {{ login }} }}\"}}' | grep -o '\"login\":\"octo\"'
             {ASK} -o /dev/null -w '%{{http_code}}\\n' $GITHUB_API_URL/nowhere"
        );
        let login = "\"login\":\"octo\"\n";
        assert_eq!(world.wrap("", &script).succeeds(), format!("{login}{login}404\n"));
        let told = world.told_once();
        assert_eq!((told.made(), world.github.requests().len()), (3, 3));
        assert_eq!(whole(told.api().graphql_points), 1);
    }
}

#[test]
fn a_proxy_is_not_asked_for_an_address_of_this_machine() {
    let world = World::new();
    let place = world.place.with([("http_proxy", "http://127.0.0.1:1")]);
    let world = World { place, ..world };
    world.wrap("", &format!("{ASK} -f -o /dev/null $GITHUB_API_URL/user")).succeeds();
    assert_eq!(world.told_once().made(), 1);
}

#[test]
fn two_tokens_are_told_apart() {
    let world = World::new();
    world
        .wrap("", "gh api user --silent; GH_TOKEN=ghp_other gh api user --silent 2>/dev/null; true")
        .succeeds();
    let told = world.told_once();
    let credentials: Vec<_> = told.requests.iter().map(|request| request.credential.clone()).collect();
    assert!(credentials.iter().all(Option::is_some) && credentials[0] != credentials[1], "{credentials:?}");
    let log = world.place.read("log.ndjson");
    assert!(!log.contains("ghp_other") && !log.contains(&world.github.token()));
}

#[test]
fn the_examples_of_the_manual_run() {
    let manual = std::fs::read_to_string(repository().join("docs/github-api.md")).expect("the manual");
    let examples = manual.lines().filter_map(|line| line.strip_prefix("    "));
    let is_run = |line: &&str| ["curl", "pm-wrap", "github-pm"].iter().any(|word| line.starts_with(word));
    let (curl, wraps): (Vec<_>, Vec<_>) = examples.filter(is_run).partition(|line| line.starts_with("curl"));
    assert!(curl.len() == 1 && wraps.len() == 4, "{curl:?} {wraps:?}");
    let world = World::new();
    let place = world.place.with([("GH_REPO", "octo/tools"), ("GITHUB_API_URL", &world.github.url())]);
    place.script("nightly.sh", curl[0]);
    place.script("bin/gh-pm", "gh api user --silent");
    let path =
        format!("{}:{}/bin:/usr/bin:/bin", pm_e2e::harness::programs().display(), place.path().display());
    let place = place.with([("PATH", path)]);
    for example in wraps {
        let before = world.github.requests().len();
        let outcome = place.sh(example);
        assert_eq!(outcome.code, Some(0), "{example}: {outcome:?}");
        assert!(world.github.requests().len() > before, "{example}: {outcome:?}");
    }
    assert!(place.read("log.ndjson").contains("\"requests_made\":1,"));
}
