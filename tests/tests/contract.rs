//! What every tool does alike: one table over all of them.

use std::fmt::Write as _;

use pm_e2e::harness::{Place, READERS, TOOLS};

#[test]
fn help_and_version_go_to_standard_output_with_status_0() {
    let place = Place::new();
    for tool in TOOLS {
        let help = place.sh(&format!("{tool} --help")).succeeds();
        assert!(help.contains("Usage:") && help.contains("Example"), "{tool}: {help}");
        let version = place.sh(&format!("{tool} --version")).succeeds();
        assert_eq!(version, format!("{tool} {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn an_unknown_flag_is_wrong_usage_with_a_hint() {
    let place = Place::new();
    for tool in READERS {
        check_usage(&place, tool, &format!("{tool} --no-such-flag"), 2);
    }
    check_usage(&place, "pm-ratelimit", "pm-ratelimit --no-such-flag", 2);
    check_usage(&place, "pm-sample", "pm-sample --no-such-flag", 2);
    check_usage(&place, "pm-ratelimit", "pm-ratelimit --no-such-flag", 2);
    // Status 2 could be that of the command which it runs.
    check_usage(&place, "pm-wrap", "pm-wrap --no-such-flag -- true", 125);
    // Its first word belongs to the host command, whatever it is.
    check_usage(&place, "github-pm", "github-pm performance report --no-such-flag", 2);
}

#[track_caller]
fn check_usage(place: &Place, tool: &str, command: &str, status: i32) {
    let stderr = place.sh(command).fails_with(status);
    assert!(stderr.starts_with(&format!("{tool}: ")) && stderr.contains("\n  hint: "), "{command}: {stderr}");
}

#[test]
fn an_empty_input_is_an_ordinary_input() {
    let place = Place::new();
    for tool in READERS {
        let outcome = place.sh(&format!("{tool} < /dev/null"));
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{tool}");
    }
}

#[test]
fn a_full_disk_is_said_and_is_status_4() {
    let place = Place::new();
    place.write("in.ndjson", pm_e2e::harness::run_record("x", "2024-12-06T10:30:15Z", 1));
    place.sh("pm-aggregate in.ndjson > summary.ndjson").succeeds();
    let tools = [
        "pm-sample --once",
        "pm-aggregate in.ndjson",
        "pm-alert --pass in.ndjson",
        "pm-export in.ndjson",
        "pm-report summary.ndjson",
    ];
    for tool in tools {
        let stderr = place.sh(&format!("{tool} > /dev/full")).fails_with(4);
        let last = stderr.lines().last().unwrap_or_default();
        assert!(last.contains(": cannot write to standard output: "), "{tool}: {stderr}");
    }
}

#[test]
fn a_file_that_is_not_there_is_said_and_is_status_4() {
    let place = Place::new();
    for tool in READERS {
        let stderr = place.sh(&format!("{tool} no-such-file")).fails_with(4);
        assert!(stderr.starts_with(&format!("{tool}: cannot read 'no-such-file': ")), "{stderr}");
    }
}

#[test]
fn strict_stops_at_the_first_bad_line_with_status_5() {
    let place = Place::new();
    for tool in READERS {
        let stderr = place.sh(&format!("echo '{{}}' | {tool} --strict")).fails_with(5);
        assert!(stderr.starts_with(&format!("{tool}: line 1: expected the record's kind")), "{stderr}");
    }
}

#[test]
fn a_wrong_settings_file_names_its_line_and_the_nearest_key() {
    let place = Place::new();
    place.write(".github-pm/alerts.yml", "alerts:\n  memory_usage_high:\n    treshold_mb: 100\n");
    let stderr = place.sh("echo | pm-alert").fails_with(2);
    assert!(
        stderr.starts_with("pm-alert: ")
            && stderr.contains(".github-pm/alerts.yml:3:5: unknown key 'treshold_mb'\n"),
        "{stderr}"
    );
    assert!(stderr.ends_with("  hint: did you mean 'threshold_mb'?\n"), "{stderr}");
}

#[test]
fn the_command_line_reference_is_what_the_programs_say() {
    let place = Place::new();
    let mut reference =
        "# Command lines\n\nWhat every program says to `--help`; a test keeps this page true.\n".to_owned();
    for tool in TOOLS {
        let help = place.sh(&format!("{tool} --help")).succeeds();
        let help: Vec<_> = help.lines().map(str::trim_end).collect();
        let _ = write!(reference, "\n## {tool}\n\n```text\n{}\n```\n", help.join("\n").trim_end());
    }
    let page = pm_e2e::harness::repository().join("docs/cli-reference.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&page, &reference).expect("the page can be written");
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == reference,
        "run `UPDATE_REFERENCE=1 cargo test -p pm-e2e --test main the_command_line_reference` and read the difference"
    );
}
