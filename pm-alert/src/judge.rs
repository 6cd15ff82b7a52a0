//! Judges records by the rules: a record and what is known in, alerts out.
//!
//! It happens in two pure steps. [`Judge::observe`] needs the record alone, so that it can be done before
//! anybody waits for the state; `State::take` needs the state alone, and is quick while others wait.

use pm_record::{PerformanceMetrics, Record, Scalar};
use pm_store::{Alerts, Benchmarks, Channel};

use crate::Error;
use crate::reading::{Reading, Rule};
use crate::rules::{ApiUsage, ExecutionTime, MemoryUse, regression};

/// The rules that are enabled.
#[derive(Debug)]
pub(crate) struct Judge {
    execution_time: Option<ExecutionTime>,
    memory: Option<MemoryUse>,
    api_usage: Option<ApiUsage>,
    alerts: Alerts,
    has_history: bool,
}

/// What the rules read from one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observation {
    /// What tells the record from others, where it says.
    pub(crate) execution_id: Option<String>,
    /// Whether the other runs of a command can be looked up.
    pub(crate) has_history: bool,
    /// Never empty.
    pub(crate) readings: Vec<Reading>,
}

impl Judge {
    /// `has_history` says whether the other runs of a command can be looked up.
    pub(crate) fn new(alerts: Alerts, benchmarks: &Benchmarks, has_history: bool) -> Result<Self, Error> {
        let slow = alerts.performance_degradation.as_ref();
        Ok(Self {
            execution_time: slow.map(|rule| ExecutionTime::new(rule, benchmarks)).transpose()?,
            memory: alerts.memory_usage_high.as_ref().map(MemoryUse::new).transpose()?,
            api_usage: alerts.api_rate_limit_warning.as_ref().map(ApiUsage::new).transpose()?,
            alerts,
            has_history,
        })
    }

    /// Whether no rule has a limit to hold a run, a tick or a quota against.
    pub(crate) fn watches_nothing(&self) -> bool {
        self.execution_time.as_ref().is_none_or(ExecutionTime::is_empty)
            && self.memory.is_none()
            && self.api_usage.is_none()
    }

    /// Who is told when a rule is broken.
    pub(crate) fn channels(&self, rule: Rule) -> &[Channel] {
        let Alerts { performance_degradation: slow, memory_usage_high: memory, api_rate_limit_warning: api } =
            &self.alerts;
        match rule {
            Rule::PerformanceDegradation | Rule::Regression(_) => {
                slow.as_ref().map(|rule| &rule.notification_channels)
            }
            Rule::MemoryUsageHigh => memory.as_ref().map(|rule| &rule.notification_channels),
            Rule::ApiRateLimitWarning => api.as_ref().map(|rule| &rule.notification_channels),
        }
        .map_or(&[], Vec::as_slice)
    }

    /// What the rules read from a record; `None` where it is no business of theirs.
    pub(crate) fn observe(&self, record: &Record) -> Option<Observation> {
        let (execution_id, readings) = match record {
            Record::Performance(run) if !is_deliberate(run) => {
                let slow = self.execution_time.as_ref().and_then(|rule| rule.read(run));
                let memory = self.memory.as_ref().and_then(|rule| rule.read_run(run));
                (run.execution_id.clone(), slow.into_iter().chain(memory).collect())
            }
            Record::Change(change) if self.execution_time.is_some() => {
                (Some(regression::identity(change)), regression::read(change).into_iter().collect())
            }
            Record::System(tick) => {
                (None, self.memory.iter().filter_map(|rule| rule.read_tick(tick)).collect())
            }
            Record::Api(monitoring) => {
                (None, self.api_usage.iter().flat_map(|rule| rule.read(monitoring)).collect())
            }
            _ => return None,
        };
        let readings: Vec<_> = readings;
        let has_history = self.has_history;
        (!readings.is_empty()).then_some(Observation { execution_id, has_history, readings })
    }
}

/// Runs of a benchmark or a profile are slow on purpose.
fn is_deliberate(run: &PerformanceMetrics) -> bool {
    matches!(run.context.get("purpose"), Some(Scalar::Text(purpose)) if purpose == "benchmark" || purpose == "profile")
}

#[cfg(test)]
pub(crate) mod tests;
