//! Where limits come from, and what is said where there are none.

use std::fs;

use pm_cli::Exit;

use crate::{BENCHMARKS, Place, batch, run, slow};

const NOTHING_WATCHED: &str =
    "pm-alert: no limit is watched: there is no alerts.yml and no benchmarks.yml here
  hint: write both here with `github-pm performance init`
";

#[test]
fn a_gate_that_watches_nothing_is_wrong_usage_unless_something_changed() {
    for (more, passed) in [(&[][..], String::new()), (&["--pass"], slow()), (&["--replay"], String::new())] {
        let outcome = Place::empty().run(&slow(), &[&["--exit-code"], more].concat());
        assert_eq!(
            (outcome.stdout, outcome.stderr.as_str(), outcome.exit),
            (passed, NOTHING_WATCHED, Exit::Usage)
        );
    }
}

#[test]
fn that_nothing_is_watched_is_said_once_wherever_the_output_goes() {
    let place = Place::empty();
    for trial in [place.trial(&slow().repeat(2)), place.trial(&slow()).on_terminal()] {
        let outcome = run(trial, &[]);
        assert_eq!(
            (outcome.stdout.as_str(), outcome.stderr.as_str(), outcome.exit),
            ("", NOTHING_WATCHED, Exit::Done)
        );
    }
    assert_eq!(fs::read_dir(place.path()).expect("a folder").count(), 0);
}

#[test]
fn that_nothing_is_watched_is_not_said_without_a_record_nor_to_whoever_passes_or_replays() {
    let place = Place::empty();
    assert_eq!(place.run("", &[]).stderr, "");
    assert_eq!(place.run(&slow(), &["--replay"]).stderr, "");
    let passed = place.run(&slow(), &["--pass"]);
    assert_eq!((passed.stdout, passed.stderr.as_str(), passed.exit), (slow(), "", Exit::Done));
}

#[test]
fn a_file_that_sets_no_limit_is_named() {
    let place = Place::new();
    fs::remove_file(place.store("benchmarks.yml")).expect("removed");
    fs::write(place.store("alerts.yml"), "alerts: {}\n").expect("written");
    let outcome = place.run("", &["--exit-code"]);
    let message = format!(
        "pm-alert: no limit is watched: '{}' sets none\n  hint: set one, such as `alerts: {{ memory_usage_high: {{ threshold_mb: 100 }} }}`\n",
        place.store("alerts.yml").display()
    );
    assert_eq!((outcome.stderr, outcome.exit), (message, Exit::Usage));
}

#[test]
fn the_benchmarks_beside_named_rules_belong_to_them() {
    let place = Place::new();
    fs::create_dir(place.path().join("ci")).expect("a folder");
    fs::write(place.path().join("ci/alerts.yml"), "alerts: {}\n").expect("written");
    let limit = || {
        let outcome = place.run(&slow(), &["--config", "ci/alerts.yml", "--replay"]);
        outcome
            .stdout
            .split("\"threshold\":")
            .nth(1)
            .and_then(|rest| rest.split(',').next())
            .map(str::to_owned)
    };
    assert_eq!(limit().as_deref(), Some("3000"));
    fs::write(place.path().join("ci/benchmarks.yml"), BENCHMARKS.replace("3000", "2000")).expect("written");
    assert_eq!(limit().as_deref(), Some("2000"));
}

#[test]
fn runs_are_to_be_compared_only_where_some_are_kept() {
    let place = Place::new();
    let recommends = |what: &str| {
        let outcome = place.run(&batch("10:00:00", 3200, ""), &["--replay"]);
        assert!(outcome.stdout.contains(what), "{}", outcome.stdout);
    };
    recommends("Keep its runs, to compare them: `pm-wrap --store -- COMMAND`");
    fs::create_dir(place.store("records")).expect("a folder");
    fs::write(place.store("records/2024-12-06.ndjson"), slow()).expect("written");
    recommends("Run `github-pm performance analyze --command batch` to compare with its other runs");
}

#[test]
fn whoever_has_to_type_the_records_is_told_so() {
    let place = Place::new();
    let typed = run(place.trial(&batch("10:00:00", 1, "")).typed(), &[]);
    assert_eq!(typed.stderr, "pm-alert: reading records from the terminal; end with ^D\n");
    assert_eq!(run(place.trial("").typed(), &["--store"]).stderr, "");
}
