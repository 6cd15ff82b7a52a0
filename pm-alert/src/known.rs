//! All that is kept from one run to the next: what is known of records, and the alerts on their way.

use pm_record::OptimizationTip;
use pm_store::{ChannelSettings, Place};
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::judge::{Judge, Observation};
use crate::notice::{Delivery, Held, Notice, Outcome};
use crate::state::{Row, State, horizon};
use crate::tips::Told;

/// For how long a store that was followed is followed on from where that stopped: longer than whoever restarts
/// pm-alert waits, and too short for news of yesterday.
const RESTART_MILLIS: i64 = 600_000;

/// How many alerts wait to be sent; the oldest give way.
pub(crate) const PENDING: usize = 1000;

const VERSION: u64 = 2;

/// The first version, whose rows say less. What it has is taken over.
const FIRST: u64 = 1;

/// All that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    version: u64,
    pub(crate) state: State,
    pending: Vec<Notice>,
    notices: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    followed: Option<Followed>,
    /// Which tips were told.
    #[serde(default, skip_serializing_if = "Told::is_empty")]
    tips: Told,
    /// When the last two runs told who keeps a list of what fires, in milliseconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refreshed: Option<(i64, i64)>,
    /// How many alerts gave way before they were sent, since this was last asked.
    #[serde(skip)]
    pub(crate) dropped: u64,
}

/// How far a store was judged while it was followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Followed {
    /// In milliseconds since the Unix epoch.
    pub(crate) at: i64,
    pub(crate) place: Place,
}

/// What is to be judged, and when.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) judge: &'a Judge,
    /// What this process is bringing to channels.
    pub(crate) held: &'a Held,
    /// In milliseconds since the Unix epoch.
    pub(crate) now: i64,
    /// Whether the time that goes by counts too: nobody is missing from a history.
    pub(crate) ticks: bool,
}

/// What was found in a record.
#[derive(Debug)]
pub(crate) enum Found {
    /// It is to be taken in.
    Observed(Observation),
    /// It was taken in at once, and this came of it.
    Told(Vec<Alert>),
}

impl From<Observation> for Found {
    fn from(observation: Observation) -> Self {
        Self::Observed(observation)
    }
}

/// What became of observations.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Judged {
    /// What an earlier run left behind.
    pub(crate) left_behind: Vec<Notice>,
    /// For each finding, what it caused.
    pub(crate) notices: Vec<Vec<Notice>>,
    /// What no observation caused, but the time that goes by.
    pub(crate) untimely: Vec<Notice>,
}

impl Judged {
    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.left_behind.is_empty() && self.untimely.is_empty() && self.notices.iter().all(Vec::is_empty)
    }

    /// Everything that somebody may have to be told.
    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Notice> {
        self.left_behind.iter_mut().chain(self.notices.iter_mut().flatten()).chain(&mut self.untimely)
    }
}

impl Default for Known {
    fn default() -> Self {
        Self {
            version: VERSION,
            state: State::default(),
            pending: Vec::new(),
            notices: 0,
            followed: None,
            tips: Told::default(),
            refreshed: None,
            dropped: 0,
        }
    }
}

impl Known {
    pub(crate) fn judge(
        &mut self,
        session: &Session<'_>,
        findings: impl IntoIterator<Item = impl Into<Found>>,
    ) -> Judged {
        let Session { judge, held, now, ticks } = *session;
        let left_behind = self.pending.iter_mut().filter_map(|notice| notice.take_over(now, held)).collect();
        let closed = if ticks { self.state.close(judge, now) } else { Vec::new() };
        let mut untimely: Vec<_> = closed.into_iter().map(|alert| self.notice(alert, now)).collect();
        let horizon = horizon(now);
        let notices = findings.into_iter().map(|found| {
            let alerts = match found.into() {
                Found::Observed(observation) => self.state.take(observation, horizon, judge.source()),
                Found::Told(alerts) => alerts,
            };
            alerts.into_iter().map(|alert| self.notice(alert, now)).collect()
        });
        let notices = notices.collect();
        let missed = if ticks { self.state.tick(judge, now) } else { Vec::new() };
        untimely.extend(missed.into_iter().map(|alert| self.notice(alert, now)));
        // What only says that something goes on gives way before what nobody knows yet.
        let mut surplus = self.pending.len().saturating_sub(PENDING);
        self.pending.retain(|notice| {
            let gives_way = surplus > 0 && !notice.is_news;
            surplus -= usize::from(gives_way);
            self.dropped += u64::from(gives_way && notice.is_waiting());
            !gives_way
        });
        let unsent = self.pending.drain(..surplus).filter(Notice::is_waiting);
        self.dropped = self.dropped.saturating_add(unsent.count() as u64);
        Judged { left_behind, notices, untimely }
    }

