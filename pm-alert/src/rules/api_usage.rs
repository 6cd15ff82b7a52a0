//! `api_rate_limit_warning`: a rate limit of a credential is nearly used up.

use pm_record::{ApiMonitoring, RateLimit, Scalar, Thousandths};
use pm_store::ApiRateLimitWarning;

use super::threshold;
use crate::Error;
use crate::reading::{Limit, Reading, Rule, Setting, Span, Subject, name};

/// How much of any rate limit may be used.
#[derive(Debug)]
pub(crate) struct ApiUsage {
    limit: Limit,
}

impl ApiUsage {
    pub(crate) fn new(rule: &ApiRateLimitWarning) -> Result<Self, Error> {
        let setting = Setting::ThresholdPercentage;
        let threshold =
            threshold(Rule::ApiRateLimitWarning.kind(), setting.key(), rule.threshold_percentage)?;
        Ok(Self { limit: Limit { setting, threshold, needed: 1 } })
    }

    /// One reading a resource; the core resource comes from `rate_limit_tracking` where `resources` lacks it.
    pub(crate) fn read(&self, monitoring: &ApiMonitoring) -> Vec<Reading> {
        let tracking = &monitoring.rate_limit_tracking;
        let core = RateLimit {
            limit: tracking.current_limit,
            remaining: tracking.remaining,
            reset_time: tracking.reset_time,
            ..RateLimit::default()
        };
        let core = (!monitoring.resources.contains_key("core")).then_some(("core", &core));
        let resources = monitoring.resources.iter().map(|(name, resource)| (name.as_str(), resource));
        core.into_iter()
            .chain(resources)
            .filter_map(|(resource, limit)| self.read_resource(monitoring, resource, limit))
            .collect()
    }

    fn read_resource(
        &self,
        monitoring: &ApiMonitoring,
        resource: &str,
        quota: &RateLimit,
    ) -> Option<Reading> {
        let (resource, credential) = (name(resource), monitoring.credential.as_deref().map(name));
        // Where limits are switched off there is none, or it is 0.
        let limit = quota.limit.filter(|limit| limit.0 > 0)?;
        let rest = |remaining: Thousandths| Thousandths(limit.0.saturating_sub(remaining.0));
        let used = quota.used.or_else(|| quota.remaining.map(rest))?;
        let percentage = Thousandths::from_f64(used.to_f64() * 100.0 / limit.to_f64())?;
        let mut details = vec![
            ("resource", Scalar::Text(resource.clone())),
            ("used", used.into()),
            ("limit", limit.into()),
        ];
        details.extend(credential.iter().map(|credential| ("credential", Scalar::from(credential.as_str()))));
        details.extend(quota.reset_time.iter().map(|at| ("reset_time", Scalar::Text(at.to_string()))));
        Some(Reading {
            rule: Rule::ApiRateLimitWarning,
            subject: Subject::Resource { credential, resource },
            span: monitoring.timestamp.map(Span::at),
            metric: "used_percentage",
            value: percentage,
            baseline: None,
            exceeded: (percentage >= self.limit.threshold).then_some(self.limit),
            conclusive: true,
            details,
        })
    }
}
