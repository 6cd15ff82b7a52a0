//! What is answered to whom.

use std::sync::{Arc, PoisonError};

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use pm_server::{Body, built, events, whole};
use tokio::sync::watch;

use super::{Page, Shared};
use crate::dashboard::served_policy;

/// Answers requests with the newest page.
#[derive(Debug)]
pub(super) struct Answers {
    page: Shared,
    versions: watch::Receiver<u64>,
    policy: String,
}

impl Answers {
    pub(super) fn new(page: Shared, versions: watch::Receiver<u64>) -> Self {
        Self { page, versions, policy: served_policy() }
    }

    pub(super) fn answer(&self, request: &Request<Incoming>) -> Response<Body> {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        if !host.is_some_and(is_here) {
            // A name that a stranger's server resolves to this machine gets nothing.
            return self.plain(
                StatusCode::MISDIRECTED_REQUEST,
                "ask for it as http://127.0.0.1 or http://localhost\n",
            );
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let refused = self.response(StatusCode::METHOD_NOT_ALLOWED).header(ALLOW, "GET, HEAD");
            return built(refused, whole("only GET and HEAD are answered\n"));
        }
        match request.uri().path() {
            "/" => self.typed("text/html; charset=utf-8", self.page().html.clone()),
            "/dashboard.json" => self.typed("application/json", self.page().document.clone()),
            "/events" if *request.method() == Method::GET => {
                let response = self.response(StatusCode::OK).header(CONTENT_TYPE, "text/event-stream");
                built(response, events(self.versions.clone()))
            }
            // Every browser asks for one.
            "/favicon.ico" => built(self.response(StatusCode::NO_CONTENT), whole("")),
            _ => self.plain(StatusCode::NOT_FOUND, "there is /, /dashboard.json and /events\n"),
        }
    }

    fn page(&self) -> Arc<Page> {
        Arc::clone(&self.page.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn typed(&self, kind: &'static str, text: String) -> Response<Body> {
        built(self.response(StatusCode::OK).header(CONTENT_TYPE, kind), whole(text))
    }

    fn plain(&self, status: StatusCode, text: &'static str) -> Response<Body> {
        built(self.response(status).header(CONTENT_TYPE, "text/plain; charset=utf-8"), whole(text))
    }

    fn response(&self, status: StatusCode) -> http::response::Builder {
        let response = Response::builder().status(status).header(CACHE_CONTROL, "no-store");
        let response = response.header("Content-Security-Policy", &self.policy);
        let response = response.header("X-Content-Type-Options", "nosniff");
        response.header("Referrer-Policy", "no-referrer")
    }
}

/// Whether the host of a request is this machine: `localhost`, or a loopback address.
fn is_here(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_here;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["localhost", "LocalHost:8080", "127.0.0.1:80", "127.9.9.9", "[::1]:8080", "[::1]"] {
            assert!(is_here(host), "{host}");
        }
        for host in [
            "",
            "example.com",
            "localhost.example.com",
            "192.168.0.1:80",
            "[fe80::1]",
            "::1",
            "[",
            "127.0.0.1.nip.io:80",
        ] {
            assert!(!is_here(host), "{host}");
        }
    }
}
