//! The verbs of `performance`, with stand-ins for the tools.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Stdio;

use pm_cli::{Exit, Trial};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::place::Place;

/// Says what it was called with.
const SAY: &str = r#"printf '%s|' "${0##*/}" "$@"; echo"#;

fn tools() -> Place {
    Place::bare()
        .program("bin/pm-aggregate", SAY)
        .program("bin/pm-alert", SAY)
        .program("bin/pm-report", &format!("{SAY}; cat"))
}

/// The output without its instants, which come from the machine's clock.
fn without_times(text: &str) -> String {
    let mut text = text.to_owned();
    for flag in ["--since=", "--until="] {
        let mut from = 0;
        while let Some(at) = text[from..].find(flag).map(|at| from + at + flag.len()) {
            let time = "2024-12-06T10:00:00.000Z".len();
            assert_eq!(&text[at + 13..at + time], ":00:00.000Z", "a whole hour");
            text.replace_range(at..at + time, "T");
            from = at;
        }
    }
    text
}

#[test]
fn a_report_is_summaries_changes_and_alerts_joined_to_pm_report() {
    let place = tools();
    fs::create_dir(place.path("desk/.github-pm")).expect("a store");
    let seen =
        place.run(&["performance", "report", "--timeframe", "week", "--as=markdown", "--by", "host,command"]);
    let expected = "pm-report|--as=markdown|--title=Performance of the last 7 days|--tips=3|\n\
        pm-aggregate|--store=TOP/desk/.github-pm|--since=T|--until=T|--by=host,command|\n\
        pm-aggregate|--store=TOP/desk/.github-pm|--since=T|--until=T|--changes|\n\
        pm-alert|--store=TOP/desk/.github-pm|--since=T|--until=T|--replay|--digest|\n\
        pm-report|--store=TOP/desk/.github-pm|--since=T|--until=T|--as=evidence|--newest=1|\n";
    assert_eq!((without_times(&seen.stdout).as_str(), seen.stderr.as_str(), seen.status), (expected, "", 0));
}

#[test]
fn what_explain_prints_gives_the_same_bytes() {
    let place = tools();
    fs::create_dir_all(place.path("desk/it's a store/.github-pm")).expect("a store");
    let stand = |line: &str| {
        place.sh(&format!("cd 'desk/it'\\''s a store' 2>/dev/null || cd \"it's a store\"; {line}"))
    };
    let explained = stand("../../bin/github-pm --explain performance report --timeframe=month");
    assert!(
        explained.stdout.starts_with("{\n  TOP/bin/pm-aggregate '--store=TOP/desk/it'\\''s a store/"),
        "{explained:?}"
    );
    let run = stand("../../bin/github-pm performance report --timeframe=month");
    let again = stand("../../bin/github-pm --explain performance report --timeframe month | (cd / && sh)");
    assert_eq!(run, again);
    assert_eq!(run.stdout.lines().count(), 6, "five readers and the page");
    assert!(run.stdout.contains("|--changes|--window=1d|"), "{run:?}");
}

#[test]
fn a_comparison_takes_the_baseline_s_day_else_its_limits_else_the_week_before() {
    let place = tools();
    fs::create_dir_all(place.path("desk/.github-pm/records")).expect("a store");
    let compare = |args: &[&str]| {
        let seen = place.run(&[&["performance", "compare"], args].concat());
        assert_eq!((seen.stderr.as_str(), seen.status), ("", 0));
        seen.stdout.lines().nth(1).unwrap_or_default().to_owned()
    };
    let week = compare(&[]);
    assert!(
        week.contains("|--compare=20") && week.contains("Z..20") && week.contains("|--since=20"),
        "{week}"
    );
    let limits =
        "benchmarks: { baseline: { date: '2024-12-01' }, commands: { batch: { baseline_ms: 5 } } }\n";
    fs::write(place.path("desk/.github-pm/benchmarks.yml"), limits).expect("written");
    // What came after that day says nothing of it.
    fs::write(place.path("desk/.github-pm/records/2024-12-02.ndjson"), "").expect("written");
    let limits = compare(&[]);
    assert!(limits.contains("|--compare=TOP/desk/.github-pm/benchmarks.yml|--since="), "{limits}");
    fs::write(place.path("desk/.github-pm/records/2024-12-01.ndjson"), "").expect("written");
    let day = compare(&[]);
    assert!(day.contains("|--compare=2024-12-01|--since="), "{day}");
    let typed =
        compare(&["--baseline", "version=1", "--current", "version=2", "--exit-code", "--metric", "a,b"]);
    assert!(typed.ends_with("|--compare=version=1|--current=version=2|--metric=a,b|--exit-code|"), "{typed}");
}

