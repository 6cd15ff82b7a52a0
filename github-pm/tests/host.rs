//! Host commands: which one is found, and that nothing about it changes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use crate::place::Place;

/// Says which program it is and what it was given.
const HOST: &str = r#"echo "${0##*/}: $*""#;

const NO_WRAP: &str = "github-pm: cannot find pm-wrap; this run is not recorded\n  hint: install it into TOP/bin, and check with `github-pm performance doctor`\n";

#[test]
fn status_and_streams_are_the_host_s_own() {
    let place = Place::new().program("path/gh-pm", "cat; echo err >&2; exit 7");
    place.sh("echo in | ../bin/github-pm status").check("in\n", "err\n", 7);
    let place = Place::new().program("path/gh-pm", "kill -TERM $$");
    place.run(&["status"]).check("", "", 128 + 15);
}

#[test]
fn the_host_inherits_no_descriptor_of_ours() {
    // A stand-in for pm-wrap would leave descriptors of its shell behind.
    let place = Place::bare().program("path/gh-pm", "ls /proc/$$/fd");
    let direct = place.see(&mut place.command(&place.path("path/gh-pm")));
    place.run(&["status"]).check(&direct.stdout, NO_WRAP, 0);
}

#[test]
fn it_is_measured_judged_and_named_by_its_first_word() {
    let place = Place::new().program("path/gh-pm", HOST);
    place.run(&["setup-complete", "My Project", "--all"]).check(
        "gh-pm: setup-complete My Project --all\n",
        "",
        0,
    );
    assert_eq!(
        place.wrap_log(),
        "--store\n--then\nTOP/bin/pm-alert --pass --no-tips >/dev/null 2>&1\n--name\nsetup-complete\n--\nTOP/path/gh-pm\nsetup-complete\nMy Project\n--all\n"
    );
}

#[test]
fn in_a_job_annotations_reach_its_log_and_the_console_stays_silent() {
    let place = Place::new().program("path/gh-pm", HOST).variable("GITHUB_ACTIONS", "true");
    place.run(&["status"]).check("gh-pm: status\n", "", 0);
    let expected = "--store\n--then\nTOP/bin/pm-alert --pass --no-tips --no-console >/dev/null\n--name\n";
    assert!(place.wrap_log().starts_with(expected), "{}", place.wrap_log());
}

#[test]
fn user_data_never_becomes_a_name() {
    for word in ["--token=secret", "My Project", "grün"] {
        let place = Place::new().program("path/gh-pm", HOST);
        assert_eq!(place.run(&[word]).status, 0);
        assert!(!place.wrap_log().contains("--name"), "{}", place.wrap_log());
    }
}

#[test]
fn words_that_other_tools_keep_for_themselves_are_the_host_s() {
    let place = Place::new().program("path/gh-pm", HOST);
    for words in [&["help"][..], &["init", "--help"], &["-x"], &["--verbose", "performance"], &["--"], &[]] {
        assert_eq!(place.run(words).stdout.trim_end(), format!("gh-pm: {}", words.join(" ")).trim_end());
    }
}

#[test]
fn a_program_for_one_word_gets_the_words_behind_it() {
    let place = Place::new().program("path/github-pm-batch", HOST).program("path/gh-pm", HOST);
    place.run(&["batch", "a", "b"]).check("github-pm-batch: a b\n", "", 0);
    assert!(place.wrap_log().contains("--name\nbatch\n--\nTOP/path/github-pm-batch\na\nb\n"));
    place.run(&["../path/gh-pm"]).check("gh-pm: ../path/gh-pm\n", "", 0);
}

#[test]
fn a_program_named_in_the_environment_comes_before_path() {
    let place = Place::new().program("path/gh-pm", HOST).program("mine", HOST);
    let place = place.variable("GITHUB_PM_CLI", "../mine");
    place.run(&["status"]).check("mine: status\n", "", 0);
}

#[test]
fn a_program_that_was_named_and_is_not_there_is_not_replaced_by_another() {
    let place = Place::new().alone().program("path/gh-pm", HOST).variable("GITHUB_PM_CLI", "/no/such");
    place.run(&["status"]).check(
        "",
        "github-pm: no host command found for 'status': `cli:` in TOP/home/.local/state/github-pm/config.yml is not set, `GITHUB_PM_CLI` names '/no/such', which is no program\n  hint: name it: `export GITHUB_PM_CLI=/path/to/gh-pm`, or `cli: /path/to/gh-pm` in ~/.local/state/github-pm/config.yml\n",
        127,
    );
}

