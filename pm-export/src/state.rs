//! What is kept from one run to the next: how far each file of a store was read, and what it came to.
//!
//! A file of records changes its name and its form when its day is closed, and its text stays the same. So it is known
//! by its day and by a hash of its first line, and how far it was read by an offset in its text with a hash of the line
//! before.

use std::collections::BTreeMap;

use pm_stats::Moments;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::catalog::FAMILIES;
use crate::exponential::Sketch;
use crate::model::{Model, Series, Shape, Value};
use crate::receivers::Seconds;
use crate::spread::Spread;
use crate::traces::KeptTraces;

/// Everything that is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    version: u32,
    /// What the totals depend on.
    pub(crate) shape: String,
    pub(crate) files: Vec<Reached>,
    pub(crate) totals: Vec<Kept>,
    /// When counting began, in milliseconds since the Unix epoch.
    pub(crate) since: i64,
    /// The batch behind what was read, if a part of it has arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) partly: Option<Partly>,
    /// Which seconds of minutes have been delivered, to whom a point takes the place of another.
    #[serde(default, skip_serializing_if = "Seconds::is_empty")]
    pub(crate) seconds: Seconds,
    /// Spans that wait for their run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) traces: Option<KeptTraces>,
}

/// A batch that was given up when a part of it had arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Partly {
    /// How many records it has: cut there again, it makes the same requests.
    pub(crate) records: u64,
    /// The marks of the requests that have arrived.
    pub(crate) arrived: Vec<String>,
}

/// How far a file was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reached {
    pub(crate) day: String,
    /// The hash of its first line.
    pub(crate) head: String,
    /// Behind the last line that was taken, in bytes of its text.
    pub(crate) offset: u64,
    /// The hash of that line, and its length with its newline.
    pub(crate) before: String,
    pub(crate) length: u64,
    /// Whether it was read to its end and can no longer grow.
    pub(crate) done: bool,
}

/// A series.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    metric: String,
    labels: BTreeMap<String, String>,
    /// The order of the labels.
    order: Vec<String>,
    #[serde(flatten)]
    value: KeptValue,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptValue {
    // Decimal, because JSON's numbers end where these go on.
    Sum(String),
    Last { at: i64, value: i64 },
    Spread(KeptSpread),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptSpread {
    count: u64,
    sum: String,
    sum_of_squares: String,
    range: Option<(i64, i64)>,
    counts: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sketch: Option<KeptSketch>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeptSketch {
    zero: u64,
    positive: Vec<(i32, u64)>,
}

/// The first digits of a line's hash: enough to tell lines apart that nobody chose.
pub(crate) fn hash(line: &[u8]) -> String {
    hexadecimal(&Sha256::digest(line)[..12])
}

/// Bytes as digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from(b"0123456789abcdef"[usize::from(four)]);
    bytes.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

impl State {
    pub(crate) const VERSION: u32 = 1;

    pub(crate) fn new(shape: String, since: i64) -> Self {
        Self { version: Self::VERSION, shape, since, ..Self::default() }
    }

    /// Reads what was kept.
    ///
    /// # Errors
    ///
    /// Why it cannot be understood.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let state: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if state.version == Self::VERSION {
            Ok(state)
        } else {
            Err(format!("its version is {}", state.version))
        }
    }

    /// # Panics
    ///
    /// Never: every key is text.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("every key is text")
    }

    /// How far the file of a day with this first line was read.
    pub(crate) fn reached(&self, day: &str, head: &str) -> Option<&Reached> {
        self.files.iter().find(|reached| reached.day == day && reached.head == head)
    }

    /// Notes how far a file was read.
    pub(crate) fn reach(&mut self, reached: Reached) {
        match self.files.iter_mut().find(|known| known.day == reached.day && known.head == reached.head) {
            Some(known) => *known = reached,
            None => self.files.push(reached),
        }
    }

    /// Keeps what a model holds.
    pub(crate) fn keep(&mut self, model: &Model) {
        self.totals = model.sorted().into_iter().map(Kept::of).collect();
    }

    /// Puts the totals back.
    ///
    /// # Errors
    ///
    /// What of them no model can hold.
    pub(crate) fn restore(&self, shape: Shape) -> Result<Model, String> {
        let mut model = Model::new(shape);
        for kept in &self.totals {
            // A metric of another version is no longer counted.
            let Some(family) = FAMILIES.iter().position(|family| family.name == kept.metric) else {
                continue;
            };
            let series =
                kept.series(family).ok_or_else(|| format!("a series of '{}' is damaged", kept.metric))?;
            if !model.restore(series) {
                return Err(format!("a series of '{}' does not fit", kept.metric));
            }
        }
        Ok(model)
    }
}

