//! `missing_after`, for a rule that asks of a command only that it is heard of.

use std::borrow::Cow;
use std::sync::Arc;

use pm_record::{PerformanceMetrics, Thousandths};
use pm_store::Unit;

use super::identity;
use crate::reading::{Measure, Reading, Span, Standing, Subject, name};
use crate::rule::Rule;

/// What is measured of records that do not come.
pub(crate) const SILENCE: Measure = Measure {
    metric: Cow::Borrowed("silence_ms"),
    quantity: Cow::Borrowed("silence"),
    title: Cow::Borrowed("silence"),
    unit: Unit::Time,
    relation: ">",
    is_level: false,
};

/// That there was a run.
pub(crate) fn presence(rule: &Arc<Rule>, run: &PerformanceMetrics) -> Reading {
    Reading {
        rule: rule.clone(),
        subject: Subject::Command(name(&run.command)),
        span: Some(Span { start: run.timestamp, end: run.end() }),
        measure: SILENCE,
        value: Thousandths(0),
        baseline: None,
        standing: Standing::Present,
        conclusive: true,
        details: identity(run),
    }
}
