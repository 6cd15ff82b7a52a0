//! Prometheus' remote write 1.0 and 2.0: every series with one sample or one native histogram, of now.

use std::borrow::Cow;

use pm_github::Secret;
use prost::Message;

use super::{Batch, Shipment};
use crate::catalog::{Family, Kind};
use crate::model::{Model, Series, Value};
use crate::packing::Packing;
use crate::parcel::{Parcel, Shown};
use crate::prometheus::canonical;
use crate::write_request::{
    Histogram, Label, Metadata, Request, Sample, SymbolSeries, Symbols, TimeSeries, WriteRequest,
};

/// What Prometheus itself sends at once, and a size that every receiver takes.
const MOST_SERIES: usize = 2000;
const MOST_BYTES: usize = 1 << 20;

/// What a request of each version calls itself.
const ONE: [(&str, &str); 2] =
    [("Content-Type", "application/x-protobuf"), ("X-Prometheus-Remote-Write-Version", "0.1.0")];
const TWO: [(&str, &str); 2] = [
    ("Content-Type", "application/x-protobuf;proto=io.prometheus.write.v2.Request"),
    ("X-Prometheus-Remote-Write-Version", "2.0.0"),
];

/// A receiver.
#[derive(Debug)]
pub(crate) struct RemoteWrite {
    pub(crate) url: String,
    /// The whole header.
    pub(crate) key: Option<Secret>,
    /// What tells these series from those of other machines.
    pub(crate) instance: Option<String>,
    /// Whether 2.0 is spoken.
    pub(crate) second: bool,
    /// Whether histograms have buckets that follow from their values, in place of fixed ones.
    pub(crate) native: bool,
}

/// A series with its metric.
struct Line {
    series: TimeSeries,
    family: &'static Family,
}

/// How much is in a request, or was written of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    pub(crate) samples: u64,
    pub(crate) histograms: u64,
}

impl RemoteWrite {
    pub(super) fn shipments<'a>(&'a self, batch: &'a Batch<'a>) -> Vec<Shipment<'a>> {
        let model = &batch.totals.model;
        let mut all = Vec::new();
        for series in model.sorted() {
            self.add(model, series, batch, &mut all);
        }
        vec![Shipment {
            sizes: all.iter().map(|line: &Line| line.series.encoded_len()).collect(),
            most_bytes: MOST_BYTES,
            most_things: MOST_SERIES,
            parcel: Box::new(move |range| self.parcel(&all[range])),
        }]
    }

    fn parcel(&self, lines: &[Line]) -> Parcel {
        let url = self.url.clone();
        if self.second {
            return parcel(url, TWO, &request(lines).encode_to_vec(), Shown::Symbols);
        }
        let timeseries = lines.iter().map(|line| line.series.clone()).collect();
        parcel(url, ONE, &WriteRequest { timeseries }.encode_to_vec(), Shown::Samples)
    }

    fn add(&self, model: &Model, series: &Series, batch: &Batch<'_>, all: &mut Vec<Line>) {
        let family = series.family();
        let base = family.base();
        // The first version knows nothing of it.
        let start_timestamp = batch.since.filter(|_| self.second).unwrap_or_default();
        let labels = |suffix: &str, edge: Option<String>| {
            let mut labels = vec![label("__name__", &format!("{base}{suffix}")), label("job", "github_pm")];
            labels.extend(self.instance.as_ref().map(|instance| label("instance", instance)));
            labels.extend(series.labels.iter().map(|(name, value)| label(name, value)));
            labels.extend(edge.map(|edge| label("le", &edge)));
            labels.sort_by(|a, b| a.name.cmp(&b.name));
            labels.dedup_by(|a, b| a.name == b.name);
            labels
        };
        let mut put = |suffix: &str, edge: Option<String>, value: f64| {
            let start_timestamp = if family.kind == Kind::Gauge { 0 } else { start_timestamp };
            let samples = vec![Sample { value, timestamp: batch.now, start_timestamp }];
            let series = TimeSeries { labels: labels(suffix, edge), samples, histograms: Vec::new() };
            all.push(Line { series, family });
        };
        match &series.value {
            Value::Sum(sum) => put("_total", None, family.scale.apply(*sum)),
            Value::Last { value, .. } => put("", None, family.scale.apply((*value).into())),
            Value::Spread(spread) if self.native => {
                let sketch = spread.sketch.clone().unwrap_or_default();
                let sum = family.scale.apply(spread.moments.sum());
                let histogram = Histogram { start_timestamp, ..Histogram::new(&sketch, sum, batch.now) };
                let (samples, histograms) = (Vec::new(), vec![histogram]);
                all.push(Line {
                    series: TimeSeries { labels: labels("", None), samples, histograms },
                    family,
                });
            }
            Value::Spread(spread) => {
                let bounds = model.bounds(series.family).units.iter().map(|&bound| canonical(bound));
                for (edge, count) in bounds.chain(["+Inf".to_owned()]).zip(spread.cumulative()) {
                    put("_bucket", Some(edge), count as f64);
                }
                put("_sum", None, family.scale.apply(spread.moments.sum()));
                put("_count", None, spread.moments.count() as f64);
            }
        }
    }
}

