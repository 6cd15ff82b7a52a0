//! Delivering what was made, one request after the other, and what becomes of those that cannot be delivered now.
//!
//! What was not delivered stays where it was read: the position in the store is written only behind what has arrived. What came
//! from a pipe or a file goes into a spool, from which it is sent first.

use std::time::{Duration, Instant};

use pm_cli::{Streams, human};

use crate::client::Client;
use crate::config::Config;
use crate::courier::{Courier, Fate, Tried, pause_of};
use crate::error::{Lost, Warning};
use crate::parcel::{Parcel, print};
use crate::receivers::Receiver;
use crate::spool::{self, Spool};
use crate::state::hash;
use crate::{Error, TOOL};

/// Sends parcels.
#[derive(Debug)]
pub(crate) struct Delivery {
    courier: Courier,
    patience: Duration,
    /// Whether what is not delivered is there for a later run.
    kept: bool,
    /// Where what is not delivered is kept, if it is nowhere else.
    spool: Option<Spool>,
    away: Option<Away>,
    /// When the newest record of this batch was made, as far as it matters to the receiver.
    newest: Option<i64>,
    /// The marks of the requests of this batch that have met their fate, for receivers that would count them again.
    pub(crate) done: Option<Vec<String>>,
    /// Those of the requests that were made since the batch was begun.
    made: Vec<String>,
}

/// A receiver that was given up, for now.
#[derive(Debug)]
struct Away {
    attempts: u32,
    /// When to ask again.
    next: Instant,
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
        Self {
            courier: Courier::new(client, receiver, io),
            patience: config.patience,
            kept: config.position.is_some(),
            spool,
            away: None,
            newest: None,
            done: receiver.takes_windows().then(Vec::new),
            made: Vec::new(),
        }
    }

    /// Sends one parcel until it has met its fate.
    ///
    /// # Errors
    ///
    /// If it was given up and is not kept, or nothing will be taken: then nothing more should be sent.
    pub(crate) fn send(&mut self, parcel: &Parcel, io: &mut Streams) -> Result<Fate, Error> {
        if self.courier.is_dry() {
            return print(parcel, self.courier.keys(&parcel.url), io).map(|()| Fate::Arrived);
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
        match self.courier.attempt(parcel, &packed, self.patience, io)? {
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
            match self.courier.attempt(&parcel, &packed, patience, io)? {
                Tried::Met(fate) => {
                    if fate == Fate::TooLarge {
                        self.courier.refuse(parcel.url, "it is too large, and cannot be cut any more", io);
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

    /// Counts a body that will never be taken, and tells of it.
    pub(crate) fn refuse(&mut self, url: String, told: impl Into<String>, io: &mut Streams) {
        self.courier.refuse(url, told, io);
    }

    /// How many bodies were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.courier.refused
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
}
