//! Judges records by the rules: a record and what is known in, alerts out.
//!
//! It happens in two pure steps. [`Judge::observe`] and [`Judge::observe_run`] need the record alone, so that it can be
//! done before anybody waits for the state; `State::take` needs the state alone, and is quick while others wait.
//!
//! Runs come by the million and break no rule mostly, so they are looked at where they stand in their line. Where nobody
//! waits for the state, both steps are one for them (`State::take_run`), and nothing is copied but what is told.

use std::sync::Arc;

use compact_str::CompactString;
use pm_record::{Field, Record, Run, Scalar, Wanted};
use pm_store::{Alerts, Benchmarks, Terms, Watch};

use crate::Error;
use crate::facts::{Columns, Facts};
use crate::names::Names;
use crate::reading::{Reading, Subject, name};
use crate::rule::{Family, Rule};
use crate::rules::{ApiUsage, ExecutionTime, Forecast, MemoryUse, MetricRule, Presence, regression};

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
    presences: Vec<Presence>,
    columns: Columns,
    has_history: bool,
}

/// What the rules read from one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Observation {
    pub(crate) origin: Origin,
    /// Whether the other runs of a command can be looked up.
    pub(crate) has_history: bool,
    /// Never empty.
    pub(crate) readings: Vec<Reading>,
}

/// The record that an observation is from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Origin {
    /// A run, and what it says of itself.
    Run {
        execution_id: Option<CompactString>,
        host: Option<Arc<str>>,
    },
    /// A change, and what tells it from others.
    Change(CompactString),
    Other,
}

impl Origin {
    pub(crate) fn of(run: &Facts<'_>) -> Self {
        Self::Run { execution_id: run.execution_id().map(CompactString::from), host: run.host() }
    }

    /// What tells the record from others, where it says.
    pub(crate) fn identity(&self) -> Option<&str> {
        match self {
            Self::Run { execution_id, .. } => execution_id.as_deref(),
            Self::Change(identity) => Some(identity),
            Self::Other => None,
        }
    }

    /// What tells a run from others, for the evidence of an alert.
    pub(crate) fn details(&self) -> impl Iterator<Item = (&'static str, Scalar)> + use<> {
        let named = |key, value: Option<&str>| Some((key, Scalar::Text(name(value?))));
        let details = match self {
            Self::Run { execution_id, host } => {
                [named("execution_id", execution_id.as_deref()), named("host", host.as_deref())]
            }
            Self::Change(_) | Self::Other => [None, None],
        };
        details.into_iter().flatten()
    }
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
        let mut columns = Columns::default();
        let at = &mut columns;
        let (slow, memory, quota) =
            (&alerts.performance_degradation, &alerts.memory_usage_high, &alerts.api_rate_limit_warning);
        let mut judge = Self {
            source,
            execution_time: slow.as_ref().map(|it| ExecutionTime::new(it, benchmarks, at)).transpose()?,
            memory: memory.as_ref().map(|it| MemoryUse::new(it, at)).transpose()?,
            api_usage: quota.as_ref().map(|it| ApiUsage::new(it, at)).transpose()?,
            metrics: Vec::new(),
            forecasts: Vec::new(),
            regressions: Vec::new(),
            presences: Vec::new(),
            columns,
            has_history,
        };
        for (name, rule) in &alerts.others {
            judge.add(name, &rule.watch, &rule.terms)?;
        }
        Ok(judge)
    }

    fn add(&mut self, name: &str, watch: &Watch, terms: &Terms) -> Result<(), Error> {
        let at = &mut self.columns;
        match watch {
            Watch::Metric(limit) => self.metrics.push(MetricRule::new(name, limit, terms, at)?),
            Watch::ExhaustedBeforeReset => self.forecasts.push(Forecast::new(name, terms, at)),
            Watch::Regression(metric) => {
                let rule = Rule::new(name, Family::Regression, terms, None, at);
                self.regressions.push((rule, metric.clone()));
            }
            Watch::Presence => self.presences.push(Presence::new(name, terms, at)),
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

    /// Whether a rule of the user's own is about levels that changed.
    pub(crate) fn watches_changes(&self) -> bool {
        !self.regressions.is_empty()
    }

    /// Whether any command has a limit in `benchmarks.yml` that is watched.
    pub(crate) fn has_benchmarks(&self) -> bool {
        self.execution_time.as_ref().is_some_and(|rule| !rule.is_empty())
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
        let presences = self.presences.iter().map(|it| &it.rule);
        slow.chain(memory).chain(quota).chain(metrics).chain(forecasts).chain(regressions).chain(presences)
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

    /// What has to be read of runs that are to be observed.
    pub(crate) fn wanted(&self) -> Wanted {
        self.columns.wanted()
    }

    /// What the rules read from a run, which was read as [`Judge::wanted`] says; `None` where it is no business of
    /// theirs.
    pub(crate) fn observe_run(&self, run: Run<'_>, names: &Names) -> Option<Observation> {
        let run = Facts::new(run, names);
        if run.is_deliberate() {
            return None;
        }
        let mut readings: Vec<Reading> = Vec::new();
        self.readings(&run).for_each(|reading| {
            // Mostly it is the only one, and room for more would be made a million times in vain.
            readings.reserve_exact(1);
            readings.push(reading);
        });
        self.observation(readings, || Origin::of(&run))
    }

    /// What the rules read from a run that is not slow on purpose.
    pub(crate) fn readings<'a>(&'a self, run: &'a Facts<'_>) -> impl Iterator<Item = Reading> + 'a {
        let slow = self.execution_time.iter().filter_map(|rule| rule.read(run));
        let memory = self.memory.iter().filter_map(|rule| rule.read_run(run));
        let present = self.presences.iter().filter_map(|rule| rule.read(run));
        let metrics = self.metrics.iter().filter_map(|rule| rule.read_run(run));
        slow.chain(memory).chain(present).chain(metrics)
    }

    /// Whether the other runs of a command can be looked up.
    pub(crate) fn has_history(&self) -> bool {
        self.has_history
    }

    /// The same of any other record and its line.
    pub(crate) fn observe(&self, record: &Record, line: &[u8]) -> Option<Observation> {
        let mut readings: Vec<Reading> = Vec::new();
        let mut identity = None;
        match record {
            Record::Change(change) => {
                identity = Some(regression::identity(change));
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
        readings.extend(self.metrics.iter().filter_map(|rule| rule.read(record, line)));
        self.observation(readings, || {
            identity.map_or(Origin::Other, |identity| Origin::Change(identity.into()))
        })
    }

    fn observation(&self, readings: Vec<Reading>, origin: impl FnOnce() -> Origin) -> Option<Observation> {
        let has_history = self.has_history;
        (!readings.is_empty()).then(|| Observation { origin: origin(), has_history, readings })
    }
}

#[cfg(test)]
pub(crate) mod tests;
