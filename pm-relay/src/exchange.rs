//! One request to an API, from its arrival to the end of its answer, and the record that is made of it.
//!
//! The record is written when the exchange is dropped, whatever ends it: so there is one for every request, also for
//! one whose client left or whose relay was told to end.

use std::hash::BuildHasher;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http::header::{ACCEPT, AUTHORIZATION, ETAG, HeaderMap};
use http::request::Parts;
use pm_github::{Answer, Disguise, Door, Fingerprint, LimitHeaders, Verdict, verdict};
use pm_record::{ApiRequest, CacheState, LimitHit, RequestLimit, Thousandths};

use crate::fault::Fault;
use crate::inspector::{Inspector, Said};
use crate::ledger::Ledger;
use crate::meter::{self, Account, Known, Ticket};
use crate::operation::Operation;
use crate::page;
use crate::route::{Asked, Route};
use crate::upload::Upload;

/// What is known of it so far.
#[derive(Debug)]
pub(crate) struct Exchange {
    ledger: Rc<Ledger>,
    pub(crate) upload: Rc<Upload>,
    door: Door,
    account: Account,
    ticket: Option<Ticket>,
    /// What the request is without its body, as a number.
    hash: u64,
    began: Instant,
    sent: Option<Instant>,
    head: Option<Instant>,
    inspector: Option<Inspector>,
    limits: LimitHeaders,
    /// What stands for things that this credential asks for, and for this request without its body.
    disguise: Option<Disguise>,
    target: Option<Disguise>,
    /// The status that the server gave, which is another than the client's where a store answered.
    answered: Option<u16>,
    received: u64,
    is_over: bool,
    record: ApiRequest,
}

impl Exchange {
    pub(crate) fn begin(
        ledger: &Rc<Ledger>,
        request: &Parts,
        route: &Route,
        asked: Asked,
        upload: Rc<Upload>,
    ) -> Self {
        let authorization = request.headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
        let credential = authorization.and_then(Fingerprint::of_authorization);
        let account = (route.host.clone(), credential);
        let disguise = authorization.and_then(Disguise::of_authorization);
        let accept = request.headers.get(ACCEPT).map_or(&b""[..], http::HeaderValue::as_bytes);
        let address =
            [request.method.as_str().as_bytes(), route.host.as_bytes(), route.path.as_bytes(), accept];
        let target =
            disguise.clone().map(|target| address.iter().fold(target, |target, part| target.with(part)));
        let hash = ledger.hashes.hash_one((&request.method, &route.path, &account));
        let began = Instant::now();
        let ticket = (asked.door == Door::Graphql).then(|| ledger.meter.borrow_mut().begin(&account, began));
        let method = request.method.as_str().to_owned();
        let record = ApiRequest {
            server: Some(route.host.clone()),
            credential: credential.map(|credential| credential.to_string()),
            in_flight: Some(ledger.enter()),
            next_page: asked.door == Door::Rest && page::is_further(&route.path),
            ..ApiRequest::new(ledger.now(), method, asked.endpoint)
        };
        Self {
            ledger: Rc::clone(ledger),
            upload,
            door: asked.door,
            account,
            ticket,
            hash,
            began,
            sent: None,
            head: None,
            inspector: None,
            limits: LimitHeaders::default(),
            disguise,
            target,
            answered: None,
            received: 0,
            is_over: false,
            record,
        }
    }

    /// A connection was made.
    pub(crate) fn connected(&mut self, took: Duration) {
        self.record.connect_ms = Some(millis(took));
    }

    /// The request goes out now.
    pub(crate) fn sending(&mut self) {
        self.sent = Some(Instant::now());
    }

    /// It did not go out after all.
    pub(crate) fn not_sent(&mut self) {
        self.sent = None;
    }

