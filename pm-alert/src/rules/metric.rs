//! A rule of the user's own about a number of records.

use std::borrow::Cow;
use std::sync::Arc;

use pm_record::{ApiMonitoring, ApiRequest, Field, LimitHit, Record, Scalar, SystemMetrics, Thousandths};
use pm_store::{MetricLimit, RecordKind, Special, Terms, Unit};

use super::threshold;
use crate::Error;
use crate::facts::{Columns, Facts, Place};
use crate::reading::{Bound, Measure, Reading, Setting, Span, Standing, Subject, cut, name};
use crate::rule::{Family, Rule};

/// A limit of a number.
#[derive(Debug)]
pub(crate) struct MetricRule {
    pub(crate) rule: Arc<Rule>,
    kind: RecordKind,
    path: Option<Field>,
    /// The same of a run.
    place: Option<Place>,
    special: Option<Special>,
    measure: Arc<Measure>,
    bound: Bound,
}

/// What a record says beside the number.
struct About {
    subject: Subject,
    span: Option<Span>,
    conclusive: bool,
    details: Vec<(&'static str, Scalar)>,
}

impl MetricRule {
    pub(crate) fn new(
        name: &str,
        limit: &MetricLimit,
        terms: &Terms,
        columns: &mut Columns,
    ) -> Result<Self, Error> {
        let metric = &limit.metric;
        let family = match metric.special {
            Some(Special::FailureRate) => Family::Failures,
            Some(Special::SecondaryLimitHits | Special::PrimaryLimitHits) => Family::Refusals,
            None => Family::Other,
        };
        let rule = Rule::new(name, family, terms, limit.window, columns);
        let setting = if limit.is_above { Setting::Above } else { Setting::Below };
        let no_limit = |value| Error::NoLimit { subject: name.to_owned(), key: setting.key(), value };
        let held = |value| Thousandths::from_f64(value).ok_or_else(|| no_limit(value));
        let clear = terms.clear.map(held).transpose()?;
        if limit.window.is_some() {
            threshold(name, setting.key(), limit.limit)?;
        }
        let measure = Measure {
            metric: Cow::Owned(metric.name.clone()),
            quantity: Cow::Owned(metric.name.clone()),
            title: Cow::Owned(title(&metric.name)),
            unit: unit(limit),
            relation: if limit.is_above { ">" } else { "<" },
            is_level: false,
        };
        let bound = rule.bound(setting, held(limit.limit)?, clear);
        let (kind, path, special) = (metric.record.clone(), metric.path.clone(), metric.special);
        let is_of_runs = kind == RecordKind::Run;
        let place = path.as_ref().filter(|_| is_of_runs).map(|path| columns.number(path));
        Ok(Self { rule, kind, path, place, special, measure: Arc::new(measure), bound })
    }

    /// What it reads from a run, if it reads runs.
    pub(crate) fn read_run(&self, run: &Facts<'_>) -> Option<Reading> {
        if self.kind != RecordKind::Run || !self.rule.covers_run(run) {
            return None;
        }
        let value = match (self.special, &self.place) {
            (Some(Special::FailureRate), _) => percent(run.failed()),
            (Some(_), _) => return None,
            (None, place) => run.number(place.as_ref()?)?,
        };
        // A run that failed at once says nothing about its time or memory, but that it failed.
        let conclusive = self.special.is_some() || !run.failed();
        let about = About { subject: run.subject(), span: Some(run.span()), conclusive, details: Vec::new() };
        Some(self.reading(value, about))
    }

    /// Whether it reads records of this kind, which is not that of runs.
    fn reads(&self, record: &Record) -> bool {
        match (record, &self.kind) {
            (Record::System(_), RecordKind::Tick)
            | (Record::Api(_), RecordKind::Quota)
            | (Record::Request(_), RecordKind::Request) => true,
            (other, RecordKind::Other(kind)) => other.kind() == kind,
            _ => false,
        }
    }

    /// What it reads from another record, and the line of which that is.
    pub(crate) fn read(&self, record: &Record, line: &[u8]) -> Option<Reading> {
        let command = command(record, line);
        if !self.reads(record) || !self.rule.covers(command.as_deref(), line) {
            return None;
        }
        let value = match (self.special, record) {
            (Some(Special::SecondaryLimitHits), Record::Request(request)) => {
                one(request, LimitHit::Secondary)
            }
            (Some(Special::PrimaryLimitHits), Record::Request(request)) => one(request, LimitHit::Primary),
            (Some(_), _) => return None,
            (None, _) => match self.path.as_ref()?.read(line) {
                Scalar::Number(number) => number,
                Scalar::Null | Scalar::Bool(_) | Scalar::Text(_) => return None,
            },
        };
        Some(self.reading(value, self.about(record, line, command)))
    }

