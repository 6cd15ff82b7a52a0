//! A partial result as a reader has it: restored, and kept in memory that is used again for the next line.
//!
//! The lines of one group stand together and begin alike: with what makes the group. So the beginning is read
//! once and then only compared ([`text`]); of what follows, the numbers are read where the line is written as
//! we write it. In any doubt the full parser reads the line, and it alone says what a line means.

use indexmap::IndexMap;
use pm_stats::{Distribution, Histogram, Moments, Sample};

use super::text::{self, Text};
use super::{Contradiction, MetricState, PartialGroup, PerformancePartial};
use crate::{Record, Scalar, Schema, Window};

/// What a line says of a group.
#[derive(Debug)]
pub struct Partial {
    /// What makes the group; neither counts nor a metric stand in it.
    head: PerformancePartial,
    /// How a line of this group begins; empty if only the full parser knows.
    prefix: Vec<u8>,
    counts: Option<PartialGroup>,
    /// The metric's field, if the line has a state.
    metric: Option<String>,
    state: Result<MetricState, Contradiction>,
    /// The empty buckets of a line before, to be used again.
    spare: Histogram,
}

/// The restored state of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State<'a> {
    /// Count, sum, deviation and extremes.
    Moments(&'a Moments),
    /// The same and quantiles.
    Distribution(&'a Distribution),
}

impl Default for Partial {
    fn default() -> Self {
        let head = PerformancePartial {
            schema: Schema,
            by: IndexMap::new(),
            window: None,
            nested: false,
            group: None,
            metric: None,
            state: None,
        };
        let state = Ok(MetricState::Moments(Moments::default()));
        Self { head, prefix: Vec::new(), counts: None, metric: None, state, spare: Histogram::default() }
    }
}

/// What lines say, however they were read.
impl PartialEq for Partial {
    fn eq(&self, other: &Self) -> bool {
        self.head == other.head && self.counts == other.counts && self.metric() == other.metric()
    }
}

impl From<PerformancePartial> for Partial {
    fn from(partial: PerformancePartial) -> Self {
        let mut row = Self::default();
        row.set(partial);
        row
    }
}

impl Partial {
    /// What the runs of the group share.
    #[must_use]
    pub fn by(&self) -> &IndexMap<String, Scalar> {
        &self.head.by
    }

    /// The window the group belongs to; none when all time is one window.
    #[must_use]
    pub fn window(&self) -> Option<Window> {
        self.head.window
    }

    /// Whether these are the runs of the group that ran inside of other runs.
    #[must_use]
    pub fn is_nested(&self) -> bool {
        self.head.nested
    }

    /// The group's own counts.
    #[must_use]
    pub fn counts(&self) -> Option<&PartialGroup> {
        self.counts.as_ref()
    }

    /// A metric by its field, and its state; or [`Contradiction`] if no stream of values could have left it.
    #[must_use]
    pub fn metric(&self) -> Option<(&str, Result<State<'_>, Contradiction>)> {
        let state = match &self.state {
            Ok(MetricState::Moments(moments)) => Ok(State::Moments(moments)),
            Ok(MetricState::Distribution(distribution)) => Ok(State::Distribution(distribution)),
            Err(contradiction) => Err(*contradiction),
        };
        Some((self.metric.as_deref()?, state))
    }

    /// Takes in what the full parser has read.
    pub(crate) fn set(&mut self, mut partial: PerformancePartial) {
        self.prefix.clear();
        self.counts = partial.group.take();
        let (metric, state) = (partial.metric.take(), partial.state.take());
        self.metric = metric.filter(|_| state.is_some());
        if let Some(state) = state {
            self.state = state.restore();
        }
        self.head = partial;
    }

    /// Takes in a line, if it is written as we write it.
    pub(crate) fn read(&mut self, line: &[u8]) -> bool {
        self.begin(line).and_then(|tail| self.read_tail(tail)).is_some()
    }

    /// Reads what makes the group; what stands behind it is left.
    fn begin<'a>(&mut self, line: &'a [u8]) -> Option<&'a [u8]> {
        if !self.prefix.is_empty()
            && let Some((beginning, tail)) = line.split_at_checked(self.prefix.len())
            // A comparison of slices is a call of the C library, which in the static builds goes byte by byte.
            && memchr::arch::all::is_equal(beginning, &self.prefix)
            && text::begins_tail(tail)
        {
            return Some(tail);
        }
        self.prefix.clear();
        let (prefix, tail) = text::split(line)?;
        let whole = [prefix, b"}}"].concat();
        let Ok(Record::Partial(head)) = Record::parse(&whole) else { return None };
        // What we would write in the same way has every key once, and none of what belongs behind it.
        let head = Record::Partial(head);
        let written = head.to_line();
        let Record::Partial(head) = head else { return None };
        let is_bare = head.group.is_none() && head.metric.is_none() && head.state.is_none();
        if !is_bare || written.trim_ascii_end() != whole {
            return None;
        }
        self.head = *head;
        self.prefix.extend_from_slice(prefix);
        Some(tail)
    }

    fn read_tail(&mut self, tail: &[u8]) -> Option<()> {
        if let Some(counts) = text::counts(tail) {
            self.counts = Some(serde_json::from_slice(counts).ok()?);
            self.metric = None;
            return Some(());
        }
        self.counts = None;
        let mut text = Text::new(tail);
        text.take(text::METRIC)?;
        let field = text.name()?;
        text.take(b"\",\"state\":")?;
        self.take_back();
        let state = text.state(&mut self.spare)?;
        text.end(b"}}")?;
        let metric = self.metric.get_or_insert_default();
        metric.clear();
        metric.push_str(field);
        self.state = Ok(state);
        Some(())
    }

    /// Empties the buckets of the line before.
    fn take_back(&mut self) {
        let state = std::mem::replace(&mut self.state, Err(Contradiction));
        if let Ok(MetricState::Distribution(distribution)) = state
            && let Sample::Histogram(histogram) = distribution.into_sample()
        {
            self.spare = histogram;
        }
        self.spare.clear();
    }
}

#[cfg(test)]
mod tests;
