//! Readings of limits and of resource use over time, thinned: a month of ticks is as many points as a page can show.
//!
//! A series grows until it is full; then of every two neighbors the more telling one stays, and from there on each
//! place stands for twice as many readings. So memory is bounded whatever the length of the stream, the places are
//! evenly spread, and a peak is never thinned away: of limits the reading with the least left is the more telling
//! one, of resource use that with the most memory.

use indexmap::IndexMap;
use pm_record::{ApiMonitoring, Record, SystemMetrics, Thousandths};

/// How many readings a series keeps at most.
const MOST: usize = 400;

/// How many series of each kind are kept: credentials, and machines.
const MOST_SERIES: usize = 16;

/// All that were taken in.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    limits: IndexMap<(Option<String>, Option<String>), Thinned<ApiMonitoring>>,
    usage: IndexMap<Option<String>, Thinned<SystemMetrics>>,
}

impl Readings {
    /// Takes in a reading; any other record is passed over.
    pub(crate) fn push(&mut self, record: &Record) {
        match record {
            // One without resources is no reading but what was seen of requests.
            Record::Api(reading) if reading.timestamp.is_some() && !reading.resources.is_empty() => {
                let key = (reading.api_host.clone(), reading.credential.clone());
                if let Some(series) = series(&mut self.limits, key) {
                    series.push(reading.as_ref().clone(), left);
                }
            }
            Record::System(tick) => {
                let key = tick.machine.clone().or_else(|| tick.host.clone());
                if let Some(series) = series(&mut self.usage, key) {
                    series.push(tick.as_ref().clone(), used);
                }
            }
            _ => {}
        }
    }

    /// Each credential's readings in the order of the stream.
    pub(crate) fn limits(&self) -> impl Iterator<Item = Vec<&ApiMonitoring>> {
        self.limits.values().map(Thinned::all)
    }

    /// Each machine's ticks.
    pub(crate) fn usage(&self) -> impl Iterator<Item = Vec<&SystemMetrics>> {
        self.usage.values().map(Thinned::all)
    }

    /// What is kept, as records.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> {
        let limits = self.limits().flatten().map(|reading| Record::Api(Box::new(reading.clone())));
        let usage = self.usage().flatten().map(|tick| Record::System(Box::new(tick.clone())));
        limits.chain(usage)
    }
}

/// The series of a key, or none if there are too many.
fn series<K: std::hash::Hash + Eq, V: Default>(all: &mut IndexMap<K, V>, key: K) -> Option<&mut V> {
    if all.len() >= MOST_SERIES && !all.contains_key(&key) {
        return None;
    }
    Some(all.entry(key).or_default())
}

/// The less is left of any resource, the more a reading tells.
fn left(reading: &ApiMonitoring) -> i64 {
    let ratio = |limit: &pm_record::RateLimit| {
        let (remaining, limit) = (limit.remaining?.0, limit.limit?.0);
        (limit > 0).then(|| remaining.saturating_mul(1000) / limit)
    };
    reading.resources.values().filter_map(ratio).min().map_or(i64::MIN, |least| -least)
}

fn used(tick: &SystemMetrics) -> i64 {
    tick.memory.process_memory_mb.unwrap_or(Thousandths(0)).0
}

/// A series that never grows beyond [`MOST`]. The newest reading is always there.
#[derive(Debug)]
struct Thinned<T> {
    kept: Vec<T>,
    /// How many readings a place stands for.
    stride: u64,
    /// How many the last place stands for so far.
    filled: u64,
    newest: Option<T>,
}

impl<T> Default for Thinned<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), stride: 1, filled: 0, newest: None }
    }
}

impl<T> Thinned<T> {
    fn push(&mut self, reading: T, weight: fn(&T) -> i64) {
        let Some(before) = self.newest.replace(reading) else { return };
        match self.kept.last_mut() {
            Some(last) if self.filled < self.stride => {
                self.filled += 1;
                if weight(&before) > weight(last) {
                    *last = before;
                }
                return;
            }
            _ => self.kept.push(before),
        }
        self.filled = 1;
        if self.kept.len() == MOST {
            self.halve(weight);
        }
    }

    fn halve(&mut self, weight: fn(&T) -> i64) {
        let mut all = std::mem::take(&mut self.kept).into_iter();
        while let Some(first) = all.next() {
            let stays = match all.next() {
                Some(second) if weight(&second) > weight(&first) => second,
                _ => first,
            };
            self.kept.push(stays);
        }
        self.stride *= 2;
        // The last pair has one reading in its second half.
        self.filled = self.stride / 2 + 1;
    }

    fn all(&self) -> Vec<&T> {
        self.kept.iter().chain(&self.newest).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_series_is_bounded_in_order_and_keeps_its_peak_and_its_newest(values in prop::collection::vec(0_i64..1_000_000, 1..5_000)) {
            let mut series = Thinned::default();
            for (place, &value) in values.iter().enumerate() {
                series.push((place, value), |(_, value)| *value);
            }
            let kept = series.all();
            prop_assert!(kept.len() <= MOST && kept.len() >= values.len().min(MOST / 2));
            prop_assert!(kept.windows(2).all(|pair| pair[0].0 < pair[1].0));
            prop_assert_eq!(kept.last().map(|(place, _)| *place), Some(values.len() - 1));
            let peak = values.iter().max();
            prop_assert_eq!(kept.iter().map(|(_, value)| value).max(), peak);
        }
    }

    #[test]
    fn what_was_seen_of_requests_is_no_reading() {
        let line = br#"{"api_monitoring":{"timestamp":"2024-12-06T10:00:00Z","request_patterns":{"cache_hit_rate":0.5}}}"#;
        let mut readings = Readings::default();
        readings.push(&Record::parse(line).expect("a record"));
        assert_eq!(readings.records().count(), 0);
    }
}
