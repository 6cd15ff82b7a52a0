//! `github-pm` with everything behind it: host commands, the store, reports, and what `--explain` prints.

use pm_e2e::harness::Place;

/// A place with a host command `gh-pm` on its path, which says what it was given and ends with status 3.
fn place_with_host() -> Place {
    let place = Place::new();
    place.script("bin/gh-pm", "echo \"host: $*\"; echo words for people >&2; cat; exit 3");
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        pm_e2e::harness::programs().display(),
        place.path().join("bin").display()
    );
    place.with([("PATH", path)])
}

#[test]
fn a_host_command_keeps_its_streams_and_status_and_is_recorded() {
    let place = place_with_host();
    let outcome = place.sh("mkdir .github-pm; echo through | github-pm batch --all 'two words'");
    assert_eq!(outcome.stdout, "host: batch --all two words\nthrough\n");
    assert_eq!((outcome.stderr.as_str(), outcome.code), ("words for people\n", Some(3)));
    let records = place.sh("cat .github-pm/records/*.ndjson").succeeds();
    assert_eq!(records.lines().count(), 1);
    assert!(records.contains("\"command\":\"batch\"") && records.contains("\"exit_code\":3"), "{records}");
    assert!(!records.contains("two words"), "arguments are user data: {records}");
}

#[test]
fn a_host_command_that_was_wrapped_by_hand_is_recorded_once() {
    let place = place_with_host();
    place
        .sh("mkdir .github-pm; pm-wrap --store -- github-pm batch < /dev/null > /dev/null 2>&1; test $? = 3")
        .succeeds();
    assert_eq!(place.sh("cat .github-pm/records/*.ndjson | wc -l").succeeds().trim(), "1");
}

#[test]
fn the_words_of_the_host_command_are_its_own() {
    let place = place_with_host();
    for word in ["init", "status", "help", "report", "doctor"] {
        let outcome = place.sh(&format!("github-pm {word} < /dev/null"));
        assert_eq!((outcome.stdout, outcome.code), (format!("host: {word}\n"), Some(3)));
    }
}

#[test]
fn a_slow_host_command_is_judged_as_soon_as_it_ends() {
    let place = place_with_host();
    let limits = "benchmarks: { commands: { batch: { baseline_ms: 0.1, max_acceptable_ms: 0.2 } } }\n";
    place.write(".github-pm/benchmarks.yml", limits);
    let outcome = place.sh("github-pm batch < /dev/null");
    assert_eq!((outcome.stdout.as_str(), outcome.code), ("host: batch\n", Some(3)));
    let state = place.read(".github-pm/state/alerts.json");
    assert!(state.contains("batch"), "{state}");
}

#[test]
fn in_a_job_of_github_actions_the_log_and_the_summary_are_told_and_the_hosts_output_stays_its_own() {
    let place = place_with_host();
    let rule = "alerts: { slow: { metric: duration.total_ms, above: 0.001, notification_channels: [console, github] } }\n";
    place.write(".github-pm/alerts.yml", rule);
    let run = |job: &str| {
        place.sh(&format!("export {job} GITHUB_STEP_SUMMARY=$PWD/summary; github-pm batch < /dev/null"))
    };
    let outside = run("GITHUB_ACTIONS=false");
    assert_eq!((outside.stdout.as_str(), outside.stderr.as_str()), ("host: batch\n", "words for people\n"));
    place.sh("rm .github-pm/state/alerts.json").succeeds();
    let inside = run("GITHUB_ACTIONS=true");
    assert_eq!((inside.stdout.as_str(), inside.code), ("host: batch\n", Some(3)));
    let (host, annotation) = inside.stderr.split_once('\n').expect("two lines");
    assert_eq!(host, "words for people");
    let expected =
        "::warning title=⚠️  PERFORMANCE ALERT%3A Command 'batch' execution time exceeded threshold::";
    assert!(annotation.starts_with(expected) && annotation.lines().count() == 1, "{annotation}");
    assert!(place.read("summary").contains("| Command 'batch' execution time"), "{}", place.read("summary"));
}

