//! A small server of metrics: `/metrics`, `/-/healthy` and `/-/ready`, and a page that says where they are.
//!
//! It runs on a thread of its own and ends with the process; a request holds the meter only while its text is made.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, VARY,
};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;

use crate::metrics::{Shared, lock};
use crate::negotiation;
use crate::prometheus::{Text, expose};

/// How many connections are open at once; the next ones wait.
const MOST: usize = 64;

/// How long a client may keep a connection open and ask nothing.
const IDLE: Duration = Duration::from_mins(2);

/// A text shorter than this is sent as it is.
const WORTH_PACKING: usize = 1024;

const PAGE: &str =
    "<!DOCTYPE html><meta charset=utf-8><title>pm-export</title><a href=/metrics>/metrics</a>\n";

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Server {
    /// Where it listens, its port included where any would do.
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Listens, and answers from then on.
    pub(crate) fn start(address: SocketAddr, meter: Shared, text: Text) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("server".to_owned()).spawn(move || {
            runtime.block_on(accept(listener, meter, text));
        })?;
        Ok(Self { address })
    }
}

async fn accept(listener: TcpListener, meter: Shared, text: Text) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let places = Arc::new(Semaphore::new(MOST));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, say: it is better to wait than to spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let meter = Arc::clone(&meter);
        let service = service_fn(move |request: Request<Incoming>| {
            let response = answer(&request, &meter, text);
            async move { Ok::<_, Infallible>(response) }
        });
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(64 << 10);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // A client that leaves, or sends what is no request, has been answered as far as it could be.
            let _ = connection.await;
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, meter: &Shared, otherwise: Text) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let refused = Response::builder().status(StatusCode::METHOD_NOT_ALLOWED).header(ALLOW, "GET, HEAD");
        return built(refused, "only GET and HEAD are answered\n".into());
    }
    let plain = |status| Response::builder().status(status).header(CONTENT_TYPE, "text/plain; charset=utf-8");
    match request.uri().path() {
        "/metrics" => {
            let text = negotiation::text(header(request.headers(), &ACCEPT).as_deref(), otherwise);
            let exposed = expose(&lock(meter).model, text);
            let response = Response::builder().header(CONTENT_TYPE, text.content_type());
            packed(request, response.header(VARY, "Accept, Accept-Encoding"), exposed)
        }
        "/-/healthy" => built(plain(StatusCode::OK), "healthy\n".into()),
        "/-/ready" => built(plain(StatusCode::OK), "ready\n".into()),
        "/" => {
            let page = Response::builder().header(CONTENT_TYPE, "text/html; charset=utf-8");
            built(page.header("Content-Security-Policy", "default-src 'none'"), PAGE.into())
        }
        _ => built(plain(StatusCode::NOT_FOUND), "there is /metrics, /-/healthy and /-/ready\n".into()),
    }
}

/// All values of a header as one.
fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    if values.is_empty() { None } else { Some(values.join(",")) }
}

fn packed(
    request: &Request<Incoming>,
    response: http::response::Builder,
    text: String,
) -> Response<Full<Bytes>> {
    let takes_gzip = negotiation::takes_gzip(header(request.headers(), &ACCEPT_ENCODING).as_deref());
    if !takes_gzip || text.len() < WORTH_PACKING {
        return built(response, text.into());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    match encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()) {
        Ok(bytes) => built(response.header(CONTENT_ENCODING, "gzip"), bytes.into()),
        Err(_) => built(response, text.into()),
    }
}

fn built(response: http::response::Builder, body: Bytes) -> Response<Full<Bytes>> {
    response.body(Full::new(body)).unwrap_or_else(|_| Response::new(Full::new(Bytes::new())))
}
