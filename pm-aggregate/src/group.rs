//! The state of one group: what is kept of its runs, exactly, however many there are and whatever they say.

use std::collections::BTreeSet;

use pm_record::{
    Contradiction, MACHINES, MetricState, MetricSummary, PartialGroup, PartialMetric, PerformanceMetrics,
    Status, Thousandths, Timestamp,
};
use pm_stats::{Distribution, Moments};

use crate::metrics::{self, API_PREFIX, DURATION, METRICS, PHASE_PREFIX};
use crate::moments_by::MomentsBy;

/// How many phases a group keeps, as many as one run may have: the first by name, so that which
/// ones they are does not depend on the order of the runs.
const PHASES: usize = 64;

/// How many bytes of a name are kept.
const LONGEST_NAME: usize = 256;

/// The name, or as much of it as is kept.
pub(crate) fn cut(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST_NAME)]
}

/// One group of runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) failures: u64,
    /// The time that the runs were taken from; none before the first run.
    pub(crate) span: Option<(Timestamp, Timestamp)>,
    /// The first [`MACHINES`] by name: which ones are kept must not depend on the order of the runs.
    pub(crate) machines: BTreeSet<String>,
    duration: Distribution,
    /// By the place of the metric in [`METRICS`].
    moments: MomentsBy<usize>,
    phases: MomentsBy<String>,
}

impl Group {
    /// Counts one run, which was taken from the time from `start` to `end`.
    pub(crate) fn push(&mut self, run: &PerformanceMetrics, start: Timestamp, end: Timestamp) {
        self.count = self.count.saturating_add(1);
        self.failures = self.failures.saturating_add(u64::from(run.failed()));
        self.widen(start, end);
        self.add_machines(run.machine.iter());
        if run.status == Some(Status::NotStarted) {
            // It took no time because it never ran: that is a failure and no fast run.
            return;
        }
        self.duration.push(run.duration.total_ms.0);
        for (place, (_, read)) in METRICS.iter().enumerate() {
            if let Some(value) = read(run)
                && let Some(moments) = self.metric(place)
            {
                moments.push(value.0);
            }
        }
        for (phase, value) in &run.duration.phases {
            if let Some(moments) = self.phase(phase) {
                moments.push(value.0);
            }
        }
    }

    fn metric(&mut self, place: usize) -> Option<&mut Moments> {
        self.moments.among_first(METRICS.len(), &place)
    }

    fn phase(&mut self, name: &str) -> Option<&mut Moments> {
        self.phases.among_first(PHASES, cut(name))
    }

    /// Takes in the counts of a partial result.
    pub(crate) fn merge_counts(&mut self, partial: &PartialGroup) -> Result<(), Contradiction> {
        partial.check()?;
        self.count = self.count.saturating_add(partial.count);
        self.failures = self.failures.saturating_add(partial.failures);
        self.widen(partial.first, partial.last);
        self.add_machines(partial.machines.iter());
        Ok(())
    }

    /// Takes in one metric of a partial result. A metric that this version does not know is let go: it
    /// could not be summarized either.
    pub(crate) fn merge_metric(&mut self, field: &str, partial: &PartialMetric) -> Result<(), Contradiction> {
        let state = partial.restore()?;
        match (field.strip_prefix(PHASE_PREFIX), state) {
            // No record of a negative duration is read.
            (None, MetricState::Distribution(other))
                if field == DURATION && other.moments().min() >= Some(0) =>
            {
                self.duration.merge(&other);
            }
            (Some(phase), MetricState::Moments(other)) => {
                if let Some(moments) = self.phase(phase) {
                    moments.merge(&other);
                }
            }
            (None, MetricState::Moments(other)) if field != DURATION => {
                if let Some(moments) = metrics::index_of(field).and_then(|place| self.metric(place)) {
                    moments.merge(&other);
                }
            }
            _ => return Err(Contradiction),
        }
        Ok(())
    }

    /// Whether metrics came and the counts that belong to them did not.
    pub(crate) fn is_without_counts(&self) -> bool {
        self.span.is_none() && self.metric_summaries().next().is_some()
    }

    fn widen(&mut self, start: Timestamp, end: Timestamp) {
        self.span = Some(self.span.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
    }

    fn add_machines<'a>(&mut self, names: impl Iterator<Item = &'a String>) {
        for name in names.map(|name| cut(name)) {
            if !self.machines.contains(name) {
                self.machines.insert(name.to_owned());
            }
        }
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
        let others = self.named_moments().map(|(field, moments)| (field, MetricSummary::from(moments)));
        duration.into_iter().chain(others)
    }

    /// The sums of the API's counters that were seen.
    pub(crate) fn api_totals(&self) -> impl Iterator<Item = (String, Thousandths)> + '_ {
        self.moments.iter().filter_map(|(&place, moments)| {
            let counter = METRICS[place].0.strip_prefix(API_PREFIX)?;
            Some((counter.to_owned(), MetricSummary::from(moments).sum))
        })
    }

    /// Phases first, because they are parts of the duration.
    fn named_moments(&self) -> impl Iterator<Item = (String, &Moments)> {
        let phases = self.phases.iter().map(|(phase, moments)| (format!("{PHASE_PREFIX}{phase}"), moments));
        let others = self.moments.iter().map(|(&place, moments)| (METRICS[place].0.to_owned(), moments));
        phases.chain(others)
    }
}
