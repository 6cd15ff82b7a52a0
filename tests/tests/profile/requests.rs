//! What the real `gh` asks of GitHub, on the time axis of its processes.

use pm_e2e::fake_github::gh::GhHome;
use pm_e2e::fake_github::{FakeGithub, Setup};
use pm_e2e::harness::{Place, programs};

use super::events;

#[test]
fn requests_of_gh_are_in_the_profile_within_the_life_of_gh() {
    let github = FakeGithub::start(Setup::default());
    let home = GhHome::new(&github);
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", programs().display());
    let place = Place::new().with(home.environment()).with([("PATH", path)]);
    let runtime = place.path().join("run");
    std::fs::create_dir(&runtime).expect("a folder for sockets");
    let place = place.with([("XDG_RUNTIME_DIR", runtime)]);
    place.script("batch", "gh api user --jq .login; gh api graphql -f query='query { viewer { login } }' --jq .data.viewer.login");
    let outcome = place.sh("github-pm performance profile --records kept -o p.json ./batch");
    assert_eq!((outcome.stdout.as_str(), outcome.code), ("octo\nocto\n", Some(0)), "{}", outcome.stderr);
    let asked: Vec<_> = events(&place, "p.json", "request").into_iter().map(|(name, _)| name).collect();
    assert_eq!(asked, ["GET /user", "POST /graphql (viewer)"]);
    let gh = events(&place, "p.json", "process").into_iter().filter(|(name, _)| name == "gh");
    let gh: Vec<_> = gh.map(|(_, time)| time).collect();
    let requests: i64 = events(&place, "p.json", "request").iter().map(|(_, time)| time).sum();
    assert!(gh.len() == 2 && requests <= gh.iter().sum(), "{requests} of {gh:?}");
    let page = place.sh("pm-report --as profile kept").succeeds();
    assert!(page.contains("2 API requests") && page.contains("\nGET /user "), "{page}");
}
