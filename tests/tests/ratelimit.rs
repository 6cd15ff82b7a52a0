//! `pm-ratelimit` against the fake GitHub, and with the real `gh`.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use pm_e2e::fake_github::gh::GhHome;
use pm_e2e::fake_github::{Clock, DEFAULT_TOKEN, Effect, FakeGithub, Fault, QuotaChange, Setup, SocketAt};
use pm_e2e::harness::{Outcome, Place};
use pm_record::{ApiMonitoring, Record, Thousandths};
use rustix::process::{Pid, Signal, kill_process};

/// A place whose tools ask this address with the token that the fake knows.
fn place_for(url: &str) -> Place {
    Place::new().with([("GH_TOKEN", DEFAULT_TOKEN), ("GITHUB_API_URL", url)])
}

fn at(github: &FakeGithub) -> Place {
    place_for(&github.url())
}

#[track_caller]
fn readings(lines: &str) -> Vec<ApiMonitoring> {
    let parse = |line: &str| match Record::parse(line.as_bytes()) {
        Ok(Record::Api(reading)) => *reading,
        other => panic!("{line} is {other:?}"),
    };
    lines.lines().map(parse).collect()
}

#[track_caller]
fn only(lines: &str) -> ApiMonitoring {
    let mut readings = readings(lines);
    assert_eq!(readings.len(), 1, "{lines}");
    readings.remove(0)
}

fn use_core(github: &FakeGithub, used: u64) {
    let change = QuotaChange { bucket: "core".into(), used: Some(used), ..QuotaChange::default() };
    github.set_quota(change);
}

/// Demands that this failed as the surroundings fail, without a token in any word of it.
#[track_caller]
fn check_failure(outcome: Outcome, message: &str) {
    let stderr = outcome.fails_with(4);
    assert!(stderr.starts_with(&format!("pm-ratelimit: {message}")), "{stderr}");
    assert!(stderr.contains("\n  hint: ") && !stderr.contains("ghp_"), "{stderr}");
}

#[test]
fn one_reading_has_every_resource_and_costs_nothing() {
    let github = FakeGithub::start(Setup::default());
    use_core(&github, 12);
    let reading = only(&at(&github).sh("pm-ratelimit --once").succeeds());
    assert_eq!(reading.resources.len(), Setup::default().limits.len());
    let core = &reading.resources["core"];
    assert_eq!((core.used, core.remaining), (Some(Thousandths(12_000)), Some(Thousandths(4_988_000))));
    let tracking = &reading.rate_limit_tracking;
    assert_eq!((tracking.current_limit, tracking.efficiency_score), (core.limit, Some(Thousandths(998))));
    assert_eq!(tracking.reset_time, core.reset_time);
    assert_eq!((reading.authenticated, reading.limits_off), (Some(true), false));
    assert_eq!((reading.api_host.as_deref(), core.burn_per_minute), (Some("github.com"), None));
    assert_eq!(reading.clock_skew_ms, Some(Thousandths(0)));
    let requests = github.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].path, "/rate_limit");
}

#[test]
fn two_credentials_are_told_apart_and_no_token_is_shown() {
    let mut setup = Setup::default();
    let mut other = setup.accounts[0].clone();
    (other.login, other.token) = ("hexa".to_owned(), "ghp_other000000000000000000000000000002".to_owned());
    setup.accounts.push(other.clone());
    let github = FakeGithub::start(setup);
    let place = at(&github);
    let first = place.sh("pm-ratelimit --once").succeeds();
    let second = place.sh(&format!("GH_TOKEN={} pm-ratelimit --once", other.token)).succeeds();
    let (one, two) = (only(&first).credential.expect("one"), only(&second).credential.expect("two"));
    assert!(one != two && one.len() == 12 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one} {two}");
    assert!(!first.contains(DEFAULT_TOKEN) && !second.contains(&other.token));
}

#[test]
fn the_token_of_gh_is_used_where_no_variable_has_one() {
    let github = FakeGithub::start(Setup::default());
    let home = GhHome::new(&github);
    let environment =
        home.environment().into_iter().filter(|(name, _)| !name.ends_with("_TOKEN") && *name != "PATH");
    let place = Place::new().with(environment).with([("GITHUB_API_URL", github.url())]);
    let hosts = format!("github.com:\n    oauth_token: {DEFAULT_TOKEN}\n    user: octo\n");
    std::fs::write(home.config_directory().join("hosts.yml"), hosts).expect("the folder is ours");
    let reading = only(&place.sh("pm-ratelimit --once").succeeds());
    let direct = only(&at(&github).sh("pm-ratelimit --once").succeeds());
    assert_eq!((reading.authenticated, &reading.credential), (Some(true), &direct.credential));
}

