//! The rules of `alerts.yml`: what each reads from a record. One module a rule.

mod api_usage;
mod execution_time;
mod memory;
pub(crate) mod regression;

use pm_record::{PerformanceMetrics, Scalar, Thousandths};

use crate::Error;
use crate::reading::name;
pub(crate) use api_usage::ApiUsage;
pub(crate) use execution_time::ExecutionTime;
pub(crate) use memory::MemoryUse;

/// A limit of the settings in the unit of records.
fn threshold(subject: &str, key: &'static str, value: f64) -> Result<Thousandths, Error> {
    let no_limit = || Error::NoLimit { subject: subject.to_owned(), key, value };
    Thousandths::from_f64(value).filter(|limit| limit.0 >= 0).ok_or_else(no_limit)
}

/// What tells a run from others.
fn identity(run: &PerformanceMetrics) -> Vec<(&'static str, Scalar)> {
    let text = |key, value: &Option<String>| Some((key, Scalar::Text(name(value.as_ref()?))));
    [text("execution_id", &run.execution_id), text("host", &run.host)].into_iter().flatten().collect()
}
