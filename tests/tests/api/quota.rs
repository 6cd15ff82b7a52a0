//! `--quota`: the difference of two readings, and what becomes of a command without them.

use super::World;

#[test]
fn without_a_reading_the_command_runs_all_the_same() {
    let world = World::new();
    let place = world.place.with([("GITHUB_API_URL", "http://127.0.0.1:1")]);
    let world = World { place, ..world };
    let outcome = world.wrap("--quota", "gh api user --jq .login; exit 3");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(3), "octo\n"));
    assert!(
        outcome.stderr.starts_with("pm-wrap: the quota that the command uses is not known: "),
        "{outcome:?}"
    );
    assert_eq!(world.told_once().api().quota_delta, None);
}
