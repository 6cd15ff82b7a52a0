//! One request: where it goes, what is sent, what comes back.

use std::rc::Rc;
use std::time::{Duration, Instant};

use http::header::{HOST, HeaderMap, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, Uri, Version};
use hyper::body::{Body, Incoming};
use hyper_util::rt::TokioIo;
use pm_github::Door;
use pm_record::CacheState;

use crate::answer::{self, Answer, Lease};
use crate::cache::{self, Cache, Lookup};
use crate::dial::Dialer;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::headers;
use crate::ledger::Ledger;
use crate::pool::{Connection, Pool};
use crate::route::{Route, Router, Via};
use crate::upload::{Outgoing, Upload};

/// How much of a head or of a body is read at once, each way.
pub(crate) const BUFFER: usize = 64 << 10;

/// Everything that a request needs.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) router: Router,
    pub(crate) dialer: Dialer,
    pub(crate) pool: Rc<Pool>,
    pub(crate) cache: Option<Rc<Cache>>,
    pub(crate) ledger: Rc<Ledger>,
    /// How long a server may send nothing.
    pub(crate) limit: Duration,
}

/// A request that is ready to go.
struct Departure {
    route: Route,
    parts: Parts,
    upload: Rc<Upload>,
    exchange: Option<Exchange>,
    /// Of a request whose answer may be kept.
    lookup: Option<Lookup>,
}

/// A server's answer, and the connection that it came by.
struct Arrival {
    response: Response<Incoming>,
    connection: Connection,
}

impl Relay {
    /// Answers one request.
    pub(crate) async fn answer(self: Rc<Self>, via: Via, request: Request<Incoming>) -> Response<Answer> {
        let (mut parts, body) = request.into_parts();
        let route = match self.route(via, &parts) {
            Ok(route) => route,
            Err(refusal) => return *refusal,
        };
        let asked = route.asked.clone();
        let is_query = asked.as_ref().is_some_and(|asked| asked.door == Door::Graphql);
        let upload = Upload::new(is_query);
        let mut exchange =
            asked.map(|asked| Exchange::begin(&self.ledger, &parts, &route, asked, Rc::clone(&upload)));
        if headers::upgrade(&parts.headers).is_some() {
            return refuse(exchange, &Fault::Refused("another protocol"));
        }
        headers::strip_request(&mut parts.headers);
        if let Err(fault) = address(&mut parts, &route) {
            return refuse(exchange.take(), &fault);
        }
        let lookup = match &self.cache {
            Some(cache) if exchange.is_some() && body.is_end_stream() => {
                cache.look_up(&parts.method, &route.host, &route.path, &parts.headers).await
            }
            _ => None,
        };
        if let Some(lookup) = &lookup {
            lookup.ask(&mut parts.headers);
        }
        self.forward(Departure { route, parts, upload, exchange, lookup }, body).await
    }

    /// Where a request goes, or why it goes nowhere.
    fn route(&self, via: Via, parts: &Parts) -> Result<Route, Box<Response<Answer>>> {
        if parts.method == Method::CONNECT {
            let fault = Fault::Refused("a tunnel");
            return Err(Box::new(answer::fault(&fault)));
        }
        let mut named = parts.headers.get_all(HOST).iter();
        let (first, another) = (named.next(), named.next());
        let host = match (parts.uri.authority(), first) {
            (Some(authority), _) => Ok(Some(authority.as_str())),
            (None, Some(host)) => host.to_str().map(Some).map_err(drop),
            (None, None) => Ok(None),
        };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let bad = || answer::message(400, "the request names no host that could be one");
        match host {
            Ok(host) if another.is_none() => self
                .router
                .route(via, host.filter(|host| !host.is_empty()), path)
                .map_err(|wrong| Box::new(answer::message(wrong.status(), &wrong.to_string()))),
            _ => Err(Box::new(bad())),
        }
    }

    async fn forward(&self, mut departure: Departure, body: Incoming) -> Response<Answer> {
        match self.send(&mut departure, body).await {
            Ok(arrival) => self.pass_on(departure, arrival),
            Err(fault) => refuse(departure.exchange, &fault),
        }
    }

    /// The server's answer for the client, or the kept one that the server says has not changed.
    fn pass_on(&self, departure: Departure, Arrival { response, connection }: Arrival) -> Response<Answer> {
        let Departure { route, parts: request, mut exchange, mut lookup, .. } = departure;
        let (mut parts, body) = response.into_parts();
        headers::strip(&mut parts.headers);
        parts.version = Version::HTTP_11;
        if let Some(exchange) = &mut exchange {
            exchange.answered(parts.status.as_u16(), &parts.headers);
        }
        let lease = Lease { pool: Rc::clone(&self.pool), target: route.target, connection };
        let Some(cache) = &self.cache else {
            return Response::from_parts(parts, Answer::passing(body, exchange, lease, self.limit));
        };
        let found = lookup.as_mut().and_then(|lookup| lookup.found.take());
        if let (StatusCode::NOT_MODIFIED, Some(entry), Some(lookup)) = (parts.status, found, &lookup) {
            cache.hit(lookup, entry.len());
            if let Some(mut exchange) = exchange {
                exchange.came_from_store(entry.len());
                exchange.end();
            }
            self.pool.keep(lease.target, lease.connection);
            let mut response = Response::new(());
            *response.headers_mut() = cache::refreshed(&entry, &parts.headers);
            return response.map(|()| Answer::Made(Some(cache::body(entry))));
        }
        let capture = lookup
            .as_ref()
            .and_then(|lookup| cache.capture(lookup, parts.status, &request.headers, &parts.headers));
        if let Some(exchange) = &mut exchange {
            let state = if capture.is_some() { CacheState::Miss } else { CacheState::Uncacheable };
            exchange.was_not_kept(state);
        }
        if capture.is_some() {
            cache.missed();
        }
        let answer = Answer::passing(body, exchange, lease, self.limit);
        Response::from_parts(parts, answer.captured(capture))
    }

