//! `exhausted_before_reset`: a quota is used so fast that it does not last until it is given anew.

use std::borrow::Cow;
use std::sync::Arc;

use pm_record::{ApiMonitoring, RateLimit, Thousandths, Timestamp};
use pm_store::{Terms, Unit};

use super::{api_usage, quota_details};
use crate::facts::Columns;
use crate::reading::{Limit, Measure, Reading, Setting, Span, Standing, Subject};
use crate::rule::{Family, Rule};

/// Whether every quota lasts.
#[derive(Debug)]
pub(crate) struct Forecast {
    pub(crate) rule: Arc<Rule>,
    measure: Arc<Measure>,
}

const MEASURE: Measure = Measure {
    metric: Cow::Borrowed("exhausted_at"),
    quantity: Cow::Borrowed("time_to_exhaustion"),
    title: Cow::Borrowed("time to exhaustion"),
    unit: Unit::Time,
    relation: "<",
    is_level: false,
};

impl Forecast {
    pub(crate) fn new(name: &str, terms: &Terms, columns: &mut Columns) -> Self {
        let rule = Rule::new(name, Family::Forecast, terms, None, columns);
        Self { rule, measure: Arc::new(MEASURE) }
    }

    /// One reading for each resource whose pace is known. The first of two readings knows none, and proves nothing.
    pub(crate) fn read(&self, monitoring: &ApiMonitoring) -> Vec<Reading> {
        let Some(now) = monitoring.timestamp else { return Vec::new() };
        let read = |(subject, quota): (Subject, RateLimit)| self.read_resource(now, subject, &quota);
        api_usage::resources(monitoring).into_iter().filter_map(read).collect()
    }

    fn read_resource(&self, now: Timestamp, subject: Subject, quota: &RateLimit) -> Option<Reading> {
        quota.burn_per_minute?;
        let until = |then: Timestamp| {
            Thousandths::from_units(then.as_millis().saturating_sub(now.as_millis()).max(0))
        };
        let threshold = until(quota.reset_time?);
        let limit = Limit { setting: Setting::ExhaustedBeforeReset, threshold, needed: self.rule.needed };
        let mut details = quota_details(&subject, quota);
        details.extend(quota.burn_per_minute.map(|pace| ("burn_per_minute", pace.into())));
        Some(Reading {
            rule: self.rule.clone(),
            span: Some(Span::at(now)),
            measure: self.measure.clone(),
            // What lasts has as long as there is.
            value: quota.exhausted_at.map_or(threshold, until),
            baseline: None,
            standing: if quota.exhausted_at.is_some() { Standing::Exceeds(limit) } else { Standing::Within },
            conclusive: true,
            details,
            subject,
        })
    }
}