    fn notice(&mut self, alert: Alert, now: i64) -> Notice {
        self.notices = self.notices.wrapping_add(1);
        // A person sees that it goes on, and the log has all of it; anybody else hears of changes only.
        let has_all = [ChannelSettings::CONSOLE, ChannelSettings::LOG];
        let is_told = |channel: &&String| alert.event.is_news() || has_all.contains(&channel.as_str());
        let channels = alert.channels.iter().filter(is_told).cloned().collect();
        let notice = Notice::new(self.notices, now, channels, alert);
        if !notice.channels.is_empty() {
            self.pending.push(notice.clone());
        }
        notice
    }

    pub(crate) fn settle(&mut self, deliveries: &[Delivery], now: i64) {
        for delivery in deliveries {
            match self.pending.iter_mut().find(|pending| pending.number == delivery.number) {
                Some(pending) => pending.settle(delivery, now),
                // It gave way while it was being sent.
                None => self.dropped += u64::from(delivery.outcome != Outcome::Done),
            }
        }
        self.pending.retain(|notice| !notice.channels.is_empty());
    }

    /// Which of these tips are to be told now.
    pub(crate) fn news(&mut self, tips: Vec<OptimizationTip>, now: i64) -> Vec<OptimizationTip> {
        self.tips.news(tips, now)
    }

    /// Whether somebody has still to be told who was tried in vain.
    pub(crate) fn is_waiting(&self) -> bool {
        self.pending.iter().any(Notice::is_waiting)
    }

    /// What fires and is told on one of these channels, and until when it is to be believed: three times as long as
    /// there is between two runs.
    pub(crate) fn refresh(&mut self, channels: &[&str], now: i64) -> (Vec<(String, Row)>, i64) {
        let is_theirs = |row: &Row| {
            row.last
                .as_ref()
                .is_some_and(|told| told.channels.iter().any(|name| channels.contains(&name.as_str())))
        };
        let firing = self.state.firing().filter(|(_, row)| is_theirs(row));
        let firing = firing.map(|(name, row)| (name.clone(), row.clone())).collect();
        let (last, gap) = self.refreshed.map_or((now, 0), |(last, gap)| (last, gap));
        // Two runs at once are no measure of how often there is one.
        let since = now.saturating_sub(last);
        let gap = if since > GAP_MILLIS { since } else { gap };
        self.refreshed = Some((now, gap));
        let until = gap.saturating_mul(3).clamp(SHORTEST_MILLIS, LONGEST_MILLIS);
        (firing, now.saturating_add(until))
    }

    /// Notes how far a store was followed.
    pub(crate) fn reach(&mut self, followed: Option<Followed>) {
        self.followed = followed.or(self.followed.take());
    }

    /// How far it was followed, if that was not long ago.
    pub(crate) fn place(&mut self, now: i64) -> Option<Place> {
        let followed = self.followed.take()?;
        (followed.at.abs_diff(now) < RESTART_MILLIS.unsigned_abs()).then_some(followed.place)
    }

    /// What is kept, of about as many bytes as it had before.
    pub(crate) fn to_bytes(&self, before: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(before + before / 16);
        serde_json::to_writer(&mut bytes, self).expect("every key of the state is a string");
        bytes.push(b'\n');
        bytes
    }

    /// Reads what any version wrote that this one knows.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        match serde_json::from_slice(bytes) {
            Ok(Versioned { version: VERSION }) => {
                serde_json::from_slice(bytes).map_err(|error| error.to_string())
            }
            Ok(Versioned { version: FIRST }) => {
                let mut known: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
                known.version = VERSION;
                known.state.migrate();
                Ok(known)
            }
            Ok(Versioned { version }) => {
                Err(format!("version {version} is not one that this program reads ({FIRST} and {VERSION})"))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Runs that are closer together are at once.
const GAP_MILLIS: i64 = 1000;
/// As long as Alertmanager believes what does not say until when.
const SHORTEST_MILLIS: i64 = 300_000;
/// Whoever runs once a week is not to be believed for three.
const LONGEST_MILLIS: i64 = 3 * 24 * 3_600_000;
