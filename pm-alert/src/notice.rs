//! Alerts on their way to those who are told, and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use pm_record::{PerformanceAlert, Record};
use pm_store::ChannelSettings;
use serde::{Deserialize, Serialize};

/// How long whoever brings it has it to himself. He says again each half of that that he does, but not any more once he
/// only waits for channels to end: so the other half is longer than he does that.
const SENDING_MILLIS: i64 = 120_000;
const AGAIN_MILLIS: u64 = SENDING_MILLIS.unsigned_abs() / 2;
const _: () = assert!(AGAIN_MILLIS as u128 > crate::channels::PATIENCE.as_millis());

/// After how long a channel that failed is tried again, twice as long after each further failure.
const FIRST_RETRY_MILLIS: i64 = 30_000;
const LAST_RETRY_MILLIS: i64 = 3_600_000;

/// No channel is put off for longer, whatever a receiver or a clock says.
const LONGEST_WAIT_MILLIS: i64 = 24 * 3_600_000;

/// An alert on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Notice {
    pub(crate) number: u64,
    /// When somebody set about sending it, in milliseconds since the Unix epoch.
    taken: i64,
    /// Who has still to be told.
    pub(crate) channels: Vec<String>,
    /// The rule that was broken; empty in what the first version left behind.
    #[serde(default)]
    pub(crate) rule: String,
    pub(crate) row: String,
    pub(crate) is_news: bool,
    pub(crate) text: String,
    pub(crate) alert: PerformanceAlert,
    /// The channels that were tried in vain.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    tries: BTreeMap<String, Tries>,
}

/// How often a channel was tried in vain, and when it is to be tried again, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tries {
    count: u32,
    due: i64,
}

/// What became of a notice on one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) number: u64,
    pub(crate) channel: String,
    pub(crate) outcome: Outcome,
}

impl Delivery {
    /// It was shown to people at the console.
    pub(crate) fn shown(notice: &Notice) -> Self {
        let channel = ChannelSettings::CONSOLE.to_owned();
        Self { number: notice.number, channel, outcome: Outcome::Done }
    }
}

/// Whether somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// They were, or never will be.
    Done,
    /// To be tried again; not before so many milliseconds, if the receiver has said so.
    Failed { not_before: Option<i64> },
}

/// The notices that this process is bringing to channels: however long that takes, nobody else is to set about it.
#[derive(Debug, Default)]
pub(crate) struct Held(BTreeMap<String, BTreeSet<u64>>);

impl Held {
    pub(crate) fn add(&mut self, channel: &str, number: u64) {
        self.0.entry(channel.to_owned()).or_default().insert(number);
    }

    pub(crate) fn remove(&mut self, channel: &str, number: u64) {
        if let Some(numbers) = self.0.get_mut(channel) {
            numbers.remove(&number);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.values().all(BTreeSet::is_empty)
    }

    /// The channels that are being told, and of how much.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&str, usize)> {
        let counts = self.0.iter().map(|(channel, numbers)| (channel.as_str(), numbers.len()));
        counts.filter(|(_, count)| *count > 0)
    }

    fn has(&self, channel: &str, number: u64) -> bool {
        self.0.get(channel).is_some_and(|numbers| numbers.contains(&number))
    }
}

impl Notice {
    pub(crate) fn new(number: u64, now: i64, channels: Vec<String>, alert: crate::alert::Alert) -> Self {
        let is_news = alert.event.is_news();
        Self {
            number,
            taken: now,
            channels,
            rule: alert.rule,
            row: alert.row,
            is_news,
            text: alert.text,
            alert: alert.record,
            tries: BTreeMap::new(),
        }
    }

    /// Takes over the channels that nobody is sending to any more, and those that are due again. A clock that was
    /// set back must not keep them for ever. What this process is bringing itself stays with it, and others see that.
    pub(crate) fn take_over(&mut self, now: i64, held: &Held) -> Option<Self> {
        let is_held = |channel: &String| held.has(channel, self.number);
        if self.channels.iter().any(is_held) && self.taken.abs_diff(now) > AGAIN_MILLIS {
            self.taken = now;
        }
        let is_left = self.taken.abs_diff(now) > SENDING_MILLIS.unsigned_abs();
        // Whoever looks meanwhile finds them taken.
        let again = now.saturating_add(SENDING_MILLIS);
        let soon = now.saturating_add(SENDING_MILLIS / 2);
        let number = self.number;
        let tried_again =
            self.tries.iter_mut().filter(|(name, tries)| held.has(name, number) && tries.due < soon);
        tried_again.for_each(|(_, tries)| tries.due = again);
        let is_due = |channel: &String| match self.tries.get(channel) {
            Some(tries) => tries.due <= now || tries.due.saturating_sub(now) > LONGEST_WAIT_MILLIS,
            None => is_left,
        };
        let due = self.channels.iter().filter(|channel| is_due(channel) && !held.has(channel, self.number));
        let due: Vec<_> = due.cloned().collect();
        if due.is_empty() {
            return None;
        }
        self.taken = now;
        self.tries.iter_mut().filter(|(name, _)| due.contains(name)).for_each(|(_, tries)| tries.due = again);
        Some(Self { channels: due, ..self.clone() })
    }

    /// Whether it is for people at the console, among others.
    pub(crate) fn is_for_console(&self) -> bool {
        self.channels.iter().any(|channel| channel == ChannelSettings::CONSOLE)
    }

    /// The alert as a record, its newline included.
    pub(crate) fn line(&self) -> Vec<u8> {
        record_line(self.alert.clone())
    }

    /// Whether it can be tried before so long, by a run that goes on.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.tries.is_empty()
    }

    /// Notes what became of it.
    pub(crate) fn settle(&mut self, delivery: &Delivery, now: i64) {
        match delivery.outcome {
            Outcome::Done => {
                self.channels.retain(|channel| *channel != delivery.channel);
                self.tries.remove(&delivery.channel);
            }
            Outcome::Failed { not_before } => {
                let tries = self.tries.entry(delivery.channel.clone()).or_default();
                let doubled = FIRST_RETRY_MILLIS.saturating_mul(1_i64 << tries.count.min(20));
                let wait = doubled.min(LAST_RETRY_MILLIS).max(not_before.unwrap_or_default());
                tries.count = tries.count.saturating_add(1);
                tries.due = now.saturating_add(wait.min(LONGEST_WAIT_MILLIS));
            }
        }
    }
}

/// An alert as a line.
pub(crate) fn record_line(alert: PerformanceAlert) -> Vec<u8> {
    Record::Alert(Box::new(alert)).to_line()
}
