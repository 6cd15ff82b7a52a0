//! `performance_dashboard`: everything on one page, for a program that shows it. Made by `pm-report --as dashboard`.
//!
//! It is the one record without a version: its shape is older than this project, and it is never read back here.

use serde::{Deserialize, Serialize};

use crate::schema::null_as_default;

/// What commands did in a stretch of time, in words and short figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PerformanceDashboard {
    /// How it is.
    pub summary: DashboardSummary,
    /// Where it goes.
    pub trending: Trending,
    /// What fires, the worst first.
    #[serde(default, deserialize_with = "null_as_default")]
    pub alerts: Vec<DashboardAlert>,
}

/// How it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DashboardSummary {
    /// The mean of all runs, for people: `450ms`; `unknown` where there was none.
    pub average_command_duration: String,
    /// Runs over the minutes of the time that was asked for, or else from the first run to the last.
    pub commands_per_minute: crate::Thousandths,
    /// How the memory of runs is beside what alerts allow.
    pub memory_efficiency: Efficiency,
    /// How little is asked of the API for what is needed.
    pub api_efficiency: Efficiency,
}

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trending {
    /// Whether commands take longer than in the period before.
    pub performance_trend: PerformanceTrend,
    /// What holds things up, the worst first: `large_project_processing`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub bottleneck_areas: Vec<String>,
    /// What could be done about it, in the same order: `caching_improvements`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub optimization_opportunities: Vec<String>,
}

/// One alert, as it was when it last fired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DashboardAlert {
    /// The rule: `performance_degradation`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The command, where the rule is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// What was exceeded: `execution_time > 5s`.
    pub threshold_exceeded: String,
    /// What was measured.
    pub current_value: String,
    /// What is usual, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
}

/// How well something is used; the best comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Efficiency {
    /// Nothing to gain.
    Excellent,
    /// Little to gain.
    Good,
    /// Something to gain.
    Acceptable,
    /// Much to gain.
    Poor,
    /// Nothing was recorded that would tell.
    #[serde(other)]
    Unknown,
}

/// Where the times of commands go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PerformanceTrend {
    /// They became shorter.
    Improving,
    /// They are what they were.
    Stable,
    /// They became longer.
    Degrading,
    /// Too few runs to tell.
    #[serde(other)]
    Unknown,
}

impl Efficiency {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::Acceptable => "acceptable",
            Self::Poor => "poor",
            Self::Unknown => "unknown",
        }
    }
}

impl PerformanceTrend {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Improving => "improving",
            Self::Stable => "stable",
            Self::Degrading => "degrading",
            Self::Unknown => "unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Record;

    #[test]
    fn the_specification_s_dashboard_is_read_and_written_with_nothing_lost() {
        let line = concat!(
            r#"{"performance_dashboard":{"summary":{"average_command_duration":"450ms","commands_per_minute":8.5,"#,
            r#""memory_efficiency":"good","api_efficiency":"excellent"},"trending":{"performance_trend":"improving","#,
            r#""bottleneck_areas":["large_project_processing","batch_operations"],"#,
            r#""optimization_opportunities":["caching_improvements","parallel_processing"]},"#,
            r#""alerts":[{"type":"performance_degradation","command":"setup-complete","#,
            r#""threshold_exceeded":"execution_time > 5s","current_value":"6.2s","baseline":"3.1s"}]}}"#
        );
        let record = Record::parse(line.as_bytes()).expect("the specification's example");
        assert_eq!(record.kind(), "performance_dashboard");
        assert_eq!(String::from_utf8(record.to_line()).expect("JSON is text").trim_end(), line);
    }
}
