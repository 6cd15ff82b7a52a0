//! How `pm-ratelimit` is wired: flags, variables and errors, without a server.

use pm_cli::{Exit, Outcome, Trial};

fn run(trial: Trial, args: &[&str]) -> Outcome {
    pm_cli::Trial::run(trial, pm_ratelimit::TOOL, pm_ratelimit::run, args)
}

#[track_caller]
fn check(trial: Trial, args: &[&str], exit: Exit, message: &str) {
    let outcome = run(trial, args);
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (exit, ""), "{}", outcome.stderr);
    let first = outcome.stderr.lines().next().unwrap_or_default();
    assert_eq!(first, format!("pm-ratelimit: {message}"));
    assert!(outcome.stderr.contains("\n  hint: ") && !outcome.stderr.contains("ghp_"), "{}", outcome.stderr);
}

#[test]
fn what_cannot_be_meant_is_wrong_usage() {
    let url = "https://me:ghp_x@github.example.com";
    let cases: [(&[&str], &str); 3] = [
        (
            &["--once", "--interval", "5s"],
            "the argument '--once' cannot be used with '--interval <DURATION>'",
        ),
        (&["--interval", "10ms"], "an interval has at least 1s"),
        (
            &["--api-url", url],
            "'https://…@github.example.com' holds a password, and others can see command lines",
        ),
    ];
    for (args, message) in cases {
        check(Trial::new(), args, Exit::Usage, message);
    }
}

#[test]
fn a_token_that_cannot_be_one_is_named_by_its_variable_only() {
    let trial = Trial::new().variable("GH_TOKEN", "ghp_a b");
    let message = "the token of GH_TOKEN cannot be sent: it holds a character that no token has";
    check(trial, &["--once"], Exit::Usage, message);
}

#[test]
fn a_token_is_never_sent_where_everybody_can_read_it() {
    let trial = Trial::new().variable("GH_ENTERPRISE_TOKEN", "ghp_x");
    let message =
        "the token would be sent to 'http://github.example.com/api/v3' for everybody on the way to read";
    check(trial, &["--once", "--api-url", "http://github.example.com/api/v3"], Exit::Usage, message);
}

#[test]
fn what_leads_to_the_network_is_checked_before_anything_is_sent() {
    let with = |name, value: &str| Trial::new().variable("GH_TOKEN", "ghp_x").variable(name, value);
    let socks = "HTTPS_PROXY is 'socks5://a:1', which is no proxy that speaks HTTP";
    check(with("HTTPS_PROXY", "socks5://a:1"), &["--once"], Exit::Usage, socks);
    let missing = run(with("SSL_CERT_FILE", "/no/such/file"), &["--once"]);
    assert_eq!(missing.exit, Exit::Usage);
    assert!(missing.stderr.starts_with("pm-ratelimit: SSL_CERT_FILE names '/no/such/file'"), "{missing:?}");
}
