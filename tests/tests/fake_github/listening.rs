//! Sockets, connections, and the end of them.

use super::client::{self, Reply};
use pm_e2e::fake_github::{FakeGithub, Fault, Setup, SocketAt, Transport};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

#[test]
fn only_the_owner_can_use_the_socket() {
    let github = FakeGithub::start(Setup::default());
    let mode = |path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(github.socket_path()), 0o600);
    assert_eq!(mode(github.socket_path().parent().expect("it lies in a directory")), 0o700);
}

#[test]
fn both_sockets_answer_at_once() {
    let github = FakeGithub::start(Setup::default());
    assert_eq!(client::get(&github, "/user").status, 200);
    assert_eq!(client::get_tcp(&github, "/user").status, 200);
    let came: Vec<_> = github.requests().iter().map(|request| request.transport).collect();
    assert_eq!(came, [Transport::Socket, Transport::Tcp]);
    assert_eq!(github.url(), format!("http://{}", github.tcp_address()));
}

#[test]
fn either_socket_can_be_left_out() {
    let only_tcp = FakeGithub::start(Setup { socket: SocketAt::Nowhere, ..Setup::default() });
    assert_eq!(only_tcp.socket(), None);
    assert_eq!(client::get_tcp(&only_tcp, "/").status, 200);
    let only_socket = FakeGithub::start(Setup { tcp: None, ..Setup::default() });
    assert_eq!(only_socket.tcp(), None);
    assert_eq!(client::get(&only_socket, "/").status, 200);
}

#[test]
fn it_refuses_to_listen_to_the_network() {
    let address = "0.0.0.0:0".parse().expect("an address");
    let error = FakeGithub::try_start(Setup { tcp: Some(address), ..Setup::default() });
    assert!(error.expect_err("not loopback").to_string().contains("loopback"));
}

#[test]
fn a_dead_socket_is_replaced_and_a_live_one_is_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("api.sock");
    drop(UnixListener::bind(&path).expect("nobody else is there"));
    let setup = || Setup { socket: SocketAt::Path(path.clone()), tcp: None, ..Setup::default() };
    let github = FakeGithub::start(setup());
    assert_eq!(client::get(&github, "/").status, 200);
    assert!(FakeGithub::try_start(setup()).is_err());
    drop(github);
    assert!(!path.exists());
}

#[test]
fn one_connection_carries_several_requests() {
    let github = FakeGithub::start(Setup::default());
    let request = "GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: test\r\n\r\n";
    let last = request.replace("Host: x", "Host: x\r\nConnection: close");
    let answer = client::exchange(&github, format!("{request}{request}{last}").as_bytes());
    assert_eq!(String::from_utf8_lossy(&answer).matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(github.requests().len(), 3);
}

#[test]
fn a_head_request_gets_the_headers_alone() {
    let github = FakeGithub::start(Setup::default());
    let reply = client::send(&github, "HEAD /user", &[], "");
    assert_eq!(reply.status, 200);
    assert!(reply.number("content-length") > 0);
    assert!(reply.body.is_empty());
}

#[test]
fn a_chunked_body_is_understood() {
    let github = FakeGithub::start(Setup::default());
    let mut bytes = client::request(&github, "POST /repos/octo/tools/issues", &[], "");
    let text = String::from_utf8(bytes).expect("it is text");
    bytes = text.replace("Content-Length: 0", "Transfer-Encoding: chunked").into_bytes();
    bytes.extend(b"9\r\n{\"title\":\r\n4\r\n\"x\"}\r\n0\r\n\r\n");
    let answer = client::exchange(&github, &bytes);
    assert!(answer.starts_with(b"HTTP/1.1 201 Created"));
    assert_eq!(github.requests()[0].body, "{\"title\":\"x\"}");
}

#[test]
fn what_is_too_large_is_refused() {
    let github = FakeGithub::start(Setup::default());
    let answer = client::exchange(&github, b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n");
    assert!(answer.starts_with(b"HTTP/1.1 413 "));
    let answer = client::exchange(&github, b"nonsense\r\n\r\n");
    assert!(answer.starts_with(b"HTTP/1.1 400 "));
    assert!(github.requests().is_empty());
}

#[test]
fn requests_are_remembered_as_they_were_sent() {
    let github = FakeGithub::start(Setup::default());
    client::send(
        &github,
        "POST /api/v3/nowhere?a=b%20c",
        &[("Host", "ghe.example"), ("X-Odd", "yes")],
        "text",
    );
    let requests = github.requests();
    let request = &requests[0];
    assert_eq!((request.number, request.status), (1, Some(404)));
    assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/api/v3/nowhere"));
    assert_eq!((request.query.as_str(), request.host.as_str()), ("a=b%20c", "ghe.example"));
    assert_eq!(request.body, "text");
    assert_eq!(request.header("x-odd"), Some("yes"));
    github.forget_requests();
    assert!(github.requests().is_empty());
}

#[test]
fn it_stops_at_once_with_clients_connected_and_answers_delayed() {
    let github = FakeGithub::start(Setup::default());
    github.faults().push(Fault::latency(60_000));
    let _idle = UnixStream::connect(github.socket_path()).expect("the fake listens");
    let mut waiting = UnixStream::connect(github.socket_path()).expect("the fake listens");
    waiting.write_all(&client::request(&github, "GET /", &[], "")).expect("the fake reads");
    let patience = Instant::now() + Duration::from_secs(5);
    while github.requests().is_empty() {
        assert!(Instant::now() < patience, "the request never arrived");
        std::thread::sleep(Duration::from_millis(1));
    }
    let path = github.socket_path().to_owned();
    let begin = Instant::now();
    drop(github);
    assert!(begin.elapsed() < Duration::from_secs(5));
    assert!(!path.exists());
    let mut answer = Vec::new();
    assert!(matches!(waiting.read_to_end(&mut answer), Ok(0) | Err(_)));
}

#[test]
fn concurrent_clients_are_each_counted_once() {
    let github = FakeGithub::start(Setup::default());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let reply: Reply = client::get(&github, "/user");
                    assert_eq!(reply.status, 200);
                }
            });
        }
    });
    assert_eq!(github.requests().len(), 80);
    assert_eq!(github.quota("core").expect("it has a core bucket").used, 80);
}
