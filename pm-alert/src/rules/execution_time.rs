//! `performance_degradation`: a command took longer than it may, or than it used to.

use std::collections::HashMap;

use pm_record::{PerformanceMetrics, Thousandths};
use pm_store::{Benchmarks, Limits, PerformanceDegradation};

use super::{identity, threshold};
use crate::Error;
use crate::reading::{Limit, Reading, Rule, Setting, Span, Subject, name};

/// The limits of every command that has some.
#[derive(Debug)]
pub(crate) struct ExecutionTime {
    commands: HashMap<String, CommandLimits>,
}

#[derive(Debug)]
struct CommandLimits {
    baseline: Option<Thousandths>,
    // The worst first.
    limits: Vec<Limit>,
}

impl ExecutionTime {
    pub(crate) fn new(rule: &PerformanceDegradation, benchmarks: &Benchmarks) -> Result<Self, Error> {
        if let Some(percentage) = rule.threshold_percentage {
            threshold(Rule::PerformanceDegradation.kind(), Setting::ThresholdPercentage.key(), percentage)?;
        }
        let mut commands = HashMap::new();
        for (command, limits) in &benchmarks.commands {
            let limits = CommandLimits::new(command, limits, rule)?;
            if !limits.limits.is_empty() {
                commands.insert(command.clone(), limits);
            }
        }
        Ok(Self { commands })
    }

    /// Whether no command has a limit.
    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    pub(crate) fn read(&self, run: &PerformanceMetrics) -> Option<Reading> {
        let CommandLimits { baseline, limits } = self.commands.get(&run.command)?;
        let value = run.duration.total_ms;
        Some(Reading {
            rule: Rule::PerformanceDegradation,
            subject: Subject::Command(name(&run.command)),
            span: Some(Span::of(run)),
            metric: "duration.total_ms",
            value,
            baseline: *baseline,
            exceeded: limits.iter().find(|limit| value > limit.threshold).copied(),
            conclusive: !run.failed(),
            details: identity(run),
        })
    }
}

impl CommandLimits {
    fn new(command: &str, limits: &Limits, rule: &PerformanceDegradation) -> Result<Self, Error> {
        let named = |key, value: Option<f64>| value.map(|value| threshold(command, key, value)).transpose();
        let max = named(Setting::MaxAcceptableMs.key(), limits.max_acceptable_ms)?;
        let baseline = named("baseline_ms", limits.baseline_ms)?;
        let slow = limits.baseline_ms.zip(rule.threshold_percentage);
        let slow = slow.map(|(baseline, percentage)| baseline * (100.0 + percentage) / 100.0);
        let slow = named(Setting::ThresholdPercentage.key(), slow)?;
        let max = max.map(|threshold| Limit { setting: Setting::MaxAcceptableMs, threshold, needed: 1 });
        let slow = slow.map(|threshold| Limit {
            setting: Setting::ThresholdPercentage,
            threshold,
            needed: rule.consecutive_violations.max(1),
        });
        Ok(Self { baseline, limits: max.into_iter().chain(slow).collect() })
    }
}
