//! The body of an answer on its way to the client: passed on as it comes, or made here.

use std::fmt;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::cache::Capture;
use crate::exchange::Exchange;
use crate::fault::{self, Fault};
use crate::pool::{Connection, Pool};
use crate::route::Target;

/// A body.
#[derive(Debug)]
pub(crate) enum Answer {
    Made(Option<Bytes>),
    Passing(Box<Passing>),
}

/// A body that comes from a server.
#[derive(Debug)]
pub(crate) struct Passing {
    inner: Incoming,
    /// Of a request that counts.
    exchange: Option<Exchange>,
    /// Of an answer that is to be kept.
    capture: Option<Capture>,
    lease: Option<Lease>,
    patience: Patience,
}

/// A connection that goes back to the pool when its answer has been read.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) pool: Rc<Pool>,
    pub(crate) target: Target,
    pub(crate) connection: Connection,
}

/// How long a server may send nothing.
#[derive(Debug)]
struct Patience {
    limit: Duration,
    end: Option<Pin<Box<Sleep>>>,
}

/// Why an answer broke off; it ends the connection to the client, which notices as it would without us.
#[derive(Debug)]
pub(crate) struct Cut(&'static str);

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Cut {}

impl Answer {
    pub(crate) fn passing(
        inner: Incoming,
        exchange: Option<Exchange>,
        lease: Lease,
        limit: Duration,
    ) -> Self {
        let patience = Patience { limit, end: None };
        let mut passing = Box::new(Passing { inner, exchange, capture: None, lease: Some(lease), patience });
        // Nobody asks for more of a body that has nothing in it.
        if passing.inner.is_end_stream() {
            passing.end();
        }
        Self::Passing(passing)
    }

    /// The same, kept for another time once it is whole.
    pub(crate) fn captured(mut self, capture: Option<Capture>) -> Self {
        match &mut self {
            Self::Passing(passing) if passing.lease.is_some() => passing.capture = capture,
            // There is nothing in it.
            _ => {
                if let Some(capture) = capture {
                    capture.keep();
                }
            }
        }
        self
    }
}

/// The relay's own answer: one line of JSON, in the form of GitHub's errors, so that every client shows it.
pub(crate) fn fault(fault: &Fault) -> Response<Answer> {
    message(fault.status(), &fault.to_string())
}

pub(crate) fn message(status: u16, text: &str) -> Response<Answer> {
    let body = serde_json::json!({ "message": format!("pm-relay: {text}") });
    let mut response = Response::new(Answer::Made(Some(Bytes::from(format!("{body}\n")))));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let kind = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

impl Passing {
    fn end(&mut self) {
        if let Some(Lease { pool, target, connection }) = self.lease.take() {
            pool.keep(target, connection);
        }
        if let Some(capture) = self.capture.take() {
            capture.keep();
        }
        if let Some(exchange) = self.exchange.take() {
            exchange.end();
        }
    }

    fn cut(&mut self, word: &'static str) -> Cut {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.cut(word);
        }
        self.lease = None;
        self.capture = None;
        Cut(word)
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let frame = match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending if self.patience.is_over(context) => {
                return Poll::Ready(Some(Err(self.cut("answer_timeout"))));
            }
            Poll::Pending => return Poll::Pending,
        };
        self.patience.end = None;
        Poll::Ready(match frame {
            Some(Ok(frame)) => {
                if let (Some(exchange), Some(bytes)) = (&mut self.exchange, frame.data_ref()) {
                    exchange.received(bytes);
                }
                if let (Some(capture), Some(bytes)) = (&mut self.capture, frame.data_ref())
                    && !capture.take(bytes)
                {
                    self.capture = None;
                }
                if self.inner.is_end_stream() {
                    self.end();
                }
                Some(Ok(frame))
            }
            Some(Err(error)) => Some(Err(self.cut(fault::word_for_cut(&error)))),
            None => {
                self.end();
                None
            }
        })
    }
}

impl Patience {
    /// Whether nothing came for too long; called whenever there is nothing.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        let Some(deadline) = Instant::now().checked_add(self.limit) else { return false };
        let end = self.end.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        end.as_mut().poll(context).is_ready()
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Self::Made(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Passing(passing) => passing.poll(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Made(bytes) => bytes.is_none(),
            Self::Passing(passing) => passing.inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Made(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Passing(passing) => passing.inner.size_hint(),
        }
    }
}
