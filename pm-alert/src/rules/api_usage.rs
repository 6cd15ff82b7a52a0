//! `api_rate_limit_warning`: a rate limit of a credential is nearly used up.

use std::borrow::Cow;
use std::sync::Arc;

use pm_record::{ApiMonitoring, RateLimit, Thousandths};
use pm_store::{ApiRateLimitWarning, Unit};

use super::{quota_details, threshold};
use crate::Error;
use crate::facts::Columns;
use crate::reading::{Bound, Measure, Reading, Setting, Span, Standing, Subject, name};
use crate::rule::{Family, Rule};

/// How much of any rate limit may be used.
#[derive(Debug)]
pub(crate) struct ApiUsage {
    pub(crate) rule: Arc<Rule>,
    bound: Bound,
    measure: Arc<Measure>,
}

const NAME: &str = "api_rate_limit_warning";

/// A quota is warned of when the share is reached, not only when it is passed.
const MEASURE: Measure = Measure {
    metric: Cow::Borrowed("used_percentage"),
    quantity: Cow::Borrowed("api_usage"),
    title: Cow::Borrowed("usage"),
    unit: Unit::Percent,
    relation: ">=",
    is_level: false,
};

impl ApiUsage {
    pub(crate) fn new(settings: &ApiRateLimitWarning, columns: &mut Columns) -> Result<Self, Error> {
        let setting = Setting::ThresholdPercentage;
        let limit = threshold(NAME, setting.key(), settings.threshold_percentage)?;
        let rule = Rule::new(NAME, Family::Quota, &settings.terms, None, columns);
        let clear = settings.terms.clear.map(|clear| threshold(NAME, "clear_below", clear)).transpose()?;
        Ok(Self { bound: rule.bound(setting, limit, clear), rule, measure: Arc::new(MEASURE) })
    }

    /// One reading a resource.
    pub(crate) fn read(&self, monitoring: &ApiMonitoring) -> Vec<Reading> {
        let read = |(subject, quota): (Subject, RateLimit)| self.read_resource(monitoring, subject, &quota);
        resources(monitoring).into_iter().filter_map(read).collect()
    }

    fn read_resource(
        &self,
        monitoring: &ApiMonitoring,
        subject: Subject,
        quota: &RateLimit,
    ) -> Option<Reading> {
        let limit = quota.limit?;
        let percentage = Thousandths::from_f64(quota.used?.to_f64() * 100.0 / limit.to_f64())?;
        let is_reached = percentage >= self.bound.limit.threshold;
        Some(Reading {
            rule: self.rule.clone(),
            span: monitoring.timestamp.map(Span::at),
            measure: self.measure.clone(),
            value: percentage,
            baseline: None,
            standing: if is_reached {
                Standing::Exceeds(self.bound.limit)
            } else {
                self.bound.judge(percentage)
            },
            conclusive: true,
            details: quota_details(&subject, quota),
            subject,
        })
    }
}

/// Every rate limit that there is, with what is used of it; the core resource comes from `rate_limit_tracking`
/// where `resources` lacks it. Where limits are switched off there is none, or it is 0.
pub(super) fn resources(monitoring: &ApiMonitoring) -> Vec<(Subject, RateLimit)> {
    let tracking = &monitoring.rate_limit_tracking;
    let core = RateLimit {
        limit: tracking.current_limit,
        remaining: tracking.remaining,
        reset_time: tracking.reset_time,
        ..RateLimit::default()
    };
    let core = (!monitoring.resources.contains_key("core")).then_some(("core", core));
    let resources = monitoring.resources.iter().map(|(name, resource)| (name.as_str(), resource.clone()));
    let credential = || monitoring.credential.as_deref().map(name);
    core.into_iter()
        .chain(resources)
        .filter_map(|(resource, mut quota)| {
            let limit = quota.limit.filter(|limit| limit.0 > 0)?;
            let rest = |remaining: Thousandths| Thousandths(limit.0.saturating_sub(remaining.0));
            quota.used = quota.used.or_else(|| quota.remaining.map(rest));
            Some((Subject::Resource { credential: credential(), resource: name(resource) }, quota))
        })
        .collect()
}