    /// The head of the answer is there.
    pub(crate) fn answered(&mut self, status: u16, headers: &HeaderMap) {
        self.head = Some(Instant::now());
        self.answered = Some(status);
        self.record.status = Some(status);
        self.limits =
            LimitHeaders::read(headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())));
        // Whether an answer is sent out weakly or strongly tagged depends on how it is compressed.
        let tag = headers.get(ETAG).map(http::HeaderValue::as_bytes).filter(|_| matches!(status, 200 | 304));
        let tag = tag.map(|tag| tag.strip_prefix(b"W/").unwrap_or(tag));
        self.record.answer = self.disguise.clone().zip(tag).map(|(disguise, tag)| disguise.with(tag).name());
        let asks_cost = self.operation().is_some_and(|operation| operation.asks_cost);
        if self.door == Door::Graphql || matches!(status, 403 | 429) {
            let encoding = headers.get(http::header::CONTENT_ENCODING).map(http::HeaderValue::as_bytes);
            self.inspector = Some(Inspector::new(encoding, asks_cost));
        }
    }

    /// A part of the answer goes by.
    pub(crate) fn received(&mut self, bytes: &[u8]) {
        self.received += bytes.len() as u64;
        if let Some(inspector) = &mut self.inspector {
            inspector.look(bytes);
        }
    }

    /// The server said that the kept answer is still good, and the client gets that.
    pub(crate) fn came_from_store(&mut self, bytes: usize) {
        self.record.status = Some(200);
        self.record.cache = Some(CacheState::Revalidated);
        self.record.cached_bytes = Some(Thousandths::from_count(bytes as u64));
    }

    /// The answer came over the network although there is a store.
    pub(crate) fn was_not_kept(&mut self, state: CacheState) {
        // A client that asks whether its own answer has changed has a cache of its own.
        self.record.cache = (self.answered != Some(304)).then_some(state);
    }

    /// The answer came from the relay.
    pub(crate) fn failed(&mut self, fault: &Fault) {
        self.record.error = Some(fault.word().to_owned());
        self.record.status = (!matches!(fault, Fault::ClientClosed)).then(|| fault.status());
    }

    /// There was no answer, and the client is not told, because the request goes out again.
    pub(crate) fn lost(&mut self, fault: &Fault) {
        self.record.error = Some(fault.word().to_owned());
    }

    /// The answer broke off.
    pub(crate) fn cut(&mut self, word: &'static str) {
        self.record.error = Some(word.to_owned());
    }

    /// The answer has ended, as it should or as it was said before.
    pub(crate) fn end(mut self) {
        self.is_over = true;
    }

    fn operation(&self) -> Option<Operation> {
        (self.door == Door::Graphql).then(|| {
            let (beginning, is_whole) = self.upload.beginning();
            Operation::read(&beginning, is_whole)
        })
    }

    /// Fills in what is known only at the end.
    fn close(&mut self) {
        let now = Instant::now();
        if !self.is_over && self.record.error.is_none() {
            let fault = if self.ledger.is_stopping() { Fault::Stopped } else { Fault::ClientClosed };
            self.record.error = Some(fault.word().to_owned());
        }
        let Said { answer, cost: told, objects } =
            self.inspector.take().map(Inspector::answer).unwrap_or_default();
        let limit_hit = self.limit_hit(&answer);
        let operation = self.operation().unwrap_or_default();
        let limit = self.limits.limit;
        let is_limited = limit != pm_github::Limit::default();
        let used = self.ticket.and_then(|ticket| {
            let limit = is_limited.then_some(limit);
            self.ledger.meter.borrow_mut().end(&self.account, ticket, limit, now)
        });
        let known = Known {
            status: self.answered,
            is_limited,
            is_authorized: self.account.1.is_some(),
            limit_hit,
            told,
            used,
            estimate: operation.estimate,
        };
        let cost = meter::cost(self.door, &self.record.endpoint, &known);
        let failed = self.record.error.is_some()
            || limit_hit.is_some()
            || self.answered.is_some_and(|status| status >= 500 || matches!(status, 408 | 429));
        let request =
            self.ledger.hashes.hash_one((self.hash, self.upload.bytes(), &*self.upload.beginning().0));
        let attempt = self.ledger.attempt(request, failed, self.began);
        let (body, is_whole) = self.upload.beginning();
        let target = self.target.take().filter(|_| is_whole).map(|target| target.with(&body).name());
        drop(body);
        let count = |number| Some(Thousandths::from_count(number));
        let record = &mut self.record;
        record.operation = operation.name;
        record.target = target;
        record.next_page |= operation.next_page;
        record.objects = objects.filter(|_| self.door == Door::Graphql && self.is_over).and_then(count);
        record.duration_ms = millis(now - self.began);
        record.wait_ms =
            self.sent.map(|sent| millis(self.head.unwrap_or(now).saturating_duration_since(sent)));
        record.transfer_ms = self.head.map(|head| millis(now - head));
        record.bytes_sent = count(self.upload.bytes());
        record.bytes_received = self.head.and_then(|_| count(self.received));
        record.rate_limit = RequestLimit {
            resource: self.limits.resource.take(),
            limit: limit.limit.and_then(count),
            remaining: limit.remaining.and_then(count),
            used: limit.used.and_then(count),
            reset_time: limit.reset,
        };
        record.retry_after_ms = self.limits.retry_after.map(millis);
        record.limit_hit = limit_hit;
        (record.cost, record.cost_source) =
            cost.map(|(cost, source)| (Thousandths::from_count(cost), source)).unzip();
        record.attempt = Some(attempt);
        if record.cache.is_none() && self.answered == Some(304) {
            // The client has a cache of its own.
            record.cache = Some(CacheState::Revalidated);
        }
    }

    fn limit_hit(&self, answer: &Answer) -> Option<LimitHit> {
        match verdict(self.door, self.answered?, &self.limits, answer) {
            Verdict::Primary => Some(LimitHit::Primary),
            Verdict::Secondary => Some(LimitHit::Secondary),
            Verdict::Allowed | Verdict::Forbidden => None,
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.close();
        self.ledger.leave();
        let nothing = ApiRequest::new(self.record.timestamp, String::new(), String::new());
        self.ledger.write(std::mem::replace(&mut self.record, nothing));
    }
}

/// In whole microseconds, which is what a record can hold.
fn millis(duration: Duration) -> Thousandths {
    Thousandths(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}
