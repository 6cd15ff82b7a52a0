//! Remembers the requests that arrived, so that a test can assert on them.

use super::request::Request;
use serde::Serialize;
use std::collections::VecDeque;

/// More than any test sends; the oldest go first, so that a forgotten server cannot eat the memory.
const MAX_RECORDED: usize = 10_000;

/// The way a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Over the Unix socket.
    Socket,
    /// Over loopback TCP.
    Tcp,
    /// Over TLS on loopback TCP.
    Tls,
}

/// One request and what was answered. It is kept before the answer leaves, so a client that has its
/// answer finds its request here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Counts from 1, and goes on when the list is cleared.
    pub number: u64,
    /// The way it came in.
    pub transport: Transport,
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The path as sent, an Enterprise prefix included.
    pub path: String,
    /// What followed the `?`, as sent; empty without one.
    pub query: String,
    /// The `Host` header; empty without one.
    pub host: String,
    /// All headers in the order sent, names as sent.
    pub headers: Vec<(String, String)>,
    /// The body; bytes that are not UTF-8 are replaced.
    pub body: String,
    /// The status answered, or `None` when a fault dropped the connection instead.
    pub status: Option<u16>,
}

impl Recorded {
    /// The first value of a header, its name in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The requests so far, in the order answered.
#[derive(Debug, Default)]
pub(super) struct Log {
    requests: VecDeque<Recorded>,
    count: u64,
}

impl Log {
    pub(super) fn keep(&mut self, request: &Request, status: Option<u16>) {
        self.count += 1;
        if self.requests.len() == MAX_RECORDED {
            self.requests.pop_front();
        }
        self.requests.push_back(Recorded {
            number: self.count,
            transport: request.transport,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            host: request.header("host").unwrap_or_default().to_owned(),
            headers: request.headers.clone(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status,
        });
    }

    /// The number that the next request gets.
    pub(super) fn next_number(&self) -> u64 {
        self.count + 1
    }

    pub(super) fn list(&self) -> Vec<Recorded> {
        self.requests.iter().cloned().collect()
    }

    pub(super) fn clear(&mut self) {
        self.requests.clear();
    }
}
