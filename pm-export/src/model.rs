//! The metrics: one table of series, built from records, bounded in number.
//!
//! A family takes only so many series. What would be one more is counted in a series of its own whose labels all read
//! `_other`, so that sums stay right whatever the labels do; how much went there is told to people.

use foldhash::HashMap;

use crate::catalog::{FAMILIES, Family, Kind, PEAK_MEMORY};
use crate::spread::{Bounds, Detail, Exemplar, Spread};

/// What stands in place of the labels of series that were too many.
pub(crate) const OVERFLOW: &str = "_other";

/// Longer labels are cut: they are names, and some receivers take no more.
const LONGEST_LABEL: usize = 200;

/// What a model keeps.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shape {
    pub(crate) time: Bounds,
    pub(crate) memory: Bounds,
    /// Series of one family.
    pub(crate) max_series: usize,
    /// What distributions have beside buckets.
    pub(crate) detail: Detail,
}

/// The name and value of a label.
pub(crate) type Label<'a> = (&'a str, &'a str);

/// One series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// Its family's place in the catalog.
    pub(crate) family: usize,
    pub(crate) labels: Box<[(Box<str>, Box<str>)]>,
    pub(crate) value: Value,
}

/// What is known of a series, in thousandths of what records have.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Sum(i128),
    Last { at: i64, value: i64 },
    Spread(Box<Spread>),
}

/// Where a series stands in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Slot(u32);

/// All series.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) shape: Shape,
    series: Vec<Series>,
    index: HashMap<Box<[u8]>, u32>,
    /// How many series each family has.
    taken: Vec<usize>,
    /// How often a value went where all go that are too many, by family.
    overflowed: Vec<u64>,
    key: Vec<u8>,
}

impl Series {
    pub(crate) fn family(&self) -> &'static Family {
        FAMILIES[self.family]
    }
}

impl Model {
    pub(crate) fn new(shape: Shape) -> Self {
        Self { shape, taken: vec![0; FAMILIES.len()], overflowed: vec![0; FAMILIES.len()], ..Self::default() }
    }

