//! Asks GitHub for its rate limits and emits one record a reading.
//!
//! An answer that cannot be had is an error, and limits that are switched off are a record that says so: neither
//! is ever a record of zeros, which would read like a quota that is used up. What used a quota, and what would use less
//! of it, is read from the records of the store. Signals end the process as they end any other, because a record is one
//! write and the state is replaced as a whole: there is nothing to put in order.
//!
//! This library exists for the program and its tests and may change at any time; the command line and
//! the records are the contract.

pub mod args;

mod advice;
mod client;
mod config;
mod destination;
mod error;
mod failure;
mod gh;
mod memory;
mod pause;
mod record;
mod token;

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::time::{Duration, Instant};

use pm_cli::{Exit, Streams, human};
use pm_github::{Answer, Api, Door, Fingerprint, LimitHeaders, Patience, Quotas, Verdict, verdict};
use pm_record::{Record, Timestamp};

use crate::advice::Advice;
use crate::args::Args;
use crate::client::{Client, Response};
use crate::config::{Config, Plan};
use crate::destination::Destination;
pub use crate::error::Error;
pub use crate::failure::Failure;
use crate::memory::Memory;
use crate::pause::Woken;
use crate::record::{Limits, Reading};

/// The program's name.
pub const TOOL: &str = "pm-ratelimit";

/// How often a stream tries in vain, on the trot: with waits that double, for about four hours.
const MOST_FAILURES: u32 = 8;

/// The whole life of the tool.
///
/// # Errors
///
/// Wrong usage, an answer that cannot be had, a place that cannot be written to.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let config = Config::new(args, &io.environment)?;
    let destination = Destination::open(&config.destination, io)?;
    let token = token::find(&config.api, io)?;
    let client = Client::new(&config.api, token.as_ref(), config.timeout, &io.environment)?;
    let credential = token.as_ref().map(|token| Fingerprint::of(&token.secret).to_string());
    let store = destination.store().cloned().or_else(|| destination::nearest(io));
    let memory = Memory::open(store.as_ref());
    let advice = Advice::from(store.filter(|_| !config.limits_only));
    let origin = token.map(|token| token.origin);
    let mut watch = Watch { api: config.api, client, credential, origin, destination, memory, advice };
    match config.plan {
        Plan::Once => watch.once(io),
        Plan::Stream { interval, duration, count } => {
            let started = Instant::now();
            // A time that is too long to say is as good as none.
            let end = duration.and_then(|duration| started.checked_add(duration));
            watch.stream(&Schedule { started, interval, end, count }, io)
        }
    }
}

/// Everything that lasts from reading to reading.
struct Watch {
    api: Api,
    client: Client,
    credential: Option<String>,
    /// Where the token is from; none without a token.
    origin: Option<String>,
    destination: Destination,
    memory: Memory,
    advice: Advice,
}

/// When a stream asks, and when it ends.
struct Schedule {
    started: Instant,
    interval: Duration,
    end: Option<Instant>,
    count: Option<NonZeroU64>,
}

impl Watch {
    fn once(&mut self, io: &mut Streams) -> Result<Exit, Error> {
        let reading = self.read(io).map_err(|refusal| refusal.failure)?;
        self.emit(&reading, io)?;
        Ok(Exit::Done)
    }

    fn stream(&mut self, schedule: &Schedule, io: &mut Streams) -> Result<Exit, Error> {
        let mut left = schedule.count.map_or(u64::MAX, NonZeroU64::get);
        let mut patience = Patience::new(MOST_FAILURES);
        loop {
            let (next, failed) = match self.read(io) {
                Ok(reading) => {
                    self.emit(&reading, io)?;
                    patience = Patience::new(MOST_FAILURES);
                    left -= 1;
                    (schedule.next(), None)
                }
                Err(refusal) => {
                    let now = Timestamp::from_millis(io.clock.now_millis());
                    let wait = Some(refusal.headers).filter(|_| refusal.failure.may_pass());
                    let Some(wait) = wait.and_then(|headers| patience.wait(&headers, now)) else {
                        return Err(refusal.failure.into());
                    };
                    tell_of_waiting(&refusal.failure, wait, patience.failures(), now, io);
                    (Instant::now() + wait, Some(refusal.failure))
                }
            };
            let is_over = left == 0 || io.output.is_closed();
            let pause = schedule.end.map_or(next, |end| next.min(end));
            if is_over || pause::until(pause, self.destination.stdout())? == Woken::ReaderLeft {
                return Ok(Exit::Done);
            }
            if schedule.end.is_some_and(|end| end <= next) {
                return failed.map_or(Ok(Exit::Done), |failure| Err(failure.into()));
            }
        }
    }

