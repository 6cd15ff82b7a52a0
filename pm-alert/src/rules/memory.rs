//! `memory_usage_high`: a command at its peak, or the sampled processes, held too much memory.

use pm_record::{PerformanceMetrics, Scalar, SystemMetrics, Thousandths};
use pm_store::MemoryUsageHigh;

use super::{identity, threshold};
use crate::Error;
use crate::reading::{Limit, Reading, Rule, Setting, Span, Subject, name};

/// The limit of memory.
#[derive(Debug)]
pub(crate) struct MemoryUse {
    limit: Limit,
}

impl MemoryUse {
    pub(crate) fn new(rule: &MemoryUsageHigh) -> Result<Self, Error> {
        let setting = Setting::ThresholdMb;
        let threshold = threshold(Rule::MemoryUsageHigh.kind(), setting.key(), rule.threshold_mb)?;
        Ok(Self { limit: Limit { setting, threshold, needed: 1 } })
    }

    pub(crate) fn read_run(&self, run: &PerformanceMetrics) -> Option<Reading> {
        let value = run.resource_usage.peak_memory_mb?;
        Some(Reading {
            rule: Rule::MemoryUsageHigh,
            subject: Subject::Command(name(&run.command)),
            span: Some(Span::of(run)),
            metric: "resource_usage.peak_memory_mb",
            value,
            baseline: None,
            exceeded: self.exceeded(value),
            conclusive: !run.failed(),
            details: identity(run),
        })
    }

    pub(crate) fn read_tick(&self, tick: &SystemMetrics) -> Option<Reading> {
        let value = tick.memory.process_memory_mb?;
        Some(Reading {
            rule: Rule::MemoryUsageHigh,
            subject: Subject::Host(tick.host.as_deref().map(name)),
            span: Some(Span::at(tick.timestamp)),
            metric: "memory.process_memory_mb",
            value,
            baseline: None,
            exceeded: self.exceeded(value),
            conclusive: true,
            details: tick.host.iter().map(|host| ("host", Scalar::Text(name(host)))).collect(),
        })
    }

    fn exceeded(&self, value: Thousandths) -> Option<Limit> {
        (value > self.limit.threshold).then_some(self.limit)
    }
}
