//! OpenTelemetry: totals with exponential histograms, and an execution a trace; protobuf or JSON over HTTP.

use std::ops::Range;

use prost::Message;

use super::{Batch, Shipment};
use crate::catalog::Kind;
use crate::client::Way;
use crate::model::{Series, Value};
use crate::packing::Packing;
use crate::parcel::{Keys, Parcel, Shown};
use crate::proto::{
    Any, AnyValue, ExponentialBuckets, ExponentialHistogram, ExponentialPoint, Gauge, KeyValue, Metric,
    MetricsRequest, NumberPoint, Resource, ResourceMetrics, Scope, ScopeMetrics, Sum, TraceRequest,
};
use crate::traces::Spans;
use crate::wire;

/// What collectors take unasked.
const MOST_BYTES: usize = 3 << 20;
const MOST_POINTS: usize = 5000;

const DELTA: i32 = 1;
const CUMULATIVE: i32 = 2;

/// A receiver.
#[derive(Debug)]
pub(crate) struct Otlp {
    /// Of what is wanted, where it goes.
    pub(crate) metrics: Option<Endpoint>,
    pub(crate) traces: Option<Endpoint>,
    /// Of the resource: `service.name` and what the user adds.
    pub(crate) attributes: Vec<(String, String)>,
}

/// Where one signal goes, and how: two signals may go to two vendors, with a key each.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    pub(crate) json: bool,
    pub(crate) packing: Packing,
    pub(crate) way: Way,
    /// What the user adds; keys, as far as anybody knows.
    pub(crate) headers: Keys,
}

impl Otlp {
    pub(super) fn shipments<'a>(&'a self, batch: &'a Batch<'a>) -> Vec<Shipment<'a>> {
        let mut shipments = Vec::new();
        if let Some(endpoint) = self.metrics.as_ref().filter(|_| batch.has_totals) {
            let metrics: Vec<Metric> =
                batch.totals.model.sorted().into_iter().map(|series| metric(series, batch)).collect();
            shipments.push(Shipment {
                sizes: metrics.iter().map(Message::encoded_len).collect(),
                most_bytes: MOST_BYTES,
                most_things: MOST_POINTS,
                parcel: Box::new(move |range| self.metrics(endpoint, &metrics[range])),
            });
        }
        if let Some(endpoint) = &self.traces {
            shipments.push(Shipment {
                sizes: batch.spans.sizes(),
                most_bytes: MOST_BYTES,
                most_things: MOST_POINTS,
                parcel: Box::new(move |range| self.traces(endpoint, batch.spans, range)),
            });
        }
        shipments
    }

    fn metrics(&self, endpoint: &Endpoint, metrics: &[Metric]) -> Parcel {
        // Points of one metric stand together.
        let mut joined: Vec<Metric> = Vec::new();
        for metric in metrics {
            match joined.last_mut() {
                Some(last) if last.name == metric.name => join(last, metric),
                _ => joined.push(metric.clone()),
            }
        }
        let scope_metrics = vec![ScopeMetrics { scope: Some(scope()), metrics: joined }];
        let resource_metrics = vec![ResourceMetrics { resource: Some(self.resource()), scope_metrics }];
        endpoint.parcel(MetricsRequest { resource_metrics }.encode_to_vec(), Shown::Metrics)
    }

    /// A request of spans, which are written already: only what stands around them is made here.
    fn traces(&self, endpoint: &Endpoint, spans: &Spans, range: Range<usize>) -> Parcel {
        /// The numbers of the first field of each message, and of the second of the outer ones.
        const FIRST: u32 = 1;
        const SECOND: u32 = 2;
        let (resource, scope) = (self.resource().encode_to_vec(), scope().encode_to_vec());
        let spans = spans.part(range);
        let mut body = Vec::with_capacity(spans.len() + resource.len() + scope.len() + 32);
        // Of more than 16 KiB the length has three bytes; whatever is shorter is moved.
        wire::message(FIRST, 3, &mut body, |out| {
            wire::bytes(FIRST, &resource, out);
            wire::message(SECOND, 3, out, |out| {
                wire::bytes(FIRST, &scope, out);
                out.extend_from_slice(spans);
            });
        });
        endpoint.parcel(body, Shown::Traces)
    }

    fn resource(&self) -> Resource {
        Resource { attributes: self.attributes.iter().map(|(key, value)| text(key, value)).collect() }
    }
}

