//! What groups are written as: summaries, or partial results.

use std::borrow::Cow;
use std::io::{self, Write};
use std::thread;

use indexmap::IndexMap;
use pm_record::{
    MetricSummary, MomentsSummary, PartialGroup, PartialMetric, PartialMoments, PerformancePartial,
    PerformanceSummary, Record, Scalar, Schema, Thousandths, Timestamp, Window,
};
use pm_stats::Moments;

use crate::config::{Config, ResultForm};
use crate::group::{Group, Kept};
use crate::groups::Entry;
use crate::key::Key;
use crate::metrics::API_PREFIX;

/// A group and those of its runs that are nested, if both stand in one record.
struct Unit {
    key: Key,
    group: Box<Group>,
    nested: Option<Box<Group>>,
}

/// So many groups are written before the next ones are put into words.
const BATCH: usize = 256;

/// How long a summary is, about.
const LINE: usize = 2500;

/// Writes the records of groups that are sorted. With many groups this takes as long as reading does, so that
/// several threads put them into words; the lines are those of one, in the same order.
pub(crate) fn write(config: &Config, groups: Vec<Entry>, output: &mut impl Write) -> io::Result<()> {
    let threads = if groups.len() < 2 * BATCH { 1 } else { config.workers.most.max(1) };
    let mut units = units(config, groups);
    loop {
        let mut batches: Vec<Vec<Unit>> =
            (0..threads).map(|_| units.by_ref().take(BATCH).collect()).collect();
        batches.retain(|batch| !batch.is_empty());
        let Some(last) = batches.pop() else { return Ok(()) };
        let (others, last) = thread::scope(|scope| {
            let others: Vec<_> =
                batches.into_iter().map(|batch| scope.spawn(|| lines(config, batch))).collect();
            let last = lines(config, last);
            (others.into_iter().map(thread::ScopedJoinHandle::join).collect::<Vec<_>>(), last)
        });
        for text in others {
            output.write_all(&text.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))?;
        }
        output.write_all(&last)?;
    }
}

fn lines(config: &Config, units: Vec<Unit>) -> Vec<u8> {
    let mut lines = Vec::with_capacity(units.len() * LINE);
    for unit in units {
        for record in records(config, unit) {
            record.write_line(&mut lines);
        }
    }
    lines
}

/// What belongs together in one record or in several that follow each other.
fn units(config: &Config, groups: Vec<Entry>) -> impl Iterator<Item = Unit> {
    let joins = config.result == ResultForm::Summary;
    let mut groups = groups.into_iter().peekable();
    std::iter::from_fn(move || {
        let (key, group) = groups.next()?;
        // The nested runs of a group come right behind the others.
        let is_same = |(other, _): &Entry| joins && other.by == key.by && other.window == key.window;
        let nested = groups.next_if(is_same).map(|(_, nested)| nested);
        Some(Unit { key, group, nested })
    })
}

fn records(config: &Config, Unit { key, group, nested }: Unit) -> Vec<Record> {
    match config.result {
        ResultForm::Partial => partials(config, &key, &group),
        ResultForm::Summary => summary(config, key, *group, nested.as_deref()).into_iter().collect(),
    }
}

fn named(config: &Config, values: Vec<Scalar>) -> IndexMap<String, Scalar> {
    config.by.iter().map(|field| field.as_str().to_owned()).zip(values).collect()
}

/// The time that a group's runs were taken from. What was asked for shows even where no run was.
fn span(config: &Config, group: &Group) -> Option<(Timestamp, Timestamp)> {
    let (first, last) = group.span?;
    Some((config.since().unwrap_or(first), config.until().unwrap_or(last)))
}

/// A group's summary; none for one without runs.
fn summary(config: &Config, key: Key, group: Group, nested: Option<&Group>) -> Option<Record> {
    let mut group = group;
    let apart = if key.nested { Some(&group.clone()) } else { nested };
    let of_nested = apart.map(|nested| (nested.count, nested.duration.moments().clone()));
    if let Some(nested) = nested {
        group.merge(nested, &config.columns);
    }
    let (start, end) = span(config, &group)?;
    let window = config.window.window_at(key.window).unwrap_or(Window { start, end });
    let metrics: Vec<_> = group.metrics(&config.columns).collect();
    let api_totals = api_totals(&metrics);
    let (nested, nested_duration) = of_nested.unwrap_or_default();
    Some(Record::Summary(Box::new(PerformanceSummary {
        schema: Schema,
        by: named(config, key.by),
        window,
        count: group.count,
        failures: group.failures,
        nested,
        success_rate: ratio(group.count.saturating_sub(group.failures), group.count),
        per_minute: per_minute(group.count, window.start, window.end),
        failed_duration: moments_summary(&group.failed),
        nested_duration: moments_summary(&nested_duration),
        metrics: metrics.into_iter().map(|(field, kept)| (field.into_owned(), kept.into())).collect(),
        cache_hit_rate: cache_hit_rate(&api_totals),
        api_totals,
        machines: group.machines.iter().map(str::to_owned).collect(),
    })))
}

impl From<Kept<'_>> for MetricSummary {
    fn from(kept: Kept<'_>) -> Self {
        match kept {
            Kept::Moments(moments) => moments.into(),
            Kept::Distribution(distribution) => distribution.into(),
        }
    }
}

fn moments_summary(moments: &Moments) -> Option<MomentsSummary> {
    (moments.count() > 0).then(|| moments.into())
}

fn partials(config: &Config, key: &Key, group: &Group) -> Vec<Record> {
    let Some((first, last)) = span(config, group) else { return Vec::new() };
    let counts = PartialGroup {
        count: group.count,
        failures: group.failures,
        failed_duration: PartialMoments::new(&group.failed),
        first,
        last,
        machines: group.machines.to_set(),
    };
    let line = |group, (metric, state)| {
        Record::Partial(Box::new(PerformancePartial {
            schema: Schema,
            by: named(config, key.by.clone()),
            window: config.window.window_at(key.window),
            nested: key.nested,
            group,
            metric,
            state,
        }))
    };
    let metrics = group.metrics(&config.columns).map(|(field, kept)| {
        let state = match kept {
            Kept::Moments(moments) => PartialMetric::from_moments(moments),
            Kept::Distribution(distribution) => PartialMetric::from_distribution(distribution),
        };
        line(None, (Some(field.into_owned()), state))
    });
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

/// The sums of the counters of the API that were seen.
fn api_totals(metrics: &[(Cow<'_, str>, Kept<'_>)]) -> IndexMap<String, Thousandths> {
    let counters = metrics.iter().filter_map(|(field, kept)| Some((field.strip_prefix(API_PREFIX)?, kept)));
    counters.map(|(name, kept)| (name.to_owned(), MetricSummary::from(kept.moments()).sum)).collect()
}

fn cache_hit_rate(api_totals: &IndexMap<String, Thousandths>) -> Option<Thousandths> {
    let (hits, misses) = (api_totals.get("cache_hits")?.to_f64(), api_totals.get("cache_misses")?.to_f64());
    Thousandths::from_f64(hits / (hits + misses))
}
