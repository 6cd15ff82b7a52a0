//! What goes wrong on either side: what the client sees of it, and the word in the record.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use pm_e2e::fake_github::{Effect, Fault};

use super::raw::{answer, body, get, head, over_socket, over_tcp, server, status};
use super::running::{Relay, github, relay_to};

/// What a client is given if the server treats its connections like this, and the word for it.
fn with(
    flags: &[&str],
    treat: impl FnMut(usize, std::net::TcpStream) + Send + 'static,
) -> (String, Option<String>) {
    let (url, _) = server(8, treat);
    let relay = Relay::start(&[&["--upstream", &url], flags].concat(), &[]);
    let answer = over_socket(&relay.socket(), get("api.github.com", "/user"));
    let records = relay.stop();
    assert_eq!(records.len(), 1);
    (answer, records[0].error.clone())
}

fn message(answer: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body(answer)).unwrap_or_else(|_| panic!("{answer}"));
    body["message"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_server_that_ends_the_connection_unanswered_is_502() {
    let (answer, word) = with(&[], |_, mut stream| drop(head(&mut stream)));
    assert_eq!((status(&answer), word.as_deref()), (502, Some("upstream_closed")));
    assert!(message(&answer).ends_with("closed the connection before it answered"), "{answer}");
}

#[test]
fn a_server_that_answers_garbage_is_502() {
    let (answer, word) = with(&[], |_, mut stream| {
        head(&mut stream);
        let _ = stream.write_all(b"\x00\x01 this is no HTTP\r\n\r\n");
    });
    assert_eq!((status(&answer), word.as_deref()), (502, Some("invalid_answer")));
}

#[test]
fn a_server_that_never_answers_is_504() {
    let (answer, word) = with(&["--timeout", "300ms"], |_, mut stream| {
        head(&mut stream);
        // Until the relay has had enough.
        let _ = stream.read(&mut [0]);
    });
    assert_eq!((status(&answer), word.as_deref()), (504, Some("answer_timeout")));
}

#[test]
fn an_answer_that_breaks_off_breaks_off_for_the_client_too() {
    let (given, word) = with(&[], |_, mut stream| {
        head(&mut stream);
        answer(&mut stream, 100, "only this");
    });
    assert_eq!(
        (status(&given), body(&given), word.as_deref()),
        (200, "only this", Some("upstream_truncated"))
    );
}

#[test]
fn an_answer_that_stops_to_come_is_cut() {
    let (given, word) = with(&["--timeout", "300ms"], |_, mut stream| {
        head(&mut stream);
        answer(&mut stream, 100, "only this");
        let _ = stream.read(&mut [0]);
    });
    assert_eq!((body(&given), word.as_deref()), ("only this", Some("answer_timeout")));
}

#[test]
fn gh_notices_a_body_that_breaks_off_as_it_would_without_a_relay() {
    let github = github();
    let relay = relay_to(&github);
    github.faults().push(Fault::new(Effect::Truncate));
    let without = pm_e2e::fake_github::gh::GhHome::new(&github).run(["api", "user"]);
    github.faults().push(Fault::new(Effect::Truncate));
    let with = relay.gh().run(["api", "user"]);
    assert_eq!((with.code, &with.stderr), (without.code, &without.stderr));
    assert!(with.stdout.starts_with("{\"html_url\""), "{}", with.stdout);
    assert_eq!(relay.stop()[0].error.as_deref(), Some("upstream_truncated"));
}

#[test]
fn gh_shows_why_there_is_no_answer() {
    let nowhere = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let relay = Relay::start(&["--upstream", &nowhere], &[]);
    let shown = relay.gh().run(["api", "user"]);
    assert_eq!(shown.code, Some(1));
    assert!(shown.stderr.contains("pm-relay: cannot connect to '127.0.0.1'"), "{}", shown.stderr);
    let records = relay.stop();
    assert_eq!((records[0].status, records[0].error.as_deref()), (Some(502), Some("connect_failed")));
    assert!(!records[0].was_sent());
}

#[test]
fn a_client_that_leaves_is_recorded_and_the_server_is_let_go() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (url, _) = server(1, move |_, mut stream| {
        let request = head(&mut stream);
        sender.send(request).expect("the test waits");
        // The relay ends this connection when nobody wants its answer any more.
        let end = stream.read(&mut [0]);
        sender.send(format!("{:?}", end.ok())).expect("the test waits");
    });
    let relay = Relay::start(&["--upstream", &url], &[]);
    let mut client = UnixStream::connect(relay.socket()).expect("it listens");
    client.write_all(get("api.github.com", "/user").as_bytes()).expect("it takes it");
    receiver.recv().expect("the request has arrived");
    drop(client);
    assert_eq!(receiver.recv().expect("it was let go"), "Some(0)");
    let records = relay.stop();
    assert_eq!((records[0].status, records[0].error.as_deref()), (None, Some("client_closed")));
    assert!(records[0].was_sent());
}