#[test]
fn without_a_token_the_limits_are_those_of_the_address_and_are_called_so() {
    let github = FakeGithub::start(Setup::default());
    let place = Place::new().with([("GITHUB_API_URL", github.url())]);
    let outcome = place.sh("pm-ratelimit --once");
    assert_eq!(
        outcome.stderr,
        "pm-ratelimit: no token for github.com: these are the limits of this machine's address\n  hint: log in with `gh auth login --hostname github.com`, or set GH_TOKEN\n"
    );
    let reading = only(&outcome.stdout);
    assert_eq!((reading.authenticated, reading.credential), (Some(false), None));
    assert_eq!(reading.resources["core"].limit, Some(Thousandths(60_000)));
}

#[test]
fn limits_that_are_off_are_a_record_that_says_so() {
    let github = FakeGithub::start(Setup { limits_enabled: false, ..Setup::default() });
    let line = at(&github).sh("pm-ratelimit --once").succeeds();
    let reading = only(&line);
    assert!(reading.limits_off && reading.resources.is_empty(), "{line}");
    assert!(!line.contains("remaining") && !line.contains("rate_limit_tracking"), "{line}");
    assert_eq!(at(&github).sh("pm-ratelimit --once | pm-alert --exit-code").code, Some(2));
}

#[test]
fn each_kind_of_failure_has_its_own_words_and_status_4() {
    let github = FakeGithub::start(Setup::default());
    let place = at(&github);
    let effects = [
        (Effect::BadCredentials, "GitHub does not accept the token of GH_TOKEN: Bad credentials\n"),
        (Effect::Forbidden, "GitHub forbids to read the rate limits: "),
        (Effect::PrimaryLimit { status: 403 }, "the rate limit is used up until "),
        (Effect::PrimaryLimit { status: 429 }, "the rate limit is used up until "),
        (Effect::SecondaryLimit { status: 403, retry_after: None }, "GitHub asks for fewer requests: "),
        (Effect::SecondaryLimit { status: 429, retry_after: Some(7) }, "GitHub asks for fewer requests: "),
        (Effect::ServerError { status: 502 }, "GitHub cannot answer at the moment: status 502\n"),
        (Effect::Drop, "the connection to '127.0.0.1:"),
        (Effect::Truncate, "the answer of '127.0.0.1:"),
        (Effect::MalformedJson, "the answer cannot be read: "),
    ];
    for (effect, message) in effects {
        github.faults().push(Fault::new(effect));
        check_failure(place.sh("pm-ratelimit --once"), message);
    }
    github.faults().push(Fault::latency(60_000));
    check_failure(place.sh("pm-ratelimit --once --timeout 200ms"), "no answer from '127.0.0.1:");
    only(&place.sh("pm-ratelimit --once").succeeds());
}

#[test]
fn what_is_no_api_or_is_not_there_is_said_and_is_status_4() {
    let github = FakeGithub::start(Setup::default());
    let place = at(&github);
    let wrong = format!("pm-ratelimit --once --api-url {}/no/such/place", github.url());
    check_failure(place.sh(&wrong), "there is no API of GitHub's at ");
    // Nobody listens on a port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let refused = format!("nothing answers at '{free}': connection refused\n");
    check_failure(place.sh(&format!("pm-ratelimit --once --api-url http://{free}")), &refused);
    let nowhere = "GH_ENTERPRISE_TOKEN=ghp_x GH_HOST=no-such-host.invalid pm-ratelimit --once";
    check_failure(place.sh(nowhere), "there is no address for the host 'no-such-host.invalid'\n");
}

#[test]
fn tls_is_verified_against_the_authority_that_the_user_names() {
    let tls = Some(([127, 0, 0, 1], 0).into());
    let github = FakeGithub::start(Setup { tls, socket: SocketAt::Nowhere, ..Setup::default() });
    let place = place_for(&github.tls_url().expect("TLS"));
    let authority = github.authority().expect("an authority").display();
    check_failure(place.sh("pm-ratelimit --once"), "no safe connection to 'localhost:");
    only(&place.sh(&format!("SSL_CERT_FILE={authority} pm-ratelimit --once")).succeeds());
    let folder = format!("mkdir certs; cp {authority} certs/one.pem; SSL_CERT_DIR=certs pm-ratelimit --once");
    only(&place.sh(&folder).succeeds());
}

