//! Delivering what was made: one request after the other, each again until it has arrived, cannot arrive, or is given
//! up.
//!
//! Which answer means what is the receiver's own rule; how long to wait and when to give up is the same for all. What
//! was not delivered stays where it was read: the position in the store is written only behind what has arrived. What came
//! from a pipe or a file goes into a spool, from which it is sent first.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use pm_cli::{Input, Streams, human};
use pm_github::Secret;
use serde::{Deserialize, Serialize};

use crate::client::{Client, Reply};
use crate::config::Config;
use crate::error::{Lost, Warning};
use crate::packing::Packing;
use crate::receivers::{Amount, Receiver, amount, older, shown};
use crate::spool::{self, Spool};
use crate::state::hash;
use crate::waiting::Never;
use crate::{Error, TOOL};

/// The longest pause between two attempts that nobody asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The shortest pause that a receiver can ask for: some say 0 and go on refusing.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The longest pause that a receiver can ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

/// One request, but for the receiver's keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) url: String,
    pub(crate) method: &'static str,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) shown: Shown,
    pub(crate) packing: Packing,
}

/// The headers that hold a receiver's keys.
pub(crate) type Keys = Vec<(String, Secret)>;

/// How people read a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Shown {
    /// It is text.
    AsItIs,
    /// It is a request of OTLP, and JSON for people.
    Metrics,
    Traces,
    /// It is one of remote write 1.0.
    Samples,
    /// It is one of 2.0.
    Symbols,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Arrived,
    /// Try again later.
    Later,
    /// It is too large: try its halves.
    Split,
    /// It will never be taken; what follows may be.
    Refused,
    /// Nothing will be taken.
    Stop,
}

/// What came of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrived,
    /// It lies in the spool.
    Kept,
    TooLarge,
    Refused,
}

/// Sends parcels.
#[derive(Debug)]
pub(crate) struct Delivery {
    client: Option<Client>,
    /// The addresses of the receiver, and the keys for each.
    addresses: Vec<(String, Keys)>,
    judge: fn(u16) -> Verdict,
    patience: Duration,
    /// Whether what is not delivered is there for a later run.
    kept: bool,
    /// Where what is not delivered is kept, if it is nowhere else.
    spool: Option<Spool>,
    away: Option<Away>,
    /// Whether the receiver does not know what is sent first, and gets an older form.
    is_old: bool,
    /// When the newest record of this batch was made, as far as it matters to the receiver.
    newest: Option<i64>,
    never: Input,
    /// The marks of the requests of this batch that have met their fate, for receivers that would count them again.
    pub(crate) done: Option<Vec<String>>,
    /// Those of the requests that were made since the batch was begun.
    made: Vec<String>,
    /// Requests that arrived, and bodies that were refused.
    pub(crate) arrived: u64,
    pub(crate) refused: u64,
}

/// A receiver that was given up, for now.
#[derive(Debug)]
struct Away {
    attempts: u32,
    /// When to ask again.
    next: Instant,
}

/// What came of trying.
enum Tried {
    Met(Fate),
    /// Nobody is there, for all the time that there was.
    GivenUp {
        reply: Reply,
        attempts: u32,
    },
}

impl Delivery {
    /// With `client`; without one, parcels are printed. `spool` is for what is nowhere else.
    pub(crate) fn new(
        client: Option<Client>,
        receiver: &Receiver,
        spool: Option<Spool>,
        config: &Config,
        io: &Streams,
    ) -> Self {
        let never = io.fed("nothing".as_ref(), Box::new(Never));
        Self {
            client,
            addresses: receiver.addresses(),
            judge: receiver.judge(),
            patience: config.patience,
            kept: config.position.is_some(),
            spool,
            away: None,
            is_old: false,
            newest: None,
            never,
            done: receiver.takes_windows().then(Vec::new),
            made: Vec::new(),
            arrived: 0,
            refused: 0,
        }
    }

