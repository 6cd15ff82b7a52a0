//! The messages of Prometheus' remote write, 1.0 and 2.0, by the numbers of their published definitions.
//!
//! Only what is sent is declared: a field that is missing here is one that is never set.

use foldhash::HashMap;
use prost::Message;

use crate::exponential::Sketch;

/// `prometheus.WriteRequest`, of 1.0.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Sample>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) histograms: Vec<Histogram>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Label {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

/// Of both versions; only the second one knows when counting began.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Sample {
    #[prost(double, tag = "1")]
    pub(crate) value: f64,
    #[prost(int64, tag = "2")]
    pub(crate) timestamp: i64,
    #[prost(int64, tag = "3")]
    pub(crate) start_timestamp: i64,
}

/// A native histogram, of both versions.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Histogram {
    // A part of a oneof there, of which a zero is written too.
    #[prost(uint64, optional, tag = "1")]
    pub(crate) count: Option<u64>,
    #[prost(double, tag = "3")]
    pub(crate) sum: f64,
    #[prost(sint32, tag = "4")]
    pub(crate) schema: i32,
    // As the count.
    #[prost(uint64, optional, tag = "6")]
    pub(crate) zero_count: Option<u64>,
    #[prost(message, repeated, tag = "11")]
    pub(crate) positive_spans: Vec<BucketSpan>,
    #[prost(sint64, repeated, tag = "12")]
    pub(crate) positive_deltas: Vec<i64>,
    #[prost(int64, tag = "15")]
    pub(crate) timestamp: i64,
    #[prost(int64, tag = "17")]
    pub(crate) start_timestamp: i64,
}

/// Buckets that stand side by side.
#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct BucketSpan {
    /// Of the first span the index of its first bucket, of another one the gap before it.
    #[prost(sint32, tag = "1")]
    pub(crate) offset: i32,
    #[prost(uint32, tag = "2")]
    pub(crate) length: u32,
}

/// `io.prometheus.write.v2.Request`, of 2.0: every text stands in it once.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Request {
    #[prost(string, repeated, tag = "4")]
    pub(crate) symbols: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) timeseries: Vec<SymbolSeries>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SymbolSeries {
    /// Of each label its name and its value.
    #[prost(uint32, repeated, tag = "1")]
    pub(crate) labels_refs: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) histograms: Vec<Histogram>,
    #[prost(message, optional, tag = "5")]
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub(crate) struct Metadata {
    #[prost(int32, tag = "1")]
    pub(crate) kind: i32,
    #[prost(uint32, tag = "3")]
    pub(crate) help_ref: u32,
    #[prost(uint32, tag = "4")]
    pub(crate) unit_ref: u32,
}

/// Texts, each once. The first is the empty one, which stands for what there is not.
#[derive(Debug)]
pub(crate) struct Symbols<'a> {
    texts: Vec<&'a str>,
    places: HashMap<&'a str, u32>,
}

impl Histogram {
    /// What a sketch holds. Prometheus counts buckets by their upper bounds, which is one more than OpenTelemetry does.
    pub(crate) fn new(sketch: &Sketch, sum: f64, timestamp: i64) -> Self {
        let dense = sketch.dense();
        let mut histogram = Self {
            count: Some(sketch.count()),
            sum,
            schema: dense.scale,
            zero_count: Some(sketch.zero),
            timestamp,
            ..Self::default()
        };
        let (mut before, mut gap) = (0, dense.offset + 1);
        for &count in &dense.counts {
            if count == 0 {
                gap += 1;
                continue;
            }
            match histogram.positive_spans.last_mut().filter(|_| gap == 0) {
                Some(span) => span.length += 1,
                None => histogram.positive_spans.push(BucketSpan { offset: gap, length: 1 }),
            }
            gap = 0;
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            histogram.positive_deltas.push(count - before);
            before = count;
        }
        histogram
    }
}

impl<'a> Symbols<'a> {
    pub(crate) fn new() -> Self {
        let mut symbols = Self { texts: Vec::new(), places: HashMap::default() };
        symbols.place("");
        symbols
    }

    /// Where a text stands.
    pub(crate) fn place(&mut self, text: &'a str) -> u32 {
        *self.places.entry(text).or_insert_with(|| {
            self.texts.push(text);
            // A request has some thousands of series.
            u32::try_from(self.texts.len() - 1).unwrap_or_default()
        })
    }

    pub(crate) fn into_texts(self) -> Vec<String> {
        self.texts.into_iter().map(str::to_owned).collect()
    }
}

