//! Alerts on their way to those who are told, and what became of them.

use std::collections::BTreeMap;

use pm_record::{PerformanceAlert, Record};
use serde::{Deserialize, Serialize};

/// Longer than any channel takes.
const SENDING_MILLIS: i64 = 60_000;

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

/// Whether somebody was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// They were, or never will be.
    Done,
    /// To be tried again; not before so many milliseconds, if the receiver has said so.
    Failed { not_before: Option<i64> },
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
    /// set back must not keep them for ever.
    pub(crate) fn take_over(&mut self, now: i64) -> Option<Self> {
        let is_left = self.taken.abs_diff(now) > SENDING_MILLIS.unsigned_abs();
        let is_due = |channel: &String| match self.tries.get(channel) {
            Some(tries) => tries.due <= now || tries.due.saturating_sub(now) > LONGEST_WAIT_MILLIS,
            None => is_left,
        };
        let due: Vec<_> = self.channels.iter().filter(|channel| is_due(channel)).cloned().collect();
        if due.is_empty() {
            return None;
        }
        self.taken = now;
        // Whoever looks meanwhile finds them taken.
        let again = now.saturating_add(SENDING_MILLIS);
        self.tries.iter_mut().filter(|(name, _)| due.contains(name)).for_each(|(_, tries)| tries.due = again);
        Some(Self { channels: due, ..self.clone() })
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
