//! `memory_usage_high`: a command at its peak, or the sampled processes, held too much memory.

use std::borrow::Cow;
use std::sync::Arc;

use pm_record::{PerformanceMetrics, Scalar, SystemMetrics, Thousandths};
use pm_store::{MemoryUsageHigh, Unit};

use super::{identity, threshold};
use crate::Error;
use crate::reading::{Bound, Measure, Reading, Setting, Span, Subject, name};
use crate::rule::{Family, Rule};

/// The limit of memory.
#[derive(Debug)]
pub(crate) struct MemoryUse {
    pub(crate) rule: Arc<Rule>,
    bound: Bound,
}

const NAME: &str = "memory_usage_high";

const fn measure(metric: &'static str) -> Measure {
    Measure {
        metric: Cow::Borrowed(metric),
        quantity: Cow::Borrowed("memory"),
        title: Cow::Borrowed("memory usage"),
        unit: Unit::Memory,
        relation: ">",
        is_level: false,
    }
}

impl MemoryUse {
    pub(crate) fn new(settings: &MemoryUsageHigh) -> Result<Self, Error> {
        let setting = Setting::ThresholdMb;
        let limit = threshold(NAME, setting.key(), settings.threshold_mb)?;
        let clear = settings.terms.clear.map(|clear| threshold(NAME, "clear_below", clear)).transpose()?;
        let rule = Rule::new(NAME, Family::Memory, &settings.terms, None);
        Ok(Self { bound: rule.bound(setting, limit, clear), rule })
    }

    pub(crate) fn read_run(&self, run: &PerformanceMetrics, line: &[u8]) -> Option<Reading> {
        let value = run.resource_usage.peak_memory_mb?;
        self.rule.covers(Some(&run.command), line).then(|| Reading {
            rule: self.rule.clone(),
            subject: Subject::Command(name(&run.command)),
            span: Some(Span { start: run.timestamp, end: run.end() }),
            measure: measure("resource_usage.peak_memory_mb"),
            value,
            baseline: None,
            standing: self.bound.judge(value),
            conclusive: !run.failed(),
            details: identity(run),
        })
    }

    pub(crate) fn read_tick(&self, tick: &SystemMetrics, line: &[u8]) -> Option<Reading> {
        let value: Thousandths = tick.memory.process_memory_mb?;
        self.rule.covers(None, line).then(|| Reading {
            rule: self.rule.clone(),
            subject: Subject::Host(tick.host.as_deref().map(name)),
            span: Some(Span::at(tick.timestamp)),
            measure: measure("memory.process_memory_mb"),
            value,
            baseline: None,
            standing: self.bound.judge(value),
            conclusive: true,
            details: tick.host.iter().map(|host| ("host", Scalar::Text(name(host)))).collect(),
        })
    }
}
