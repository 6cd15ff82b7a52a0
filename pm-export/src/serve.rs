//! A small server of metrics: `/metrics`, `/-/healthy` and `/-/ready`, and a page that says where they are.
//!
//! A request holds the meter only while its text is made.

use std::io::{self, Write};
use std::net::SocketAddr;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, VARY,
};
use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use pm_server::{Body, Server, built, whole};

use crate::metrics::{Shared, lock};
use crate::negotiation;
use crate::prometheus::{Text, expose};

/// A text shorter than this is sent as it is.
const WORTH_PACKING: usize = 1024;

const PAGE: &str =
    "<!DOCTYPE html><meta charset=utf-8><title>pm-export</title><a href=/metrics>/metrics</a>\n";

/// Listens, and answers from then on.
pub(crate) fn start(address: SocketAddr, meter: Shared, text: Text) -> io::Result<Server> {
    Server::start(address, move |request| answer(request, &meter, text))
}

fn answer(request: &Request<Incoming>, meter: &Shared, otherwise: Text) -> Response<Body> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let refused = Response::builder().status(StatusCode::METHOD_NOT_ALLOWED).header(ALLOW, "GET, HEAD");
        return built(refused, whole("only GET and HEAD are answered\n"));
    }
    let plain = |status| Response::builder().status(status).header(CONTENT_TYPE, "text/plain; charset=utf-8");
    match request.uri().path() {
        "/metrics" => {
            let text = negotiation::text(header(request.headers(), &ACCEPT).as_deref(), otherwise);
            let exposed = expose(&lock(meter).model, text);
            let response = Response::builder().header(CONTENT_TYPE, text.content_type());
            packed(request, response.header(VARY, "Accept, Accept-Encoding"), exposed)
        }
        "/-/healthy" => built(plain(StatusCode::OK), whole("healthy\n")),
        "/-/ready" => built(plain(StatusCode::OK), whole("ready\n")),
        "/" => {
            let page = Response::builder().header(CONTENT_TYPE, "text/html; charset=utf-8");
            built(page.header("Content-Security-Policy", "default-src 'none'"), whole(PAGE))
        }
        _ => built(plain(StatusCode::NOT_FOUND), whole("there is /metrics, /-/healthy and /-/ready\n")),
    }
}

/// All values of a header as one.
fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.is_empty() { None } else { Some(values.join(",")) }
}

fn packed(request: &Request<Incoming>, response: http::response::Builder, text: String) -> Response<Body> {
    let takes_gzip = negotiation::takes_gzip(header(request.headers(), &ACCEPT_ENCODING).as_deref());
    if !takes_gzip || text.len() < WORTH_PACKING {
        return built(response, whole(text));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()) {
        Ok(bytes) => built(response.header(CONTENT_ENCODING, "gzip"), whole(bytes)),
        Err(_) => built(response, whole(text)),
    }
}
