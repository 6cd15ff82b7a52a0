//! What a rule reads from a record: one value about one subject, and the limit that it exceeds.
//!
//! Rules make readings, the state counts them, and alerts are written from both: none of the three needs
//! to know another.

use std::fmt;

use pm_cli::human;
use pm_record::{PerformanceMetrics, Scalar, Severity, Thousandths, Timestamp};
use serde::{Deserialize, Serialize};

/// Longer names are cut: they are meant to be labels, and alerts outlive the records that they are from.
const LONGEST_NAME: usize = 256;

/// What a rule reads from one record about one subject.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    pub(crate) rule: Rule,
    pub(crate) subject: Subject,
    /// When the record was made; `None` for one that does not say.
    pub(crate) span: Option<Span>,
    /// What was read, by its name in records.
    pub(crate) metric: &'static str,
    pub(crate) value: Thousandths,
    pub(crate) baseline: Option<Thousandths>,
    /// The worst limit that the value exceeds.
    pub(crate) exceeded: Option<Limit>,
    /// Whether a value within its limits proves that they are kept. A run that failed at once does not.
    pub(crate) conclusive: bool,
    /// More figures for the alert's evidence.
    pub(crate) details: Vec<(&'static str, Scalar)>,
}

/// A rule of `alerts.yml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    PerformanceDegradation,
    /// The part of it that is about changes of level, in whatever is measured.
    Regression(Quantity),
    MemoryUsageHigh,
    ApiRateLimitWarning,
}

/// What has changed its level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Time,
    Cpu,
    Memory,
    Requests,
    Points,
}

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Command(String),
    /// The processes that are sampled on a machine.
    Host(Option<String>),
    /// A rate limit of a credential.
    Resource {
        credential: Option<String>,
        resource: String,
    },
}

/// A limit, and how many values in a row must exceed it before anybody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Limit {
    pub(crate) setting: Setting,
    pub(crate) threshold: Thousandths,
    pub(crate) needed: u32,
}

/// The key that a limit has in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Setting {
    MaxAcceptableMs,
    ThresholdPercentage,
    ThresholdMb,
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
    text[..text.floor_char_boundary(LONGEST_NAME)].to_owned()
}

impl Reading {
    /// The name of what is counted together: this rule's readings of this subject.
    pub(crate) fn row(&self) -> String {
        let part =
            if let Rule::Regression(_) = self.rule { format!(" {}", self.metric) } else { String::new() };
        format!("{}{part} {}", self.rule.kind(), self.subject)
    }
}

impl Rule {
    /// The alert's `type`.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::PerformanceDegradation | Self::Regression(_) => "performance_degradation",
            Self::MemoryUsageHigh => "memory_usage_high",
            Self::ApiRateLimitWarning => "api_rate_limit_warning",
        }
    }

    /// What is compared, as `threshold_exceeded` names it.
    pub(crate) fn quantity(self) -> &'static str {
        match self {
            Self::PerformanceDegradation | Self::Regression(Quantity::Time) => "execution_time",
            Self::MemoryUsageHigh | Self::Regression(Quantity::Memory) => "memory",
            Self::Regression(Quantity::Cpu) => "cpu_time",
            Self::Regression(Quantity::Requests) => "requests",
            Self::Regression(Quantity::Points) => "points",
            Self::ApiRateLimitWarning => "api_usage",
        }
    }

    /// How a value relates to its limit when it breaks the rule.
    pub(crate) fn relation(self) -> &'static str {
        match self {
            Self::PerformanceDegradation | Self::Regression(_) | Self::MemoryUsageHigh => ">",
            // A quota is warned of when the share is reached, not only when it is passed.
            Self::ApiRateLimitWarning => ">=",
        }
    }

    /// A value in a sentence: `2.0s`, `78MB`, `86.5%`.
    pub(crate) fn long(self, value: Thousandths) -> String {
        match self {
            Self::PerformanceDegradation | Self::Regression(Quantity::Time | Quantity::Cpu) => {
                human::duration(value.to_f64())
            }
            Self::MemoryUsageHigh | Self::Regression(Quantity::Memory) => human::mebibytes(value.to_f64()),
            Self::Regression(Quantity::Requests | Quantity::Points) => value.to_string(),
            Self::ApiRateLimitWarning => human::percent(value.to_f64()),
        }
    }

    /// A value in a record: `2s`, `78MB`, `86.5%`.
    pub(crate) fn short(self, value: Thousandths) -> String {
        match self {
            Self::PerformanceDegradation | Self::Regression(Quantity::Time | Quantity::Cpu) => {
                human::short_duration(value.to_f64())
            }
            Self::MemoryUsageHigh | Self::Regression(_) | Self::ApiRateLimitWarning => self.long(value),
        }
    }
}

impl Setting {
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::MaxAcceptableMs => "max_acceptable_ms",
            Self::ThresholdPercentage => "threshold_percentage",
            Self::ThresholdMb => "threshold_mb",
            Self::Regression => "regression",
        }
    }

    /// How bad it is to exceed the limit.
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::MaxAcceptableMs => Severity::Critical,
            Self::ThresholdPercentage | Self::ThresholdMb | Self::Regression => Severity::Warning,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => write!(f, "command {command}"),
            Self::Host(host) => write!(f, "host {}", host.as_deref().unwrap_or("-")),
            Self::Resource { credential, resource } => {
                write!(f, "resource {} {resource}", credential.as_deref().unwrap_or("-"))
            }
        }
    }
}

impl Span {
    /// Something that takes no time.
    pub(crate) fn at(instant: Timestamp) -> Self {
        Self { start: instant, end: instant }
    }

    pub(crate) fn of(run: &PerformanceMetrics) -> Self {
        Self { start: run.timestamp, end: run.end() }
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
