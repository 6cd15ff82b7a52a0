//! Judges records by the rules: a record and what is known in, alerts out.
//!
//! It happens in two pure steps. [`Judge::observe`] needs the record alone, so that it can be done before
//! anybody waits for the state; `State::take` needs the state alone, and is quick while others wait.

use std::sync::Arc;

use pm_record::{Field, PerformanceMetrics, Record, Scalar};
use pm_store::{Alerts, Benchmarks, Terms, Watch};

use crate::Error;
use crate::reading::{Reading, Subject};
use crate::rule::{Family, Rule};
use crate::rules::{ApiUsage, ExecutionTime, Forecast, MemoryUse, MetricRule, presence, regression};

/// The rules that are enabled.
#[derive(Debug)]
pub(crate) struct Judge {
    /// Where the rules stand, to tell them from those of another file with the same state.
    source: String,
    execution_time: Option<ExecutionTime>,
    memory: Option<MemoryUse>,
    api_usage: Option<ApiUsage>,
    metrics: Vec<MetricRule>,
    forecasts: Vec<Forecast>,
    regressions: Vec<(Arc<Rule>, Option<Field>)>,
    presences: Vec<Arc<Rule>>,
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
    /// `source` tells the rules from those of another file; `has_history` says whether the other runs of a command
    /// can be looked up.
    pub(crate) fn new(
        alerts: &Alerts,
        benchmarks: &Benchmarks,
        source: String,
        has_history: bool,
    ) -> Result<Self, Error> {
        let slow = alerts.performance_degradation.as_ref();
        let mut judge = Self {
            source,
            execution_time: slow.map(|rule| ExecutionTime::new(rule, benchmarks)).transpose()?,
            memory: alerts.memory_usage_high.as_ref().map(MemoryUse::new).transpose()?,
            api_usage: alerts.api_rate_limit_warning.as_ref().map(ApiUsage::new).transpose()?,
            metrics: Vec::new(),
            forecasts: Vec::new(),
            regressions: Vec::new(),
            presences: Vec::new(),
            has_history,
        };
        for (name, rule) in &alerts.others {
            judge.add(name, &rule.watch, &rule.terms)?;
        }
        Ok(judge)
    }

    fn add(&mut self, name: &str, watch: &Watch, terms: &Terms) -> Result<(), Error> {
        match watch {
            Watch::Metric(limit) => self.metrics.push(MetricRule::new(name, limit, terms)?),
            Watch::ExhaustedBeforeReset => self.forecasts.push(Forecast::new(name, terms)),
            Watch::Regression(metric) => {
                self.regressions.push((Rule::new(name, Family::Regression, terms, None), metric.clone()));
            }
            Watch::Presence => self.presences.push(Rule::new(name, Family::Presence, terms, None)),
        }
        Ok(())
    }

    /// Where the rules stand.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Whether no rule has a limit to hold a run, a tick or a quota against.
    pub(crate) fn watches_nothing(&self) -> bool {
        self.execution_time.as_ref().is_none_or(ExecutionTime::is_empty)
            && self.rules().all(|rule| rule.family == Family::Time || rule.family == Family::Regression)
    }

    /// Whether time that goes by without a record says something too.
    pub(crate) fn needs_clock(&self) -> bool {
        self.rules().any(|rule| rule.missing_after_millis.is_some())
    }

    /// Every rule.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Arc<Rule>> {
        let slow = self.execution_time.iter().map(|it| &it.rule);
        let memory = self.memory.iter().map(|it| &it.rule);
        let quota = self.api_usage.iter().map(|it| &it.rule);
        let metrics = self.metrics.iter().map(|it| &it.rule);
        let forecasts = self.forecasts.iter().map(|it| &it.rule);
        let regressions = self.regressions.iter().map(|(rule, _)| rule);
        slow.chain(memory)
            .chain(quota)
            .chain(metrics)
            .chain(forecasts)
            .chain(regressions)
            .chain(&self.presences)
    }

    /// Whether a rule of this name still has a limit for the subject. `is_level` says that what was before is the
    /// limit.
    pub(crate) fn watches(&self, rule: &str, subject: &Subject, is_level: bool) -> bool {
        let Some(known) = self.rules().find(|known| known.name == rule) else { return false };
        let Subject::Command(command) = subject else { return true };
        match &self.execution_time {
            Some(slow) if known.family == Family::Time && !is_level => slow.names(command),
            _ => known.names(Some(command)),
        }
    }

    /// What the rules read from a record and its line; `None` where it is no business of theirs.
    pub(crate) fn observe(&self, record: &Record, line: &[u8]) -> Option<Observation> {
        let mut readings: Vec<Reading> = Vec::new();
        let mut execution_id = None;
        match record {
            Record::Performance(run) if is_deliberate(run) => return None,
            Record::Performance(run) => {
                execution_id.clone_from(&run.execution_id);
                readings.extend(self.execution_time.as_ref().and_then(|rule| rule.read(run, line)));
                readings.extend(self.memory.as_ref().and_then(|rule| rule.read_run(run, line)));
                let heard = self.presences.iter().filter(|rule| rule.covers(Some(&run.command), line));
                readings.extend(heard.map(|rule| presence(rule, run)));
            }
            Record::Change(change) => {
                execution_id = Some(regression::identity(change));
                let slow = self.execution_time.iter().map(|it| (&it.rule, None));
                let rules = slow.chain(self.regressions.iter().map(|(rule, only)| (rule, only.as_ref())));
                readings.extend(rules.filter_map(|(rule, only)| regression::read(rule, only, change, line)));
            }
            Record::System(tick) => {
                readings.extend(self.memory.as_ref().and_then(|rule| rule.read_tick(tick, line)));
            }
            Record::Api(monitoring) => {
                let usage = self.api_usage.iter().flat_map(|rule| rule.read(monitoring));
                let pace = self.forecasts.iter().flat_map(|rule| rule.read(monitoring));
                readings.extend(usage.chain(pace).filter(|reading| reading.rule.covers(None, line)));
            }
            _ => {}
        }
        let metrics = self.metrics.iter().filter(|rule| rule.reads(record));
        readings.extend(metrics.filter_map(|rule| rule.read(record, line)));
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