#[test]
fn an_enterprise_server_is_asked_with_its_own_token_only() {
    let github = FakeGithub::start(Setup::default());
    let place = at(&github).with([("GH_HOST", "git.example.com"), ("GH_ENTERPRISE_TOKEN", DEFAULT_TOKEN)]);
    let url = format!("{}/api/v3", github.url());
    let reading =
        only(&place.sh(&format!("GH_TOKEN=ghp_other pm-ratelimit --once --api-url {url}")).succeeds());
    assert_eq!((reading.api_host.as_deref(), reading.authenticated), (Some("git.example.com"), Some(true)));
}

#[test]
fn a_stream_says_how_fast_a_quota_is_used_and_when_it_is_used_up() {
    let github = FakeGithub::start(Setup::default());
    let place = at(&github);
    let mut stream = Stream::start(&place, "--interval 1s --count 2");
    use_core_once_read(&mut stream, &github, 4_000);
    let second = stream.reading();
    let core = &second.resources["core"];
    assert!(core.burn_per_minute.is_some_and(|burn| burn.0 > 0), "{core:?}");
    // 4,000 in a second or so, and 1,000 left: long before the hour ends, also on a slow machine.
    assert!(core.exhausted_at.is_some_and(|at| Some(at) < core.reset_time), "{core:?}");
    assert_eq!(second.resources["graphql"].burn_per_minute, Some(Thousandths(0)));
    assert_eq!(second.resources["graphql"].exhausted_at, None);
    assert_eq!(stream.ends(), (Some(0), String::new()));
}

fn use_core_once_read(stream: &mut Stream, github: &FakeGithub, used: u64) {
    assert_eq!(stream.reading().resources["core"].burn_per_minute, None);
    use_core(github, used);
}

#[test]
fn a_clock_that_differs_is_measured_and_corrected() {
    let ahead =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let github = FakeGithub::start(Setup { clock: Clock::Fixed(ahead + 3_600), ..Setup::default() });
    let reading = only(&at(&github).sh("pm-ratelimit --once").succeeds());
    let skew = reading.clock_skew_ms.expect("a skew").to_f64();
    assert!((skew - 3_600_000.0).abs() <= 600_000.0 && skew % 1000.0 == 0.0, "{skew}");
}

#[test]
fn a_stream_waits_as_github_asks_says_so_and_goes_on() {
    let github = FakeGithub::start(Setup::default());
    github.faults().push(Fault::too_many_requests(Some(1)));
    let mut stream = Stream::start(&at(&github), "--interval 60s --count 1");
    assert!(!stream.reading().resources.is_empty());
    let (code, stderr) = stream.ends();
    assert_eq!(code, Some(0));
    let said = "pm-ratelimit: GitHub asks for fewer requests: a secondary rate limit is exceeded\n";
    assert!(stderr.starts_with(said) && stderr.contains("pm-ratelimit: trying again in 1s, at "), "{stderr}");
    assert_eq!(github.requests().len(), 2);
}

#[test]
fn a_stream_without_a_hint_from_github_waits_a_minute_and_ends_at_once_when_told_to() {
    let github = FakeGithub::start(Setup::default());
    github.faults().push(Fault::server_error(503).always());
    for (signal, number) in [(Signal::TERM, 15), (Signal::INT, 2)] {
        let mut stream = Stream::start(&at(&github), "--interval 1s");
        let mut said = String::new();
        let mut stderr = BufReader::new(stream.child.stderr.take().expect("a pipe"));
        while !said.contains("trying again") {
            assert_ne!(stderr.read_line(&mut said).expect("text"), 0, "{said}");
        }
        assert!(said.contains("trying again in 1m 00s, at ") && said.contains("(1 of 8)"), "{said}");
        kill_process(Pid::from_child(&stream.child), signal).expect("it runs");
        let status = stream.child.wait().expect("it ends");
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(number));
    }
}

#[test]
fn a_stream_does_not_insist_where_trying_again_is_useless() {
    let github = FakeGithub::start(Setup::default());
    github.faults().push(Fault::new(Effect::BadCredentials).always());
    check_failure(
        at(&github).sh("pm-ratelimit --interval 1s"),
        "GitHub does not accept the token of GH_TOKEN",
    );
    assert_eq!(github.requests().len(), 1);
}

