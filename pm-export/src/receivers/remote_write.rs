//! Prometheus' remote write 1.0: every series with one sample, of now.

use pm_github::Secret;
use prost::Message;

use super::{Batch, Shipment};
use crate::delivery::{Packing, Parcel, Shown};
use crate::model::{Model, Series, Value};
use crate::prometheus::canonical;
use crate::proto::{Label, Sample, TimeSeries, WriteRequest};

/// What Prometheus itself sends at once, and a size that every receiver takes.
const MOST_SERIES: usize = 2000;
const MOST_BYTES: usize = 1 << 20;

/// A receiver.
#[derive(Debug)]
pub(crate) struct RemoteWrite {
    pub(crate) url: String,
    /// The whole header.
    pub(crate) key: Option<Secret>,
    /// What tells these series from those of other machines.
    pub(crate) instance: Option<String>,
}

impl RemoteWrite {
    pub(super) fn shipments<'a>(&'a self, batch: &'a Batch<'a>) -> Vec<Shipment<'a>> {
        let model = &batch.totals.model;
        let mut all = Vec::new();
        for series in model.sorted() {
            self.add(model, series, batch.now, &mut all);
        }
        vec![Shipment {
            sizes: all.iter().map(Message::encoded_len).collect(),
            most_bytes: MOST_BYTES,
            most_things: MOST_SERIES,
            parcel: Box::new(move |range| self.parcel(all[range].to_vec())),
        }]
    }

    fn parcel(&self, timeseries: Vec<TimeSeries>) -> Parcel {
        let plain = WriteRequest { timeseries }.encode_to_vec();
        let headers = super::headers([
            ("Content-Type", "application/x-protobuf"),
            ("X-Prometheus-Remote-Write-Version", "0.1.0"),
        ]);
        Parcel {
            url: self.url.clone(),
            method: "POST",
            headers,
            // A request is far shorter than what the format cannot hold.
            body: snap::raw::Encoder::new().compress_vec(&plain).unwrap_or_default(),
            shown: Shown::Samples,
            packing: Packing::Snappy,
        }
    }

    fn add(&self, model: &Model, series: &Series, now: i64, all: &mut Vec<TimeSeries>) {
        let family = series.family();
        let base = family.base();
        let mut put = |suffix: &str, edge: Option<String>, value: f64| {
            let mut labels = vec![label("__name__", &format!("{base}{suffix}")), label("job", "github_pm")];
            labels.extend(self.instance.as_ref().map(|instance| label("instance", instance)));
            labels.extend(series.labels.iter().map(|(name, value)| label(name, value)));
            labels.extend(edge.map(|edge| label("le", &edge)));
            labels.sort_by(|a, b| a.name.cmp(&b.name));
            labels.dedup_by(|a, b| a.name == b.name);
            all.push(TimeSeries { labels, samples: vec![Sample { value, timestamp: now }] });
        };
        match &series.value {
            Value::Sum(sum) => put("_total", None, family.scale.apply(*sum)),
            Value::Last { value, .. } => put("", None, family.scale.apply((*value).into())),
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

/// A request for people to read.
pub(super) fn text(body: &[u8]) -> String {
    let plain = snap::raw::Decoder::new().decompress_vec(body).unwrap_or_default();
    let request = WriteRequest::decode(plain.as_slice()).unwrap_or_default();
    request.timeseries.iter().map(shown).collect()
}

/// A series for people to read.
fn shown(series: &TimeSeries) -> String {
    let labels: Vec<_> =
        series.labels.iter().map(|label| format!("{}={:?}", label.name, label.value)).collect();
    let samples: Vec<_> =
        series.samples.iter().map(|sample| format!("{} {}", sample.value, sample.timestamp)).collect();
    format!("{{{}}} {}\n", labels.join(","), samples.join(" "))
}
