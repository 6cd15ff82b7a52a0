//! Alerts to a receiver on the Internet: over TLS that is verified, and through a proxy. Some receivers take what they
//! are told; the fake GitHub remembers it too, and refuses it as what it is: no issue.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

use pm_e2e::fake_github::{FakeGithub, Recorded, Setup};
use pm_e2e::harness::{Outcome, Place, run_record};
use pm_e2e::receiver::Receiver;

const PATH: &str = "/repos/octo/tools/issues";

fn receiver() -> FakeGithub {
    let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
    FakeGithub::start(Setup { tls: Some(any_port), ..Setup::default() })
}

/// Tells a webhook at `url` of a run that is too slow.
fn told(github: &FakeGithub, url: &str, variables: &[(&str, &str)]) -> Outcome {
    let place = Place::new().with([("HOOK_TOKEN", format!("token {}", github.token()))]);
    let place = place.with(variables.iter().copied());
    let rules = format!(
        "channels: {{ hook: {{ type: webhook, url: '{url}{PATH}', header: Authorization, header_env: HOOK_TOKEN }} }}\n\
         alerts: {{ slow: {{ metric: duration.total_ms, above: 1000, notification_channels: [hook] }} }}\n"
    );
    place.write("a.yml", rules);
    place.write("run.ndjson", run_record("batch", "2024-12-06T10:00:00Z", 2000));
    place.sh("pm-alert --config a.yml --state s.json run.ndjson")
}