#[test]
fn without_a_host_command_it_says_what_was_looked_for() {
    let place = Place::new().alone();
    symlink(place.path("bin/github-pm"), place.path("path/github-pm")).expect("a link");
    place.run(&["performence"]).check(
        "",
        "github-pm: no host command found for 'performence': `cli:` in TOP/home/.local/state/github-pm/config.yml is not set, `GITHUB_PM_CLI` is not set, `github-pm-performence` is not on PATH, `gh-pm` is not on PATH, `github-pm` is github-pm itself\n  hint: did you mean `github-pm performance`?\n  hint: name it: `export GITHUB_PM_CLI=/path/to/gh-pm`, or `cli: /path/to/gh-pm` in ~/.local/state/github-pm/config.yml\n",
        127,
    );
    let alone = place.run(&[]);
    assert_eq!((alone.stdout, alone.status), (place.run(&["--help"]).stdout, 0));
}

#[test]
fn whoever_has_only_gh_is_told_how_to_time_it() {
    let place = Place::new().program("path/gh", HOST);
    let (looked_for, hint) = ("no host command found for 'status': ", "  hint: to time gh: ");
    let seen = place.run(&["status"]);
    assert!(seen.stderr.contains(looked_for), "{}", seen.stderr);
    assert!(
        seen.stderr.ends_with(&format!(
            "{hint}`export GITHUB_PM_CLI=gh`, or `cli: gh` in ~/.local/state/github-pm/config.yml\n"
        )),
        "{}",
        seen.stderr
    );
    place.file("desk/.github-pm/config.yml", "");
    let seen = place.run(&["status"]);
    assert!(
        seen.stderr.ends_with(&format!(
            "{hint}`export GITHUB_PM_CLI=gh`, or `cli: gh` in TOP/desk/.github-pm/config.yml and then `github-pm performance trust`\n"
        )),
        "{}",
        seen.stderr
    );
    place.file("desk/.github-pm/config.yml", "cli: gh\n");
    assert_eq!(place.run(&["performance", "trust"]).status, 0);
    place.run(&["status"]).check("gh: status\n", "", 0);
}

#[test]
fn a_flag_that_is_nearly_ours_does_not_start_the_host() {
    let place = Place::new().program("path/gh-pm", HOST);
    for (word, flag) in
        [("--explian", "explain"), ("--explain=yes", "explain"), ("--hlep", "help"), ("--versoin", "version")]
    {
        for words in [&[word, "status"][..], &["--explain", word]] {
            place.run(words).check(
                "",
                &format!("github-pm: '{word}' is no flag of github-pm\n  hint: did you mean `--{flag}`?\n"),
                2,
            );
        }
    }
}

#[test]
fn it_never_takes_itself_for_the_host_under_any_name() {
    let place = Place::new().program("other/github-pm", HOST);
    for name in ["path/gh-pm", "path/github-pm", "path/github-pm-status"] {
        symlink(place.path("bin/github-pm"), place.path(name)).expect("a link");
    }
    let path = format!("{}:{}:/usr/bin:/bin", place.path("path").display(), place.path("other").display());
    let place = place.variable("PATH", &path).variable("GITHUB_PM_CLI", "TOP/path/gh-pm");
    place.run(&["status"]).check("github-pm: status\n", "", 0);
}

