//! What can be asked for beside judging: to check the rules, to leave out the console, not to wait.

use std::fs;

use pm_cli::Exit;

use crate::channels::{ARGS, big, pending, place};
use crate::receivers::{Answer, Receivers};
use crate::{BENCHMARKS, NOW, Place, run};

#[test]
fn rules_are_checked_without_a_record() {
    let place = place("type: github");
    let check = |args: &[&str]| place.run("", &[&["--check"], args].concat());
    let fine = check(&["--config", "a.yml"]);
    assert_eq!(
        (fine.stderr.as_str(), fine.exit),
        ("pm-alert: the rules can be meant: 1 rule, 1 channel\n", Exit::Done)
    );
    fs::write(
        place.path().join("b.yml"),
        "alerts:\n  mine: { metric: resource_usage.peak_memory, above: 1 }\n",
    )
    .expect("written");
    let wrong = check(&["--config", "b.yml"]);
    assert_eq!(wrong.exit, Exit::Usage);
    assert!(wrong.stderr.ends_with("b.yml:2:19: unknown metric 'resource_usage.peak_memory'\n  hint: did you mean 'resource_usage.peak_memory_mb'?\n"), "{}", wrong.stderr);
    assert_eq!(check(&[]).exit, Exit::Usage);
    fs::write(place.path().join("c.yml"), "alerts: { level: { regression: true } }\n").expect("written");
    let changes = check(&["--config", "c.yml"]);
    assert_eq!(changes.stderr, "pm-alert: the rules can be meant: 1 rule, 0 channels\n");
    fs::write(place.path().join("benchmarks.yml"), BENCHMARKS).expect("written");
    let both = check(&["--config", "c.yml"]);
    assert_eq!(
        both.stderr,
        "pm-alert: the rules can be meant: 1 rule, the limits of benchmarks.yml, 0 channels\n"
    );
    fs::write(place.path().join("d.yml"), "alerts: { performance_degradation: {} }\n").expect("written");
    fs::remove_file(place.path().join("benchmarks.yml")).expect("removed");
    assert_eq!(check(&["--config", "d.yml"]).exit, Exit::Usage);
}

#[test]
fn whoever_leaves_out_the_console_has_all_the_other_channels_tell() {
    let place = place("type: log, path: told.ndjson");
    let rules = fs::read_to_string(place.path().join("a.yml")).expect("rules");
    fs::write(place.path().join("a.yml"), rules.replace("[team]", "[team, console]")).expect("written");
    let input = big("x", "10:00:00", 101) + &big("x", "10:00:01", 102);
    let quiet = run(place.trial(&input).now(NOW), &[&ARGS[..], &["--no-console"]].concat());
    assert_eq!((quiet.stderr.as_str(), quiet.exit, quiet.stdout.lines().count()), ("", Exit::Done, 2));
    assert_eq!(fs::read_to_string(place.path().join("told.ndjson")).expect("a log").lines().count(), 1);
    assert_eq!(pending(&place), 0);
    let shown = run(place.trial(&big("y", "10:00:02", 103)).now(NOW), &ARGS);
    assert!(shown.stderr.starts_with("⚠️  PERFORMANCE ALERT: Command 'y' memory usage"), "{}", shown.stderr);
}

/// A process of its own, with a pipe to write records into.
#[expect(clippy::disallowed_methods, reason = "only a process can be sent signals")]
fn process(place: &Place) -> std::process::Child {
    std::process::Command::new(env!("CARGO_BIN_EXE_pm-alert"))
        .args(ARGS)
        .current_dir(place.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the tool")
}

#[test]
fn a_channel_that_is_not_done_in_time_is_named_and_its_alerts_are_kept() {
    let receiver = Receivers::new(vec![Answer::Wait]);
    let place = place(&format!("type: webhook, url: '{}'", receiver.url("")));
    let mut child = process(&place);
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, big("x", "10:00:00", 101).as_bytes()).expect("written");
    receiver.next();
    // Whoever interrupts it does not wait for as long as a channel may take.
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    drop(input);
    let said = String::from_utf8(child.wait_with_output().expect("an end").stderr).expect("text");
    let expected = "pm-alert: channel 'team' was not done in time: it may have 1 alert or not
";
    assert!(said.starts_with(expected), "{said}");
    assert_eq!(pending(&place), 1);
}