#[test]
fn a_stream_ends_quietly_when_its_reader_leaves() {
    let github = FakeGithub::start(Setup::default());
    let line = at(&github).sh("pm-ratelimit --interval 1h | head -n 1").succeeds();
    only(&line);
}

#[test]
fn a_store_keeps_readings_and_remembers_the_last_of_each_credential() {
    let github = FakeGithub::start(Setup::default());
    let place = at(&github);
    place.sh("mkdir .github-pm; pm-ratelimit --once --store").succeeds();
    // The reading is made older, because two that are close say nothing of a speed.
    let state = place.read(".github-pm/state/ratelimit.json");
    let mut known: serde_json::Value = serde_json::from_str(&state).expect("JSON");
    let earlier = only(&place.sh("cat .github-pm/records/*.ndjson").succeeds());
    let minute_ago = earlier.timestamp.expect("a time").as_millis() - 60_000;
    known["readings"][0]["timestamp"] = pm_record::Timestamp::from_millis(minute_ago).to_string().into();
    place.write(".github-pm/state/ratelimit.json", known.to_string());
    use_core(&github, 300);
    let second = only(&place.sh("pm-ratelimit --once").succeeds());
    let burn = second.resources["core"].burn_per_minute.expect("a speed").to_f64();
    assert!(burn > 1.0 && burn <= 300.0, "{burn}");
    // Somebody else's quota says nothing of it.
    let other = Place::new().with([("GITHUB_API_URL", github.url())]);
    other.sh("mkdir .github-pm").succeeds();
    other.write(".github-pm/state/ratelimit.json", known.to_string());
    let stdout = other.sh("pm-ratelimit --once").stdout;
    assert_eq!(only(&stdout).resources["core"].burn_per_minute, None);
}

#[test]
fn a_file_takes_readings_and_a_full_disk_is_said() {
    let github = FakeGithub::start(Setup::default());
    let place = at(&github);
    place.sh("pm-ratelimit --once -o q.ndjson && pm-ratelimit --once -o q.ndjson").succeeds();
    assert_eq!(readings(&place.read("q.ndjson")).len(), 2);
    for full in ["pm-ratelimit --once > /dev/full", "pm-ratelimit --once -o /dev/full"] {
        let stderr = place.sh(full).fails_with(4);
        assert!(stderr.starts_with("pm-ratelimit: cannot ") && stderr.contains("No space left"), "{stderr}");
    }
}

#[test]
fn an_alert_tells_which_resource_of_which_credential_is_nearly_used_up() {
    let github = FakeGithub::start(Setup::default());
    let place = at(&github);
    place.write(
        ".github-pm/alerts.yml",
        "alerts:\n  api_rate_limit_warning: { enabled: true, threshold_percentage: 80 }\n",
    );
    assert_eq!(place.sh("pm-ratelimit --once | pm-alert --exit-code").succeeds(), "");
    let change = QuotaChange { bucket: "graphql".into(), used: Some(4_500), ..QuotaChange::default() };
    github.set_quota(change);
    let outcome = place.sh("pm-ratelimit --once | pm-alert --exit-code");
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let alerts: Vec<_> = outcome.stdout.lines().map(|line| Record::parse(line.as_bytes())).collect();
    let [Ok(Record::Alert(alert))] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!((alert.kind.as_str(), alert.current_value.as_str()), ("api_rate_limit_warning", "90%"));
    let mut evidence = String::new();
    let _ = write!(evidence, "{:?}", alert.evidence);
    assert!(evidence.contains("graphql") && evidence.contains("credential"), "{evidence}");
}

#[test]
fn github_pm_knows_the_tool_by_its_short_name() {
    let github = FakeGithub::start(Setup::default());
    only(&at(&github).sh("github-pm performance ratelimit --once").succeeds());
}

/// A `pm-ratelimit` that runs.
struct Stream {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Stream {
    fn start(place: &Place, flags: &str) -> Self {
        let mut command = place.command("pm-ratelimit");
        command.args(flags.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, lines }
    }

    /// Waits for the next record.
    #[track_caller]
    fn reading(&mut self) -> ApiMonitoring {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("text");
        only(&line)
    }

    /// Waits for its end: the status and what it said.
    fn ends(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut said).expect("text");
        let code = self.child.wait().expect("it ends").code();
        (code, said)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // A test that has failed leaves nothing behind; one that has not is past this already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