    /// One reading.
    fn read(&self, io: &Streams) -> Result<Reading, Refusal> {
        let before = io.clock.now_millis();
        let response = self.client.ask().map_err(Refusal::from)?;
        let after = io.clock.now_millis();
        let limits = self.judge(&response)?;
        let at = Timestamp::from_millis(before.midpoint(after));
        Ok(Reading { at, round_trip: after.saturating_sub(before), server: response.headers.date, limits })
    }

    /// What an answer means.
    fn judge(&self, response: &Response) -> Result<Limits, Refusal> {
        let answer = Answer::read(&response.body);
        let said = answer.complaints.first().map(|complaint| complaint.message.clone());
        let refuse = |failure| Refusal { failure, headers: Box::new(response.headers.clone()) };
        match (verdict(Door::Rest, response.status, &response.headers, &answer), response.status) {
            (Verdict::Primary, _) => Err(refuse(Failure::Primary { reset: response.headers.limit.reset })),
            (Verdict::Secondary, _) => Err(refuse(Failure::Secondary)),
            (Verdict::Forbidden, _) => Err(refuse(Failure::Forbidden { said })),
            (Verdict::Allowed, 200) => Quotas::parse(&response.body)
                .map(Limits::On)
                .map_err(|bad| refuse(Failure::Malformed { reason: bad.to_string() })),
            (Verdict::Allowed, 401) => {
                Err(refuse(Failure::Credentials { origin: self.origin.clone(), said }))
            }
            (Verdict::Allowed, 404) if self.are_off(said.as_deref()) => Ok(Limits::Off),
            (Verdict::Allowed, status @ 500..) => Err(refuse(Failure::Server { status })),
            (Verdict::Allowed, status) => {
                Err(refuse(Failure::NoApi { status, url: self.api.rest().to_owned() }))
            }
        }
    }

    /// Whether a 404 means that limits are switched off: it is an API that complains, and not something else at
    /// that address.
    fn are_off(&self, said: Option<&str>) -> bool {
        said.is_some_and(|said| self.api.is_enterprise_server() || said.contains("not enabled"))
    }

    /// Writes the record of a reading, and remembers it.
    fn emit(&mut self, reading: &Reading, io: &mut Streams) -> Result<(), Error> {
        let credential = self.credential.as_deref();
        let earlier = self.memory.of(self.api.host(), credential, reading.at, io);
        let record = record::of(self.api.host(), credential, reading, earlier.as_ref());
        let mut told = Box::new(record.clone());
        self.advice.add_to(&mut told, io);
        self.destination.write(&Record::Api(told).to_line(), io)?;
        self.memory.keep(record, io);
        Ok(())
    }
}

impl Schedule {
    /// The next whole multiple of the interval after the start, so that readings do not drift.
    fn next(&self) -> Instant {
        let passed = self.started.elapsed().as_nanos() / self.interval.as_nanos();
        let next = u32::try_from(passed + 1).ok().and_then(|next| self.interval.checked_mul(next));
        next.and_then(|next| self.started.checked_add(next)).unwrap_or_else(|| Instant::now() + self.interval)
    }
}

/// A failure, and what its answer said of limits.
struct Refusal {
    failure: Failure,
    headers: Box<LimitHeaders>,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { failure, headers: Box::default() }
    }
}

fn tell_of_waiting(failure: &Failure, wait: Duration, failures: u32, now: Timestamp, io: &mut Streams) {
    io.complain(TOOL, failure);
    let wait_ms = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let at = Timestamp::from_millis(now.as_millis().saturating_add(wait_ms));
    let within = human::short_duration(wait.as_millis() as f64);
    io.tell(TOOL, &format!("trying again in {within}, at {at} ({failures} of {MOST_FAILURES})"));
}
