//! What a rule reads from a record: one value about one subject, and how it stands to the rule's limits.
//!
//! Rules make readings, the state counts them, and alerts are written from both: none of the three needs
//! to know another.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use pm_cli::human;
use pm_record::{Scalar, Severity, Thousandths, Timestamp};
use pm_store::Unit;
use serde::{Deserialize, Serialize};

use crate::rule::Rule;

/// Longer names are cut: they are meant to be labels, and alerts outlive the records that they are from.
const LONGEST_NAME: usize = 256;

/// What a rule reads from one record about one subject.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    pub(crate) rule: Arc<Rule>,
    pub(crate) subject: Subject,
    /// When the record was made; `None` for one that does not say.
    pub(crate) span: Option<Span>,
    pub(crate) measure: Arc<Measure>,
    pub(crate) value: Thousandths,
    pub(crate) baseline: Option<Thousandths>,
    pub(crate) standing: Standing,
    /// Whether a value within its limits proves that they are kept. A run that failed at once does not.
    pub(crate) conclusive: bool,
    /// More figures for the alert's evidence, beside those of the record that it is from.
    pub(crate) details: Vec<(&'static str, Scalar)>,
}

/// How a value stands to its limits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Standing {
    /// It exceeds this one, the worst that it does.
    Exceeds(Limit),
    /// It exceeds none, and yet is too near to say that an alert is over.
    Near,
    /// It is well within them.
    Within,
    /// That depends on the values before: this is the limit of what is made of them.
    Windowed(Bound),
    /// There is no limit but that there are values at all.
    Present,
}

/// What is measured, and how people read it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measure {
    /// Its name in records.
    pub(crate) metric: Cow<'static, str>,
    /// As `threshold_exceeded` names it: `execution_time`.
    pub(crate) quantity: Cow<'static, str>,
    /// In a sentence: `execution time`.
    pub(crate) title: Cow<'static, str>,
    pub(crate) unit: Unit,
    /// How a value relates to its limit when it breaks the rule.
    pub(crate) relation: &'static str,
    /// Whether the limit is the level before, each measure of a rule on its own.
    pub(crate) is_level: bool,
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Subject {
    Command(Arc<str>),
    /// The processes that are sampled on a machine.
    Host(Option<String>),
    /// A rate limit of a credential.
    Resource {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        credential: Option<String>,
        resource: String,
    },
    /// A place of GitHub's API, or an operation of GraphQL.
    Endpoint(String),
    /// The records of a kind.
    Kind(String),
}

/// A limit, and how many values in a row must exceed it before anybody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Limit {
    pub(crate) setting: Setting,
    pub(crate) threshold: Thousandths,
    pub(crate) needed: u32,
}

/// A limit with the side of it that is wrong, and how far back on the other side an alert is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) limit: Limit,
    pub(crate) is_above: bool,
    pub(crate) clear: Thousandths,
}

/// The key that a limit has in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Setting {
    MaxAcceptableMs,
    ThresholdPercentage,
    ThresholdMb,
    Above,
    Below,
    ExhaustedBeforeReset,
    MissingAfter,
    /// None of the settings: what the level was before it changed.
    Regression,
}

/// When the thing that a record is about began and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// A name as it is kept.
pub(crate) fn name(text: &str) -> String {
    cut(text).to_owned()
}

/// As much of a name as is kept.
pub(crate) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_NAME)]
}

impl Reading {
    /// The name of what is counted together: this rule's readings of this subject.
    pub(crate) fn row(&self) -> String {
        let mut name = String::new();
        self.write_row(&mut name);
        name
    }

    /// Writes that name behind what stands there.
    pub(crate) fn write_row(&self, name: &mut String) {
        name.push_str(&self.rule.name);
        if self.measure.is_level {
            name.push(' ');
            name.push_str(&self.measure.metric);
        }
        name.push(' ');
        self.subject.write(name);
    }
}

impl Bound {
    /// How a value stands to it.
    pub(crate) fn judge(&self, value: Thousandths) -> Standing {
        let (threshold, clear) = (self.limit.threshold, self.clear);
        let (is_over, is_clear) = if self.is_above {
            (value > threshold, value <= clear)
        } else {
            (value < threshold, value >= clear)
        };
        match (is_over, is_clear) {
            (true, _) => Standing::Exceeds(self.limit),
            (false, true) => Standing::Within,
            (false, false) => Standing::Near,
        }
    }
}

impl Measure {
    /// A value in a sentence: `2.0s`, `78MB`, `86.5%`.
    pub(crate) fn long(&self, value: Thousandths) -> String {
        match self.unit {
            Unit::Time => human::duration(value.to_f64()),
            Unit::Memory => human::mebibytes(value.to_f64()),
            Unit::Percent => human::percent(value.to_f64()),
            Unit::Plain => value.to_string(),
        }
    }

    /// A value in a record: `2s`, `78MB`, `86.5%`.
    pub(crate) fn short(&self, value: Thousandths) -> String {
        if self.unit == Unit::Time { human::short_duration(value.to_f64()) } else { self.long(value) }
    }

    /// What was exceeded: `execution_time > 5s`.
    pub(crate) fn exceeded(&self, threshold: Thousandths) -> String {
        format!("{} {} {}", self.quantity, self.relation, self.short(threshold))
    }
}

impl Setting {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::MaxAcceptableMs => "max_acceptable_ms",
            Self::ThresholdPercentage => "threshold_percentage",
            Self::ThresholdMb => "threshold_mb",
            Self::Above => "above",
            Self::Below => "below",
            Self::ExhaustedBeforeReset => "exhausted_before_reset",
            Self::MissingAfter => "missing_after",
            Self::Regression => "regression",
        }
    }

    /// How bad it is to exceed the limit, unless the rule says otherwise.
    pub(crate) fn severity(self) -> Severity {
        if self == Self::MaxAcceptableMs { Severity::Critical } else { Severity::Warning }
    }
}

impl Subject {
    /// Writes what it is called in the names of rows behind what stands there; plainly, because it is done for every
    /// reading.
    pub(crate) fn write(&self, text: &mut String) {
        let mut push = |kind, name| {
            text.push_str(kind);
            text.push_str(name);
        };
        match self {
            Self::Command(command) => push("command ", command),
            Self::Host(host) => push("host ", host.as_deref().unwrap_or("-")),
            Self::Resource { credential, resource } => {
                push("resource ", credential.as_deref().unwrap_or("-"));
                push(" ", resource);
            }
            Self::Endpoint(endpoint) => push("endpoint ", endpoint),
            Self::Kind(kind) => push("kind ", kind),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

impl Span {
    /// Something that takes no time.
    pub(crate) fn at(instant: Timestamp) -> Self {
        Self { start: instant, end: instant }
    }

    /// Whether it both began and ended earlier. Of two runs at once neither is older, so records are in
    /// order whether they come by their start, as a history has them, or by their end, as they happen.
    pub(crate) fn is_older_than(self, other: Self) -> bool {
        self.start < other.start && self.end < other.end
    }

    /// The later start and the later end.
    pub(crate) fn or_later(self, other: Self) -> Self {
        Self { start: self.start.max(other.start), end: self.end.max(other.end) }
    }
}