#[test]
fn a_report_ends_as_the_first_tool_that_failed_and_is_still_printed() {
    let place = tools().program("bin/pm-alert", "echo 'alerts.yml:7: no' >&2; exit 2");
    let seen = place.run(&["performance", "report"]);
    assert!(seen.stdout.contains("pm-aggregate|"), "{}", seen.stdout);
    assert_eq!((seen.stderr.as_str(), seen.status), ("alerts.yml:7: no\n", 2));
}

#[test]
fn a_report_whose_reader_leaves_early_is_no_failure() {
    let place = tools().program("bin/pm-aggregate", "exec yes").program("bin/pm-report", "head -n 1");
    let seen = place.sh("../bin/github-pm performance report | head -n 1");
    assert_eq!((seen.stdout.as_str(), seen.stderr.as_str()), ("y\n", ""));
}

#[test]
fn interrupted_tools_are_waited_for_and_their_signal_is_ours() {
    let stubborn =
        "trap 'kill $!; sleep 0.3; echo last words; exit 0' INT; sleep 30 >/dev/null 2>&1 & echo ready; wait";
    let place = tools().program("bin/pm-aggregate", stubborn).program("bin/pm-report", "trap '' INT; cat");
    let mut command = place.command(&place.path("bin/github-pm"));
    command.args(["performance", "report"]).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().expect("a process");
    let mut first = [0; 6];
    child.stdout.as_mut().expect("a pipe").read_exact(&mut first).expect("the first line");
    kill_process_group(Pid::from_child(&child), Signal::INT).expect("a signal");
    let seen = place.seen(&child.wait_with_output().expect("an end"));
    assert!(seen.stdout.starts_with("last words\n"), "{seen:?}");
    assert_eq!(seen.status, 128 + 2);
}

