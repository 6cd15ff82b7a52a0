//! The state between runs of pm-alert: read, changed and replaced under a lock.
//!
//! An alert is written down with the change that caused it and taken out once its channels have it, so
//! that a crash in between does not swallow it: a later run sends it once more. Nobody holds the lock
//! while alerts are sent, so another run may find one that is just being sent; only after two minutes does it
//! count as left behind. The cost is that what a crash left behind waits so long.
//!
//! The disk is waited for once, at the end of a run, and alerts do not wait for it. The cost: a run that follows a store
//! waits for it only when it ends, so that a loss of power can take along the whole state, and alerts are then told anew.
//!
//! When the file fails, counting goes on in memory until the end of this run; one that follows a store, and so has
//! no end, tries again each time.

use pm_record::OptimizationTip;
use pm_store::{LockedState, Place, Seen, StateFile, Store};

use crate::Error;
use crate::known::{Followed, Found, Judged, Known, Session};
use crate::notice::Delivery;
use crate::state::{Row, State};

/// The state and where it is kept.
#[derive(Debug)]
pub(crate) struct Ledger {
    home: Home,
    known: Known,
    /// What stood in the file last, of which `known` was made, or which was made of it: while nobody else writes, it
    /// need neither be read nor understood again for each record.
    kept: Option<(Vec<u8>, Seen)>,
    reached: Option<Place>,
    is_following: bool,
    is_unwritten: bool,
    is_unsynced: bool,
    troubles: Vec<Error>,
}

/// Where the state is kept.
#[derive(Debug)]
pub(crate) enum Home {
    Memory,
    File(StateFile),
    /// The store, which is written to only when there is something to write.
    Store(Store),
}

impl Ledger {
    pub(crate) fn new(home: Home) -> Self {
        Self {
            home,
            known: Known::default(),
            kept: None,
            reached: None,
            is_following: false,
            is_unwritten: false,
            is_unsynced: false,
            troubles: Vec::new(),
        }
    }

    /// Takes in what was found, in one step that no other process sees half of.
    pub(crate) fn judge(
        &mut self,
        session: &Session<'_>,
        findings: impl IntoIterator<Item = impl Into<Found>>,
    ) -> Judged {
        let followed = self.reached.take().map(|place| Followed { at: session.now, place });
        let judged = self.change(|known| {
            known.reach(followed);
            known.judge(session, findings)
        });
        let forgotten = self.known.state.forgotten();
        self.tell_of_dropped();
        self.troubles.extend((forgotten > 0).then_some(Error::Forgotten { count: forgotten }));
        judged
    }

    /// What is known, for whoever has it alone because it lives in memory.
    pub(crate) fn state(&mut self) -> &mut State {
        &mut self.known.state
    }

    /// Whether there is anything that the time which goes by could change.
    pub(crate) fn has_state(&self) -> bool {
        match &self.home {
            Home::Memory => self.known != Known::default(),
            Home::File(file) => file.is_there(),
            Home::Store(store) => StateFile::is_in(store, STATE),
        }
    }

    /// Lets the next judgment write down that the store was followed up to here.
    pub(crate) fn reach(&mut self, place: Place) {
        self.reached = Some(place);
    }

    /// From now on the store is followed. Says how far an earlier run did so, if that was not long ago.
    pub(crate) fn follow(&mut self, now: i64) -> Option<Place> {
        self.is_following = true;
        // The lock is given back at once: nothing is changed.
        drop(self.load());
        self.known.place(now)
    }

    /// Remembers what became of notices.
    pub(crate) fn settle(&mut self, deliveries: &[Delivery], now: i64) {
        self.change(|known| known.settle(deliveries, now));
        self.tell_of_dropped();
    }

    fn tell_of_dropped(&mut self) {
        let count = std::mem::take(&mut self.known.dropped);
        self.troubles.extend((count > 0).then_some(Error::Dropped { count }));
    }

    /// What fires and is told on one of these channels, and until when it is to be believed.
    pub(crate) fn refresh(&mut self, channels: &[&str], now: i64) -> (Vec<(String, Row)>, i64) {
        self.change(|known| known.refresh(channels, now))
    }