impl Request {
    /// The same as 1.0 has it, which knows nothing of kinds and units, nor of when counting began.
    pub(crate) fn into_older(self) -> WriteRequest {
        let text = |place: u32| self.symbols.get(place as usize).cloned().unwrap_or_default();
        let older = |series: SymbolSeries| {
            let (pairs, _) = series.labels_refs.as_chunks::<2>();
            let labels = pairs.iter().map(|&[name, value]| Label { name: text(name), value: text(value) });
            let samples = series.samples.into_iter().map(|sample| Sample { start_timestamp: 0, ..sample });
            let histograms =
                series.histograms.into_iter().map(|histogram| Histogram { start_timestamp: 0, ..histogram });
            TimeSeries {
                labels: labels.collect(),
                samples: samples.collect(),
                histograms: histograms.collect(),
            }
        };
        WriteRequest { timeseries: self.timeseries.into_iter().map(older).collect() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn label(name: &str, value: &str) -> Label {
        Label { name: name.to_owned(), value: value.to_owned() }
    }

    fn sample() -> Sample {
        Sample { value: 1.5, timestamp: 1_700_000_000_000, start_timestamp: 0 }
    }

    fn older() -> WriteRequest {
        let labels = vec![label("__name__", "pm_up"), label("job", "demo")];
        WriteRequest { timeseries: vec![TimeSeries { labels, samples: vec![sample()], histograms: vec![] }] }
    }

    #[test]
    fn a_remote_write_request_has_the_bytes_of_the_published_example() {
        assert_eq!(
            crate::state::hexadecimal(&older().encode_to_vec()),
            "0a320a110a085f5f6e616d655f5f1205706d5f75700a0b0a036a6f62120464656d6f121009000000000000f83f1080d095ffbc31"
        );
    }

    #[test]
    fn one_of_2_0_has_the_bytes_of_its_example_and_says_the_same_as_one_of_1_0() {
        let mut symbols = Symbols::new();
        let labels_refs = ["__name__", "pm_up", "job", "demo"].map(|text| symbols.place(text)).into();
        let metadata =
            Metadata { kind: 2, help_ref: symbols.place("Is it up."), unit_ref: symbols.place("") };
        let series = SymbolSeries {
            labels_refs,
            samples: vec![sample()],
            histograms: vec![],
            metadata: Some(metadata),
        };
        let request = Request { symbols: symbols.into_texts(), timeseries: vec![series] };
        assert_eq!(
            crate::state::hexadecimal(&request.encode_to_vec()),
            "220022085f5f6e616d655f5f2205706d5f757022036a6f62220464656d6f220949732069742075702e2a1e0a0401020304121009000000000000f83f1080d095ffbc312a0408021805"
        );
        assert_eq!(request.into_older(), older());
    }

    proptest! {
        #[test]
        fn every_value_lies_in_the_bucket_whose_bounds_hold_it(values in prop::collection::vec(0.0..1e6_f64, 0..50), small in 1e-6..1.0_f64) {
            let mut sketch = Sketch::default();
            let values: Vec<_> = values.into_iter().chain([0.0, 1.0, small]).collect();
            for &value in &values {
                sketch.push(value);
            }
            let histogram = Histogram::new(&sketch, 0.0, 7);
            prop_assert!((-4..=8).contains(&histogram.schema));
            let mut held = 0;
            let (mut index, mut count) = (0, 0);
            let mut deltas = histogram.positive_deltas.iter();
            for span in &histogram.positive_spans {
                index += span.offset;
                for _ in 0..span.length {
                    count += deltas.next().expect("as many as the spans say");
                    let bound = |index: i32| 2_f64.powf(f64::from(index) * 2_f64.powi(-histogram.schema));
                    let (low, high) = (bound(index - 1) * (1.0 - 1e-12), bound(index) * (1.0 + 1e-12));
                    let inside = values.iter().filter(|&&value| value > low && value <= high).count();
                    prop_assert!(count > 0 && inside >= usize::try_from(count).expect("a count"));
                    held += count;
                    index += 1;
                }
            }
            prop_assert!(deltas.next().is_none());
            let zeros = values.iter().filter(|&&value| value == 0.0).count() as u64;
            prop_assert_eq!((histogram.zero_count, histogram.count), (Some(zeros), Some(values.len() as u64)));
            prop_assert_eq!(held.cast_unsigned() + zeros, values.len() as u64);
        }
    }
}