    /// The series with these labels, made if there is none. A label without a value is none.
    pub(crate) fn slot(&mut self, family: usize, labels: &[Label<'_>]) -> Slot {
        let mut key = std::mem::take(&mut self.key);
        write_key(&mut key, family, labels);
        let slot = match self.index.get(key.as_slice()) {
            Some(&slot) => Slot(slot),
            None if self.taken[family] < self.shape.max_series => {
                self.add(key.as_slice().into(), family, labels)
            }
            None => self.overflow(family, labels),
        };
        self.key = key;
        slot
    }

    /// Whether a family has a series with these labels, also of an earlier run, or room for one more.
    pub(crate) fn has_room(&mut self, family: usize, labels: &[(String, String)]) -> bool {
        let labels: Vec<Label<'_>> = labels.iter().map(|(name, value)| (&**name, &**value)).collect();
        let mut key = std::mem::take(&mut self.key);
        write_key(&mut key, family, &labels);
        let is_known = self.index.contains_key(key.as_slice());
        self.key = key;
        is_known || self.taken[family] < self.shape.max_series
    }

    /// The series of a family that takes what is too much.
    fn overflow(&mut self, family: usize, labels: &[Label<'_>]) -> Slot {
        self.overflowed[family] = self.overflowed[family].saturating_add(1);
        let others: Vec<_> = labels.iter().map(|&(name, _)| (name, OVERFLOW)).collect();
        self.unbounded_slot(family, &others)
    }

    fn add(&mut self, key: Box<[u8]>, family: usize, labels: &[Label<'_>]) -> Slot {
        let value = match FAMILIES[family].kind {
            Kind::Counter => Value::Sum(0),
            Kind::Gauge => Value::Last { at: i64::MIN, value: 0 },
            Kind::Histogram => Value::Spread(Box::new(Spread::new(self.bounds(family), self.shape.detail))),
        };
        let labels = labels.iter().filter(|(_, value)| !value.is_empty());
        let labels = labels.map(|&(name, value)| (name.into(), cut(value).into())).collect();
        self.put(key, Series { family, labels, value })
    }

    fn put(&mut self, key: Box<[u8]>, series: Series) -> Slot {
        let slot = u32::try_from(self.series.len()).expect("series are bounded");
        self.taken[series.family] += 1;
        self.series.push(series);
        self.index.insert(key, slot);
        Slot(slot)
    }

    /// Puts back a series that was kept; false if it does not fit the shape.
    pub(crate) fn restore(&mut self, series: Series) -> bool {
        let fits = match (&series.value, FAMILIES[series.family].kind) {
            (Value::Sum(_), Kind::Counter) | (Value::Last { .. }, Kind::Gauge) => true,
            (Value::Spread(spread), Kind::Histogram) => {
                spread.counts.len() == self.bounds(series.family).thousandths.len() + 1
                    && spread.sketch.is_some() == (self.shape.detail == Detail::Sketch)
            }
            _ => false,
        };
        let labels: Vec<Label<'_>> = series.labels.iter().map(|(name, value)| (&**name, &**value)).collect();
        let mut key = Vec::new();
        write_key(&mut key, series.family, &labels);
        let is_new = !self.index.contains_key(key.as_slice());
        if fits && is_new {
            self.put(key.into(), series);
        }
        fits && is_new
    }

    /// The bounds of a family's buckets.
    pub(crate) fn bounds(&self, family: usize) -> &Bounds {
        if FAMILIES[family].name == PEAK_MEMORY.name { &self.shape.memory } else { &self.shape.time }
    }

    /// Adds to a counter; what is negative is no amount.
    #[inline]
    pub(crate) fn add_to(&mut self, slot: Slot, amount: i64) {
        if let Value::Sum(sum) = &mut self.series[slot.0 as usize].value
            && amount > 0
        {
            *sum = sum.saturating_add(amount.into());
        }
    }

    /// Sets a gauge, unless something newer is known.
    #[inline]
    pub(crate) fn set(&mut self, slot: Slot, at: i64, value: i64) {
        if let Value::Last { at: known, value: kept } = &mut self.series[slot.0 as usize].value
            && *known <= at
        {
            (*known, *kept) = (at, value);
        }
    }

    /// Counts a value of a distribution; an exemplar is made only where it is kept.
    #[inline]
    pub(crate) fn observe(&mut self, slot: Slot, value: i64, exemplar: impl FnOnce() -> Option<Exemplar>) {
        let series = &mut self.series[slot.0 as usize];
        let bounds = if FAMILIES[series.family].name == PEAK_MEMORY.name {
            &self.shape.memory
        } else {
            &self.shape.time
        };
        if let Value::Spread(spread) = &mut series.value
            && value >= 0
        {
            let bucket = spread.push(bounds, FAMILIES[series.family].scale, value);
            if let Some(exemplar) = exemplar() {
                spread.keep(bucket, exemplar);
            }
        }
    }

    /// Every series, by family in the order of the catalog, and by labels.
    pub(crate) fn sorted(&self) -> Vec<&Series> {
        let mut sorted: Vec<_> = self.series.iter().collect();
        sorted.sort_unstable_by(|a, b| (a.family, &a.labels).cmp(&(b.family, &b.labels)));
        sorted
    }

    /// The families that had too many series since this was last asked, and how many values went to `_other`.
    pub(crate) fn take_overflows(&mut self) -> Vec<(&'static Family, u64)> {
        let counts = self.overflowed.iter_mut().map(std::mem::take).enumerate();
        counts.filter(|&(_, count)| count > 0).map(|(at, count)| (FAMILIES[at], count)).collect()
    }

    /// Notes values of a family that were put where all go that are too many.
    pub(crate) fn note_overflow(&mut self, family: usize) {
        self.overflowed[family] = self.overflowed[family].saturating_add(1);
    }

    /// The series with these labels, however many there are: for whoever bounds them in another way.
    pub(crate) fn unbounded_slot(&mut self, family: usize, labels: &[Label<'_>]) -> Slot {
        let mut key = Vec::new();
        write_key(&mut key, family, labels);
        match self.index.get(key.as_slice()) {
            Some(&slot) => Slot(slot),
            None => self.add(key.into(), family, labels),
        }
    }
}

fn write_key(key: &mut Vec<u8>, family: usize, labels: &[Label<'_>]) {
    key.clear();
    key.push(u8::try_from(family).unwrap_or(u8::MAX));
    for (name, value) in labels.iter().filter(|(_, value)| !value.is_empty()) {
        let value = cut(value);
        for part in [*name, value] {
            key.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_le_bytes());
            key.extend_from_slice(part.as_bytes());
        }
    }
}

/// A label as it is kept.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_LABEL)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{ALERTS, REQUESTS};

    fn model(max_series: usize) -> Model {
        Model::new(Shape { max_series, ..Shape::default() })
    }

    #[test]
    fn series_beyond_the_bound_are_counted_together_and_sums_stay_right() {
        let mut model = model(3);
        for number in 0..100 {
            let endpoint = format!("/e{number}");
            let slot = model.slot(REQUESTS.place(), &[("endpoint", &endpoint)]);
            model.add_to(slot, 1_000);
        }
        let sums: Vec<_> = model.sorted().iter().map(|series| series.value.clone()).collect();
        assert_eq!(sums.len(), 4);
        assert!(sums.contains(&Value::Sum(97_000)));
        assert_eq!(
            model.take_overflows().iter().map(|(family, count)| (family.name, *count)).collect::<Vec<_>>(),
            [(REQUESTS.name, 97)]
        );
    }

    #[test]
    fn labels_that_run_into_each_other_are_two_series_and_an_empty_one_is_none() {
        let mut model = model(9);
        let family = ALERTS.place();
        let a = model.slot(family, &[("type", "ab"), ("command", "c")]);
        let b = model.slot(family, &[("type", "a"), ("command", "bc")]);
        let c = model.slot(family, &[("type", "a"), ("command", "")]);
        assert!(a != b && c == model.slot(family, &[("type", "a")]));
    }

    #[test]
    fn a_gauge_keeps_the_newest_whatever_the_order() {
        let mut model = model(9);
        let slot = model.slot(crate::catalog::CORES.place(), &[]);
        for (at, value) in [(5, 50), (9, 90), (7, 70)] {
            model.set(slot, at, value);
        }
        assert_eq!(model.sorted()[0].value, Value::Last { at: 9, value: 90 });
    }

    #[test]
    fn a_negative_amount_is_none() {
        let mut model = model(9);
        let slot = model.slot(REQUESTS.place(), &[]);
        model.add_to(slot, -5);
        assert_eq!(model.sorted()[0].value, Value::Sum(0));
    }
}
