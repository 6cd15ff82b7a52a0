//! The state of one group: what is kept of its runs, exactly, however many there are and whatever they say.

use std::borrow::Cow;

use pm_record::{PartialGroup, Run, State, Timestamp};
use pm_stats::{Distribution, Moments};

use crate::columns::Columns;
use crate::key::cut;
use crate::machines::Machines;
use crate::metrics::{DURATION, PHASE_PREFIX};
use crate::phases::{Phases, Values};
use crate::refusal::Refusal;

/// One group of runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) count: u64,
    pub(crate) failures: u64,
    /// When the first run began and the last one ended; none before the first run.
    pub(crate) span: Option<(Timestamp, Timestamp)>,
    pub(crate) machines: Machines,
    pub(crate) duration: Distribution,
    /// The durations of the runs that failed and had started.
    pub(crate) failed: Moments,
    /// By the place of the metric among the columns.
    moments: Box<[Moments]>,
    /// Of the columns that have a full distribution, in their order.
    distributions: Box<[Distribution]>,
    phases: Phases,
}

/// What is kept of a metric.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept<'a> {
    Moments(&'a Moments),
    Distribution(&'a Distribution),
}

impl Group {
    pub(crate) fn new(columns: &Columns) -> Self {
        Self {
            count: 0,
            failures: 0,
            span: None,
            machines: Machines::default(),
            duration: Distribution::default(),
            failed: Moments::default(),
            moments: vec![Moments::default(); columns.fields().len()].into(),
            distributions: vec![Distribution::default(); columns.distributed().len()].into(),
            phases: Phases::default(),
        }
    }

    /// Counts one run, whose machine is known here already.
    #[inline]
    pub(crate) fn push(&mut self, run: &Run<'_>, columns: &Columns) {
        self.count = self.count.saturating_add(1);
        self.widen(run.timestamp(), run.end());
        let total = run.total().0;
        if run.failed() {
            self.failures = self.failures.saturating_add(1);
            if run.not_started() {
                // It took no time because it never ran: that is a failure and no fast run.
                return;
            }
            self.failed.push(total);
        }
        self.duration.push(total);
        for (place, value) in run.numbers() {
            if let Some(moments) = self.moments.get_mut(place) {
                moments.push(value);
            }
        }
        for (distribution, &place) in self.distributions.iter_mut().zip(columns.distributed()) {
            if let Some(value) = run.number(place) {
                distribution.push(value);
            }
        }
        self.phases.push(run, columns);
    }

    #[inline]
    fn widen(&mut self, start: Timestamp, end: Timestamp) {
        self.span = Some(self.span.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
    }

    /// Takes in all that another group has seen.
    pub(crate) fn merge(&mut self, other: &Self, columns: &Columns) {
        self.count = self.count.saturating_add(other.count);
        self.failures = self.failures.saturating_add(other.failures);
        if let Some((first, last)) = other.span {
            self.widen(first, last);
        }
        other.machines.iter().for_each(|name| self.machines.add(name));
        self.duration.merge(&other.duration);
        self.failed.merge(&other.failed);
        self.moments.iter_mut().zip(&other.moments).for_each(|(mine, theirs)| mine.merge(theirs));
        self.distributions.iter_mut().zip(&other.distributions).for_each(|(mine, theirs)| mine.merge(theirs));
        for (name, theirs) in other.phases.iter() {
            match (self.phases.among_first(name, columns), theirs) {
                (Some(Values::Moments(mine)), Values::Moments(theirs)) => mine.merge(theirs),
                (Some(Values::Distribution(mine)), Values::Distribution(theirs)) => mine.merge(theirs),
                // Both are kept in the form that the columns ask for.
                _ => {}
            }
        }
    }

    /// Takes in the counts of a partial result.
    pub(crate) fn merge_counts(&mut self, partial: &PartialGroup) -> Result<(), Refusal> {
        partial.check()?;
        self.failed.merge(&partial.failed_moments()?);
        self.count = self.count.saturating_add(partial.count);
        self.failures = self.failures.saturating_add(partial.failures);
        self.widen(partial.first, partial.last);
        partial.machines.iter().for_each(|name| self.machines.add(name));
        Ok(())
    }

    /// Takes in one metric of a partial result. One that was not asked for is let go; of one that has more than
    /// was asked for, as much is taken as was.
    pub(crate) fn merge_metric(
        &mut self,
        field: &str,
        state: State<'_>,
        columns: &Columns,
    ) -> Result<(), Refusal> {
        if field == DURATION {
            return self.merge_duration(state);
        }
        if let Some(phase) = field.strip_prefix(PHASE_PREFIX) {
            match self.phases.among_first(cut(phase), columns) {
                Some(Values::Moments(moments)) => merge_moments(moments, state),
                Some(Values::Distribution(kept)) => merge_distribution(kept, state, field)?,
                None => {}
            }
        } else if let Some(place) = columns.place_of(field) {
            if let Ok(distributed) = columns.distributed().binary_search(&place) {
                merge_distribution(&mut self.distributions[distributed], state, field)?;
            }
            merge_moments(&mut self.moments[place], state);
        }
        Ok(())
    }

    fn merge_duration(&mut self, state: State<'_>) -> Result<(), Refusal> {
        match state {
            // No record of a negative duration is read.
            State::Distribution(other) if other.moments().min() >= Some(0) => {
                self.duration.merge(other);
                Ok(())
            }
            _ => Err(Refusal::Contradiction),
        }
    }

    /// Whether metrics came and the counts that belong to them did not.
    pub(crate) fn is_without_counts(&self, columns: &Columns) -> bool {
        self.span.is_none() && self.metrics(columns).next().is_some()
    }

    /// Every metric that was seen: the duration, its phases because they are parts of it, and the columns.
    pub(crate) fn metrics<'a>(
        &'a self,
        columns: &'a Columns,
    ) -> impl Iterator<Item = (Cow<'a, str>, Kept<'a>)> + use<'a> {
        let duration = std::iter::once((Cow::Borrowed(DURATION), Kept::Distribution(&self.duration)));
        let phases = self.phases.iter().map(|(phase, values)| {
            let kept = match values {
                Values::Moments(moments) => Kept::Moments(moments),
                Values::Distribution(distribution) => Kept::Distribution(distribution),
            };
            (Cow::Owned(format!("{PHASE_PREFIX}{phase}")), kept)
        });
        let others =
            columns.fields().iter().zip(&self.moments).enumerate().map(|(place, (field, moments))| {
                let distributed = columns.distributed().binary_search(&place).ok();
                let kept = distributed
                    .map_or(Kept::Moments(moments), |place| Kept::Distribution(&self.distributions[place]));
                (Cow::Borrowed(field.as_str()), kept)
            });
        duration.chain(phases).chain(others).filter(|(_, kept)| kept.moments().count() > 0)
    }

    /// The distribution of a metric, if one is kept.
    pub(crate) fn distribution<'a>(&'a self, metric: &str, columns: &'a Columns) -> Option<&'a Distribution> {
        self.metrics(columns).find_map(|(field, kept)| match kept {
            Kept::Distribution(distribution) if field == metric => Some(distribution),
            _ => None,
        })
    }
}

fn merge_moments(moments: &mut Moments, state: State<'_>) {
    match state {
        State::Moments(other) => moments.merge(other),
        State::Distribution(other) => moments.merge(other.moments()),
    }
}

fn merge_distribution(distribution: &mut Distribution, state: State<'_>, field: &str) -> Result<(), Refusal> {
    match state {
        State::Distribution(other) => {
            distribution.merge(other);
            Ok(())
        }
        State::Moments(_) => Err(Refusal::NoDistribution(field.to_owned())),
    }
}

impl<'a> Kept<'a> {
    pub(crate) fn moments(self) -> &'a Moments {
        match self {
            Self::Moments(moments) => moments,
            Self::Distribution(distribution) => distribution.moments(),
        }
    }
}