    /// Sends one parcel until it has met its fate.
    ///
    /// # Errors
    ///
    /// If it was given up and is not kept, or nothing will be taken: then nothing more should be sent.
    pub(crate) fn send(&mut self, parcel: &Parcel, io: &mut Streams) -> Result<Fate, Error> {
        if self.client.is_none() {
            self.arrived += 1;
            return print(parcel, self.keys(&parcel.url), io).map(|()| Fate::Arrived);
        }
        self.send_kept(io)?;
        let packed = parcel.packing.pack(&parcel.body).map_err(|source| Error::Pack { source })?;
        let mark = self.mark(parcel);
        if mark.as_ref().zip(self.done.as_ref()).is_some_and(|(mark, done)| done.contains(mark)) {
            return Ok(Fate::Arrived);
        }
        if self.away.is_some() {
            return self.keep(parcel, &packed, io);
        }
        match self.attempt(parcel, &packed, self.patience, io)? {
            Tried::Met(fate) => {
                // The halves of what is too large have marks of their own.
                let is_done = fate != Fate::TooLarge;
                self.done.iter_mut().for_each(|done| done.extend(mark.iter().filter(|_| is_done).cloned()));
                Ok(fate)
            }
            Tried::GivenUp { reply, attempts } if self.spool.is_some() => {
                let told = reply.words();
                io.complain(TOOL, &Warning::Away { url: parcel.url.clone(), told, attempts });
                self.note_away(reply.retry_after);
                self.keep(parcel, &packed, io)
            }
            Tried::GivenUp { reply, attempts } => Err(Error::Undelivered {
                url: parcel.url.clone(),
                told: reply.words(),
                attempts,
                kept: self.kept,
            }),
        }
    }

    /// Sends what was kept before, the oldest first, unless the receiver was away a moment ago.
    ///
    /// # Errors
    ///
    /// If nothing will be taken, or the spool cannot be read.
    pub(crate) fn send_kept(&mut self, io: &mut Streams) -> Result<(), Error> {
        loop {
            if self.away.as_ref().is_some_and(|away| Instant::now() < away.next) {
                return Ok(());
            }
            let now = io.clock.now_millis();
            let taken = self.spool.as_mut().map(|spool| spool.take_over(now)).transpose();
            taken.map_err(|source| self.bad_spool(source))?;
            let first = self.spool.as_mut().map(|spool| spool.first(now)).transpose();
            let Some((parcel, packed)) = first.map_err(|source| self.bad_spool(source))?.flatten() else {
                break;
            };
            let patience = if self.away.is_some() { Duration::ZERO } else { self.patience };
            match self.attempt(&parcel, &packed, patience, io)? {
                Tried::Met(fate) => {
                    if fate == Fate::TooLarge {
                        self.refuse(parcel.url, "it is too large, and cannot be cut any more", io);
                    }
                    self.away = None;
                    let removed = self.spool.as_mut().map(Spool::remove_first).transpose();
                    removed.map_err(|source| self.bad_spool(source))?;
                }
                Tried::GivenUp { reply, .. } => self.note_away(reply.retry_after),
            }
        }
        // What is kept by now, if anything, somebody else sends: this process asks with what comes next.
        if self.away.as_ref().is_some_and(|away| Instant::now() >= away.next) {
            self.away = None;
        }
        Ok(())
    }

    /// When what is kept should be tried again; none if nothing is. What another process sends is looked at now and then:
    /// that one may end.
    pub(crate) fn next_try(&self) -> Option<Instant> {
        let spool = self.spool.as_ref()?;
        if spool.has_some() {
            return Some(self.away.as_ref().map_or_else(Instant::now, |away| away.next));
        }
        (spool.left() > 0).then(|| Instant::now() + Duration::from_millis(spool::LOOK.unsigned_abs()))
    }

    /// Begins with the requests of a batch, whether for the first time or again. What is delivered by its time has a
    /// `newest` record.
    pub(crate) fn begin(&mut self, newest: Option<i64>) {
        self.made.clear();
        self.newest = newest;
    }

    /// What a request is known by when its batch is made again: its hash, and how many of the batch were the same.
    fn mark(&mut self, parcel: &Parcel) -> Option<String> {
        self.done.as_ref()?;
        let hash = hash(&[parcel.url.as_bytes(), b"\n", &*parcel.body].concat());
        let before = self.made.iter().filter(|made| **made == hash).count();
        self.made.push(hash.clone());
        Some(format!("{hash}-{before}"))
    }

