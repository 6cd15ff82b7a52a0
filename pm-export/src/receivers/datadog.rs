//! Datadog: counts and gauges as series, values as distributions, alerts as events.

use std::collections::BTreeMap;
use std::fmt::Write;

use pm_github::Secret;
use pm_record::{AlertState, PerformanceAlert, Severity};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Batch, Shipment, WINDOW_SECONDS};
use crate::args::Compress;
use crate::catalog::{Kind, Unit};
use crate::meter::Meter;
use crate::model::{Series, Value};
use crate::packing::Packing;
use crate::parcel::{Parcel, Shown};

/// Under the smaller of the two limits that its documentation has, before packing.
const MOST_BYTES: usize = 480_000;

/// How many values one point has.
const MOST_VALUES: usize = 1000;

/// Where series, distributions and events go.
pub(super) const PATHS: [&str; 3] = ["/api/v2/series", "/api/v1/distribution_points", "/api/v1/events"];

/// Its API, and the key for it.
#[derive(Debug)]
pub(crate) struct Datadog {
    /// Without a path.
    pub(crate) url: String,
    pub(crate) key: Secret,
    /// `env:prod` and the like, of the user's own.
    pub(crate) tags: Vec<String>,
    pub(crate) compression: Option<Compress>,
}

impl Datadog {
    pub(super) fn shipments<'a>(&'a self, batch: &'a Batch<'a>) -> Vec<Shipment<'a>> {
        let (mut series, mut distributions) = (Vec::new(), Vec::new());
        for (&start, meter) in batch.windows {
            for one in meter.model.sorted() {
                match &one.value {
                    Value::Spread(_) => self.distribution(start / 1000, one, &mut distributions),
                    _ => series.extend(self.series(batch.seconds.free(start, meter), one)),
                }
            }
        }
        let events = batch.alerts.iter().filter(|alert| alert.state == AlertState::Firing);
        let events: Vec<Json> = events.map(|alert| self.event(alert)).collect();
        let event_sizes = vec![0; events.len()];
        let packing = |takes: &[Packing]| Packing::wanted(takes, self.compression);
        vec![
            self.shipment(PATHS[0], series, packing(&[Packing::Gzip, Packing::Zstd1, Packing::None])),
            // Neither gzip nor zstd is taken there.
            self.shipment(PATHS[1], distributions, packing(&[Packing::Deflate, Packing::None])),
            Shipment {
                sizes: event_sizes,
                most_bytes: MOST_BYTES,
                most_things: 1,
                parcel: Box::new(move |range| self.parcel(PATHS[2], &events[range.start], Packing::None)),
            },
        ]
    }

    fn shipment(&self, path: &'static str, things: Vec<Json>, packing: Packing) -> Shipment<'_> {
        Shipment {
            sizes: things.iter().map(|thing| thing.to_string().len() + 1).collect(),
            most_bytes: MOST_BYTES,
            most_things: 10_000,
            parcel: Box::new(move |range| self.parcel(path, &json!({ "series": things[range] }), packing)),
        }
    }

    fn parcel(&self, path: &str, body: &Json, packing: Packing) -> Parcel {
        Parcel {
            url: format!("{}{path}", self.url),
            method: "POST",
            headers: super::headers([("Content-Type", "application/json")]),
            body: body.to_string().into_bytes(),
            shown: Shown::AsItIs,
            packing,
        }
    }

    fn tags(&self, series: &Series) -> Vec<String> {
        let labels = series.labels.iter().map(|(name, value)| tag(name, value));
        self.tags.iter().cloned().chain(labels).collect()
    }

    fn series(&self, start: i64, series: &Series) -> Option<Json> {
        let family = series.family();
        let (kind, at, value) = match &series.value {
            Value::Sum(sum) => (1, start, family.scale.apply(*sum)),
            // Records of which nobody says when they were made were made by now.
            Value::Last { at: i64::MIN, value } => (3, start, family.scale.apply((*value).into())),
            Value::Last { at, value } => (3, at / 1000, family.scale.apply((*value).into())),
            Value::Spread(_) => return None,
        };
        // What is 32 bits wide there cannot hold a point in time.
        if family.name.ends_with("timestamp") {
            return None;
        }
        let mut json = json!({
            "metric": family.name,
            "type": kind,
            "points": [{ "timestamp": at, "value": value }],
            "tags": self.tags(series),
        });
        if family.kind == Kind::Counter {
            json["interval"] = json!(WINDOW_SECONDS);
        }
        if let Some(unit) = unit(family.unit) {
            json["unit"] = json!(unit);
        }
        Some(json)
    }

    fn distribution(&self, start: i64, series: &Series, out: &mut Vec<Json>) {
        let Value::Spread(spread) = &series.value else { return };
        let family = series.family();
        let values: Vec<f64> = spread.values.iter().map(|&value| family.scale.apply(value.into())).collect();
        for piece in values.chunks(MOST_VALUES) {
            out.push(json!({
                "metric": family.name,
                "points": [[start, piece]],
                "type": "distribution",
                "tags": self.tags(series),
            }));
        }
    }

    fn event(&self, alert: &PerformanceAlert) -> Json {
        let subject = alert.command.as_ref().map(|command| format!(" of '{command}'")).unwrap_or_default();
        let mut text = format!("{}: {}", alert.threshold_exceeded, alert.current_value);
        if let Some(baseline) = &alert.baseline {
            let _ = write!(text, " (baseline {baseline})");
        }
        if let Some(advice) = &alert.recommendation {
            let _ = write!(text, "\n{advice}");
        }
        let kind = match alert.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Critical => "error",
        };
        let key = format!("{}{subject}", alert.kind);
        let tags =
            self.tags.iter().cloned().chain(alert.command.iter().map(|command| tag("command", command)));
        let mut event = json!({
            "title": format!("github-pm: {key}"),
            "text": cut(&text, 4000),
            "alert_type": kind,
            "aggregation_key": cut(&key, 100),
            "source_type_name": "github-pm",
            "tags": tags.collect::<Vec<_>>(),
        });
        if let Some(time) = alert.timestamp {
            event["date_happened"] = json!(time.as_millis() / 1000);
        }
        event
    }
}

