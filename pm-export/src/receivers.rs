//! Those who take what is delivered: each makes requests of a batch, and knows what the answers mean.

mod attributes;
mod datadog;
mod newrelic;
mod otlp;
mod phase_spans;
mod pushgateway;
mod remote_write;
mod spans;

use std::collections::BTreeMap;
use std::ops::Range;

use pm_cli::Streams;
use pm_github::Secret;
use pm_record::PerformanceAlert;

pub(crate) use datadog::{Datadog, Seconds};
pub(crate) use newrelic::NewRelic;
pub(crate) use otlp::{Endpoint, Otlp};
pub(crate) use pushgateway::Pushgateway;
pub(crate) use remote_write::{Amount, RemoteWrite, amount, older};
pub(crate) use spans::{Tracer, other as span_of};

use crate::Error;
use crate::client::Way;
use crate::courier::{Fate, Verdict};
use crate::delivery::Delivery;
use crate::meter::Meter;
use crate::parcel::{Keys, Parcel, Shown};
use crate::traces::Spans;

/// What is delivered at once.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    /// What all records came to, or all since the last batch where the receiver sums itself.
    pub(crate) totals: &'a Meter,
    /// The same by minutes, which are known by their first millisecond.
    pub(crate) windows: &'a BTreeMap<i64, Meter>,
    /// Which seconds of these minutes have been delivered.
    pub(crate) seconds: &'a Seconds,
    pub(crate) alerts: &'a [PerformanceAlert],
    pub(crate) spans: &'a Spans,
    /// Whether totals are delivered with it.
    pub(crate) has_totals: bool,
    /// When counting began, where totals go on from run to run.
    pub(crate) since: Option<i64>,
    /// In milliseconds since the Unix epoch.
    pub(crate) now: i64,
}

/// The length of a window, in seconds and milliseconds.
pub(crate) const WINDOW_SECONDS: i64 = 60;
pub(crate) const WINDOW: i64 = WINDOW_SECONDS * 1000;

/// Things of one kind for one address, of which any part can be a request.
pub(crate) struct Shipment<'a> {
    /// About how many bytes each is.
    pub(crate) sizes: Vec<usize>,
    pub(crate) most_bytes: usize,
    pub(crate) most_things: usize,
    pub(crate) parcel: Box<dyn Fn(Range<usize>) -> Parcel + 'a>,
}

/// Somebody who takes batches.
#[derive(Debug)]
pub(crate) enum Receiver {
    Datadog(Datadog),
    NewRelic(NewRelic),
    Otlp(Otlp),
    Pushgateway(Pushgateway),
    RemoteWrite(RemoteWrite),
}

impl Receiver {
    /// Where it is, for the client; each place once a kind of things.
    pub(crate) fn urls(&self) -> Vec<&str> {
        match self {
            Self::Datadog(datadog) => vec![&datadog.url],
            Self::NewRelic(newrelic) => vec![&newrelic.url],
            Self::Otlp(otlp) => {
                [&otlp.metrics, &otlp.traces].into_iter().flatten().map(|signal| &*signal.url).collect()
            }
            Self::Pushgateway(gateway) => vec![&gateway.url],
            Self::RemoteWrite(write) => vec![&write.url],
        }
    }

    /// The same with what is said about the way there.
    pub(crate) fn places(&self) -> Vec<(&str, Way)> {
        match self {
            Self::Otlp(otlp) => {
                let signals = [&otlp.metrics, &otlp.traces].into_iter().flatten();
                signals.map(|signal| (&*signal.url, signal.way.clone())).collect()
            }
            _ => self.urls().into_iter().map(|url| (url, Way::default())).collect(),
        }
    }

    /// Every address that requests go to, and the keys for it.
    pub(crate) fn addresses(&self) -> Vec<(String, Keys)> {
        let bearer =
            |key: &Option<Secret>| key.iter().map(|key| ("Authorization".to_owned(), key.clone())).collect();
        match self {
            Self::Datadog(datadog) => {
                let key = || vec![("DD-API-KEY".to_owned(), datadog.key.clone())];
                datadog::PATHS.map(|path| (format!("{}{path}", datadog.url), key())).into()
            }
            Self::NewRelic(newrelic) => {
                vec![(newrelic.url.clone(), vec![("Api-Key".to_owned(), newrelic.key.clone())])]
            }
            Self::Otlp(otlp) => {
                let signals = [&otlp.metrics, &otlp.traces].into_iter().flatten();
                signals.map(|signal| (signal.url.clone(), signal.headers.clone())).collect()
            }
            Self::Pushgateway(gateway) => vec![(gateway.url.clone(), bearer(&gateway.key))],
            Self::RemoteWrite(write) => vec![(write.url.clone(), bearer(&write.key))],
        }
    }

    /// Whether it takes what each minute adds; the others take totals.
    pub(crate) fn takes_windows(&self) -> bool {
        matches!(self, Self::Datadog(_) | Self::NewRelic(_))
    }

    /// Whether it adds up what it gets, where totals do not go on from run to run.
    pub(crate) fn sums(&self) -> bool {
        matches!(self, Self::Otlp(_))
    }

    /// Whether it takes alerts as events, and not only their number.
    pub(crate) fn takes_events(&self) -> bool {
        matches!(self, Self::Datadog(_))
    }

    /// Whether a point takes the place of another one of the same second.
    pub(crate) fn replaces_points(&self) -> bool {
        matches!(self, Self::Datadog(_))
    }

