//! The state between runs of pm-alert: read, changed and replaced under a lock.
//!
//! An alert is written down with the change that caused it and taken out once its channels have it, so
//! that a crash in between does not swallow it: a later run sends it once more. Nobody holds the lock
//! while alerts are sent, so another run may find one that is just being sent; only after
//! [`SENDING_MILLIS`] does it count as left behind. The cost is that what a crash left behind waits so long.
//!
//! When the file fails, counting goes on in memory until the end of this run; one that follows a store, and so has
//! no end, tries again each time.

use pm_record::{PerformanceAlert, Timestamp};
use pm_store::{Channel, LockedState, Place, StateFile, Store};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::alert::Alert;
use crate::judge::{Judge, Observation};
use crate::state::State;

/// Longer than any channel takes.
const SENDING_MILLIS: i64 = 60_000;

/// For how long a store that was followed is followed on from where that stopped: longer than whoever restarts
/// pm-alert waits, and too short for news of yesterday.
const RESTART_MILLIS: i64 = 600_000;

/// How far the clock of another machine may be ahead.
const CLOCK_SKEW_MILLIS: i64 = 24 * 3600 * 1000;

/// How many alerts wait to be sent; the oldest give way.
const PENDING: usize = 1000;

const VERSION: u64 = 1;

/// The state and where it is kept.
#[derive(Debug)]
pub(crate) struct Ledger {
    home: Home,
    known: Known,
    reached: Option<Place>,
    is_following: bool,
    is_unwritten: bool,
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

/// All that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    version: u64,
    state: State,
    pending: Vec<Notice>,
    notices: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    followed: Option<Followed>,
}

/// How far a store was judged while it was followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Followed {
    /// In milliseconds since the Unix epoch.
    at: i64,
    place: Place,
}

/// An alert on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Notice {
    number: u64,
    /// When somebody set about sending it, in milliseconds since the Unix epoch.
    taken: i64,
    /// Who has still to be told.
    pub(crate) channels: Vec<Channel>,
    pub(crate) row: String,
    pub(crate) is_news: bool,
    pub(crate) text: String,
    pub(crate) alert: PerformanceAlert,
}

/// What became of observations.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Judged {
    /// What an earlier run left behind.
    pub(crate) left_behind: Vec<Notice>,
    /// For each observation, what it caused.
    pub(crate) notices: Vec<Vec<Notice>>,
}

impl Ledger {
    pub(crate) fn new(home: Home) -> Self {
        Self {
            home,
            known: Known::default(),
            reached: None,
            is_following: false,
            is_unwritten: false,
            troubles: Vec::new(),
        }
    }

    /// Takes in observations, in one step that no other process sees half of. `now` is in milliseconds.
    pub(crate) fn judge(&mut self, judge: &Judge, observations: Vec<Observation>, now: i64) -> Judged {
        let followed = self.reached.take().map(|place| Followed { at: now, place });
        self.change(|known| {
            known.followed = followed.or(known.followed.take());
            known.judge(judge, observations, now)
        })
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
        let followed = self.known.followed.take()?;
        (followed.at.abs_diff(now) < RESTART_MILLIS.unsigned_abs()).then_some(followed.place)
    }

    /// Remembers that the notices were sent to all but those channels that they still name.
    pub(crate) fn settle(&mut self, notices: &[Notice]) {
        self.change(|known| known.settle(notices));
    }

    /// What went wrong since this was last asked.
    pub(crate) fn troubles(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.troubles)
    }

    /// Forgets what was counted, where it is counted in memory.
    pub(crate) fn begin_anew(&mut self) {
        self.known = Known::default();
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Known) -> T) -> T {
        let locked = self.load();
        let result = change(&mut self.known);
        if let Some(locked) = locked {
            let bytes = self.known.to_bytes();
            // Who follows a store writes all the time, and tells of alerts before the disk would answer.
            let replaced =
                if self.is_following { locked.replace_soon(&bytes) } else { locked.replace(&bytes) };
            match replaced {
                Ok(()) => self.is_unwritten = false,
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

    /// Locks the file and reads it; `None` when the state lives in memory.
    fn load(&mut self) -> Option<LockedState> {
        let file = match &self.home {
            Home::Memory => return None,
            Home::File(file) => Ok(file.clone()),
            Home::Store(store) => StateFile::of(store, "alerts"),
        };
        let locked = file.and_then(|file| file.lock());
        match locked.and_then(|locked| Ok((locked.read()?, locked))) {
            Err(error) => {
                self.give_up(error.into());
                None
            }
            // What could not be written is ahead of what stands there.
            Ok((_, locked)) if self.is_unwritten => Some(locked),
            Ok((None, locked)) => {
                self.known = Known::default();
                Some(locked)
            }
            Ok((Some(bytes), locked)) => match Known::from_bytes(&bytes) {
                Ok(known) => {
                    self.known = known;
                    Some(locked)
                }
                Err(reason) => self.set_aside(locked, reason),
            },
        }
    }

    fn set_aside(&mut self, locked: LockedState, reason: String) -> Option<LockedState> {
        match locked.set_aside() {
            Ok(aside) => {
                self.known = Known::default();
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

impl Default for Known {
    fn default() -> Self {
        Self { version: VERSION, state: State::default(), pending: Vec::new(), notices: 0, followed: None }
    }
}

impl Known {
    fn judge(&mut self, judge: &Judge, observations: Vec<Observation>, now: i64) -> Judged {
        let left_behind = self.left_behind(now);
        let horizon = Timestamp::from_millis(now.saturating_add(CLOCK_SKEW_MILLIS));
        let notices = observations.into_iter().map(|observation| {
            let alerts = self.state.take(observation, horizon);
            alerts.into_iter().map(|alert| self.notice(judge, alert, now)).collect()
        });
        let notices = notices.collect();
        self.pending.drain(..self.pending.len().saturating_sub(PENDING));
        Judged { left_behind, notices }
    }

    fn notice(&mut self, judge: &Judge, alert: Alert, now: i64) -> Notice {
        self.notices = self.notices.wrapping_add(1);
        let channels = judge.channels(alert.rule).to_vec();
        let Alert { rule: _, row, is_news, record, text } = alert;
        let notice = Notice { number: self.notices, taken: now, channels, row, is_news, text, alert: record };
        if !notice.channels.is_empty() {
            self.pending.push(notice.clone());
        }
        notice
    }

    /// Takes over what nobody is sending any more. A clock that was set back must not keep it for ever.
    fn left_behind(&mut self, now: i64) -> Vec<Notice> {
        let is_left = |notice: &&mut Notice| notice.taken.abs_diff(now) > SENDING_MILLIS.unsigned_abs();
        let take = |notice: &mut Notice| {
            notice.taken = now;
            notice.clone()
        };
        self.pending.iter_mut().filter(is_left).map(take).collect()
    }

    fn settle(&mut self, notices: &[Notice]) {
        for settled in notices {
            if let Some(pending) = self.pending.iter_mut().find(|pending| pending.number == settled.number) {
                pending.channels.clone_from(&settled.channels);
            }
        }
        self.pending.retain(|notice| !notice.channels.is_empty());
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("every key of the state is a string");
        bytes.push(b'\n');
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        match serde_json::from_slice(bytes) {
            Ok(Versioned { version: VERSION }) => {
                serde_json::from_slice(bytes).map_err(|error| error.to_string())
            }
            Ok(Versioned { version }) => {
                Err(format!("version {version} is not the one this program reads ({VERSION})"))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
