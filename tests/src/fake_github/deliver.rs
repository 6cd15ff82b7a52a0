//! Writes an answer to a connection, as well or as badly as a fault demands.

use super::answer::Answer;
use super::stop::Stop;
use super::stream::Stream;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

/// How an answer travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) before_headers: Duration,
    pub(super) after_headers: Duration,
    pub(super) body: Body,
}

/// What becomes of the body on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    Whole,
    /// Not even the headers are sent.
    Dropped,
    /// Half of it is sent.
    Truncated,
    Dripping {
        chunk_bytes: usize,
        pause: Duration,
    },
}

/// What the request asked about the form of its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// `HEAD` wants the headers of the body it does not want.
    pub(super) with_body: bool,
    pub(super) keep_alive: bool,
}

/// Writes the answer; says whether the connection can carry another request.
pub(super) fn deliver(
    stream: &mut Stream,
    answer: &Answer,
    delivery: &Delivery,
    form: Form,
    stop: &Stop,
) -> io::Result<bool> {
    if stop.sleep(delivery.before_headers) || delivery.body == Body::Dropped {
        return Ok(false);
    }
    let head = head(answer, form.keep_alive);
    let body = if form.with_body { answer.body.as_slice() } else { &[] };
    if delivery.body == Body::Whole && delivery.after_headers.is_zero() {
        stream.write_all(&[head.as_bytes(), body].concat())?;
        return Ok(form.keep_alive);
    }
    stream.write_all(head.as_bytes())?;
    if stop.sleep(delivery.after_headers) {
        return Ok(false);
    }
    match delivery.body {
        Body::Truncated => {
            stream.write_all(&body[..body.len() / 2])?;
            return Ok(false);
        }
        Body::Dripping { chunk_bytes, pause } => {
            for chunk in body.chunks(chunk_bytes) {
                if stop.sleep(pause) {
                    return Ok(false);
                }
                stream.write_all(chunk)?;
            }
        }
        Body::Whole | Body::Dropped => stream.write_all(body)?,
    }
    Ok(form.keep_alive)
}

fn head(answer: &Answer, keep_alive: bool) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    let mut line = |name: &str, value: &str| {
        write!(head, "{name}: {value}\r\n").expect("a String takes everything");
    };
    for (name, value) in &answer.headers {
        line(name, value);
    }
    // A 304 has no body, and its length would be that of the answer it stands for.
    if answer.status != 304 {
        line("Content-Length", &answer.body.len().to_string());
    }
    if !keep_alive {
        line("Connection", "close");
    }
    head.push_str("\r\n");
    head
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        413 => "Payload Too Large",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Unknown",
    }
}
