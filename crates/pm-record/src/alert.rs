//! `performance_alert`: a limit that was exceeded, or is kept again. Made by `pm-alert`.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::schema::{is_default, null_as_default};
use crate::{Scalar, Schema, Thousandths, Timestamp};

/// One alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PerformanceAlert {
    /// The version of the record's shape.
    #[serde(default)]
    pub schema: Schema,
    /// The rule: `performance_degradation`, `memory_usage_high`, `api_rate_limit_warning`, or one of the user's own.
    #[serde(rename = "type")]
    pub kind: String,
    /// The command, where the rule is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What was exceeded: `execution_time > 5s`.
    pub threshold_exceeded: String,
    /// The value that exceeded it: `6.2s`.
    pub current_value: String,
    /// What is normal: `3.1s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    /// How bad it is.
    #[serde(default, deserialize_with = "null_as_default")]
    pub severity: Severity,
    /// Whether it begins or ends.
    #[serde(default, deserialize_with = "null_as_default")]
    pub state: AlertState,
    /// What is new about it, so that whoever wants to hear of changes alone can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<AlertEvent>,
    /// When the record was made that the alert is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// When the limit was first exceeded in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<String>,
    /// The figures behind it.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_default")]
    pub evidence: IndexMap<String, Scalar>,
}

impl PerformanceAlert {
    /// What in the evidence makes it a digest of alerts: how many of them fired.
    pub const FIRED: &str = "fired";

    /// How often it fired, if it is a digest of alerts.
    #[must_use]
    pub fn digested(&self) -> Option<u64> {
        match self.evidence.get(Self::FIRED)? {
            Scalar::Number(Thousandths(fired)) if fired % 1000 == 0 => u64::try_from(fired / 1000).ok(),
            _ => None,
        }
    }

    /// How often it fired: as often as a digest says, and a single alert once, unless it says that it is over.
    #[must_use]
    pub fn times_fired(&self) -> u64 {
        self.digested().unwrap_or_else(|| u64::from(self.state != AlertState::Resolved))
    }
}

/// How bad an alert is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// To be looked at.
    #[default]
    Warning,
    /// To be looked at now.
    Critical,
}

/// Whether an alert begins or ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// The limit is exceeded.
    #[default]
    Firing,
    /// The limit is kept again.
    Resolved,
    /// Nothing is heard any more of what should report.
    Missing,
}

/// What is new about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlertEvent {
    /// It has begun.
    Began,
    /// It has become worse.
    Worse,
    /// Nothing: it goes on.
    Ongoing,
    /// Nothing, but that it has gone on for so long that whoever was told is reminded.
    Reminder,
    /// It begins and ends so often that this is not told any more until it is steady.
    Flapping,
    /// It has begun or ended once more, and that is not told, because it does so all the time.
    Damped,
    /// It has been as it is for a while, after it was not.
    Steady,
    /// It is over.
    Resolved,
    /// It is over because nobody watches the limit any more.
    Closed,
    /// A word that a later version wrote.
    #[serde(other)]
    Other,
}

impl AlertEvent {
    /// Whether somebody is told of it.
    #[must_use]
    pub fn is_news(self) -> bool {
        !matches!(self, Self::Ongoing | Self::Damped | Self::Other)
    }
}
