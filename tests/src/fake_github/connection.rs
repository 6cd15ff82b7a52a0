//! Serves one connection, request after request, until it ends.

use super::answer::Answer;
use super::deliver::{Body, Delivery, Form, deliver};
use super::read::{Refusal, RequestReader};
use super::server::Shared;
use super::stream::Stream;
use std::time::Duration;

/// A client that says nothing for so long has been forgotten.
const IDLE_LIMIT: Duration = Duration::from_secs(15);
const MAX_REQUESTS: usize = 10_000;

/// Answers requests until the client leaves, a fault ends the connection, or the fake stops.
pub(super) fn serve(mut stream: Stream, shared: &Shared) {
    if stream.set_time_limit(IDLE_LIMIT).is_ok() {
        let mut reader = RequestReader::new(stream.transport());
        for _ in 0..MAX_REQUESTS {
            if shared.stop.is_raised() || !serve_one(&mut reader, &mut stream, shared) {
                break;
            }
        }
    }
    stream.close();
}

/// Answers one request; says whether another may follow.
fn serve_one(reader: &mut RequestReader, stream: &mut Stream, shared: &Shared) -> bool {
    let request = match reader.next(stream) {
        Ok(Some(request)) => request,
        Ok(None) | Err(Refusal::Connection) => return false,
        Err(Refusal::Status(status)) => {
            refuse(stream, status, shared);
            return false;
        }
    };
    let (answer, delivery) = shared.state().reply(&request);
    let form = Form { with_body: request.method != "HEAD", keep_alive: request.keeps_alive() };
    deliver(stream, &answer, &delivery, form, &shared.stop).unwrap_or(false)
}

/// Tells the client what was wrong with bytes that never became a request.
fn refuse(stream: &mut Stream, status: u16, shared: &Shared) {
    let answer = Answer::error(status, "the fake GitHub refuses this request");
    let delivery =
        Delivery { before_headers: Duration::ZERO, after_headers: Duration::ZERO, body: Body::Whole };
    let form = Form { with_body: true, keep_alive: false };
    let _client_left = deliver(stream, &answer, &delivery, form, &shared.stop);
}
