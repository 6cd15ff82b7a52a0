//! `memory_usage_high`: a command at its peak, or the sampled processes, held too much memory.

use std::borrow::Cow;
use std::sync::Arc;

use pm_record::{Scalar, SystemMetrics, Thousandths};
use pm_store::{MemoryUsageHigh, Unit};

use super::threshold;
use crate::Error;
use crate::facts::{Columns, Facts};
use crate::reading::{Bound, Measure, Reading, Setting, Span, Subject, name};
use crate::rule::{Family, Rule};

/// The limit of memory.
#[derive(Debug)]
pub(crate) struct MemoryUse {
    pub(crate) rule: Arc<Rule>,
    bound: Bound,
    of_run: Arc<Measure>,
    of_tick: Arc<Measure>,
}

const NAME: &str = "memory_usage_high";

fn measure(metric: &'static str) -> Arc<Measure> {
    Arc::new(Measure {
        metric: Cow::Borrowed(metric),
        quantity: Cow::Borrowed("memory"),
        title: Cow::Borrowed("memory usage"),
        unit: Unit::Memory,
        relation: ">",
        is_level: false,
    })
}

impl MemoryUse {
    pub(crate) fn new(settings: &MemoryUsageHigh, columns: &mut Columns) -> Result<Self, Error> {
        let setting = Setting::ThresholdMb;
        let limit = threshold(NAME, setting.key(), settings.threshold_mb)?;
        let clear = settings.terms.clear.map(|clear| threshold(NAME, "clear_below", clear)).transpose()?;
        let rule = Rule::new(NAME, Family::Memory, &settings.terms, None, columns);
        let [of_run, of_tick] = ["resource_usage.peak_memory_mb", "memory.process_memory_mb"].map(measure);
        Ok(Self { bound: rule.bound(setting, limit, clear), rule, of_run, of_tick })
    }

    pub(crate) fn read_run(&self, run: &Facts<'_>) -> Option<Reading> {
        let value = run.peak_memory()?;
        self.rule.covers_run(run).then(|| Reading {
            rule: self.rule.clone(),
            subject: run.subject(),
            span: Some(run.span()),
            measure: self.of_run.clone(),
            value,
            baseline: None,
            standing: self.bound.judge(value),
            conclusive: !run.failed(),
            details: Vec::new(),
        })
    }

    pub(crate) fn read_tick(&self, tick: &SystemMetrics, line: &[u8]) -> Option<Reading> {
        let value: Thousandths = tick.memory.process_memory_mb?;
        self.rule.covers(None, line).then(|| Reading {
            rule: self.rule.clone(),
            subject: Subject::Host(tick.host.as_deref().map(name)),
            span: Some(Span::at(tick.timestamp)),
            measure: self.of_tick.clone(),
            value,
            baseline: None,
            standing: self.bound.judge(value),
            conclusive: true,
            details: tick.host.iter().map(|host| ("host", Scalar::Text(name(host)))).collect(),
        })
    }
}