    fn note_away(&mut self, asked: Option<Duration>) {
        let attempts = self.away.as_ref().map_or(0, |away| away.attempts) + 1;
        self.away = Some(Away { attempts, next: Instant::now() + pause_of(attempts, asked) });
    }

    fn keep(&mut self, parcel: &Parcel, packed: &[u8], io: &Streams) -> Result<Fate, Error> {
        let now = io.clock.now_millis();
        let made = self.newest.map_or(now, |newest| newest.min(now));
        let put = self.spool.as_mut().map(|spool| spool.put(parcel, packed, made, now)).transpose();
        put.map_err(|source| self.bad_spool(source))?;
        Ok(Fate::Kept)
    }

    fn bad_spool(&self, source: std::io::Error) -> Error {
        let path = self.spool.as_ref().map(|spool| spool.folder().to_owned()).unwrap_or_default();
        Error::Spool { path, source }
    }

    /// Tells people what was kept, and whether anything still is.
    pub(crate) fn tell_at_the_end(&mut self, io: &mut Streams) -> bool {
        let Some(spool) = &self.spool else { return false };
        let folder = spool.folder().to_owned();
        for (count, what) in [(spool.expired, Lost::Expired), (spool.damaged, Lost::Damaged)] {
            if count > 0 {
                io.complain(TOOL, &Warning::Lost { count, what, folder: folder.clone() });
            }
        }
        let count = spool.left();
        if count > 0 {
            io.complain(TOOL, &Warning::Kept { count: human::count(count as u64), folder });
        }
        count > 0
    }

    fn keys(&self, url: &str) -> &[(String, Secret)] {
        self.addresses.iter().find(|(known, _)| known == url).map_or(&[], |(_, keys)| keys)
    }

    /// Tries to send until it has met its fate or `patience` is over, in an older form if the receiver knows only that.
    fn attempt(
        &mut self,
        parcel: &Parcel,
        packed: &[u8],
        patience: Duration,
        io: &mut Streams,
    ) -> Result<Tried, Error> {
        if !self.is_old
            && let Some(tried) = self.attempt_as_it_is(parcel, packed, patience, io)?
        {
            return Ok(tried);
        }
        let older = older(parcel, packed);
        let (parcel, packed) = older.as_ref().map_or((parcel, packed), |older| (older, &*older.body));
        let tried = self.attempt_as_it_is(parcel, packed, patience, io)?;
        // Only what has an older form can be unknown.
        Ok(tried.unwrap_or(Tried::Met(Fate::Refused)))
    }

    /// The same in the form that it has; none if the receiver does not know that.
    fn attempt_as_it_is(
        &mut self,
        parcel: &Parcel,
        packed: &[u8],
        patience: Duration,
        io: &mut Streams,
    ) -> Result<Option<Tried>, Error> {
        let begin = Instant::now();
        let mut attempts = 0_u32;
        // A file of the spool that says another address would send our keys, or our records, to a stranger.
        if !self.addresses.iter().any(|(known, _)| *known == parcel.url) {
            self.refuse(parcel.url.clone(), "it is no address of this receiver", io);
            return Ok(Some(Tried::Met(Fate::Refused)));
        }
        let sent = (parcel.shown == Shown::Symbols).then(|| amount(packed));
        loop {
            attempts += 1;
            let keys = self.keys(&parcel.url);
            let reply =
                self.client.as_ref().map_or_else(Reply::nothing, |client| client.post(parcel, keys, packed));
            if sent.is_some() && is_unknown(&reply) {
                self.is_old = true;
                io.complain(TOOL, &Warning::Older { url: parcel.url.clone() });
                return Ok(None);
            }
            let verdict = reply.status.map_or(Verdict::Later, self.judge);
            match verdict {
                Verdict::Arrived => {
                    self.arrived += 1;
                    let missing = sent.zip(reply.written).and_then(|(sent, written)| missing(sent, written));
                    if let Some(told) = reply.partial.or(missing) {
                        io.complain(TOOL, &Warning::Partial { url: parcel.url.clone(), told });
                    }
                    return Ok(Some(Tried::Met(Fate::Arrived)));
                }
                Verdict::Split => return Ok(Some(Tried::Met(Fate::TooLarge))),
                Verdict::Refused => {
                    self.refuse(parcel.url.clone(), reply.words(), io);
                    return Ok(Some(Tried::Met(Fate::Refused)));
                }
                Verdict::Stop => {
                    return Err(Error::Unwelcome { url: parcel.url.clone(), told: reply.words() });
                }
                Verdict::Later => {}
            }
            let pause = pause_of(attempts, reply.retry_after);
            let left = patience.saturating_sub(begin.elapsed());
            if pause > left || io.interrupted().is_some() {
                return Ok(Some(Tried::GivenUp { reply, attempts }));
            }
            self.wait(pause, io)?;
        }
    }

