//! What can be asked for beside judging: to check the rules, to leave out the console, not to wait.

use std::fs;

use pm_cli::Exit;

use crate::channels::{ARGS, big, pending, place, told};
use crate::receivers::{Answer, Receivers};
use crate::{BENCHMARKS, NOW, Place, batch, run};

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

#[test]
fn whoever_interrupts_it_while_it_waits_for_a_channel_is_heard() {
    let receiver = Receivers::new(vec![Answer::Wait]);
    let place = place(&format!("type: webhook, timeout: 25s, url: '{}'", receiver.url("")));
    let mut child = process(&place);
    let mut input = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, big("x", "10:00:00", 101).as_bytes()).expect("written");
    drop(input);
    receiver.next();
    // The input is over long before the channel is.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    let said = String::from_utf8(child.wait_with_output().expect("an end").stderr).expect("text");
    assert!(said.contains("channel 'team' was not done in time"), "{said}");
    assert_eq!(pending(&place), 1);
}

/// A run of `name` whose cache had some answers and lacked others.
fn cached(name: &str, hits: u32, misses: u32) -> String {
    batch("10:00:00", 1, &format!(r#","github_api":{{"cache_hits":{hits},"cache_misses":{misses}}}"#))
        .replace("batch", name)
}

const TIP: &str = "💡 OPTIMIZATION TIP: API cache hit rate of 'sync' is 45% (target: 70%)
   Recommendation: Increase the cache's TTL for what 'sync' asks for again and again; what that is shows `github-pm performance analyze --focus api --command sync`
";

#[test]
fn a_cache_that_misses_too_much_is_told_of_once_in_a_cooldown_and_nowhere_in_a_replay() {
    let place = place("type: log, path: told.ndjson");
    let input = cached("sync", 9, 11) + &cached("good", 15, 5) + &cached("few", 0, 19);
    let first = told(&place, &input, NOW);
    assert_eq!((first.stderr.as_str(), first.exit), (TIP, Exit::Done));
    assert!(
        first.stdout.starts_with(r#"{"optimization_tip":{"schema":1,"id":"cache_hit_rate","#),
        "{}",
        first.stdout
    );
    assert_eq!(first.stdout.lines().count(), 1);
    let again = told(&place, &input, NOW + 4 * 3_600_000 - 1);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    assert_eq!(told(&place, &input, NOW + 4 * 3_600_000).stderr, TIP);
    let later = NOW + 9 * 3_600_000;
    let silent = |more: &[&str]| {
        let args = [&ARGS[..2], more].concat();
        let outcome = run(place.trial(&input).now(later), &args);
        assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""), "{more:?}");
    };
    silent(&["--no-tips"]);
    silent(&["--replay"]);
    let on_terminal = run(place.trial(&input).now(later).on_terminal(), &ARGS);
    assert_eq!((on_terminal.stdout.as_str(), on_terminal.stderr.as_str()), (TIP, ""));
}

#[test]
fn requests_of_a_relay_say_which_answers_could_have_been_kept() {
    let place = place("type: log, path: told.ndjson");
    let ask = |number: u32, cache: &str| {
        format!(
            "{{\"api_request\":{{\"timestamp\":\"2024-12-06T10:00:{number:02}Z\",\"method\":\"GET\",\"endpoint\":\"/user\",\"target\":\"aaaaaaaaaaaa\",\"answer\":\"bbbbbbbbbbbb\",\"status\":200,\"duration_ms\":9,\"wait_ms\":9,\"cost\":1,\"cache\":\"{cache}\"}}}}\n"
        )
    };
    let all = |word: &'static str| (0..30).map(move |number| ask(number, word)).collect::<Vec<_>>().concat();
    let missed = told(&place, &all("miss"), NOW);
    assert!(
        missed
            .stderr
            .starts_with("💡 OPTIMIZATION TIP: API cache hit rate of 'GET /user' is 0% (target: 70%)\n"),
        "{}",
        missed.stderr
    );
    assert_eq!(told(&place, &all("hit"), NOW + 5 * 3_600_000).stderr, "");
}
