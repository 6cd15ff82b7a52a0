//! `alertmanager`: the API of version 2.
//!
//! What identifies an alert is its labels, and so no value that changes stands there. An Alertmanager forgets what it
//! is not told again: every run tells it what fires, with an end that is three times as far away as the next run.

use pm_record::{AlertState, PerformanceAlert, Scalar, Timestamp};
use pm_store::Secret;
use serde_json::{Map, Value, json};

use super::courier::{Transport, Trouble};
use super::message::{Firing, Message};
use super::webhook::{Client, reveal};

/// Every Alertmanager of a cluster.
#[derive(Debug)]
pub(super) struct Alertmanager {
    pub(super) client: Client,
    pub(super) urls: Vec<Secret>,
}

impl Transport for Alertmanager {
    fn deliver(&mut self, message: &Message) -> Result<(), Trouble> {
        let alerts = message.parts.iter().map(|part| {
            let at = part.alert.timestamp.or(part.alert.since);
            let ends = match part.alert.state {
                AlertState::Resolved => at,
                // Until it is refreshed, which follows, it is believed for as long as one that says nothing.
                AlertState::Firing | AlertState::Missing => None,
            };
            posted(&part.row, &part.alert, part.text.lines().next().unwrap_or_default(), ends)
        });
        self.post(&message.id(), &Value::Array(alerts.collect()))
    }

    fn refresh(&mut self, firing: &[Firing], until: i64) -> Result<(), Trouble> {
        let ends = Timestamp::from_millis(until);
        let alerts = firing.iter().map(|firing| posted(&firing.row, &firing.alert, &firing.what, Some(ends)));
        self.post("refresh", &Value::Array(alerts.collect()))
    }
}

impl Alertmanager {
    /// Tells all of them; one is enough, because they tell each other.
    fn post(&mut self, id: &str, alerts: &Value) -> Result<(), Trouble> {
        let mut troubles = Vec::new();
        let mut is_told = false;
        for url in &self.urls {
            let sent = reveal(url, self.client.environment()).and_then(|url| {
                let url = format!("{}/api/v2/alerts", url.trim_end_matches('/'));
                self.client.post(&url, None, id, alerts)
            });
            match sent {
                Ok(()) => is_told = true,
                Err(trouble) => troubles.push(trouble),
            }
        }
        match troubles.into_iter().next() {
            Some(trouble) if !is_told => Err(trouble),
            _ => Ok(()),
        }
    }
}

fn posted(row: &str, alert: &PerformanceAlert, summary: &str, ends: Option<Timestamp>) -> Value {
    let mut labels = Map::new();
    let mut label = |name: &str, value: &str| drop(labels.insert(name.to_owned(), json!(value)));
    label("alertname", &alert.kind);
    label("severity", severity(alert));
    label("source", crate::TOOL);
    let subject = row.strip_prefix(alert.kind.as_str()).unwrap_or(row).trim();
    label("subject", subject);
    if let Some(command) = &alert.command {
        label("command", command);
    }
    // Of other subjects these are the last record's: as labels, every run of a command on another host would be another
    // alert, which nobody resolves.
    let own: &[&str] = match subject.split(' ').next() {
        Some("host") => &["host"],
        Some("resource") => &["resource", "credential"],
        _ => &[],
    };
    for &name in own {
        if let Some(Scalar::Text(value)) = alert.evidence.get(name) {
            label(name, value);
        }
    }
    let mut annotations = Map::new();
    let texts = [
        ("summary", Some(summary)),
        ("threshold_exceeded", Some(alert.threshold_exceeded.as_str())),
        ("current_value", Some(alert.current_value.as_str())),
        ("baseline", alert.baseline.as_deref()),
        ("recommendation", alert.recommendation.as_deref()),
    ];
    for (name, text) in texts {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            annotations.insert(name.to_owned(), json!(text));
        }
    }
    let mut posted = json!({ "labels": labels, "annotations": annotations });
    let starts = alert.since.or(alert.timestamp).map(|starts| ends.map_or(starts, |ends| starts.min(ends)));
    if let (Some(starts), Value::Object(fields)) = (starts, &mut posted) {
        fields.insert("startsAt".to_owned(), json!(starts));
    }
    if let (Some(ends), Value::Object(fields)) = (ends, &mut posted) {
        fields.insert("endsAt".to_owned(), json!(ends));
    }
    posted
}

/// The worst that it was called: a label tells alerts apart, and so it must not swing. What becomes worse is another
/// alert, and the one before is forgotten because it is not told again.
fn severity(alert: &PerformanceAlert) -> &'static str {
    use pm_record::Severity::{Critical, Info, Warning};
    match alert.severity {
        Info => "info",
        Warning => "warning",
        Critical => "critical",
    }
}