#[test]
fn a_host_that_leads_back_to_us_is_named_after_a_few_rounds() {
    let place = Place::new().program("path/gh-pm", r#"exec "$HOME/../bin/github-pm" "$@""#);
    place.run(&["status"]).check(
        "",
        "github-pm: 'TOP/path/gh-pm' leads back to github-pm, which already runs 2 times inside itself\n  hint: name the host command itself: `export GITHUB_PM_CLI=/path/to/gh-pm`, or `cli: /path/to/gh-pm` in ~/.local/state/github-pm/config.yml\n",
        2,
    );
}

#[test]
fn a_host_may_call_us_for_one_of_its_steps() {
    let script = r#"if [ "$1" = batch ]; then "$HOME/../bin/github-pm" status; else echo inner; fi"#;
    Place::new().program("path/gh-pm", script).run(&["batch"]).check("inner\n", "", 0);
}

#[test]
fn what_pm_wrap_itself_has_started_is_not_measured_twice() {
    let place = Place::new().program("path/gh-pm", HOST);
    place.sh("PM_WRAP_PID=$$ ../bin/github-pm status; exit $?").check("gh-pm: status\n", "", 0);
    assert_eq!(place.wrap_log(), "");
    place.sh("PM_WRAP_PID=1 ../bin/github-pm status; exit $?").check("gh-pm: status\n", "", 0);
    assert_ne!(place.wrap_log(), "");
}

#[test]
fn without_pm_wrap_the_command_runs_all_the_same() {
    let place = Place::bare().program("path/gh-pm", "echo ran; exit 3");
    place.run(&["status"]).check("ran\n", NO_WRAP, 3);
}

#[test]
fn a_pm_wrap_that_cannot_be_started_costs_only_the_record() {
    let place = Place::new().program("path/gh-pm", "echo ran; exit 3");
    place.file("bin/pm-wrap", "#!/no/such/interpreter\n");
    place.run(&["status"]).check(
        "ran\n",
        "github-pm: cannot start 'TOP/bin/pm-wrap': No such file or directory (os error 2); this run is not recorded\n  hint: see what is wrong with `github-pm performance doctor`\n",
        3,
    );
}

#[test]
fn without_pm_alert_the_command_is_still_measured() {
    let place = Place::bare().program("bin/pm-wrap", r#"echo "wrap: $*""#).program("path/gh-pm", HOST);
    place.run(&["status"]).check(
        "wrap: --store --name status -- TOP/path/gh-pm status\n",
        "github-pm: cannot find pm-alert; this run is not judged\n  hint: install it into TOP/bin, and check with `github-pm performance doctor`\n",
        0,
    );
}

#[test]
fn judging_can_be_switched_off() {
    let place = Place::new().program("path/gh-pm", HOST);
    place.file("desk/.github-pm/config.yml", "alerts_after_command: false\n");
    assert_eq!(place.run(&["status"]).status, 0);
    assert_eq!(place.wrap_log(), "--store\n--name\nstatus\n--\nTOP/path/gh-pm\nstatus\n");
}

#[test]
fn its_requests_are_counted_where_the_store_says_so() {
    let place = Place::new().program("path/gh-pm", HOST);
    place.file("desk/.github-pm/config.yml", "api: true\nalerts_after_command: false\n");
    assert_eq!(place.run(&["status"]).status, 0);
    assert_eq!(
        place.wrap_log(),
        "--store\n--api\n--api-requests\n--name\nstatus\n--\nTOP/path/gh-pm\nstatus\n"
    );
}

#[test]
fn a_stranger_s_store_starts_nothing_until_it_is_trusted_and_again_when_it_changes() {
    let place = Place::new().program("path/gh-pm", HOST).program("desk/evil", HOST);
    place.file("desk/.github-pm/config.yml", "cli: ./evil\n");
    let warning = |cli: &str| {
        format!(
            "github-pm: '{cli}' is not started for TOP/desk/.github-pm/config.yml, whose store you have not trusted\n  hint: if you know it, let it start programs with `github-pm performance trust`\n"
        )
    };
    place.run(&["status"]).check("gh-pm: status\n", &warning("./evil"), 0);
    place.run(&["--explain", "performance", "trust"]).check(
        "# TOP/desk/.github-pm: would be trusted, until one of these settings changes\n#   cli=./evil\n",
        "",
        0,
    );
    place.run(&["status"]).check("gh-pm: status\n", &warning("./evil"), 0);
    place.run(&["performance", "trust"]).check(
        "TOP/desk/.github-pm: now trusted, until one of these settings changes\n  cli=./evil\n",
        "",
        0,
    );
    place.run(&["status"]).check("evil: status\n", "", 0);
    place.file("desk/.github-pm/config.yml", "cli: ./worse\n");
    place.run(&["status"]).check("gh-pm: status\n", &warning("./worse"), 0);
}

#[test]
fn a_store_that_is_not_trusted_is_named_when_there_is_no_other_host() {
    let place = Place::new();
    place.file("desk/.github-pm/config.yml", "cli: ./evil\n");
    place.run(&["status"]).check(
        "",
        "github-pm: no host command found for 'status': `cli:` in TOP/desk/.github-pm/config.yml is not trusted, `GITHUB_PM_CLI` is not set, `github-pm-status` is not on PATH, `gh-pm` is not on PATH, `github-pm` is not on PATH\n  hint: look at what would be started with `github-pm --explain performance trust`, then trust it: `github-pm performance trust`\n",
        127,
    );
}

#[test]
fn the_user_s_own_store_needs_no_trust() {
    let place = Place::new().program("path/gh-pm", HOST).program("path/mine", HOST);
    place.file("home/.local/state/github-pm/config.yml", "cli: mine\n");
    place.run(&["status"]).check("mine: status\n", "", 0);
}

#[test]
fn settings_that_cannot_be_meant_stop_before_anything_runs() {
    let place = Place::new().program("path/gh-pm", HOST);
    place.file("desk/.github-pm/config.yml", "clli: gh-pm\n");
    place.run(&["status"]).check(
        "",
        "github-pm: TOP/desk/.github-pm/config.yml:1:1: unknown key 'clli'\n  hint: did you mean 'cli'?\n",
        2,
    );
}

#[test]
fn a_store_that_everybody_may_write_is_not_used_and_the_command_runs() {
    let place = Place::new().program("path/gh-pm", HOST);
    place.file("desk/.github-pm/config.yml", "cli: /bin/false\n");
    fs::set_permissions(place.path("desk/.github-pm"), fs::Permissions::from_mode(0o777)).expect("a mode");
    place.run(&["status"]).check(
        "gh-pm: status\n",
        "github-pm: this run is not recorded: the store 'TOP/desk/.github-pm' is not used: everybody may write to it\n  hint: if it is yours: `chown \"$(id -un)\" TOP/desk/.github-pm; chmod go-w TOP/desk/.github-pm`\n",
        0,
    );
}

#[test]
fn what_explain_prints_runs_the_same() {
    let place = Place::new().program("path/gh-pm", HOST);
    let words = ["batch", "it's", "", "$HOME"];
    let plain = (place.run(&words), place.wrap_log());
    fs::remove_file(place.path("home/wrap.log")).expect("removed");
    let explained = place.run(&[&["--explain"], &words[..]].concat());
    assert_eq!(place.wrap_log(), "");
    explained.check(
        "GITHUB_PM_DEPTH=1 TOP/bin/pm-wrap --store --then 'TOP/bin/pm-alert --pass --no-tips >/dev/null 2>&1' --name batch -- TOP/path/gh-pm batch 'it'\\''s' '' '$HOME'\n",
        "",
        0,
    );
    let line = explained.stdout.replace("TOP", &place.path("").display().to_string());
    assert_eq!((place.sh(&line.replace("//", "/")), place.wrap_log()), plain);
}

#[test]
fn what_explain_prints_runs_the_same_from_a_folder_with_an_odd_name() {
    for odd in ["a b", "it's", "\"q\" $(x) `y` \\", "line\nbreak", "-n", "*?[a]~#;&|<>!"] {
        let place = Place::new();
        for program in ["github-pm", "pm-wrap", "pm-alert"] {
            let aside = place.path("desk").join(odd).join(program);
            fs::create_dir_all(aside.parent().expect("a folder")).expect("a folder");
            fs::copy(place.path("bin").join(program), aside).expect("a copy");
        }
        let place = place.program(&format!("desk/{odd}/-h'o st"), HOST);
        place.file(&format!("desk/{odd}/.github-pm/config.yml"), "cli: \"./-h'o st\"\n");
        let stand = |line: &str| {
            let mut shell = place.command("/bin/sh".as_ref());
            place.see(shell.args(["-c", line]).current_dir(place.path("desk").join(odd)))
        };
        assert_eq!(stand("./github-pm performance trust").status, 0, "{odd}");
        let plain = (stand("./github-pm status"), place.wrap_log());
        plain.0.check("-h'o st: status\n", "", 0);
        fs::remove_file(place.path("home/wrap.log")).expect("removed");
        let explained = stand("./github-pm --explain status | (cd / && sh)");
        assert_eq!((explained, place.wrap_log()), plain, "{odd}");
        // pm-wrap hands what stands behind --then to a shell of its own.
        let log = fs::read_to_string(place.path("home/wrap.log")).expect("words");
        let then = log.split_once("--then\n").and_then(|(_, rest)| rest.split_once("\n--name"));
        assert_eq!(stand(then.expect("a command").0).status, 0, "{odd}");
    }
}
