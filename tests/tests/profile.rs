//! `github-pm performance profile` with everything behind it, and `pm-report --as profile` on what `pm-wrap` writes.

mod browser;
mod requests;

use pm_e2e::harness::Place;
use pm_record::Record;
use serde_json::Value;

/// A place with a host command `gh-pm`: it sleeps, computes, and ends with status 3.
fn place() -> Place {
    let place = Place::new();
    place.script("bin/gh-pm", "echo \"host: $*\"; echo for people >&2; sleep 0.4; /bin/true; exit 3");
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        pm_e2e::harness::programs().display(),
        place.path().join("bin").display()
    );
    place.with([("PATH", path)])
}

/// The complete events of a category in the trace that lies in a file: name and duration in microseconds.
fn events(place: &Place, file: &str, category: &str) -> Vec<(String, i64)> {
    let trace: Value = serde_json::from_str(&place.read(file)).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events").clone();
    let of_category = events.iter().filter(|event| event["cat"] == category);
    of_category
        .map(|event| {
            (event["name"].as_str().expect("a name").to_owned(), event["dur"].as_i64().expect("a duration"))
        })
        .collect()
}

/// How long a program is on the critical path of a trace, in milliseconds.
fn on_path(place: &Place, file: &str, program: &str) -> i64 {
    events(place, file, "path").iter().filter(|(name, _)| name == program).map(|(_, time)| time / 1000).sum()
}

#[test]
fn the_command_keeps_its_streams_and_status_and_the_profile_follows_on_standard_error() {
    let place = place();
    let outcome = place.sh("github-pm performance profile status --all 'two words'");
    assert_eq!((outcome.stdout.as_str(), outcome.code), ("host: status --all two words\n", Some(3)));
    let profile = outcome.stderr.strip_prefix("for people\n").expect("the command spoke first");
    assert!(profile.starts_with("Profile of 'status'\n"), "{profile}");
    assert!(profile.contains("exit status 3") && profile.contains("\n1. sleep: "), "{profile}");
    assert!(profile.contains("waiting nearly all of that time"), "{profile}");
    assert_eq!(place.sh("ls ..").succeeds(), "home\nwork\n", "nothing is left behind");
}

#[test]
fn the_critical_path_names_what_was_waited_for() {
    let place = place();
    let script =
        "sleep 5 & background=$!; sleep 0.3; sh -c 'sleep 0.2; :'; kill $background; wait; cat /dev/null";
    place.script("nightly", &format!("{script} 2>/dev/null"));
    place.sh("github-pm performance profile -o nightly.json ./nightly").succeeds();
    // Whatever else the machine does: the sleeps that were waited for are on the path, and what they took is.
    let [sleep, total] = [on_path(&place, "nightly.json", "sleep"), {
        let path = events(&place, "nightly.json", "path");
        path.iter().map(|(_, time)| time / 1000).sum()
    }];
    assert!(sleep >= 499 && sleep <= total, "{sleep} of {total}");
    let processes = events(&place, "nightly.json", "process");
    assert_eq!(processes.iter().filter(|(name, _)| name == "sleep").count(), 3, "{processes:?}");
}

#[test]
fn of_children_that_run_at_once_the_slowest_is_on_the_path() {
    let place = place();
    for (name, time) in [("quick", "0.1"), ("slow", "0.6")] {
        place.script(&format!("bin/{name}"), &format!("exec sleep {time}"));
        place
            .sh(&format!(
                "cp $(command -v sleep) bin/{name}-sleep; sed -i 's/exec sleep/exec {name}-sleep/' bin/{name}"
            ))
            .succeeds();
    }
    place.sh("github-pm performance profile --program -o all.json sh -c 'quick & slow & wait'").succeeds();
    assert!(on_path(&place, "all.json", "slow-sleep") >= 590, "{}", place.read("all.json"));
    assert!(on_path(&place, "all.json", "quick-sleep") <= 50, "{}", place.read("all.json"));
}

#[test]
fn without_tracing_processes_are_looked_at() {
    let place = place();
    let outcome = place.sh("github-pm performance profile --no-trace --records kept status");
    assert_eq!((outcome.stdout.as_str(), outcome.code), ("host: status\n", Some(3)));
    assert!(
        outcome.stderr.contains("\n1. sleep: ") && outcome.stderr.contains("looked at from time to time"),
        "{outcome:?}"
    );
    let records: Vec<_> =
        place.read("kept").lines().map(|line| Record::parse(line.as_bytes()).expect(line)).collect();
    let sleep = records.iter().find_map(|record| match record {
        Record::Process(process) if process.program == "sleep" => Some(process),
        _ => None,
    });
    let sleep = sleep.expect("it was seen");
    let took = sleep.duration_ms.expect("it was seen twice").to_f64();
    assert!((250.0..10_000.0).contains(&took) && sleep.cpu_time_ms.is_some(), "{sleep:?}");
}

