//! What a reading of the limits says of the requests that the real `gh` made with its credential.

use pm_record::{ApiMonitoring, Record, RequestPatterns};

use super::World;

/// A world whose store has these runs of `gh`, every one measured.
fn world(scripts: &[&str]) -> World {
    let world = World::new();
    let url = world.github.url();
    let place = world.place.with([("GITHUB_API_URL", url)]);
    let world = World { place, ..world };
    world.place.sh("mkdir .github-pm").succeeds();
    for script in scripts {
        world.place.write("script", *script);
        world.place.sh("pm-wrap --store --api --api-requests --name sync -- bash script").succeeds();
    }
    world
}

#[track_caller]
fn only(lines: &str) -> ApiMonitoring {
    let parsed: Vec<_> = lines.lines().map(|line| Record::parse(line.as_bytes()).expect(line)).collect();
    match <[Record; 1]>::try_from(parsed) {
        Ok([Record::Api(reading)]) => *reading,
        other => panic!("{other:?}"),
    }
}

const LOOP: &str = "for n in $(seq 20); do gh api repos/octo/tools/issues/$n --jq .title; done";

#[test]
fn a_reading_suggests_what_advice_does_about_the_requests_of_its_credential() {
    let world = world(&[LOOP, "gh api user --jq .login"]);
    let reading = only(&world.place.sh("pm-ratelimit --once").succeeds());
    assert_eq!(reading.optimization_suggestions, ["batch_get_issues_number_queries"]);
    let patterns = &reading.request_patterns;
    assert_eq!(patterns.most_expensive_operations, ["get_issues_number", "get_user"]);
    assert!(patterns.requests_per_minute.is_some_and(|rate| rate.0 > 0), "{patterns:?}");
    assert!(patterns.operations.is_empty() && reading.resources.contains_key("core"));
    let advice = world.place.sh("pm-report --as advice-json --store | head -1").succeeds();
    assert_eq!(only(&advice).optimization_suggestions, reading.optimization_suggestions);

    let bare = only(&world.place.sh("pm-ratelimit --once --limits-only").succeeds());
    assert!(bare.optimization_suggestions.is_empty() && bare.request_patterns == RequestPatterns::default());

    // The same by the store's record and by a stream, whose second reading has it too.
    world.place.sh("pm-ratelimit --once --store; pm-ratelimit --interval 1s --count 2 > stream").succeeds();
    let kept = world.place.sh("grep -h '^{\"api_monitoring\"' .github-pm/records/*").succeeds();
    assert_eq!(only(&kept).optimization_suggestions, reading.optimization_suggestions);
    let stream = world.place.read("stream");
    assert_eq!(stream.matches("\"optimization_suggestions\":[\"batch_").count(), 2, "{stream}");
}

#[test]
fn a_reading_of_somebody_else_and_one_of_few_requests_suggest_nothing() {
    let world_of_loops = world(&[LOOP]);
    let login = |token: &str| format!("GH_TOKEN={token} pm-ratelimit --once");
    let mut other = world_of_loops.github.token();
    other.push('2');
    // A token that the fake does not know is refused, so that somebody else is whoever has none.
    world_of_loops.place.sh(&login(&other)).fails_with(4);
    let anonymous =
        "env -u GH_TOKEN -u GITHUB_TOKEN PATH=$(dirname $(command -v pm-ratelimit)) pm-ratelimit --once";
    let outcome = world_of_loops.place.sh(anonymous);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let reading = only(&outcome.stdout);
    assert_eq!((reading.authenticated, reading.request_patterns), (Some(false), RequestPatterns::default()));
    assert!(reading.optimization_suggestions.is_empty());

    let few = world(&["for n in 1 2 3; do gh api repos/octo/tools/issues/$n --jq .title; done"]);
    let reading = only(&few.place.sh("pm-ratelimit --once").succeeds());
    assert!(reading.optimization_suggestions.is_empty(), "{reading:?}");
    assert_eq!(reading.request_patterns.most_expensive_operations, ["get_issues_number"]);

    // Without a store there is nothing to say.
    let nowhere = "rm -r .github-pm; pm-ratelimit --once";
    let reading = only(&few.place.sh(nowhere).succeeds());
    assert_eq!(reading.request_patterns, RequestPatterns::default());
}