impl Kept {
    fn of(series: &Series) -> Self {
        let labels =
            series.labels.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let order = series.labels.iter().map(|(name, _)| name.to_string()).collect();
        let value = match &series.value {
            Value::Sum(sum) => KeptValue::Sum(sum.to_string()),
            Value::Last { at, value } => KeptValue::Last { at: *at, value: *value },
            Value::Spread(spread) => KeptValue::Spread(KeptSpread::of(spread)),
        };
        Self { metric: series.family().name.to_owned(), labels, order, value }
    }

    /// None if it is damaged.
    fn series(&self, family: usize) -> Option<Series> {
        let label = |name: &String| Some((name.as_str().into(), self.labels.get(name)?.as_str().into()));
        let labels = self.order.iter().map(label).collect::<Option<_>>()?;
        let value = match &self.value {
            KeptValue::Sum(sum) => Value::Sum(sum.parse().ok().filter(|&sum: &i128| sum >= 0)?),
            KeptValue::Last { at, value } => Value::Last { at: *at, value: *value },
            KeptValue::Spread(spread) => Value::Spread(Box::new(spread.spread()?)),
        };
        Some(Series { family, labels, value })
    }
}

impl KeptSpread {
    fn of(spread: &Spread) -> Self {
        let moments = &spread.moments;
        Self {
            count: moments.count(),
            sum: moments.sum().to_string(),
            sum_of_squares: moments.sum_of_squares().to_string(),
            range: moments.min().zip(moments.max()),
            counts: spread.counts.clone(),
            sketch: spread.sketch.as_ref().map(|sketch| KeptSketch {
                zero: sketch.zero,
                positive: sketch.buckets.iter().map(|(&index, &count)| (index, count)).collect(),
            }),
        }
    }

    fn spread(&self) -> Option<Spread> {
        let (sum, squares) = (self.sum.parse().ok()?, self.sum_of_squares.parse().ok()?);
        let moments = Moments::from_parts(self.count, sum, squares, self.range)?;
        let total = self.counts.iter().try_fold(0_u64, |total, &count| total.checked_add(count))?;
        let sketch = match &self.sketch {
            None => None,
            Some(kept) => Some(kept.sketch()?),
        };
        let whole = total == self.count && sketch.as_ref().is_none_or(|sketch| sketch.count() == self.count);
        whole.then(|| Spread::restored(moments, self.counts.clone(), sketch))
    }
}

impl KeptSketch {
    fn sketch(&self) -> Option<Sketch> {
        let buckets: BTreeMap<_, _> = self.positive.iter().copied().collect();
        // No number has an exponent beyond these.
        let is_possible = buckets.keys().all(|index| index.abs() < 1100 << crate::exponential::SCALE);
        (is_possible && buckets.len() == self.positive.len()).then_some(Sketch { zero: self.zero, buckets })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::{COMMAND_DURATION, CORES, REQUESTS};
    use crate::spread::{Bounds, Detail};

    fn shape() -> Shape {
        let time = Bounds { thousandths: vec![1_000, 5_000], units: vec![0.001, 0.005] };
        Shape { time, max_series: 9, detail: Detail::Sketch, ..Shape::default() }
    }

    fn round_trip(model: &Model) -> Model {
        let mut state = State::new("x".to_owned(), 0);
        state.keep(model);
        State::parse(&state.to_bytes()).expect("what was written").restore(shape()).expect("what was kept")
    }

    proptest! {
        #[test]
        fn a_model_survives_and_goes_on_as_if_nothing_had_happened(values in prop::collection::vec(0..10_000_i64, 0..50), at in 0..50_usize) {
            let mut whole = Model::new(shape());
            let mut parts = Model::new(shape());
            for (number, &value) in values.iter().enumerate() {
                if number == at {
                    parts = round_trip(&parts);
                }
                for model in [&mut whole, &mut parts] {
                    let slot = model.slot(COMMAND_DURATION.place(), &[("command", "a\"b\n")]);
                    model.observe(slot, value, || None);
                    let slot = model.slot(REQUESTS.place(), &[]);
                    model.add_to(slot, value);
                    let slot = model.slot(CORES.place(), &[]);
                    model.set(slot, value, value);
                }
            }
            let again = round_trip(&parts);
            prop_assert_eq!(again.sorted(), whole.sorted());
        }
    }

    #[test]
    fn what_was_tampered_with_is_refused_and_not_believed() {
        let mut model = Model::new(shape());
        let slot = model.slot(COMMAND_DURATION.place(), &[]);
        model.observe(slot, 2_000, || None);
        let mut state = State::new(String::new(), 0);
        state.keep(&model);
        let text = String::from_utf8(state.to_bytes()).expect("text");
        for (from, to) in [
            ("\"counts\":[0,1,0]", "\"counts\":[0,2,0]"),
            ("\"count\":1", "\"count\":7"),
            ("[-1148,1]", "[99999999,1]"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            let restored =
                State::parse(changed.as_bytes()).and_then(|state| state.restore(shape()).map(|_| ()));
            assert!(restored.is_err(), "{to}");
        }
    }
}
