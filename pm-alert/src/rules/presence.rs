//! `missing_after`, for a rule that asks of a command only that it is heard of.

use std::borrow::Cow;
use std::sync::Arc;

use pm_record::Thousandths;
use pm_store::{Terms, Unit};

use crate::facts::{Columns, Facts};
use crate::reading::{Measure, Reading, Standing};
use crate::rule::{Family, Rule};

/// That there are runs.
#[derive(Debug)]
pub(crate) struct Presence {
    pub(crate) rule: Arc<Rule>,
    measure: Arc<Measure>,
}

/// What is measured of records that do not come.
pub(crate) fn silence() -> Arc<Measure> {
    Arc::new(Measure {
        metric: Cow::Borrowed("silence_ms"),
        quantity: Cow::Borrowed("silence"),
        title: Cow::Borrowed("silence"),
        unit: Unit::Time,
        relation: ">",
        is_level: false,
    })
}

impl Presence {
    pub(crate) fn new(name: &str, terms: &Terms, columns: &mut Columns) -> Self {
        Self { rule: Rule::new(name, Family::Presence, terms, None, columns), measure: silence() }
    }

    /// That there was a run.
    pub(crate) fn read(&self, run: &Facts<'_>) -> Option<Reading> {
        self.rule.covers_run(run).then(|| Reading {
            rule: self.rule.clone(),
            subject: run.subject(),
            span: Some(run.span()),
            measure: self.measure.clone(),
            value: Thousandths(0),
            baseline: None,
            standing: Standing::Present,
            conclusive: true,
            details: Vec::new(),
        })
    }
}
