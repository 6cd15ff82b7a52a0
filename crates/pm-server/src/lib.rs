//! A small HTTP server beside a tool's own work, for people's browsers and for Prometheus.
//!
//! It runs on a thread of its own and ends with the process, so that the tool reads, computes and stops as if there were
//! no server. The cost: every request is answered on that one thread, and what is answered has to be there already.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::channel::Channel;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Semaphore, watch};

/// How many connections are open at once; the next ones wait.
const MOST: usize = 64;

/// How long a client may keep a connection open and ask nothing.
const IDLE: Duration = Duration::from_mins(2);

/// How often a stream of events says that it is still there, so that a connection without a reader is noticed.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// What is sent back.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A server that runs.
#[derive(Debug)]
pub struct Server {
    /// Where it listens, its port included where any would do.
    pub address: SocketAddr,
}

impl Server {
    /// Listens, and answers from then on.
    ///
    /// # Errors
    ///
    /// What the system says of the address, or of a new thread.
    pub fn start(
        address: SocketAddr,
        answer: impl Fn(&Request<Incoming>) -> Response<Body> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("server".to_owned()).spawn(move || {
            runtime.block_on(accept(listener, Arc::new(answer)));
        })?;
        Ok(Self { address })
    }
}

async fn accept<F>(listener: TcpListener, answer: Arc<F>)
where
    F: Fn(&Request<Incoming>) -> Response<Body> + Send + Sync + 'static,
{
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let places = Arc::new(Semaphore::new(MOST));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, say: it is better to wait than to spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let answer = Arc::clone(&answer);
        let service = service_fn(move |request: Request<Incoming>| {
            let response = answer(&request);
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

/// A body that is sent as a whole.
#[must_use]
pub fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// A body that never ends: a server-sent event `changed` whenever the version is another one.
#[must_use]
pub fn events(mut version: watch::Receiver<u64>) -> Body {
    let (mut sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        let mut text = ": open\n\n".to_owned();
        while sender.send(Frame::data(text.into())).await.is_ok() {
            text = match tokio::time::timeout(HEARTBEAT, version.changed()).await {
                Ok(Ok(())) => format!("event: changed\ndata: {}\n\n", *version.borrow_and_update()),
                // Whoever made versions is gone.
                Ok(Err(_)) => return,
                Err(_) => ": still here\n\n".to_owned(),
            };
        }
    });
    body.boxed_unsync()
}

/// The response that was begun, with its body. One that cannot be built, for a header that is none, is empty.
#[must_use]
pub fn built(response: http::response::Builder, body: Body) -> Response<Body> {
    response.body(body).unwrap_or_else(|_| Response::new(whole(Bytes::new())))
}
