//! One request to a receiver, again and again until it has arrived, cannot arrive, or there is no more time.
//!
//! Which answer means what is the receiver's own rule; how long to wait in between is the same for all.

use std::time::{Duration, Instant};

use pm_cli::{Input, Streams};
use pm_github::Secret;

use crate::client::{Client, Reply};
use crate::error::Warning;
use crate::parcel::{Keys, Parcel, Shown};
use crate::receivers::{Amount, Receiver, amount, older};
use crate::waiting::Never;
use crate::{Error, TOOL};

/// The longest pause between two attempts that nobody asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The shortest pause that a receiver can ask for: some say 0 and go on refusing.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The longest pause that a receiver can ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(10);

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

/// Goes to a receiver.
#[derive(Debug)]
pub(crate) struct Courier {
    /// None if nothing is to be sent.
    client: Option<Client>,
    /// The addresses of the receiver, and the keys for each.
    addresses: Vec<(String, Keys)>,
    judge: fn(u16) -> Verdict,
    /// Whether the receiver does not know what is sent first, and gets an older form.
    is_old: bool,
    never: Input,
    /// Bodies that were refused.
    pub(crate) refused: u64,
}

/// What came of trying.
pub(crate) enum Tried {
    Met(Fate),
    /// Nobody is there, for all the time that there was.
    GivenUp {
        reply: Reply,
        attempts: u32,
    },
}

impl Courier {
    pub(crate) fn new(client: Option<Client>, receiver: &Receiver, io: &Streams) -> Self {
        let never = io.fed("nothing".as_ref(), Box::new(Never));
        Self {
            client,
            addresses: receiver.addresses(),
            judge: receiver.judge(),
            is_old: false,
            never,
            refused: 0,
        }
    }

    /// Whether nothing is to be sent.
    pub(crate) fn is_dry(&self) -> bool {
        self.client.is_none()
    }

    /// The keys for an address.
    pub(crate) fn keys(&self, url: &str) -> &[(String, Secret)] {
        self.addresses.iter().find(|(known, _)| known == url).map_or(&[], |(_, keys)| keys)
    }

    /// Tries to send until it has met its fate or `patience` is over, in an older form if the receiver knows only that.
    pub(crate) fn attempt(
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
pub(crate) fn pause_of(attempt: u32, asked: Option<Duration>) -> Duration {
    asked.map_or_else(|| pause(attempt), |asked| asked.clamp(SHORTEST_WAIT, LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_somewhere() {
        let seconds: Vec<_> = [1, 2, 3, 4, 5, 6, 100].map(|attempt| pause(attempt).as_secs()).into();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 30, 30]);
    }
}
