//! A raw HTTP client: what it sends and what it gets is all there is.

use pm_e2e::fake_github::FakeGithub;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Longer than any delay that a test asks for.
const PATIENCE: Duration = Duration::from_secs(10);

/// An answer as it came over the wire.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        let parsed = response.parse(bytes).expect("the answer is HTTP");
        let httparse::Status::Complete(start) = parsed else { panic!("the headers are cut: {bytes:?}") };
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).expect("headers are text");
        Reply {
            status: response.code.expect("a complete answer has a status"),
            headers: response
                .headers
                .iter()
                .map(|field| (field.name.to_owned(), text(field.value)))
                .collect(),
            body: bytes[start..].to_vec(),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(super) fn number(&self, name: &str) -> u64 {
        self.header(name).expect("the header is there").parse().expect("the header is a number")
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// Sends bytes over the Unix socket and reads until the fake ends the connection.
pub(super) fn exchange(github: &FakeGithub, bytes: &[u8]) -> Vec<u8> {
    let stream = UnixStream::connect(github.socket_path()).expect("the fake listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("the time-out is not zero");
    read_all(stream, bytes)
}

/// The same over TCP.
pub(super) fn exchange_tcp(github: &FakeGithub, bytes: &[u8]) -> Vec<u8> {
    let stream = TcpStream::connect(github.tcp_address()).expect("the fake listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("the time-out is not zero");
    read_all(stream, bytes)
}

fn read_all(mut stream: impl Read + Write, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).expect("the fake reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the fake ends the connection");
    answer
}

/// The bytes of a request: a user agent, the token of the first account, and the headers given, which
/// replace those two when they have the same name. An empty value leaves the header out.
pub(super) fn request(github: &FakeGithub, line: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let authorization = format!("token {}", github.token());
    let mut all = vec![("Host", "api.github.com"), ("User-Agent", "test"), ("Authorization", &authorization)];
    all.retain(|(name, _)| headers.iter().all(|(given, _)| given != name));
    all.extend(headers.iter().filter(|(_, value)| !value.is_empty()));
    let mut text = format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in all {
        write!(text, "{name}: {value}\r\n").expect("a String takes everything");
    }
    format!("{text}\r\n{body}").into_bytes()
}

/// One request over the Unix socket, `line` being `GET /user` and so on.
pub(super) fn send(github: &FakeGithub, line: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    Reply::read(&exchange(github, &request(github, line, headers, body)))
}

pub(super) fn get(github: &FakeGithub, path: &str) -> Reply {
    send(github, &format!("GET {path}"), &[], "")
}

pub(super) fn get_tcp(github: &FakeGithub, path: &str) -> Reply {
    let host = github.tcp_address().to_string();
    let bytes = request(github, &format!("GET {path}"), &[("Host", &host)], "");
    Reply::read(&exchange_tcp(github, &bytes))
}

pub(super) fn post(github: &FakeGithub, path: &str, body: &Value) -> Reply {
    send(github, &format!("POST {path}"), &[], &body.to_string())
}

/// A GraphQL query without variables.
pub(super) fn query(github: &FakeGithub, query: &str) -> Reply {
    post(github, "/graphql", &serde_json::json!({"query": query}))
}
