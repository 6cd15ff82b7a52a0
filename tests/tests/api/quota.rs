//! `--quota`: the difference of two readings, and how far it is the command's own.

use pm_e2e::fake_github::QuotaChange;

use super::World;

/// The difference that the only run told, as points and a word.
fn delta(world: &World) -> (i64, String) {
    let told = world.told_once();
    let delta = told.api().quota_delta.clone().expect("a difference");
    (delta.value.0 / 1000, delta.confidence)
}

fn world() -> World {
    let world = World::new();
    let place = world.place.with([("GITHUB_API_URL", world.github.url())]);
    World { place, ..world }
}

#[test]
fn what_only_the_command_used_is_exclusively_its_own() {
    let world = world();
    world.wrap("--quota", "gh api user --silent; gh api user --silent").succeeds();
    assert_eq!(delta(&world), (2, "exclusive".to_owned()));
}

#[test]
fn what_others_used_meanwhile_is_told_from_it() {
    let world = world();
    let mut wrap =
        world.wrapped("--quota", "gh api user --silent; touch asked; until [ -e go ]; do sleep 0.01; done");
    let mut wrap = wrap.spawn().expect("pm-wrap can be started");
    super::wait_until("the command has asked", || world.place.path().join("asked").exists());
    world.github.set_quota(QuotaChange {
        bucket: "core".to_owned(),
        used: Some(41),
        ..QuotaChange::default()
    });
    world.place.write("go", "");
    assert!(wrap.wait().expect("pm-wrap ends").success());
    assert_eq!(delta(&world), (41, "contaminated".to_owned()));
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