#[test]
fn several_runs_become_medians_and_their_records_can_be_kept_and_shown_again() {
    let place = place();
    let outcome =
        place.sh("github-pm performance profile --iterations 3 --records kept status 2> profile; echo $?");
    assert_eq!(outcome.stdout, "host: status\nhost: status\nhost: status\n3\n");
    let profile = place.read("profile");
    assert!(profile.contains(" 3 runs, median "), "{profile}");
    let again = place.sh("pm-report --as profile kept").succeeds();
    assert!(profile.ends_with(&again), "{profile}\n{again}");
    let runs = place.sh("grep -c '\"context\":{\"purpose\":\"profile\"' kept").succeeds();
    assert_eq!(runs, "3\n");
}

#[test]
fn every_form_is_written_where_the_file_s_ending_says_so() {
    let place = place();
    for (file, begin) in [
        ("p.html", "<!doctype html>\n"),
        ("p.svg", "<?xml "),
        ("p.json", "{\"displayTimeUnit\""),
        ("p.speedscope.json", "{\"$schema\":\"https://www.speedscope.app"),
        ("p.txt", "Profile of 'status'\n"),
    ] {
        let outcome = place.sh(&format!("github-pm performance profile -o {file} status"));
        assert_eq!((outcome.stderr.as_str(), outcome.code), ("for people\n", Some(3)), "{file}");
        assert!(place.read(file).starts_with(begin), "{file}: {}", place.read(file));
    }
    let outcome = place.sh("github-pm performance profile -o - --format svg status");
    assert!(outcome.stdout.starts_with("host: status\n<?xml ") && outcome.code == Some(3), "{outcome:?}");
}

#[test]
fn the_name_of_a_program_is_text_in_every_form() {
    let place = place();
    place.script("bin/<b onload='x()'>&\u{1b}[31m", "sleep 0.05");
    for file in ["p.html", "p.svg", "p.json", "p.speedscope.json", "p.txt"] {
        let script = format!("github-pm performance profile -o {file} --program \"$(ls bin | grep onload)\"");
        place.sh(&script).succeeds();
        let written = place.read(file);
        assert!(
            !(file.ends_with("ml") || file.ends_with("svg")) || !written.contains("<b onload"),
            "{file}: {written}"
        );
        assert!(written.contains("onload") && !written.contains('\u{1b}'), "{file}: {written}");
    }
}

#[test]
fn what_cannot_be_written_is_known_before_the_command_runs() {
    let place = place();
    let outcome = place.sh("github-pm performance profile -o p.pdf status");
    assert!(outcome.fails_with(2).contains("hint: call it .html"));
    let outcome = place.sh("github-pm performance profile -o nowhere/p.html status");
    assert!(outcome.fails_with(4).starts_with("github-pm: cannot write '"));
}

#[test]
fn a_command_that_cannot_be_started_has_its_status_and_no_profile() {
    let outcome = place().sh("github-pm performance profile --program ./missing");
    let stderr = outcome.fails_with(127);
    assert!(stderr.starts_with("pm-wrap: ") && stderr.contains("there is no profile of it"), "{stderr}");
}

#[test]
fn a_signal_ends_the_command_and_its_profile_is_shown() {
    let outcome =
        place().sh("github-pm performance profile --program sh -c 'sleep 0.2; kill -TERM $$'; echo $?");
    assert_eq!(outcome.stdout, "143\n", "{}", outcome.stderr);
    assert!(outcome.stderr.contains("ended by signal 15"), "{}", outcome.stderr);
}

#[test]
fn what_explain_prints_does_the_same() {
    let place = place();
    let script = place
        .sh("github-pm --explain performance profile --iterations 2 -o p.json status 'two words'")
        .succeeds();
    assert!(!place.path().join("p.json").exists(), "nothing ran");
    place.write("script", &script);
    let outcome = place.sh("sh script");
    assert_eq!(
        (outcome.stdout.as_str(), outcome.code),
        ("host: status two words\nhost: status two words\n", Some(3))
    );
    assert_eq!(
        events(&place, "p.json", "process").iter().filter(|(name, _)| name == "sleep").count(),
        2,
        "{script}"
    );
    let outcome = place.sh("github-pm --explain performance profile status | sh");
    assert!(outcome.stderr.contains("Profile of 'status'\n"), "{outcome:?}");
    assert_eq!(place.sh("ls ..").succeeds(), "home\nwork\n", "nothing is left behind");
}