    fn reading(&self, value: Thousandths, about: About) -> Reading {
        let About { subject, span, conclusive, details } = about;
        Reading {
            rule: self.rule.clone(),
            subject,
            span,
            measure: self.measure.clone(),
            value,
            baseline: None,
            standing: if self.rule.window.is_some() {
                Standing::Windowed(self.bound)
            } else {
                self.bound.judge(value)
            },
            conclusive,
            details,
        }
    }

    fn about(&self, record: &Record, line: &[u8], command: Option<String>) -> About {
        match record {
            Record::System(tick) => about_tick(tick),
            Record::Api(monitoring) => self.about_quota(monitoring),
            Record::Request(request) => self.about_request(request),
            other => About {
                subject: command.map_or_else(
                    || Subject::Kind(name(other.kind())),
                    |it| Subject::Command(cut(&it).into()),
                ),
                span: timestamp(other, line).map(Span::at),
                conclusive: true,
                details: Vec::new(),
            },
        }
    }

    fn about_quota(&self, monitoring: &ApiMonitoring) -> About {
        let resource = self.path.as_ref().and_then(|path| path.as_str().strip_prefix("resources."));
        let resource = resource.and_then(|rest| rest.split('.').next()).unwrap_or("core");
        let credential = monitoring.credential.as_deref().map(name);
        let details = [
            Some(("resource", Scalar::from(resource))),
            credential.clone().map(|it| ("credential", it.as_str().into())),
        ];
        About {
            subject: Subject::Resource { credential, resource: name(resource) },
            span: monitoring.timestamp.map(Span::at),
            conclusive: true,
            details: details.into_iter().flatten().collect(),
        }
    }

    fn about_request(&self, request: &ApiRequest) -> About {
        let resource = request.rate_limit.resource.as_deref().unwrap_or("api");
        let credential = request.credential.as_deref().map(name);
        let endpoint = request.operation.as_deref().unwrap_or(&request.endpoint);
        let mut details = vec![("endpoint", Scalar::Text(name(endpoint)))];
        details.extend(credential.iter().map(|it| ("credential", Scalar::from(it.as_str()))));
        About {
            // Whoever is refused is refused with all requests of a credential.
            subject: if self.special.is_some() {
                Subject::Resource { credential, resource: name(resource) }
            } else {
                Subject::Endpoint(name(endpoint))
            },
            span: Some(Span::at(request.timestamp)),
            conclusive: true,
            details,
        }
    }
}

fn about_tick(tick: &SystemMetrics) -> About {
    About {
        subject: Subject::Host(tick.host.as_deref().map(name)),
        span: Some(Span::at(tick.timestamp)),
        conclusive: true,
        details: tick.host.iter().map(|host| ("host", Scalar::Text(name(host)))).collect(),
    }
}

fn command(record: &Record, line: &[u8]) -> Option<String> {
    match record {
        Record::Unknown(_) => match "command".parse::<Field>().ok()?.read(line) {
            Scalar::Text(command) => Some(command),
            _ => None,
        },
        _ => None,
    }
}

/// When a record was made; those of unknown kinds may say so where others do.
fn timestamp(record: &Record, line: &[u8]) -> Option<pm_record::Timestamp> {
    record.timestamp().or_else(|| match "timestamp".parse::<Field>().ok()?.read(line) {
        Scalar::Text(text) => pm_record::Timestamp::parse(&text),
        _ => None,
    })
}

fn percent(is: bool) -> Thousandths {
    Thousandths::from_units(if is { 100 } else { 0 })
}

fn one(request: &ApiRequest, hit: LimitHit) -> Thousandths {
    Thousandths::from_units(i64::from(request.limit_hit == Some(hit)))
}

/// What is made of several values has their unit, unless they are only counted.
fn unit(limit: &MetricLimit) -> Unit {
    let is_count = limit.window.is_some_and(|window| window.statistic == pm_store::Statistic::Count);
    if is_count { Unit::Plain } else { limit.metric.unit }
}

/// A metric in a sentence.
fn title(name: &str) -> String {
    match name {
        "duration.total_ms" => "execution time".to_owned(),
        "resource_usage.peak_memory_mb" => "memory usage".to_owned(),
        "resource_usage.cpu_time_ms" => "CPU time".to_owned(),
        "github_api.requests_made" => "number of requests".to_owned(),
        "github_api.graphql_points" => "number of GraphQL points".to_owned(),
        "failure_rate" | "secondary_limit_hits" | "primary_limit_hits" => name.replace('_', " "),
        other => format!("metric {other}"),
    }
}