#[test]
fn a_sigterm_to_us_alone_reaches_the_tools_and_starts_no_further_one() {
    let stubborn =
        "trap 'kill $!; echo last words; exit 0' TERM; sleep 30 >/dev/null 2>&1 & echo ready; wait";
    let place = tools().program("bin/pm-aggregate", stubborn).program("bin/pm-report", "trap '' TERM; cat");
    let mut command = place.command(&place.path("bin/github-pm"));
    command.args(["performance", "report"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a process");
    let mut first = [0; 6];
    child.stdout.as_mut().expect("a pipe").read_exact(&mut first).expect("the first line");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("a signal");
    let seen = place.seen(&child.wait_with_output().expect("an end"));
    // As many as there are cores run side by side, two at least.
    let others = seen.stdout.strip_prefix("last words\n").expect("it was asked to end");
    assert_eq!(others.replace("ready\nlast words\n", ""), "", "{seen:?}");
    let at_once = std::thread::available_parallelism().map_or(2, Into::into).max(2);
    assert!(others.matches("ready").count() < at_once, "{seen:?}");
    assert_eq!((seen.stderr.as_str(), seen.status), ("", 128 + 15));
}

#[test]
fn a_report_of_a_store_elsewhere_says_which() {
    let place = tools();
    let title = |folder: &str| {
        let seen = place.see(
            place
                .command(&place.path("bin/github-pm"))
                .args(["performance", "report"])
                .current_dir(place.path(folder)),
        );
        let (_, title) = seen.stdout.split_once("--title=").expect("a title");
        title.split('|').next().unwrap_or_default().to_owned()
    };
    fs::create_dir_all(place.path("home/desk/below")).expect("folders");
    assert_eq!(title("desk"), "Performance of the last 24 hours (~/.local/state/github-pm)");
    fs::create_dir(place.path("home/desk/.github-pm")).expect("a store");
    assert_eq!(title("home/desk/below"), "Performance of the last 24 hours (~/desk/.github-pm)");
    assert_eq!(title("home/desk"), "Performance of the last 24 hours");
}

#[test]
fn init_writes_into_the_user_s_own_store_when_asked() {
    let place = tools().program("path/mine", "echo mine").program("bin/pm-wrap", SAY);
    let seen = place.run(&["performance", "init", "--user"]);
    assert!(seen.stdout.starts_with("made  TOP/home/.local/state/github-pm/config.yml\n"), "{seen:?}");
    assert_eq!((seen.stderr.as_str(), seen.status), ("", 0));
    assert!(place.path("home/.local/state/github-pm/benchmarks.yml").exists());
    assert!(!place.path("desk/.github-pm").exists());
}

#[test]
fn init_writes_nothing_into_a_store_that_no_verb_would_use() {
    let place = tools();
    let store = place.path("desk/.github-pm");
    fs::create_dir(&store).expect("a store");
    fs::set_permissions(&store, fs::Permissions::from_mode(0o777)).expect("a mode");
    let refusal = place.run(&["performance", "report"]);
    assert!(refusal.stderr.contains("is not used: everybody may write to it\n  hint: "), "{refusal:?}");
    for words in [
        &["performance", "init"][..],
        &["performance", "init", "--force"],
        &["--explain", "performance", "init"],
    ] {
        assert_eq!(place.run(words), refusal);
    }
    assert_eq!(fs::read_dir(&store).expect("a folder").count(), 0);
    // The user's own is not the one that is refused.
    assert_eq!(place.run(&["performance", "init", "--user"]).status, 0);
}

#[test]
fn a_tool_that_is_missing_is_named_before_anything_runs() {
    let place = Place::bare().program("bin/pm-aggregate", SAY);
    place.run(&["performance", "report"]).check(
        "",
        "github-pm: cannot find pm-alert, neither beside github-pm nor on PATH\n  hint: see what is missing with `github-pm performance doctor`\n",
        4,
    );
}

#[test]
fn any_tool_can_be_called_by_its_short_name() {
    let place = tools().program("path/pm-foo", &format!("{SAY}; exit 9"));
    place.run(&["performance", "aggregate", "--by", "host"]).check("pm-aggregate|--by|host|\n", "", 0);
    place.run(&["performance", "foo", "--help"]).check("pm-foo|--help|\n", "", 9);
    place.run(&["--explain", "performance", "foo", "a b"]).check("TOP/path/pm-foo 'a b'\n", "", 0);
}

#[test]
fn a_tool_beside_us_comes_before_one_on_path_and_the_working_folder_is_never_searched() {
    let place = tools().program("path/pm-alert", "echo wrong").program("desk/pm-here", "echo wrong");
    let place = place.variable("PATH", ".::/usr/bin");
    place.run(&["performance", "alert"]).check("pm-alert|\n", "", 0);
    assert_eq!(place.run(&["performance", "here"]).status, 2);
}

#[test]
fn init_makes_a_store_that_the_other_verbs_can_read() {
    let place = tools().program("path/gh-pm", "exit 0").program("bin/pm-wrap", SAY);
    let seen = place.run(&["performance", "init"]);
    assert!(seen.stdout.starts_with("made  TOP/desk/.github-pm/config.yml\n"), "{seen:?}");
    assert_eq!((seen.stderr.as_str(), seen.status), ("", 0));
    assert_eq!(place.run(&["status"]).status, 0);
    place.run(&["performance", "trust"]).check(
        "TOP/desk/.github-pm: nothing in its settings starts a program or sends data\n",
        "",
        0,
    );
}

#[test]
fn explaining_init_makes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let trial = Trial::new().current_dir(folder.path());
    let outcome = trial.run(github_pm::TOOL, github_pm::run, &["--explain", "performance", "init"]);
    let store = folder.path().join(".github-pm");
    let expected = format!(
        "# makes the folder {}, for its owner only\n# makes config.yml, alerts.yml, benchmarks.yml, .gitignore in it, and keeps those that are there already\n",
        store.display()
    );
    assert_eq!((outcome.stdout, outcome.stderr.as_str(), outcome.exit), (expected, "", Exit::Done));
    assert!(!store.exists());
}

#[test]
fn trust_of_the_user_s_own_store_is_not_needed() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("github-pm");
    fs::create_dir(&state).expect("a store");
    fs::write(state.join("config.yml"), "cli: gh-pm\n").expect("settings");
    let trial = Trial::new().current_dir(folder.path()).variable("XDG_STATE_HOME", folder.path());
    let outcome = trial.run(github_pm::TOOL, github_pm::run, &["performance", "trust"]);
    assert_eq!(outcome.stdout, format!("{}: this store is your own, and always trusted\n", state.display()));
    assert!(!state.join("trusted").exists());
}