#[test]
fn a_kept_connection_that_was_closed_is_not_the_clients_trouble() {
    let (sender, closed) = std::sync::mpsc::channel();
    let (url, _) = server(2, move |_, mut stream| {
        head(&mut stream);
        answer(&mut stream, 2, "ok");
        // It says nothing of closing, and closes.
        drop(stream);
        let _ = sender.send(());
    });
    let relay = Relay::start(&["--upstream", &url], &[]);
    for turn in 0..2 {
        if turn == 1 {
            closed.recv().expect("it has closed");
        }
        let given = over_socket(&relay.socket(), get("api.github.com", "/user"));
        assert_eq!((status(&given), body(&given)), (200, "ok"));
    }
    assert!(relay.stop().iter().all(|one| one.error.is_none() && one.connect_ms.is_some()));
}

#[test]
fn a_request_that_is_lost_on_a_kept_connection_goes_out_again_and_both_are_counted() {
    let github = github();
    let relay = relay_to(&github);
    over_socket(&relay.socket(), get("api.github.com", "/rate_limit"));
    github.faults().push(Fault::new(Effect::Drop));
    let given = over_socket(&relay.socket(), get("api.github.com", "/rate_limit"));
    assert_eq!((status(&given), github.requests().len()), (200, 3));
    let records: Vec<_> = relay.stop().into_iter().map(|one| (one.status, one.error, one.attempt)).collect();
    let lost = (None, Some("upstream_closed".to_owned()), Some(1));
    assert_eq!(records, [(Some(200), None, Some(1)), lost, (Some(200), None, Some(2))]);
}

#[test]
fn a_request_with_an_effect_is_never_sent_twice() {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (url, _) = server(3, move |number, mut stream| {
        head(&mut stream);
        answer(&mut stream, 2, "ok");
        if number == 0 {
            // The second request on this connection is read, and then it ends.
            sender.send(head(&mut stream)).expect("the test waits");
        }
    });
    let relay = Relay::start(&["--upstream", &url], &[]);
    over_socket(&relay.socket(), get("api.github.com", "/user"));
    let post =
        "POST /graphql HTTP/1.1\r\nHost: api.github.com\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let given = over_socket(&relay.socket(), post);
    assert!(receiver.recv().expect("it arrived").starts_with("POST /graphql"));
    assert_eq!(status(&given), 502);
    // One without goes out again on a new connection.
    let given = over_socket(&relay.socket(), get("api.github.com", "/user"));
    assert_eq!(status(&given), 200);
    let words: Vec<_> = relay.stop().into_iter().map(|one| one.error).collect();
    assert_eq!(words, [None, Some("upstream_closed".to_owned()), None]);
}

#[test]
fn tunnels_other_protocols_and_other_hosts_are_refused_with_a_reason() {
    let github = github();
    let relay = relay_to(&github);
    let tunnel = over_tcp(
        relay.address(),
        "CONNECT api.github.com:443 HTTP/1.1\r\nHost: api.github.com:443\r\nConnection: close\r\n\r\n",
    );
    assert_eq!((status(&tunnel), message(&tunnel).contains("a tunnel")), (501, true));
    let upgrade =
        "GET /user HTTP/1.1\r\nHost: api.github.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let mut client = UnixStream::connect(relay.socket()).expect("it listens");
    client.write_all(upgrade.as_bytes()).expect("it takes it");
    client.shutdown(std::net::Shutdown::Write).expect("ours");
    let mut refused = String::new();
    client.read_to_string(&mut refused).expect("an answer");
    assert_eq!((status(&refused), message(&refused).contains("another protocol")), (501, true));
    let other = over_tcp(relay.address(), get("evil.example", "/user"));
    assert_eq!((status(&other), message(&other).contains("'evil.example'")), (421, true));
    let twice = "GET / HTTP/1.1\r\nHost: api.github.com\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(status(&over_socket(&relay.socket(), twice)), 400);
    assert!(github.requests().is_empty());
    let words: Vec<_> = relay.stop().into_iter().map(|one| one.error).collect();
    assert_eq!(words, [Some("refused".to_owned())]);
}
