//! All groups: records in, summaries or partial results out, sorted by group and then by window.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use pm_record::{
    BadRecord, Field, PartialMetric, PerformanceMetrics, PerformancePartial, PerformanceSummary, Record,
    Scalar, Schema, Thousandths, Timestamp, Window,
};

use crate::config::{Config, ResultForm};
use crate::group::Group;

/// The groups that were seen so far.
#[derive(Debug)]
pub(crate) struct Groups<'a> {
    config: &'a Config,
    groups: BTreeMap<Key, Group>,
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
                self.groups.entry(Key { by, window }).or_default().push(&run);
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
        let by = partial.by.values().cloned().collect();
        let group = self.groups.entry(Key { by, window }).or_default();
        if let Some(counts) = &partial.group {
            group.merge_counts(counts);
        }
        if let (Some(field), Some(state)) = (&partial.metric, &partial.state) {
            group
                .merge_metric(field, state)
                .map_err(|contradiction| BadRecord::new(contradiction.to_string()))?;
        }
        Ok(())
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
    if field.as_str() == "command" { Scalar::Text(run.command.clone()) } else { field.read(line) }
}

fn named(config: &Config, values: Vec<Scalar>) -> IndexMap<String, Scalar> {
    config.by.iter().map(|field| field.as_str().to_owned()).zip(values).collect()
}

/// A group's summary; none for the metrics of a partial result whose counts never came.
fn summary(config: &Config, key: Key, group: &Group) -> Option<Record> {
    let (first, last) = group.span?;
    let whole = Window { start: config.since.unwrap_or(first), end: config.until.unwrap_or(last) };
    let window = key.window.unwrap_or(whole);
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
