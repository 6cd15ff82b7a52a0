//! A relay that cannot start, or dies, costs a count and never a command.

use std::fs;

use pm_e2e::fake_github::Fault;
use pm_e2e::harness::programs;

use super::{World, children, signal, wait_until};

/// The world with a `pm-wrap` that stands alone, and this in place of the relay.
fn with_relay(body: Option<&str>) -> World {
    let world = World::new();
    let folder = world.place.path().join("alone");
    fs::create_dir(&folder).expect("a folder");
    fs::copy(programs().join("pm-wrap"), folder.join("pm-wrap")).expect("a copy");
    if let Some(body) = body {
        world.place.script("alone/pm-relay", body);
    }
    let path = format!("{}:/usr/bin:/bin", folder.display());
    World { place: world.place.with([("PATH", path)]), ..world }
}

#[test]
fn without_a_relay_the_command_runs_uncounted() {
    for (body, reason) in [
        (None, "pm-relay is not installed"),
        (Some("exit 4"), "pm-relay ended before it was ready"),
        (Some("#"), "pm-relay ended before it was ready"),
    ] {
        let world = with_relay(body);
        let outcome = world.wrap("", "gh api user --jq .login; exit 3");
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(3), "octo\n"));
        let warning = format!(
            "pm-wrap: the API requests are not counted: {reason}\n  hint: see what is installed with `github-pm performance doctor`\n"
        );
        assert_eq!(outcome.stderr, warning);
        assert_eq!(world.told_once().api().requests_made, None);
        assert!(world.left_over().is_empty());
    }
}

#[test]
fn a_configuration_that_cannot_be_added_to_is_left_alone() {
    let world = World::new();
    let config = world.home.config_directory().join("config.yml");
    let text = format!("{{http_unix_socket: {}}}\n", world.github.socket_path().display());
    fs::write(&config, &text).expect("written");
    let outcome = world.wrap("", "gh api user --jq .login");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "octo\n"));
    assert!(outcome.stderr.contains("is not written as gh writes it"), "{outcome:?}");
    assert_eq!(fs::read_to_string(&config).expect("settings"), text);
}

#[test]
fn a_relay_that_is_killed_in_the_middle_is_replaced_and_the_status_is_the_command_s() {
    let world = World::new();
    world.github.faults().push(Fault::latency(120_000).on_path("/user"));
    let script = "gh api user --silent 2>/dev/null; echo $?; gh api repos/octo/tools --jq .name; exit 5";
    let wrap = world.start(script);
    wait_until("the request has arrived", || !world.github.requests().is_empty());
    let relays = children(wrap.id(), "pm-relay");
    assert_eq!(relays.len(), 1);
    signal(relays[0], "KILL");
    let output = wrap.wait_with_output().expect("pm-wrap ends");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((output.status.code(), &*stdout), (Some(5), "1\ntools\n"), "{stderr}");
    assert!(stderr.starts_with("pm-wrap: the relay died and was started once more;"), "{stderr}");
    let told = world.told_once();
    assert_eq!(told.requests.len(), 1, "{told:?}");
    assert!(world.left_over().is_empty());
}

#[test]
fn when_it_dies_again_the_command_goes_on_without_it() {
    let world = World::new();
    let script = "for i in 1 2 3; do gh api user --jq .login; touch asked$i; until [ -e go$i ]; do sleep 0.01; done; done; gh api user --jq .login";
    let wrap = world.start(script);
    let mut killed = Vec::new();
    for round in 1..=3 {
        let asked = world.place.path().join(format!("asked{round}"));
        wait_until("the command has asked", || asked.exists());
        if round < 3 {
            let relay = children(wrap.id(), "pm-relay").into_iter().find(|pid| !killed.contains(pid));
            let relay = relay.expect("a relay that lives");
            signal(relay, "KILL");
            killed.push(relay);
            if round == 1 {
                wait_until("another takes its place", || children(wrap.id(), "pm-relay").len() == 2);
            } else {
                let folder =
                    world.left_over().into_iter().find(|path| path.extension().is_some()).expect("a folder");
                let ours = folder.join("relay").display().to_string();
                let settings = folder.join("gh/config.yml");
                wait_until("nobody is sent there any more", || {
                    fs::read_to_string(&settings).is_ok_and(|text| !text.contains(&ours))
                });
            }
        }
        world.place.write(&format!("go{round}"), "");
    }
    let output = wrap.wait_with_output().expect("pm-wrap ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "octo\nocto\nocto\nocto\n");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("pm-wrap: the relay died a second time;"), "{stderr}");
    assert_eq!((output.status.code(), world.told_once().made()), (Some(0), 2));
}