    /// Whether it takes executions one by one.
    pub(crate) fn takes_executions(&self) -> bool {
        matches!(self, Self::Otlp(otlp) if otlp.traces.is_some())
    }

    /// Whether it takes what records come to, and not only executions one by one.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self, Self::Otlp(otlp) if otlp.metrics.is_none())
    }

    /// How old a record may be when it is delivered, in milliseconds; older ones are dropped there without a word.
    pub(crate) fn longest_age(&self) -> Option<i64> {
        match self {
            Self::Datadog(_) => Some(3_600_000),
            Self::NewRelic(_) => Some(48 * 3_600_000),
            _ => None,
        }
    }

    /// What the status of an answer means.
    pub(crate) fn judge(&self) -> fn(u16) -> Verdict {
        match self {
            Self::Datadog(_) | Self::NewRelic(_) => of_vendors,
            Self::Otlp(_) => of_otlp,
            Self::Pushgateway(_) | Self::RemoteWrite(_) => of_prometheus,
        }
    }

    fn shipments<'a>(&'a self, batch: &'a Batch<'a>) -> Vec<Shipment<'a>> {
        match self {
            Self::Datadog(datadog) => datadog.shipments(batch),
            Self::NewRelic(newrelic) => newrelic.shipments(batch),
            Self::Otlp(otlp) => otlp.shipments(batch),
            Self::Pushgateway(gateway) => gateway.shipments(batch),
            Self::RemoteWrite(write) => write.shipments(batch),
        }
    }

    /// Delivers a batch, in as many requests as it needs.
    pub(crate) fn deliver(
        &self,
        batch: &Batch<'_>,
        delivery: &mut Delivery,
        io: &mut Streams,
    ) -> Result<(), Error> {
        for shipment in self.shipments(batch) {
            for range in shipment.ranges() {
                send(&shipment, range, delivery, io)?;
            }
        }
        Ok(())
    }
}

impl Shipment<'_> {
    /// Parts that are as large as requests may be.
    fn ranges(&self) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (at, size) in self.sizes.iter().enumerate() {
            if at > start && (bytes + size > self.most_bytes || at - start >= self.most_things) {
                ranges.push(start..at);
                (start, bytes) = (at, 0);
            }
            bytes += size;
        }
        if start < self.sizes.len() {
            ranges.push(start..self.sizes.len());
        }
        ranges
    }
}

/// Sends a part, and its halves if it is too large for the receiver after all.
fn send(
    shipment: &Shipment<'_>,
    range: Range<usize>,
    delivery: &mut Delivery,
    io: &mut Streams,
) -> Result<(), Error> {
    let mut parts = vec![range];
    while let Some(part) = parts.pop() {
        match delivery.send(&(shipment.parcel)(part.clone()), io)? {
            Fate::TooLarge if part.len() > 1 => {
                let middle = part.start + part.len() / 2;
                parts.push(middle..part.end);
                parts.push(part.start..middle);
            }
            Fate::TooLarge => {
                delivery.refuse((shipment.parcel)(part).url, "it is too large, and cannot be cut", io);
            }
            Fate::Arrived | Fate::Kept | Fate::Refused => {}
        }
    }
    Ok(())
}

/// A body for people to read.
pub(crate) fn shown(parcel: &Parcel) -> String {
    match parcel.shown {
        Shown::AsItIs => String::from_utf8_lossy(&parcel.body).into_owned(),
        Shown::Metrics | Shown::Traces => otlp::json(&parcel.body, parcel.shown),
        Shown::Samples | Shown::Symbols => remote_write::text(&parcel.body, parcel.shown),
    }
}

/// Headers as a parcel has them.
fn headers<const N: usize>(headers: [(&str, &str); N]) -> Vec<(String, String)> {
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn of_vendors(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Arrived,
        413 => Verdict::Split,
        // A wrong key, address or proxy: what follows would be refused as well, and must not be passed over.
        300..=399 | 401 | 403..=405 | 407 => Verdict::Stop,
        408 | 429 | 500..=599 => Verdict::Later,
        _ => Verdict::Refused,
    }
}

fn of_otlp(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Arrived,
        413 => Verdict::Split,
        300..=399 | 401 | 403..=405 | 407 => Verdict::Stop,
        429 | 502..=504 => Verdict::Later,
        _ => Verdict::Refused,
    }
}

fn of_prometheus(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Arrived,
        413 => Verdict::Split,
        300..=399 | 401 | 403..=405 | 407 => Verdict::Stop,
        429 | 500..=599 => Verdict::Later,
        _ => Verdict::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_as_large_as_they_may_be_and_a_thing_that_is_larger_goes_alone() {
        let shipment = |sizes: &[usize]| Shipment {
            sizes: sizes.to_vec(),
            most_bytes: 10,
            most_things: 3,
            parcel: Box::new(|_| unreachable!("nothing is sent")),
        };
        assert_eq!(shipment(&[]).ranges(), []);
        assert_eq!(shipment(&[4, 4, 4, 99, 1, 1, 1, 1]).ranges(), [0..2, 2..3, 3..4, 4..7, 7..8]);
    }

    #[test]
    fn each_protocol_has_rules_of_its_own_for_what_is_tried_again() {
        let later = |judge: fn(u16) -> Verdict| {
            [400, 408, 429, 500, 502, 503, 504].map(|status| judge(status) == Verdict::Later)
        };
        assert_eq!(later(of_vendors), [false, true, true, true, true, true, true]);
        assert_eq!(later(of_otlp), [false, false, true, false, true, true, true]);
        assert_eq!(later(of_prometheus), [false, false, true, true, true, true, true]);
    }
}