#[test]
fn init_then_commands_then_report_is_the_whole_way() {
    let place = place_with_host();
    place.sh("github-pm performance init").succeeds();
    for file in ["config.yml", "alerts.yml", "benchmarks.yml", ".gitignore"] {
        assert!(place.read(&format!(".github-pm/{file}")).contains('#'), "{file} is commented");
    }
    place.sh("for i in 1 2 3; do github-pm status < /dev/null > /dev/null 2>&1; github-pm batch < /dev/null > /dev/null 2>&1; done; true").succeeds();
    for timeframe in ["day", "week", "month"] {
        let report = place.sh(&format!("github-pm performance report --timeframe {timeframe}")).succeeds();
        assert!(report.contains("status") && report.contains("batch"), "{report}");
    }
    let same = place.sh("github-pm performance report --timeframe=week").succeeds();
    assert!(same.contains("batch"), "{same}");
}

#[test]
fn what_explain_prints_gives_the_same_bytes() {
    let place = place_with_host();
    place.sh("github-pm performance init; for i in 1 2 3; do github-pm batch < /dev/null > /dev/null 2>&1; done; true").succeeds();
    for verb in [
        "performance report",
        "performance report --timeframe month --as markdown",
        "performance report --by host",
        "performance export",
        "performance export --format csv --timeframe week",
    ] {
        // The hour may change between the two; then they are asked again.
        let same = (0..3).any(|_| {
            let direct = place.sh(&format!("github-pm {verb}")).succeeds();
            let explained = place.sh(&format!("github-pm --explain {verb} | tee script | sh")).succeeds();
            direct == explained
        });
        assert!(same, "{verb}: {}", place.read("script"));
    }
}

#[test]
fn explain_shows_what_a_host_command_becomes_and_runs_nothing() {
    let place = place_with_host();
    let line = place.sh("mkdir .github-pm; github-pm --explain batch 'two words'").succeeds();
    assert!(
        line.contains("pm-wrap") && line.contains("--name batch") && line.contains("'two words'"),
        "{line}"
    );
    assert_eq!(place.sh("ls .github-pm").succeeds(), "");
    let outcome = place.sh("github-pm --explain batch 'two words' > script; sh script < /dev/null");
    assert!(outcome.stdout.starts_with("host: batch two words\n"), "{outcome:?}");
}

#[test]
fn a_report_of_nothing_says_what_to_type() {
    let place = Place::new();
    let report = place.sh("mkdir .github-pm; github-pm performance report").succeeds();
    assert!(report.contains("pm-wrap --store"), "{report}");
}

#[test]
fn a_tool_is_found_by_its_short_name() {
    let place = Place::new();
    let version = place.sh("github-pm performance aggregate --version").succeeds();
    assert!(version.starts_with("pm-aggregate "), "{version}");
}

#[test]
fn doctor_says_what_is_there_and_what_to_do_about_the_rest() {
    let place = place_with_host();
    let outcome = place.sh("github-pm performance init > /dev/null; github-pm performance doctor");
    for word in ["pm-wrap", "pm-aggregate", "pm-alert", "pm-report", ".github-pm", "gh-pm", "gh auth login"] {
        assert!(outcome.stdout.contains(word), "{word} is not in {}", outcome.stdout);
    }
}

#[test]
fn cron_lines_and_a_folder_of_logs_are_all_it_takes() {
    let place = Place::new();
    let script = "
        for host in a b; do for i in 1 2 3; do pm-wrap -o $host.ndjson --context host=$host -- true; done; done
        cat *.ndjson | pm-aggregate --by command | grep -c '\"count\":6'
        pm-aggregate a.ndjson b.ndjson --by context.host | head -n 1 | grep -c '\"context.host\":\"a\"'
        pm-aggregate --partial a.ndjson > a.part; pm-aggregate --partial b.ndjson > b.part
        cmp <(pm-aggregate --merge b.part a.part) <(pm-aggregate a.ndjson b.ndjson) && echo same";
    assert_eq!(place.sh(script).succeeds(), "1\n1\nsame\n");
}