fn label(name: &str, value: &str) -> Label {
    Label { name: name.to_owned(), value: value.to_owned() }
}

fn parcel(url: String, headers: [(&str, &str); 2], plain: &[u8], shown: Shown) -> Parcel {
    Parcel {
        url,
        method: "POST",
        headers: super::headers(headers),
        // A request is far shorter than what the format cannot hold.
        body: snap::raw::Encoder::new().compress_vec(plain).unwrap_or_default(),
        shown,
        packing: Packing::Snappy,
    }
}

/// A request of 2.0, in which a text that many series have stands once.
fn request(lines: &[Line]) -> Request {
    let mut symbols = Symbols::new();
    let timeseries = lines.iter().map(|Line { series, family }| SymbolSeries {
        labels_refs: series
            .labels
            .iter()
            .flat_map(|label| [symbols.place(&label.name), symbols.place(&label.value)])
            .collect(),
        samples: series.samples.clone(),
        histograms: series.histograms.clone(),
        metadata: Some(Metadata {
            kind: match family.kind {
                Kind::Counter => 1,
                Kind::Gauge => 2,
                Kind::Histogram => 3,
            },
            help_ref: symbols.place(family.help),
            unit_ref: symbols.place(family.unit.suffix()),
        }),
    });
    let timeseries = timeseries.collect();
    Request { symbols: symbols.into_texts(), timeseries }
}

fn unpacked<M: Message + Default>(body: &[u8]) -> M {
    let plain = snap::raw::Decoder::new().decompress_vec(body).unwrap_or_default();
    M::decode(plain.as_slice()).unwrap_or_default()
}

/// The parcel as 1.0 has it, if it is one of 2.0 with this body: one that was kept has none of its own.
pub(crate) fn older(parcel: &Parcel, body: &[u8]) -> Option<Parcel> {
    (parcel.shown == Shown::Symbols).then(|| {
        let request = unpacked::<Request>(body).into_older();
        self::parcel(parcel.url.clone(), ONE, &request.encode_to_vec(), Shown::Samples)
    })
}

/// How much is in a body of 2.0, of which the receiver says how much it has written.
pub(crate) fn amount(body: &[u8]) -> Amount {
    let request: Request = unpacked(body);
    request.timeseries.iter().fold(Amount::default(), |amount, series| Amount {
        samples: amount.samples + series.samples.len() as u64,
        histograms: amount.histograms + series.histograms.len() as u64,
    })
}

/// A request for people to read.
pub(super) fn text(body: &[u8], shown: Shown) -> String {
    let request = match shown {
        Shown::Symbols => unpacked::<Request>(body).into_older(),
        _ => unpacked(body),
    };
    request.timeseries.iter().map(line).collect()
}

/// A series for people to read.
fn line(series: &TimeSeries) -> String {
    let labels: Vec<_> =
        series.labels.iter().map(|label| format!("{}={:?}", label.name, label.value)).collect();
    let samples = series.samples.iter().map(|sample| format!("{} {}", sample.value, sample.timestamp));
    let histograms = series.histograms.iter().map(|histogram| {
        let (count, zero) = (histogram.count.unwrap_or_default(), histogram.zero_count.unwrap_or_default());
        let Histogram { sum, schema, positive_deltas, timestamp, .. } = histogram;
        let buckets = positive_deltas.len();
        format!("count={count} sum={sum} schema={schema} zero={zero} buckets={buckets} {timestamp}")
    });
    let points: Vec<Cow<'_, str>> = samples.chain(histograms).map(Cow::from).collect();
    format!("{{{}}} {}\n", labels.join(","), points.join(" "))
}
