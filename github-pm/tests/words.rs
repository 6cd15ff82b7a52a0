//! What is answered without any other program: help, version, and words that are none of ours.

use pm_cli::{Exit, Outcome, Trial};

fn run(args: &[&str]) -> Outcome {
    Trial::new().run(github_pm::TOOL, github_pm::run, args)
}

#[track_caller]
fn check_refused(args: &[&str], stderr: &str) {
    let outcome = run(args);
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", stderr));
    assert_eq!(outcome.exit, Exit::Usage);
}

#[test]
fn help_is_the_same_by_every_way_to_it() {
    let help = run(&["--help"]);
    assert_eq!((help.stderr.as_str(), help.exit), ("", Exit::Done));
    for part in ["Usage: ", "report ", "aggregate ", "analyze", "watch", "--explain", "Examples:"] {
        assert!(help.stdout.contains(part), "{part} is not in the help");
    }
    for args in [
        &["performance"][..],
        &["performance", "--help"],
        &["monitor"],
        &["--explain", "--help"],
        &["-h"],
        &["performance", "help"],
        &["monitor", "help"],
    ] {
        assert_eq!(run(args), help, "{args:?}");
    }
}

#[test]
fn every_verb_has_a_help_of_its_own() {
    for verb in ["report", "export", "init", "trust", "doctor"] {
        let help = run(&["performance", verb, "--help"]);
        assert!(help.stdout.contains(&format!("Usage: github-pm performance {verb}")), "{}", help.stdout);
        assert!(help.stdout.contains("Examples:"), "{}", help.stdout);
        assert_eq!(help.exit, Exit::Done);
    }
    for verb in ["start", "status", "stop", "watch"] {
        let help = run(&["monitor", verb, "--help"]);
        assert!(help.stdout.contains(&format!("Usage: github-pm monitor {verb}")), "{}", help.stdout);
        assert!(help.stdout.contains("Examples:"), "{}", help.stdout);
    }
}

#[test]
fn the_version_is_one_line() {
    for flag in ["--version", "-V"] {
        assert_eq!(run(&[flag]).stdout, format!("github-pm {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn an_unknown_word_names_the_nearest_and_what_there_is_today() {
    let list = "there are report, analyze, optimize, compare, dashboard, profile, benchmark, export, init, trust, store, doctor, wrap, sample, relay, ratelimit, aggregate, alert, watch\n  hint: see `github-pm --help`\n";
    check_refused(
        &["performance", "reprot"],
        &format!(
            "github-pm: 'reprot' is no verb of `github-pm performance`, and there is no tool of that name\n  hint: did you mean `github-pm performance report`?\n  hint: {list}"
        ),
    );
    check_refused(
        &["performance", "../x"],
        &format!(
            "github-pm: '../x' is no verb of `github-pm performance`, and there is no tool of that name\n  hint: {list}"
        ),
    );
    check_refused(
        &["monitor", "strat"],
        "github-pm: 'strat' is no verb of `github-pm monitor`\n  hint: did you mean `github-pm monitor start`?\n  hint: there are start, status, stop, watch\n  hint: see `github-pm --help`\n",
    );
}

#[test]
fn a_flag_that_a_verb_does_not_have_is_refused_in_its_name() {
    check_refused(
        &["performance", "report", "--timefram", "week"],
        "github-pm: unexpected argument '--timefram' found\n  hint: a similar argument exists: '--timeframe'\n",
    );
    check_refused(
        &["performance", "init", "here"],
        "github-pm: unexpected argument 'here' found\n  hint: try `github-pm performance init --help`\n",
    );
}