    /// Counts a body that will never be taken, and tells of it.
    pub(crate) fn refuse(&mut self, url: String, told: impl Into<String>, io: &mut Streams) {
        self.refused += 1;
        io.complain(TOOL, &Warning::Refused { url, told: told.into() });
    }

    /// Waits, unless a signal comes.
    fn wait(&mut self, pause: Duration, io: &Streams) -> Result<(), Error> {
        let end = Instant::now() + pause;
        while io.interrupted().is_none() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || self.never.ready_within(left).map_err(Error::Read)? {
                break;
            }
        }
        Ok(())
    }
}

/// Whether an answer to a request of remote write 2.0 means that nobody there knows 2.0: some receivers of 1.0 take it for an
/// empty request of theirs, and say nothing of what they have written.
fn is_unknown(reply: &Reply) -> bool {
    match reply.status {
        Some(415) => true,
        Some(200..=299) => reply.written.is_none(),
        _ => false,
    }
}

/// What a receiver took and did not write, if it says so.
fn missing(sent: Amount, written: Amount) -> Option<String> {
    let short = |sent: u64, written: u64, what: &str| {
        (written < sent).then(|| format!("{written} of {sent} {what} were written"))
    };
    let parts = [
        short(sent.samples, written.samples, "samples"),
        short(sent.histograms, written.histograms, "histograms"),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// One second, two, four and so on; a little more or less for each process, so that not all come at once.
fn pause(attempt: u32) -> Duration {
    let doubled = Duration::from_secs(1 << attempt.saturating_sub(1).min(6));
    let jitter = Duration::from_millis(u64::from(std::process::id() % 250));
    doubled.min(LONGEST_PAUSE) + jitter
}

/// What the receiver asked for, within reason, or else what is usual.
fn pause_of(attempt: u32, asked: Option<Duration>) -> Duration {
    asked.map_or_else(|| pause(attempt), |asked| asked.clamp(SHORTEST_WAIT, LONGEST_WAIT))
}

/// Prints exactly what would be sent, with keys masked.
fn print(parcel: &Parcel, keys: &[(String, Secret)], io: &mut Streams) -> Result<(), Error> {
    let mut text = format!("{} {}\n", parcel.method, parcel.url);
    for (name, key) in keys {
        let _ = writeln!(text, "{name}: {}", masked(key.reveal()));
    }
    for (name, value) in &parcel.headers {
        let _ = writeln!(text, "{name}: {value}");
    }
    text.push('\n');
    text.push_str(&shown(parcel));
    text.push('\n');
    io.output.write_all(text.as_bytes()).map_err(Error::Write)
}

/// A key, of which nothing can be seen but that there is one.
fn masked(value: &str) -> String {
    let kept = value.strip_prefix("Bearer ").map_or("", |_| "Bearer ");
    format!("{kept}****")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_somewhere() {
        let seconds: Vec<_> = [1, 2, 3, 4, 5, 6, 100].map(|attempt| pause(attempt).as_secs()).into();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
    }

    #[test]
    fn nothing_of_a_key_is_printed() {
        assert_eq!([masked("0123456789abcdef"), masked("Bearer abc")], ["****", "Bearer ****"]);
    }
}
