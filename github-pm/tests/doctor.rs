//! `performance doctor` on healthy places and on broken ones.

use std::fs;

use crate::place::{Place, Seen};

const GH: &str = r#"case "$*" in
--version) echo "gh version 2.63.0 (2024-11-27)" ;;
"auth token") [ -n "$GH_TOKEN" ] && echo "$GH_TOKEN" ;;
esac"#;

fn healthy() -> Place {
    [
        "pm-wrap",
        "pm-sample",
        "pm-relay",
        "pm-ratelimit",
        "pm-aggregate",
        "pm-alert",
        "pm-export",
        "pm-report",
        "pm-watch",
    ]
    .into_iter()
    .fold(Place::bare().alone(), |place, tool| {
        let version = env!("CARGO_PKG_VERSION");
        place.program(&format!("bin/{tool}"), &format!("echo {tool} {version}"))
    })
}

fn examine(place: &Place) -> Seen {
    place.run(&["performance", "doctor"])
}

#[track_caller]
fn check(seen: &Seen, parts: &[&str], status: i32) {
    for part in parts {
        assert!(seen.stdout.contains(part), "{part} is not in\n{}", seen.stdout);
    }
    assert_eq!((seen.stderr.as_str(), seen.status), ("", status), "{}", seen.stdout);
}

#[test]
fn a_healthy_place_is_all_marks_and_no_advice() {
    let place = healthy().program("path/gh-pm", "").program("path/gh", GH).variable("GH_TOKEN", "ghp_secret");
    place.run(&["performance", "init"]);
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        "Tools
  ✓ github-pm       {version}  TOP/bin/github-pm
  ✓ pm-wrap         {version}  TOP/bin/pm-wrap
  ✓ pm-sample       {version}  TOP/bin/pm-sample
  ✓ pm-relay        {version}  TOP/bin/pm-relay
  ✓ pm-ratelimit    {version}  TOP/bin/pm-ratelimit
  ✓ pm-aggregate    {version}  TOP/bin/pm-aggregate
  ✓ pm-alert        {version}  TOP/bin/pm-alert
  ✓ pm-export       {version}  TOP/bin/pm-export
  ✓ pm-report       {version}  TOP/bin/pm-report
  ✓ pm-watch        {version}  TOP/bin/pm-watch

Store
  ✓ place           TOP/desk/.github-pm (found by walking up)
  ✓ writing         allowed
  ✓ records         0 days

Settings
  ✓ config.yml      read
  ✓ alerts.yml      read
  ✓ benchmarks.yml  read
  ✓ trust           no host command is named here
  ✓ limits          pm-alert can judge by them

Host command
  ✓ program         TOP/path/gh-pm (by `gh-pm`)
    passed over     `cli:` in TOP/desk/.github-pm/config.yml is not set
    passed over     `GITHUB_PM_CLI` is not set

GitHub
  ✓ gh              2.63.0  TOP/path/gh
  ✓ login           gh has a token
  ✓ environment     GH_TOKEN is set
"
    );
    examine(&place).check(&expected, "", 0);
}

#[test]
fn tools_that_are_missing_mute_or_of_another_version_are_told_apart() {
    let place = healthy().program("bin/pm-alert", "echo pm-alert 0.0.9").program("bin/pm-report", "exit 1");
    fs::remove_file(place.path("bin/pm-wrap")).expect("removed");
    let version = env!("CARGO_PKG_VERSION");
    check(
        &examine(&place),
        &[
            "✗ pm-wrap         is neither beside github-pm nor on PATH\n                    → install it into TOP/bin, or into any folder on PATH\n",
            &format!(
                "! pm-alert        0.0.9  TOP/bin/pm-alert\n                    → install all tools in one version; github-pm is {version}\n"
            ),
            "✗ pm-report       TOP/bin/pm-report does not say its version: exit status: 1\n                    → run `TOP/bin/pm-report --version` and see\n",
        ],
        4,
    );
}