/// The only request, which has all of the alert and the secret where it belongs.
#[track_caller]
fn check(github: &FakeGithub, outcome: &Outcome) {
    let requests = github.requests();
    let [request] =
        <[Recorded; 1]>::try_from(requests).expect("one request: what is refused is not repeated");
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", PATH));
    assert_eq!(request.header("authorization").map(|value| value.starts_with("token ")), Some(true));
    assert!(request.header("idempotency-key").is_some_and(|id| id.len() == 16), "{request:?}");
    assert!(
        request.body.contains("\"rule\":\"slow\",\"severity\":\"warning\",\"status\":\"firing\""),
        "{}",
        request.body
    );
    assert!(request.body.contains("Command 'batch' execution time exceeded threshold"), "{}", request.body);
    // It was understood, and what it said is told without the secret.
    assert_eq!(outcome.code, Some(4));
    assert!(outcome.stderr.starts_with("pm-alert: cannot tell channel 'hook': "), "{}", outcome.stderr);
    assert!(
        outcome.stderr.contains("422") && !outcome.stderr.contains(&github.token()),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_receiver_is_told_over_tls_that_an_authority_of_its_company_vouches_for() {
    let github = receiver();
    let authority = github.authority().expect("an authority").display().to_string();
    let url = github.tls_url().expect("an address");
    let outcome = told(&github, &url, &[("SSL_CERT_FILE", &authority)]);
    check(&github, &outcome);
}

#[test]
fn a_receiver_that_nobody_vouches_for_is_told_nothing() {
    let github = receiver();
    let url = github.tls_url().expect("an address");
    let outcome = told(&github, &url, &[]);
    assert_eq!((outcome.code, github.requests().len()), (Some(4), 0));
    assert!(outcome.stderr.starts_with("pm-alert: cannot tell channel 'hook': "), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("invalid peer certificate: UnknownIssuer"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains(&github.token()), "{}", outcome.stderr);
}

/// A place with a run that is too slow, and rules that tell a receiver of it.
fn place_for(receiver: &Receiver) -> Place {
    let place = Place::new();
    let rules = format!(
        "channels: {{ hook: {{ type: webhook, url: '{}/hook' }} }}\n\
         alerts: {{ slow: {{ metric: duration.total_ms, above: 1000, notification_channels: [hook] }} }}\n",
        receiver.url()
    );
    place.write("a.yml", rules);
    place.write("run.ndjson", run_record("batch", "2024-12-06T10:00:00Z", 2000));
    place
}

const TOLD: &str = "pm-alert --config a.yml --state s.json run.ndjson > /dev/null";

#[track_caller]
fn check_message(receiver: &Receiver) {
    let messages = receiver.messages();
    let [message] = &messages[..] else { panic!("one message: {messages:#?}") };
    assert!(message.starts_with("POST /hook HTTP/1.1\r\n"), "{message}");
    assert!(message.contains("Command 'batch' execution time exceeded threshold"), "{message}");
}

#[test]
fn a_receiver_takes_one_message_over_tls_and_is_not_told_again() {
    let receiver = Receiver::start();
    let place = place_for(&receiver).with([("SSL_CERT_FILE", receiver.authority())]);
    let outcome = place.sh(TOLD);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    check_message(&receiver);
    assert!(place.read("s.json").contains("\"pending\":[]"), "{}", place.read("s.json"));
    // The same run once more, and time that goes by, are no news.
    place.sh(&format!("{TOLD}; pm-alert --config a.yml --state s.json < /dev/null")).succeeds();
    check_message(&receiver);
}

#[test]
fn what_a_receiver_that_nobody_vouches_for_was_not_told_is_kept_and_told_once_it_is_trusted() {
    let receiver = Receiver::start();
    let place = place_for(&receiver);
    let outcome = place.sh(TOLD);
    assert_eq!((outcome.code, receiver.messages().len()), (Some(4), 0));
    assert!(outcome.stderr.contains("invalid peer certificate: UnknownIssuer"), "{}", outcome.stderr);
    let kept = place.read("s.json");
    assert!(kept.contains("\"pending\":[{") && kept.contains("\"rule\":\"slow\""), "{kept}");
    // Its next try is due in a while; so that nobody waits for it, it is made to be.
    let due = "jq -c '.pending[].tries.hook.due = 0 | .pending[].taken = 0' s.json > due.json && mv due.json s.json";
    place.sh(due).succeeds();
    let place = place.with([("SSL_CERT_FILE", receiver.authority())]);
    place.sh("pm-alert --config a.yml --state s.json < /dev/null").succeeds();
    check_message(&receiver);
    assert!(place.read("s.json").contains("\"pending\":[]"), "{}", place.read("s.json"));
}

#[test]
fn a_receiver_is_told_through_a_proxy_that_cannot_read_it() {
    let github = receiver();
    let authority = github.authority().expect("an authority").display().to_string();
    let target = github.tls_url().expect("an address").replace("https://localhost", "127.0.0.1");
    let (proxy, tunnel) = tunnel(target);
    let variables = [("HTTPS_PROXY", proxy.as_str()), ("SSL_CERT_FILE", authority.as_str())];
    let outcome = told(&github, "https://api.github.com", &variables);
    check(&github, &outcome);
    let seen = tunnel.join().expect("the proxy was asked");
    assert!(seen.starts_with(b"CONNECT api.github.com:443 HTTP/1.1\r\n"), "{}", seen.escape_ascii());
    let secret = github.token();
    assert!(!seen.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "it can");
}

/// A proxy that leads its only connection to `target`, and returns all that was said to it.
fn tunnel(target: String) -> (String, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let thread = std::thread::spawn(move || {
        let (mut near, _) = listener.accept().expect("a connection");
        let mut seen = Vec::new();
        let mut byte = [0];
        while !seen.ends_with(b"\r\n\r\n") && near.read(&mut byte).is_ok_and(|read| read == 1) {
            seen.push(byte[0]);
        }
        near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").expect("written");
        let mut far = TcpStream::connect(target).expect("the fake listens");
        let (mut back, mut to_near) = (far.try_clone().expect("a copy"), near.try_clone().expect("a copy"));
        let returning = std::thread::spawn(move || std::io::copy(&mut back, &mut to_near));
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = near.read(&mut buffer) {
            seen.extend_from_slice(&buffer[..read]);
            far.write_all(&buffer[..read]).expect("the fake reads");
        }
        let _ = far.shutdown(Shutdown::Both);
        let _ = returning.join();
        seen
    });
    (url, thread)
}