/// Which seconds of each minute have a point. A minute that is delivered in several batches has one for each, and one of the
/// same second would take the place of the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seconds(BTreeMap<i64, u64>);

impl Seconds {
    /// How many minutes are remembered: twice as many as records may be old.
    const MOST: usize = 120;

    /// How far ahead, in milliseconds, a minute is remembered.
    const AHEAD: i64 = 600_000;

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The second for a minute's sums: that of its last record, or the next that has no point yet.
    fn free(&self, start: i64, meter: &Meter) -> i64 {
        let used = self.0.get(&start).copied().unwrap_or_default();
        let last = meter.span.map_or(start, |(_, end)| end).saturating_sub(start) / 1000;
        let last = last.clamp(0, WINDOW_SECONDS - 1);
        let mut after = (last..WINDOW_SECONDS).chain(0..last);
        start / 1000 + after.find(|second| used >> second & 1 == 0).unwrap_or(last)
    }

    /// Notes what has been delivered.
    pub(crate) fn take(&mut self, windows: &BTreeMap<i64, Meter>, now: i64) {
        // Minutes of a clock that is ahead would take the room of the present ones; they are too far ahead for Datadog as well.
        for (&start, meter) in windows.range(..now + Self::AHEAD) {
            let second = self.free(start, meter) - start / 1000;
            *self.0.entry(start).or_default() |= 1 << second;
        }
        while self.0.len() > Self::MOST {
            self.0.pop_first();
        }
    }
}

/// `name:value`, without what its tags cannot have.
fn tag(name: &str, value: &str) -> String {
    let allowed =
        |letter: char| !letter.is_control() && !letter.is_whitespace() && letter != ',' && letter != '|';
    let value: String = value.chars().map(|letter| if allowed(letter) { letter } else { '_' }).collect();
    cut(&format!("{name}:{value}"), 200).to_owned()
}

fn cut(text: &str, letters: usize) -> &str {
    text.char_indices().nth(letters).map_or(text, |(at, _)| &text[..at])
}

fn unit(unit: Unit) -> Option<&'static str> {
    match unit {
        Unit::Seconds => Some("second"),
        Unit::Bytes => Some("byte"),
        Unit::Ratio => Some("fraction"),
        Unit::Things => None,
    }
}

#[cfg(test)]
mod tests {
    use pm_cli::{Exit, Streams, Trial};

    use super::*;
    use crate::config::Config;

    const START: i64 = 1_733_481_000_000;

    /// What is noted of batches of one minute of which the last record was in these seconds of it.
    fn seconds(ends: &[i64]) -> Vec<i64> {
        let mut found = Vec::new();
        let note = |args, io: &mut Streams| -> Result<Exit, crate::Error> {
            let args = pm_cli::parse(args, io)?.expect("arguments");
            let config = Config::new(args, START, &io.environment)?;
            let mut seconds = Seconds::default();
            for end in ends {
                let mut meter = Meter::new(&config);
                meter.span = Some((START - 9, START + end * 1000 + 999));
                found.push(seconds.free(START, &meter) - START / 1000);
                seconds.take(&BTreeMap::from([(START, meter)]), START);
            }
            Ok(Exit::Done)
        };
        assert_eq!(Trial::new().run(crate::TOOL, note, &[]).exit, Exit::Done);
        found
    }

    #[test]
    fn minutes_of_a_clock_that_is_ahead_take_no_room() {
        let note = |args, io: &mut Streams| -> Result<Exit, crate::Error> {
            let config = Config::new(pm_cli::parse(args, io)?.expect("arguments"), START, &io.environment)?;
            let minutes = [0, 60_000, 3 * 3_600_000].map(|ahead| (START + ahead, Meter::new(&config)));
            let mut seconds = Seconds::default();
            seconds.take(&BTreeMap::from(minutes), START);
            assert_eq!(seconds.0.into_keys().collect::<Vec<_>>(), [START, START + 60_000]);
            Ok(Exit::Done)
        };
        assert_eq!(Trial::new().run(crate::TOOL, note, &[]).exit, Exit::Done);
    }

    #[test]
    fn no_two_batches_of_a_minute_have_a_point_in_the_same_second() {
        assert_eq!(seconds(&[7, 9, 9, 9, 7, 59, 59, 99]), [7, 9, 10, 11, 8, 59, 0, 1]);
        let mut all = seconds(&[30; 60]);
        all.sort_unstable();
        assert_eq!(all, (0..60).collect::<Vec<_>>());
    }
}