    /// Sends a request, and sends it again where a kept connection turned out to be closed: one that has no effect,
    /// or none of which was written.
    async fn send(&self, departure: &mut Departure, body: Incoming) -> Result<Arrival, Fault> {
        let has_no_effect = departure.parts.method.is_idempotent() && body.is_end_stream();
        let mut body = Outgoing::new(body, Rc::clone(&departure.upload));
        if let Some(mut connection) = self.pool.take(&departure.route.target).await {
            match self.exchange(departure, &mut connection, body).await {
                Ok(response) => return Ok(Arrival { response, connection }),
                Err(Unanswered { unsent: Some(unsent), .. }) => body = unsent,
                Err(Unanswered { fault: fault @ Fault::UpstreamClosed { .. }, .. }) if has_no_effect => {
                    body = Outgoing::none(Rc::clone(&departure.upload));
                    self.count_again(departure, &fault);
                }
                Err(Unanswered { fault, .. }) => return Err(fault),
            }
            if let Some(exchange) = &mut departure.exchange {
                exchange.not_sent();
            }
        }
        let mut connection = self.connect(departure).await?;
        let answer = self.exchange(departure, &mut connection, body).await;
        answer.map(|response| Arrival { response, connection }).map_err(|unanswered| unanswered.fault)
    }

    /// A request that went out stands in the server's log, so it has a record, and so has its repetition.
    fn count_again(&self, departure: &mut Departure, fault: &Fault) {
        let Some(mut exchange) = departure.exchange.take() else { return };
        exchange.lost(fault);
        drop(exchange);
        let Departure { route, parts, upload, .. } = departure;
        let again = |asked| Exchange::begin(&self.ledger, parts, route, asked, Rc::clone(upload));
        departure.exchange = route.asked.clone().map(again);
    }

    async fn connect(&self, departure: &mut Departure) -> Result<Connection, Fault> {
        let began = Instant::now();
        let wire = self.dialer.dial(&departure.route.target).await?;
        let mut builder = hyper::client::conn::http1::Builder::new();
        builder.preserve_header_case(true).max_buf_size(BUFFER);
        let made = builder.handshake(TokioIo::new(wire)).await;
        let (sender, driver) = made.map_err(|error| Fault::of_sending(&error, &departure.route.host))?;
        // What goes wrong with it is told to whoever sends or reads.
        tokio::task::spawn_local(async move { drop(driver.await) });
        if let Some(exchange) = &mut departure.exchange {
            exchange.connected(began.elapsed());
        }
        Ok(sender)
    }

    /// Sends the request by this connection and waits for the head of its answer.
    async fn exchange(
        &self,
        departure: &mut Departure,
        connection: &mut Connection,
        body: Outgoing,
    ) -> Result<Response<Incoming>, Unanswered> {
        let host = departure.route.host.as_str();
        let request = Request::from_parts(departure.parts.clone(), body);
        if let Some(exchange) = &mut departure.exchange {
            exchange.sending();
        }
        let sending = connection.try_send_request(request);
        tokio::select! {
            answer = sending => match answer {
                Ok(response) if response.status().is_informational() => {
                    Err(Fault::InvalidAnswer { host: host.to_owned() }.into())
                }
                Ok(response) => Ok(response),
                Err(_) if departure.upload.is_broken() => Err(Fault::ClientClosed.into()),
                Err(mut error) => {
                    let unsent = error.take_message().map(Request::into_body);
                    Err(Unanswered { fault: Fault::of_sending(error.error(), host), unsent })
                }
            },
            () = self.silence(&departure.upload) => {
                Err(Fault::AnswerTimeout { host: host.to_owned(), limit: self.limit }.into())
            }
        }
    }

    /// Ends when the server has neither answered nor taken anything for too long. A client that takes its time over
    /// its own request is waited for.
    async fn silence(&self, upload: &Upload) {
        loop {
            let since = upload.waiting_since().unwrap_or_else(Instant::now);
            let Some(end) = since.checked_add(self.limit) else { return std::future::pending().await };
            if end <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(end.into()).await;
        }
    }
}

/// Why there was no answer.
struct Unanswered {
    fault: Fault,
    /// The body, if nothing of the request was written.
    unsent: Option<Outgoing>,
}

impl From<Fault> for Unanswered {
    fn from(fault: Fault) -> Self {
        Self { fault, unsent: None }
    }
}

/// Puts the server's address into a request.
fn address(parts: &mut Parts, route: &Route) -> Result<(), Fault> {
    let wrong = || Fault::Refused("an address that is none");
    parts.uri = route.path.parse::<Uri>().map_err(|_| wrong())?;
    parts.version = Version::HTTP_11;
    set_host(&mut parts.headers, HeaderValue::from_str(&route.host).map_err(|_| wrong())?);
    Ok(())
}

/// The same host as before keeps the bytes that the client wrote.
fn set_host(headers: &mut HeaderMap, host: HeaderValue) {
    if !headers.get(HOST).is_some_and(|named| named.as_bytes().eq_ignore_ascii_case(host.as_bytes())) {
        headers.insert(HOST, host);
    }
}

/// The relay's own answer, and what the record says of it.
fn refuse(exchange: Option<Exchange>, fault: &Fault) -> Response<Answer> {
    if let Some(mut exchange) = exchange {
        exchange.failed(fault);
    }
    answer::fault(fault)
}
