//! `--quota`: the difference of two readings, and how far it is the command's own.

use pm_e2e::fake_github::QuotaChange;

use super::World;

/// A reading is given up after two seconds, which a machine that has other things to do may need.
const ATTEMPTS: usize = 10;

/// Runs a script until both readings came in time; the difference that was told, as points and a word. Meanwhile
/// `others` use the API too.
fn delta(script: &str, others: impl Fn(&World)) -> (i64, String) {
    for _ in 0..ATTEMPTS {
        let world = World::new();
        let place = world.place.with([("GITHUB_API_URL", world.github.url())]);
        let world = World { place, ..world };
        let mut wrap = world.wrapped("--quota", script).spawn().expect("pm-wrap can be started");
        others(&world);
        assert!(wrap.wait().expect("pm-wrap ends").success());
        if let Some(delta) = world.told_once().api().quota_delta.clone() {
            return (delta.value.0 / 1000, delta.confidence);
        }
    }
    panic!("no reading came in time");
}

#[test]
fn what_only_the_command_used_is_exclusively_its_own() {
    let script = "gh api user --silent; gh api user --silent";
    assert_eq!(delta(script, |_| ()), (2, "exclusive".to_owned()));
}

#[test]
fn what_others_used_meanwhile_is_told_from_it() {
    let script = "gh api user --silent; touch asked; until [ -e go ]; do sleep 0.01; done";
    let others = |world: &World| {
        super::wait_until("the command has asked", || world.place.path().join("asked").exists());
        let core = QuotaChange { bucket: "core".to_owned(), used: Some(41), ..QuotaChange::default() };
        world.github.set_quota(core);
        world.place.write("go", "");
    };
    assert_eq!(delta(script, others), (41, "contaminated".to_owned()));
}

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
