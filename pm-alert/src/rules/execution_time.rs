//! `performance_degradation`: a command took longer than it may, or than it used to.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use pm_record::Thousandths;
use pm_store::{Benchmarks, Limits, PerformanceDegradation, Unit};

use super::threshold;
use crate::Error;
use crate::facts::{Columns, Facts};
use crate::reading::{Limit, Measure, Reading, Setting, Standing};
use crate::rule::{Family, Rule};

/// The limits of every command that has some.
#[derive(Debug)]
pub(crate) struct ExecutionTime {
    pub(crate) rule: Arc<Rule>,
    measure: Arc<Measure>,
    commands: HashMap<String, CommandLimits>,
}

#[derive(Debug)]
struct CommandLimits {
    baseline: Option<Thousandths>,
    // The worst first.
    limits: Vec<Limit>,
    // What is not over this is well within all of them.
    clear: Thousandths,
}

pub(super) const NAME: &str = "performance_degradation";

const MEASURE: Measure = Measure {
    metric: Cow::Borrowed("duration.total_ms"),
    quantity: Cow::Borrowed("execution_time"),
    title: Cow::Borrowed("execution time"),
    unit: Unit::Time,
    relation: ">",
    is_level: false,
};

impl ExecutionTime {
    pub(crate) fn new(
        settings: &PerformanceDegradation,
        benchmarks: &Benchmarks,
        columns: &mut Columns,
    ) -> Result<Self, Error> {
        if let Some(percentage) = settings.threshold_percentage {
            threshold(NAME, Setting::ThresholdPercentage.key(), percentage)?;
        }
        let rule = Rule::new(NAME, Family::Time, &settings.terms, None, columns);
        let mut commands = HashMap::new();
        for (command, limits) in &benchmarks.commands {
            if let Some(limits) = CommandLimits::new(command, limits, settings, &rule)? {
                commands.insert(command.clone(), limits);
            }
        }
        Ok(Self { rule, measure: Arc::new(MEASURE), commands })
    }

    /// Whether no command has a limit.
    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Whether the command has a limit.
    pub(crate) fn names(&self, command: &str) -> bool {
        self.commands.contains_key(command) && self.rule.names(Some(command))
    }

    pub(crate) fn read(&self, run: &Facts<'_>) -> Option<Reading> {
        let CommandLimits { baseline, limits, clear } = self.commands.get(run.command)?;
        let value = run.total();
        let exceeded = limits.iter().find(|limit| value > limit.threshold);
        self.rule.covers_run(run).then(|| Reading {
            rule: self.rule.clone(),
            subject: run.subject(),
            span: Some(run.span()),
            measure: self.measure.clone(),
            value,
            baseline: *baseline,
            standing: match exceeded {
                Some(limit) => Standing::Exceeds(*limit),
                None if value <= *clear => Standing::Within,
                None => Standing::Near,
            },
            conclusive: !run.failed(),
            details: Vec::new(),
        })
    }
}

impl CommandLimits {
    fn new(
        command: &str,
        limits: &Limits,
        settings: &PerformanceDegradation,
        rule: &Rule,
    ) -> Result<Option<Self>, Error> {
        let named = |key, value: Option<f64>| value.map(|value| threshold(command, key, value)).transpose();
        let max = named(Setting::MaxAcceptableMs.key(), limits.max_acceptable_ms)?;
        let baseline = named("baseline_ms", limits.baseline_ms)?;
        let over =
            |percentage: f64| limits.baseline_ms.map(|baseline| baseline * (100.0 + percentage) / 100.0);
        let slow = named(Setting::ThresholdPercentage.key(), settings.threshold_percentage.and_then(over))?;
        let clear = named("clear_below", settings.terms.clear.and_then(over))?;
        let max = max.map(|threshold| Limit { setting: Setting::MaxAcceptableMs, threshold, needed: 1 });
        let slow = slow.map(|threshold| Limit {
            setting: Setting::ThresholdPercentage,
            threshold,
            needed: rule.needed,
        });
        let limits: Vec<_> = max.into_iter().chain(slow).collect();
        let lowest = limits.iter().map(|limit| limit.threshold).min();
        Ok(lowest.map(|lowest| {
            let clear =
                rule.bound(Setting::MaxAcceptableMs, lowest, clear.map(|clear| clear.min(lowest))).clear;
            Self { baseline, limits, clear }
        }))
    }
}
