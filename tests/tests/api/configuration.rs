//! The configuration of `gh` is the user's own, before, meanwhile and afterwards.

use super::{World, has, wait_until};

#[test]
fn settings_and_aliases_that_the_command_makes_last() {
    let world = World::new();
    let before = std::fs::read_to_string(world.home.config_directory().join("config.yml")).expect("settings");
    let script =
        "gh config set editor vim; gh alias set mine 'api user'; gh mine --jq .login; gh config get editor";
    let outcome = world.wrap("", script);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("octo\nvim\n"), "{outcome:?}");
    let after = std::fs::read_to_string(world.home.config_directory().join("config.yml")).expect("settings");
    assert!(after.starts_with(&before), "{after}");
    let alone = world.place.sh("gh config get editor; gh mine --jq .login").succeeds();
    assert_eq!(alone, "vim\nocto\n");
    assert!(world.left_over().is_empty());
}

#[test]
fn two_commands_at_once_both_keep_what_they_changed() {
    let world = World::new();
    let script = "
        one() { pm-wrap -o \"$1.ndjson\" --api -- bash -c \"gh alias set $1 'api user' >&2; touch $1; until [ -e $2 ]; do sleep 0.01; done\"; }
        one a b & one b a & wait
        gh alias list | cut -f1";
    let outcome = world.place.sh(script);
    let mut aliases: Vec<_> =
        outcome.stdout.split_whitespace().map(|name| name.trim_end_matches(':')).collect();
    aliases.sort_unstable();
    assert!(aliases.contains(&"a") && aliases.contains(&"b"), "{outcome:?}");
}

#[test]
fn a_login_in_the_command_lasts() {
    for world in [World::new(), World::over_tls()] {
        let token = world.github.token();
        let script = format!(
            "unset GH_TOKEN GH_ENTERPRISE_TOKEN; echo {token} | gh auth login --with-token && gh api user --jq .login"
        );
        assert_eq!(world.wrap("", &script).succeeds(), "octo\n");
        let hosts = world.home.config_directory().join("hosts.yml");
        assert!(std::fs::read_to_string(hosts).expect("a login").contains(&token));
        let alone = world.place.sh("unset GH_TOKEN GH_ENTERPRISE_TOKEN; gh auth token").succeeds();
        assert_eq!(alone.trim(), token);
    }
}

#[test]
fn whoever_has_no_configuration_is_given_none() {
    let world = World::over_tls();
    let outcome = world.wrap("", "gh api user --jq .login; gh alias list");
    assert!(outcome.stdout.starts_with("octo\nco:"), "{outcome:?}");
    assert!(!has(&world.home.config_directory()));
}

#[test]
fn what_was_set_up_is_gone_after_a_signal() {
    let world = World::new();
    let mut wrap = world.start("gh api user --silent; touch ready; sleep 60");
    wait_until("the command runs", || has(&world.place.path().join("ready")));
    assert!(!world.left_over().is_empty());
    super::signal(wrap.id(), "TERM");
    let status = wrap.wait().expect("pm-wrap ends");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(15));
    assert!(world.left_over().is_empty(), "{:?}", world.left_over());
    assert_eq!(world.told_once().made(), 1);
}

#[test]
fn what_a_killed_wrap_left_is_swept_by_the_next() {
    let world = World::new();
    let mut wrap = world.start("exec sleep 60");
    wait_until("the command runs", || super::children(wrap.id(), "sleep").len() == 1);
    let [command] = <[u32; 1]>::try_from(super::children(wrap.id(), "sleep")).expect("one command");
    let [relay] = <[u32; 1]>::try_from(super::children(wrap.id(), "pm-relay")).expect("one relay");
    super::signal(wrap.id(), "KILL");
    wrap.wait().expect("pm-wrap is gone");
    super::signal(command, "KILL");
    wait_until("the relay ends by itself", || !is_running(relay));
    let folder = |path: &std::path::PathBuf| path.extension().is_some_and(|ending| ending == "api");
    assert_eq!(world.left_over().iter().filter(|path| folder(path)).count(), 1);
    world.wrap("", "gh api user --silent").succeeds();
    assert_eq!(world.left_over().iter().filter(|path| folder(path)).count(), 0);
}

/// A process that nobody waits for stays as a zombie.
fn is_running(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}