impl Endpoint {
    /// A parcel of a request in protobuf, which is read again where JSON is wanted.
    fn parcel(&self, body: Vec<u8>, shown: Shown) -> Parcel {
        let kind = if self.json { "application/json" } else { "application/x-protobuf" };
        let headers = super::headers([("Content-Type", kind)]);
        let (body, shown) =
            if self.json { (json(&body, shown).into_bytes(), Shown::AsItIs) } else { (body, shown) };
        Parcel { url: self.url.clone(), method: "POST", headers, body, shown, packing: self.packing }
    }
}

/// A request as JSON.
pub(super) fn json(body: &[u8], shown: Shown) -> String {
    let json = match shown {
        Shown::Traces => TraceRequest::decode(body).ok().map(|request| serde_json::to_string(&request)),
        _ => MetricsRequest::decode(body).ok().map(|request| serde_json::to_string(&request)),
    };
    json.and_then(Result::ok).unwrap_or_default()
}

fn scope() -> Scope {
    Scope { name: crate::TOOL.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Any::Text(value.to_owned()))
}

fn attribute(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }) }
}

/// Milliseconds since the Unix epoch in nanoseconds; what lies before it is its beginning.
pub(super) fn nanoseconds(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or_default().saturating_mul(1_000_000)
}

/// A metric with the one point of a series.
fn metric(series: &Series, batch: &Batch<'_>) -> Metric {
    let family = series.family();
    let attributes: Vec<_> = series.labels.iter().map(|(name, value)| text(name, value)).collect();
    let (start, end) = match (batch.since, batch.totals.span) {
        (Some(since), _) => (since, batch.now.max(since)),
        (None, Some((first, last))) => (first, last.max(first + 1)),
        (None, None) => (batch.now, batch.now),
    };
    let temporality = if batch.since.is_some() { CUMULATIVE } else { DELTA };
    let (start, end) = (nanoseconds(start), nanoseconds(end));
    let number = |value: f64, start: u64, end: u64| NumberPoint {
        attributes: attributes.clone(),
        start_time_unix_nano: start,
        time_unix_nano: end,
        as_double: Some(value),
    };
    let mut metric = Metric {
        name: family.name.to_owned(),
        description: family.help.to_owned(),
        unit: family.unit.ucum().to_owned(),
        ..Metric::default()
    };
    match &series.value {
        Value::Sum(sum) => {
            metric.sum = Some(Sum {
                data_points: vec![number(family.scale.apply(*sum), start, end)],
                aggregation_temporality: temporality,
                is_monotonic: family.kind == Kind::Counter,
            });
        }
        Value::Last { at, value } => {
            let at = if *at == i64::MIN { end } else { nanoseconds(*at) };
            metric.gauge =
                Some(Gauge { data_points: vec![number(family.scale.apply((*value).into()), 0, at)] });
        }
        Value::Spread(spread) => {
            let sketch = spread.sketch.clone().unwrap_or_default();
            let dense = sketch.dense();
            let value = |thousandths: Option<i64>| thousandths.map(|value| family.scale.apply(value.into()));
            // Totals go on from run to run, and only the extremes of all of them are extremes.
            let point = ExponentialPoint {
                attributes,
                start_time_unix_nano: start,
                time_unix_nano: end,
                count: spread.moments.count(),
                sum: Some(family.scale.apply(spread.moments.sum())),
                scale: dense.scale,
                zero_count: sketch.zero,
                positive: Some(ExponentialBuckets { offset: dense.offset, bucket_counts: dense.counts }),
                min: value(spread.moments.min()),
                max: value(spread.moments.max()),
            };
            metric.exponential_histogram =
                Some(ExponentialHistogram { data_points: vec![point], aggregation_temporality: temporality });
        }
    }
    metric
}

fn join(into: &mut Metric, other: &Metric) {
    if let (Some(into), Some(other)) = (&mut into.sum, &other.sum) {
        into.data_points.extend(other.data_points.iter().cloned());
    }
    if let (Some(into), Some(other)) = (&mut into.gauge, &other.gauge) {
        into.data_points.extend(other.data_points.iter().cloned());
    }
    if let (Some(into), Some(other)) = (&mut into.exponential_histogram, &other.exponential_histogram) {
        into.data_points.extend(other.data_points.iter().cloned());
    }
}
