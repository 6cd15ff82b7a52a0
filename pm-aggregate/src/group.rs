//! The state of one group: what is kept of its runs, exactly, however many there are.

use std::collections::{BTreeMap, BTreeSet};

use pm_record::{
    Contradiction, MACHINES, MetricState, MetricSummary, PartialGroup, PartialMetric, PerformanceMetrics,
    Thousandths, Timestamp,
};
use pm_stats::{Distribution, Moments};

use crate::metrics::{self, API_PREFIX, DURATION, METRICS, PHASE_PREFIX};

/// One group of runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) failures: u64,
    /// When the first run began and the last one ended; none before the first run.
    pub(crate) span: Option<(Timestamp, Timestamp)>,
    /// The first [`MACHINES`] by name: which ones are kept must not depend on the order of the runs.
    pub(crate) machines: BTreeSet<String>,
    duration: Distribution,
    moments: [Moments; METRICS.len()],
    phases: BTreeMap<String, Moments>,
}

impl Group {
    /// Counts one run.
    pub(crate) fn push(&mut self, run: &PerformanceMetrics) {
        self.count += 1;
        self.failures += u64::from(run.failed());
        self.widen(run.timestamp, run.end());
        self.machines.extend(run.machine.clone());
        self.forget_surplus_machines();
        self.duration.push(run.duration.total_ms.0);
        for ((_, read), moments) in METRICS.iter().zip(&mut self.moments) {
            if let Some(value) = read(run) {
                moments.push(value.0);
            }
        }
        for (phase, value) in &run.duration.phases {
            match self.phases.get_mut(phase) {
                Some(moments) => moments.push(value.0),
                None => self.phases.entry(phase.clone()).or_default().push(value.0),
            }
        }
    }

    /// Takes in the counts of a partial result.
    pub(crate) fn merge_counts(&mut self, partial: &PartialGroup) {
        self.count = self.count.saturating_add(partial.count);
        self.failures = self.failures.saturating_add(partial.failures);
        self.widen(partial.first, partial.last);
        self.machines.extend(partial.machines.iter().cloned());
        self.forget_surplus_machines();
    }

    /// Takes in one metric of a partial result. A metric that this version does not know is let go: it
    /// could not be summarized either.
    pub(crate) fn merge_metric(&mut self, field: &str, partial: &PartialMetric) -> Result<(), Contradiction> {
        let state = partial.restore()?;
        match (field.strip_prefix(PHASE_PREFIX), state) {
            (None, MetricState::Distribution(other)) if field == DURATION => self.duration.merge(&other),
            (Some(phase), MetricState::Moments(other)) => {
                self.phases.entry(phase.to_owned()).or_default().merge(&other);
            }
            (None, MetricState::Moments(other)) if field != DURATION => {
                if let Some(index) = metrics::index_of(field) {
                    self.moments[index].merge(&other);
                }
            }
            _ => return Err(Contradiction),
        }
        Ok(())
    }

    fn widen(&mut self, start: Timestamp, end: Timestamp) {
        self.span = Some(self.span.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
    }

    fn forget_surplus_machines(&mut self) {
        while self.machines.len() > MACHINES {
            self.machines.pop_last();
        }
    }

    /// The group's counts for a partial result; none if it has no runs.
    pub(crate) fn partial_counts(&self) -> Option<PartialGroup> {
        let (first, last) = self.span?;
        let machines = self.machines.clone();
        Some(PartialGroup { count: self.count, failures: self.failures, first, last, machines })
    }

    /// Every metric that was seen, for a partial result.
    pub(crate) fn partial_metrics(&self) -> Vec<(String, PartialMetric)> {
        let duration =
            PartialMetric::from_distribution(&self.duration).map(|state| (DURATION.to_owned(), state));
        let others = self
            .named_moments()
            .filter_map(|(field, moments)| Some((field, PartialMetric::from_moments(moments)?)));
        duration.into_iter().chain(others).collect()
    }

    /// Every metric that was seen, for a summary.
    pub(crate) fn metric_summaries(&self) -> impl Iterator<Item = (String, MetricSummary)> + '_ {
        let duration = (self.duration.moments().count() > 0)
            .then(|| (DURATION.to_owned(), MetricSummary::from(&self.duration)));
        let others = self
            .named_moments()
            .filter(|(_, moments)| moments.count() > 0)
            .map(|(field, moments)| (field, MetricSummary::from(moments)));
        duration.into_iter().chain(others)
    }

    /// The sums of the API's counters that were seen.
    pub(crate) fn api_totals(&self) -> impl Iterator<Item = (String, Thousandths)> + '_ {
        METRICS.iter().zip(&self.moments).filter(|(_, moments)| moments.count() > 0).filter_map(
            |((field, _), moments)| {
                Some((field.strip_prefix(API_PREFIX)?.to_owned(), MetricSummary::from(moments).sum))
            },
        )
    }

    /// Phases first, because they are parts of the duration.
    fn named_moments(&self) -> impl Iterator<Item = (String, &Moments)> {
        let phases = self.phases.iter().map(|(phase, moments)| (format!("{PHASE_PREFIX}{phase}"), moments));
        let others =
            METRICS.iter().zip(&self.moments).map(|(&(field, _), moments)| (field.to_owned(), moments));
        phases.chain(others)
    }
}