    /// Which of these tips nobody was told of lately.
    pub(crate) fn news(&mut self, tips: Vec<OptimizationTip>, now: i64) -> Vec<OptimizationTip> {
        if tips.is_empty() { tips } else { self.change(|known| known.news(tips, now)) }
    }

    /// Whether somebody has still to be told who was tried in vain.
    pub(crate) fn is_waiting(&self) -> bool {
        self.known.is_waiting()
    }

    /// What went wrong since this was last asked.
    pub(crate) fn troubles(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.troubles)
    }

    /// Forgets what was counted, where it is counted in memory.
    pub(crate) fn begin_anew(&mut self) {
        self.known = Known::default();
    }

    /// Waits until the disk has what was written.
    pub(crate) fn sync(&mut self) {
        if !std::mem::take(&mut self.is_unsynced) {
            return;
        }
        let synced = match self.file() {
            Some(file) => file.and_then(|file| file.sync()),
            None => Ok(()),
        };
        if let Err(error) = synced {
            self.troubles.push(error.into());
        }
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Known) -> T) -> T {
        let locked = self.load();
        let result = change(&mut self.known);
        if let Some(locked) = locked {
            let bytes = self.known.to_bytes(self.kept.as_ref().map_or(0, |(bytes, _)| bytes.len()));
            if self.kept.as_ref().is_some_and(|(kept, _)| *kept == bytes) {
                return result;
            }
            match locked.replace_soon(&bytes) {
                Ok(seen) => {
                    (self.is_unwritten, self.is_unsynced) = (false, true);
                    self.kept = Some((bytes, seen));
                }
                // There may be room again before the end of a run that has none.
                Err(error) if self.is_following => {
                    if !std::mem::replace(&mut self.is_unwritten, true) {
                        self.troubles.push(error.into());
                    }
                }
                Err(error) => self.give_up(error.into()),
            }
        }
        result
    }

    fn file(&self) -> Option<Result<StateFile, pm_store::Error>> {
        match &self.home {
            Home::Memory => None,
            Home::File(file) => Some(Ok(file.clone())),
            Home::Store(store) => Some(StateFile::of(store, STATE)),
        }
    }

    /// Locks the file and takes over what stands there; no lock when the state lives in memory.
    fn load(&mut self) -> Option<LockedState> {
        let locked = self.file()?.and_then(|file| file.lock());
        // While nobody else writes, what stands there need not even be read.
        if let (Ok(now), Some((_, seen)), false) = (&locked, &self.kept, self.is_unwritten)
            && now.is_as(seen)
        {
            return locked.ok();
        }
        match locked.and_then(|locked| Ok((locked.see()?, locked))) {
            Err(error) => {
                self.give_up(error.into());
                None
            }
            // What could not be written is ahead of what stands there.
            Ok((_, locked)) if self.is_unwritten => {
                self.kept = None;
                Some(locked)
            }
            Ok((None, locked)) => {
                (self.known, self.kept) = (Known::default(), None);
                Some(locked)
            }
            Ok((Some((bytes, seen)), locked)) => match Known::from_bytes(&bytes) {
                Ok(known) => {
                    (self.known, self.kept) = (known, Some((bytes, seen)));
                    Some(locked)
                }
                Err(reason) => self.set_aside(locked, reason),
            },
        }
    }

    fn set_aside(&mut self, locked: LockedState, reason: String) -> Option<LockedState> {
        match locked.set_aside() {
            Ok(aside) => {
                (self.known, self.kept) = (Known::default(), None);
                self.troubles.push(Error::Damaged { aside, reason });
                Some(locked)
            }
            Err(error) => {
                self.give_up(error.into());
                None
            }
        }
    }

    fn give_up(&mut self, error: Error) {
        self.home = Home::Memory;
        self.troubles.push(error);
    }
}

/// The name of the state in a store.
const STATE: &str = "alerts";

#[cfg(test)]
mod tests;
