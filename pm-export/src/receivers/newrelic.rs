//! New Relic's Metric API: counts, gauges and summaries, by the minute.

use pm_github::Secret;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::{Batch, Shipment, WINDOW};
use crate::model::{Series, Value};
use crate::packing::Packing;
use crate::parcel::{Parcel, Shown};
use crate::state::hexadecimal;

/// Its limit is a million; the envelope takes some.
const MOST_BYTES: usize = 950_000;

/// Names that attributes may not have.
const TAKEN: [&str; 10] = [
    "interval.ms",
    "timestamp",
    "value",
    "common",
    "min",
    "max",
    "count",
    "sum",
    "metrics",
    "newrelic.source",
];

/// How long a key and a value of an attribute may be.
const LONGEST_KEY: usize = 255;
const LONGEST_VALUE: usize = 4096;

/// Its API, and the key for it.
#[derive(Debug)]
pub(crate) struct NewRelic {
    pub(crate) url: String,
    pub(crate) key: Secret,
    pub(crate) packing: Packing,
}

impl NewRelic {
    pub(super) fn shipments<'a>(&'a self, batch: &'a Batch<'a>) -> Vec<Shipment<'a>> {
        let windows = batch.windows.iter();
        let points =
            windows.flat_map(|(&start, meter)| meter.model.sorted().into_iter().map(move |one| (start, one)));
        let points: Vec<Json> = points.filter_map(|(start, series)| point(start, series)).collect();
        vec![Shipment {
            sizes: points.iter().map(|point| point.to_string().len() + 1).collect(),
            most_bytes: MOST_BYTES,
            most_things: 10_000,
            parcel: Box::new(move |range| self.parcel(&points[range])),
        }]
    }

    fn parcel(&self, points: &[Json]) -> Parcel {
        let common = json!({
            "interval.ms": WINDOW,
            "attributes": { "service.name": "github-pm", "instrumentation.provider": crate::TOOL },
        });
        let body = json!([{ "common": common, "metrics": points }]).to_string().into_bytes();
        Parcel {
            url: self.url.clone(),
            method: "POST",
            headers: super::headers([
                ("Content-Type", "application/json"),
                // The same for each attempt, and for the same body after a crash.
                ("x-request-id", &request_id(&body)),
            ]),
            body,
            shown: Shown::AsItIs,
            packing: self.packing,
        }
    }
}

fn point(start: i64, series: &Series) -> Option<Json> {
    let family = series.family();
    let mut point = json!({ "name": family.name, "timestamp": start, "attributes": attributes(series) });
    match &series.value {
        Value::Sum(sum) => {
            point["type"] = json!("count");
            point["value"] = json!(family.scale.apply(*sum));
        }
        Value::Last { at, value } => {
            point["type"] = json!("gauge");
            if *at != i64::MIN {
                point["timestamp"] = json!(at);
            }
            point["value"] = json!(family.scale.apply((*value).into()));
        }
        Value::Spread(spread) => {
            let moments = &spread.moments;
            let value = |thousandths: i64| family.scale.apply(thousandths.into());
            point["type"] = json!("summary");
            point["value"] = json!({
                "count": moments.count(),
                "sum": family.scale.apply(moments.sum()),
                "min": value(moments.min()?),
                "max": value(moments.max()?),
            });
        }
    }
    Some(point)
}

fn attributes(series: &Series) -> Json {
    let mut attributes = Map::new();
    for (name, value) in &series.labels {
        let is_taken = TAKEN.contains(&&**name) || **name == *series.family().name;
        let name = if is_taken { format!("{name}_") } else { name.to_string() };
        let name = name[..name.floor_char_boundary(LONGEST_KEY)].to_owned();
        attributes.insert(name, json!(value[..value.floor_char_boundary(LONGEST_VALUE)]));
    }
    Json::Object(attributes)
}

/// A UUID of version 4 by its form, and made of the body.
fn request_id(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    let hex = hexadecimal(&hash[..16]);
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}
