//! A tip while it is made, before it is known how much everything took together.

use pm_record::{EstimatedSaving, OptimizationTip, Scalar, Schema, Thousandths};

use crate::rule::RuleName;

/// The largest figure, in thousandths: sums stop at the end of their numbers, which no record can hold.
const MOST: i64 = 1_000_000_000_000_000_000;

/// A tip, and the rule that gives it.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) rule: RuleName,
    pub(crate) tip: OptimizationTip,
}

impl Draft {
    pub(crate) fn new(rule: RuleName, title: String, recommendation: String) -> Self {
        let tip = OptimizationTip {
            schema: Schema,
            id: rule.id().to_owned(),
            title,
            command: None,
            request: None,
            window: None,
            evidence: indexmap::IndexMap::new(),
            recommendation,
            estimated_saving: EstimatedSaving::default(),
            suggestion: None,
        };
        Self { rule, tip }
    }

    pub(crate) fn command(mut self, command: Option<&str>) -> Self {
        self.tip.command = command.map(str::to_owned);
        self
    }

    pub(crate) fn request(mut self, request: &str) -> Self {
        self.tip.request = Some(request.to_owned());
        self
    }

    pub(crate) fn suggestion(mut self, name: String) -> Self {
        self.tip.suggestion = Some(name);
        self
    }

    /// A figure behind it.
    pub(crate) fn evidence(mut self, name: &str, value: impl Into<Scalar>) -> Self {
        self.tip.evidence.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn count(self, name: &str, count: u64) -> Self {
        self.evidence(name, whole(count))
    }

    /// A figure with a fraction; one that is no number is left out.
    pub(crate) fn figure(self, name: &str, value: f64) -> Self {
        match Thousandths::from_f64(value) {
            Some(value) => self.evidence(name, value),
            None => self,
        }
    }

    /// A time in thousandths of a millisecond.
    pub(crate) fn time(self, name: &str, time: i64) -> Self {
        self.evidence(name, Thousandths(time.min(MOST)))
    }

    /// How what is saved was estimated.
    pub(crate) fn basis(mut self, basis: &str) -> Self {
        self.tip.estimated_saving.basis = Some(basis.to_owned());
        self
    }

    pub(crate) fn saves_time(mut self, time: i64) -> Self {
        self.tip.estimated_saving.time_ms = Some(Thousandths(time.min(MOST))).filter(|time| time.0 > 0);
        self
    }

    pub(crate) fn saves_requests(mut self, requests: u64) -> Self {
        self.tip.estimated_saving.requests = some(requests);
        self
    }

    pub(crate) fn saves_quota(mut self, quota: u64) -> Self {
        self.tip.estimated_saving.quota = some(quota);
        self
    }

    pub(crate) fn saves_processes(mut self, processes: u64) -> Self {
        self.tip.estimated_saving.processes = some(processes);
        self
    }

    pub(crate) fn saves_memory(mut self, mebibytes: f64) -> Self {
        self.tip.estimated_saving.memory_mb = Thousandths::from_f64(mebibytes);
        self
    }
}

fn some(count: u64) -> Option<Thousandths> {
    (count > 0).then(|| whole(count))
}

fn whole(count: u64) -> Thousandths {
    Thousandths(Thousandths::from_count(count).0.min(MOST))
}