#[test]
fn a_doubt_is_no_failure() {
    let place = healthy();
    check(
        &examine(&place),
        &[
            "✓ place           TOP/home/.local/state/github-pm (your own, made when the first command is recorded)\n",
            "  alerts.yml      not there, so no limit is watched\n",
            "  benchmarks.yml  not there, so no command has limits\n                    → write commented ones with `github-pm performance init --user`\n",
            "! program         there is none, so only `performance` works\n                    → name it: `export GITHUB_PM_CLI=/path/to/gh-pm`, or `cli: /path/to/gh-pm` in ~/.local/state/github-pm/config.yml\n",
            "! gh              is not on PATH\n",
            "  environment     neither GH_TOKEN nor GITHUB_TOKEN is set\n",
        ],
        0,
    );
}

#[test]
fn settings_that_cannot_be_meant_are_shown_with_their_line() {
    let place = healthy().program("path/gh", GH);
    place.file("desk/.github-pm/config.yml", "cli: ./evil\n");
    place.file("desk/.github-pm/alerts.yml", "alerts:\n  memory_usage_hihg: {}\n");
    check(
        &examine(&place),
        &[
            "✗ alerts.yml      TOP/desk/.github-pm/alerts.yml:2:3: unknown rule 'memory_usage_hihg'\n                    → did you mean 'memory_usage_high'?\n",
            "! trust           './evil' is not started: you have not trusted it\n                    → trust it: `github-pm performance trust`\n",
            "! program         there is none, so only `performance` works\n                    → trust it: `github-pm performance trust`\n",
            "passed over     `cli:` in TOP/desk/.github-pm/config.yml is not trusted\n",
            "! login           gh has no token\n",
        ],
        4,
    );
}

#[test]
fn whoever_has_only_gh_is_told_how_to_time_it() {
    let place = healthy().program("path/gh", GH);
    let own =
        "→ to time gh: `export GITHUB_PM_CLI=gh`, or `cli: gh` in ~/.local/state/github-pm/config.yml\n";
    check(&examine(&place), &[own], 0);
    place.file("desk/.github-pm/config.yml", "");
    let found = "→ to time gh: `export GITHUB_PM_CLI=gh`, or `cli: gh` in TOP/desk/.github-pm/config.yml and then `github-pm performance trust`\n";
    check(&examine(&place), &[found], 0);
}

#[test]
fn limits_that_pm_alert_refuses_are_a_failure_in_its_own_words() {
    let refuses = r#"case "$*" in
--version) echo "pm-alert 0.1.0" ;;
--replay) cat; echo "$PWD" > "$HOME/asked"
    printf 'pm-alert: -5 is no limit\n  hint: write `threshold_mb: 100`\n' >&2; exit 2 ;;
esac"#;
    let place = healthy().program("bin/pm-alert", refuses).program("path/cat", "while read -r _; do :; done");
    // Nobody is asked about limits that are not there.
    check(&examine(&place), &["alerts.yml      not there, so no limit is watched"], 0);
    assert!(!place.path("home/asked").exists());
    place.file("desk/.github-pm/alerts.yml", "alerts: {}\n");
    let finding = "✗ limits          -5 is no limit\n                    → write `threshold_mb: 100`\n";
    check(&examine(&place), &[finding], 4);
    let asked = fs::read_to_string(place.path("home/asked")).expect("it was asked");
    assert_eq!(asked.trim_end(), place.path("desk").display().to_string());
}

#[test]
fn limits_are_not_asked_about_twice_when_they_cannot_be_read() {
    let place = healthy();
    place.file("desk/.github-pm/alerts.yml", "alerts: 1\n");
    let seen = examine(&place);
    assert!(!seen.stdout.contains("limits "), "{}", seen.stdout);
}

#[test]
fn marks_are_in_color_where_the_environment_asks_for_it() {
    let place = healthy().variable("CLICOLOR_FORCE", "1");
    check(&examine(&place), &["  \x1b[32m✓\x1b[0m pm-wrap", "  \x1b[33m!\x1b[0m program"], 0);
}

#[test]
fn a_store_that_everybody_may_write_is_a_failure() {
    use std::os::unix::fs::PermissionsExt;
    let place = healthy();
    fs::create_dir(place.path("desk/.github-pm")).expect("a store");
    fs::set_permissions(place.path("desk/.github-pm"), fs::Permissions::from_mode(0o777)).expect("a mode");
    check(&examine(&place), &["is not used: everybody may write to it\n", "→ if it is yours: `chown "], 4);
}
