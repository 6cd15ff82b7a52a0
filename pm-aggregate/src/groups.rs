//! All groups: records in, summaries or partial results out, sorted by group and then by window.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use pm_record::{
    BadRecord, Field, PartialMetric, PerformanceMetrics, PerformancePartial, PerformanceSummary, Record,
    Scalar, Schema, Thousandths, Timestamp, Window,
};

use crate::config::{Config, ResultForm};
use crate::group::{Group, cut};

/// The groups that were seen so far.
#[derive(Debug)]
pub(crate) struct Groups<'a> {
    config: &'a Config,
    // In boxes, because the nodes of a tree are a third empty.
    groups: BTreeMap<Key, Box<Group>>,
}

/// What makes a group: the values of the fields it is grouped by, and its window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    by: Vec<Scalar>,
    window: Option<Window>,
}

impl<'a> Groups<'a> {
    pub(crate) fn new(config: &'a Config) -> Self {
        Self { config, groups: BTreeMap::new() }
    }

    /// Takes in one record; `line` is where it stood, for fields that have no type.
    pub(crate) fn push(&mut self, record: Record, line: &[u8]) -> Result<(), BadRecord> {
        match record {
            Record::Performance(run) if self.config.covers(run.timestamp) => {
                let by = self.config.by.iter().map(|field| value_of(field, &run, line)).collect();
                let window = self.config.window.containing(run.timestamp);
                // What was asked for goes into the group, so that a merge says of it what one run does.
                let start = self.config.since().unwrap_or(run.timestamp);
                let end = self.config.until().unwrap_or(run.end());
                self.groups.entry(Key { by, window }).or_default().push(&run, start, end);
                Ok(())
            }
            Record::Partial(partial) if self.config.merge => self.merge(&partial),
            _ => Ok(()),
        }
    }

    fn merge(&mut self, partial: &PerformancePartial) -> Result<(), BadRecord> {
        if !partial.by.keys().eq(self.config.by.iter().map(Field::as_str)) {
            let by = partial.by.keys().map(String::as_str).collect::<Vec<_>>().join(",");
            return Err(BadRecord::new(format!("this partial result is grouped by {by}")));
        }
        let window = self
            .config
            .window
            .enclosing(partial.window)
            .map_err(|_| BadRecord::new("this partial result covers more than one window".to_owned()))?;
        let by = partial.by.values().cloned().map(cut_label).collect();
        let group = self.groups.entry(Key { by, window }).or_default();
        let counts = partial.group.as_ref().map_or(Ok(()), |counts| group.merge_counts(counts));
        let metric = match (&partial.metric, &partial.state) {
            (Some(field), Some(state)) => group.merge_metric(field, state),
            _ => Ok(()),
        };
        counts.and(metric).map_err(|contradiction| BadRecord::new(contradiction.to_string()))
    }

    /// How many groups have metrics but no counts: a line of a partial result is missing.
    pub(crate) fn without_counts(&self) -> usize {
        self.groups.values().filter(|group| group.is_without_counts()).count()
    }

    /// What was seen, as records.
    pub(crate) fn finish(self) -> impl Iterator<Item = Record> + use<'a> {
        let config = self.config;
        self.groups.into_iter().flat_map(move |(key, group)| match config.result {
            ResultForm::Summary => summary(config, key, &group).into_iter().collect(),
            ResultForm::Partial => partials(config, &key, &group),
        })
    }
}

fn value_of(field: &Field, run: &PerformanceMetrics, line: &[u8]) -> Scalar {
    // The default needs no second look at the line.
    if field.as_str() == "command" { Scalar::from(cut(&run.command)) } else { cut_label(field.read(line)) }
}

fn cut_label(label: Scalar) -> Scalar {
    match label {
        Scalar::Text(text) => Scalar::from(cut(&text)),
        other => other,
    }
}

fn named(config: &Config, values: Vec<Scalar>) -> IndexMap<String, Scalar> {
    config.by.iter().map(|field| field.as_str().to_owned()).zip(values).collect()
}

/// A group's summary; none for the metrics of a partial result whose counts never came.
fn summary(config: &Config, key: Key, group: &Group) -> Option<Record> {
    let (start, end) = group.span?;
    let window = key.window.unwrap_or(Window { start, end });
    let api_totals: IndexMap<_, _> = group.api_totals().collect();
    Some(Record::Summary(Box::new(PerformanceSummary {
        schema: Schema,
        by: named(config, key.by),
        window,
        count: group.count,
        failures: group.failures,
        success_rate: ratio(group.count.saturating_sub(group.failures), group.count),
        per_minute: per_minute(group.count, window.start, window.end),
        metrics: group.metric_summaries().collect(),
        cache_hit_rate: cache_hit_rate(&api_totals),
        api_totals,
        machines: group.machines.iter().cloned().collect(),
    })))
}

fn partials(config: &Config, key: &Key, group: &Group) -> Vec<Record> {
    let Some(counts) = group.partial_counts() else { return Vec::new() };
    let line = |group, (metric, state): (Option<String>, Option<PartialMetric>)| {
        let by = named(config, key.by.clone());
        Record::Partial(Box::new(PerformancePartial {
            schema: Schema,
            by,
            window: key.window,
            group,
            metric,
            state,
        }))
    };
    let metrics =
        group.partial_metrics().into_iter().map(|(field, state)| line(None, (Some(field), Some(state))));
    std::iter::once(line(Some(counts), (None, None))).chain(metrics).collect()
}

fn ratio(part: u64, whole: u64) -> Option<Thousandths> {
    if whole == 0 { None } else { Thousandths::from_f64(part as f64 / whole as f64) }
}

/// Runs a minute. A single run has no frequency.
fn per_minute(count: u64, start: Timestamp, end: Timestamp) -> Option<Thousandths> {
    let millis = end.as_millis().saturating_sub(start.as_millis());
    if count < 2 || millis <= 0 {
        None
    } else {
        Thousandths::from_f64(count as f64 * 60_000.0 / millis as f64)
    }
}

fn cache_hit_rate(api_totals: &IndexMap<String, Thousandths>) -> Option<Thousandths> {
    let (hits, misses) = (api_totals.get("cache_hits")?.to_f64(), api_totals.get("cache_misses")?.to_f64());
    Thousandths::from_f64(hits / (hits + misses))
}
