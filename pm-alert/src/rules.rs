//! The rules of `alerts.yml`: what each reads from a record. One module a rule.

mod api_usage;
mod execution_time;
mod forecast;
mod memory;
mod metric;
mod presence;
pub(crate) mod regression;

use pm_record::{RateLimit, Scalar, Thousandths};

use crate::Error;
use crate::reading::Subject;
pub(crate) use api_usage::ApiUsage;
pub(crate) use execution_time::ExecutionTime;
pub(crate) use forecast::Forecast;
pub(crate) use memory::MemoryUse;
pub(crate) use metric::MetricRule;
pub(crate) use presence::{Presence, silence};

/// A limit of the settings in the unit of records.
fn threshold(subject: &str, key: &'static str, value: f64) -> Result<Thousandths, Error> {
    let no_limit = || Error::NoLimit { subject: subject.to_owned(), key, value };
    Thousandths::from_f64(value).filter(|limit| limit.0 >= 0).ok_or_else(no_limit)
}

/// Which rate limit a reading is about, and its further figures.
fn quota_details(subject: &Subject, quota: &RateLimit) -> Vec<(&'static str, Scalar)> {
    let Subject::Resource { credential, resource } = subject else { return Vec::new() };
    let figures = [
        Some(("resource", Scalar::Text(resource.clone()))),
        quota.used.map(|used| ("used", used.into())),
        quota.limit.map(|limit| ("limit", limit.into())),
        credential.as_ref().map(|credential| ("credential", Scalar::from(credential.as_str()))),
        quota.reset_time.map(|at| ("reset_time", Scalar::Text(at.to_string()))),
    ];
    figures.into_iter().flatten().collect()
}
