//! The file as it is written, and what it means: each key checked where it stands.

use std::path::Path;

use indexmap::IndexMap;
use pm_record::{Field, Scalar, Severity};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::channels::{ChannelSettings, RawChannel};
use super::metric::Metric;
use super::span::Span;
use super::{
    Alerts, ApiRateLimitWarning, MemoryUsageHigh, MetricLimit, OtherRule, PerformanceDegradation, Special,
    Statistic, Terms, Watch, WindowSettings,
};
use crate::Error;
use crate::yaml::{nearest, parse, unknown, wrong};

const SLOW: &str = "performance_degradation";
const MEMORY: &str = "memory_usage_high";
const QUOTA: &str = "api_rate_limit_warning";
const BUILT_IN: [&str; 3] = [SLOW, MEMORY, QUOTA];

/// Rates need some time to be one.
const HOUR_MILLIS: i64 = 3_600_000;
const TEN_MINUTES_MILLIS: i64 = 600_000;

/// One run that failed is no rate.
const RUNS_FOR_A_RATE: u32 = 5;

/// Reads the text of a file.
pub(super) fn read(path: &Path, text: &str) -> Result<Alerts, Error> {
    parse::<File>(path, text)?
        .check()
        .map_err(|Wrong { place, message, hint }| wrong(path, place, message, Some(hint)))
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    alerts: Option<Named<RawRule>>,
    channels: Option<Named<RawChannel>>,
}

/// What stands below names, with the places of both.
#[derive(Debug)]
struct Named<T>(Vec<(Spanned<String>, Spanned<Option<T>>)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("names, with keys and values below them")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Named(entries))
            }
        }
        deserializer.deserialize_map(Entries(std::marker::PhantomData))
    }
}

/// A rule as it is written: every key that one can have.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawRule {
    enabled: Option<bool>,
    threshold_percentage: Option<Spanned<f64>>,
    threshold_mb: Option<Spanned<f64>>,
    consecutive_violations: Option<u32>,
    notification_channels: Option<Vec<Spanned<String>>>,
    metric: Option<Spanned<String>>,
    record: Option<Spanned<String>>,
    above: Option<Spanned<f64>>,
    below: Option<Spanned<f64>>,
    clear_below: Option<Spanned<f64>>,
    clear_above: Option<Spanned<f64>>,
    window: Option<Spanned<Span>>,
    statistic: Option<Spanned<Statistic>>,
    at_least: Option<Spanned<u32>>,
    exhausted_before_reset: Option<Spanned<bool>>,
    regression: Option<Spanned<bool>>,
    commands: Option<Spanned<Vec<String>>>,
    #[serde(rename = "where")]
    filter: Option<IndexMap<String, Spanned<Scalar>>>,
    #[serde(rename = "for")]
    held: Option<Spanned<Span>>,
    severity: Option<Severity>,
    cooldown: Option<Span>,
    missing_after: Option<Spanned<Span>>,
}

/// What cannot be meant, and where.
struct Wrong {
    place: Option<Location>,
    message: String,
    hint: String,
}

fn refuse<T>(place: Location, message: impl Into<String>, hint: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { place: Some(place), message: message.into(), hint: hint.into() })
}

impl File {
    fn check(self) -> Result<Alerts, Wrong> {
        let mut alerts = Alerts::default();
        for (name, channel) in self.channels.unwrap_or_default().0 {
            if ChannelSettings::BUILT_IN.contains(&name.value.as_str()) {
                let message = format!("'{}' is a channel already", name.value);
                return refuse(name.referenced, message, "give it a name of its own");
            }
            check_name("channel", &name)?;
            let settings = channel.value.unwrap_or_default().check();
            let settings = settings.or_else(|(message, hint)| refuse(channel.referenced, message, hint))?;
            alerts.channels.insert(name.value, settings);
        }
        let mut slow = Some(RawRule::default());
        for (name, rule) in self.alerts.unwrap_or_default().0 {
            let (place, raw) = (rule.referenced, rule.value.unwrap_or_default());
            let is_enabled = raw.enabled != Some(false);
            if name.value == SLOW {
                slow = None;
            }
            // What is not watched must be right too: it will be, some day.
            alerts.take(&name, place, raw, is_enabled)?;
        }
        if slow.is_some() {
            alerts.performance_degradation = Some(PerformanceDegradation::default());
        }
        Ok(alerts)
    }
}

impl Alerts {
    fn take(
        &mut self,
        name: &Spanned<String>,
        place: Location,
        raw: RawRule,
        is_enabled: bool,
    ) -> Result<(), Wrong> {
        let terms = raw.terms(self)?;
        match name.value.as_str() {
            SLOW => {
                raw.has_only(SLOW, &["threshold_percentage", "clear_below", "commands"])?;
                let threshold_percentage = raw.threshold_percentage.map(|value| value.value);
                let rule = PerformanceDegradation { threshold_percentage, is_written: true, terms };
                self.performance_degradation = is_enabled.then_some(rule);
            }
            MEMORY => {
                raw.has_only(MEMORY, &["threshold_mb", "clear_below", "commands"])?;
                let Some(threshold) = raw.threshold_mb else {
                    return refuse(
                        place,
                        "missing key 'threshold_mb'",
                        "write one, such as `threshold_mb: 100`",
                    );
                };
                let rule = MemoryUsageHigh { threshold_mb: threshold.value, terms };
                self.memory_usage_high = is_enabled.then_some(rule);
            }
            QUOTA => {
                raw.has_only(QUOTA, &["threshold_percentage", "clear_below"])?;
                let Some(threshold) = raw.threshold_percentage else {
                    let hint = "write one, such as `threshold_percentage: 80`";
                    return refuse(place, "missing key 'threshold_percentage'", hint);
                };
                let rule = ApiRateLimitWarning { threshold_percentage: threshold.value, terms };
                self.api_rate_limit_warning = is_enabled.then_some(rule);
            }
            other => {
                let is_own =
                    raw.metric.is_some() || raw.exhausted_before_reset.is_some() || raw.regression.is_some();
                let is_own = is_own || raw.missing_after.is_some();
                if let Some(meant) = nearest(other, &BUILT_IN).filter(|_| !is_own) {
                    return refuse(
                        name.referenced,
                        format!("unknown rule '{other}'"),
                        format!("did you mean '{meant}'?"),
                    );
                }
                check_name("rule", name)?;
                let rule = raw.other(place, other, terms)?;
                if is_enabled {
                    self.others.insert(other.to_owned(), rule);
                }
            }
        }
        Ok(())
    }
}

impl RawRule {
    fn terms(&self, alerts: &Alerts) -> Result<Terms, Wrong> {
        let standard = Terms::default();
        let channels = self.notification_channels.iter().flatten();
        let mut names: Vec<_> = alerts.channels.keys().map(String::as_str).collect();
        names.extend(ChannelSettings::BUILT_IN);
        for channel in channels {
            if !names.contains(&channel.value.as_str()) {
                let (message, hint) = unknown("channel", &channel.value, &names);
                return refuse(channel.referenced, message, hint.unwrap_or_default());
            }
        }
        let mut filter = Vec::new();
        for (path, value) in self.filter.iter().flatten() {
            match path.parse::<Field>() {
                Ok(field) => filter.push((field, value.value.clone())),
                Err(error) => {
                    return refuse(
                        value.referenced,
                        error.to_string(),
                        "write a path, such as `context.project_size: large`",
                    );
                }
            }
        }
        let names =
            |channels: &Vec<Spanned<String>>| channels.iter().map(|name| name.value.clone()).collect();
        Ok(Terms {
            commands: self.commands.clone().map(|commands| commands.value).unwrap_or_default(),
            filter,
            consecutive_violations: self.consecutive_violations.unwrap_or(1).max(1),
            held_millis: self.held.as_ref().map_or(0, |held| held.value.0),
            clear: self.clear_below.as_ref().or(self.clear_above.as_ref()).map(|clear| clear.value),
            severity: self.severity,
            cooldown_millis: self.cooldown.map_or(standard.cooldown_millis, |cooldown| cooldown.0),
            missing_after_millis: self.missing_after.as_ref().map(|missing| missing.value.0),
            notification_channels: self
                .notification_channels
                .as_ref()
                .map_or(standard.notification_channels, names),
        })
    }

    /// Refuses the first key that this rule has no use for.
    fn has_only(&self, rule: &str, known: &[&str]) -> Result<(), Wrong> {
        fn place<T>(value: Option<&Spanned<T>>) -> Option<Location> {
            value.map(|value| value.referenced)
        }
        let keys = [
            ("threshold_percentage", place(self.threshold_percentage.as_ref())),
            ("threshold_mb", place(self.threshold_mb.as_ref())),
            ("metric", place(self.metric.as_ref())),
            ("record", place(self.record.as_ref())),
            ("above", place(self.above.as_ref())),
            ("below", place(self.below.as_ref())),
            ("clear_below", place(self.clear_below.as_ref())),
            ("clear_above", place(self.clear_above.as_ref())),
            ("window", place(self.window.as_ref())),
            ("statistic", place(self.statistic.as_ref())),
            ("at_least", place(self.at_least.as_ref())),
            ("exhausted_before_reset", place(self.exhausted_before_reset.as_ref())),
            ("regression", place(self.regression.as_ref())),
            ("commands", place(self.commands.as_ref())),
        ];
        let wrong = keys
            .iter()
            .find_map(|(key, place)| Some((key, (*place)?)).filter(|(key, _)| !known.contains(key)));
        match wrong {
            Some((key, place)) => refuse(
                place,
                format!("'{key}' is no key of {rule}"),
                format!("its own keys are {}", known.join(", ")),
            ),
            None => Ok(()),
        }
    }

    fn other(self, place: Location, name: &str, terms: Terms) -> Result<OtherRule, Wrong> {
        let is_set = |flag: &Option<Spanned<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
        let watch = if is_set(&self.exhausted_before_reset) {
            self.has_only("a rule with exhausted_before_reset", &["exhausted_before_reset"])?;
            Watch::ExhaustedBeforeReset
        } else if is_set(&self.regression) {
            self.has_only("a rule with regression", &["regression", "metric", "commands"])?;
            let metric = self.metric.as_ref().map(metric).transpose()?;
            Watch::Regression(metric.and_then(|metric| metric.path))
        } else if let Some(name) = &self.metric {
            let known =
                ["metric", "record", "above", "below", "clear_below", "clear_above", "window", "statistic"];
            self.has_only("a rule with metric", &[&known[..], &["at_least", "commands"]].concat())?;
            let metric = match &self.record {
                Some(record) => match Metric::named(&name.value, Some(&record.value)) {
                    Some(metric) => metric,
                    None => {
                        return refuse(
                            name.referenced,
                            format!("'{}' names no field", name.value),
                            "write a path, such as `metric: build.size_mb`",
                        );
                    }
                },
                None => metric(name)?,
            };
            Watch::Metric(self.limit(place, metric)?)
        } else if terms.missing_after_millis.is_some() {
            self.has_only("a rule with missing_after alone", &["commands"])?;
            Watch::Presence
        } else {
            let hint =
                "write what it watches, such as `metric: resource_usage.peak_memory_mb` and `above: 200`";
            let unused = self.threshold_percentage.as_ref().map(|_| "threshold_percentage");
            let unused = unused.or(self.threshold_mb.as_ref().map(|_| "threshold_mb"));
            let message = match unused {
                Some(key) => format!("'{name}' is none of {}, which alone have {key}", BUILT_IN.join(", ")),
                None => format!("the rule '{name}' watches nothing"),
            };
            return refuse(place, message, hint);
        };
        Ok(OtherRule { watch, terms })
    }

    fn limit(&self, place: Location, metric: Metric) -> Result<MetricLimit, Wrong> {
        let (is_above, limit) = match (&self.above, &self.below) {
            (Some(above), None) => (true, above),
            (None, Some(below)) => (false, below),
            (Some(_), Some(below)) => {
                return refuse(below.referenced, "above and below are both set", "make two rules of it");
            }
            (None, None) => {
                return refuse(
                    place,
                    "missing key 'above'",
                    "write a limit, such as `above: 200` or `below: 10`",
                );
            }
        };
        check_clear(is_above, limit.value, self.clear_below.as_ref(), self.clear_above.as_ref())?;
        if !limit.value.is_finite() {
            return refuse(
                limit.referenced,
                format!("{} is no limit", limit.value),
                "write a number, such as 200",
            );
        }
        let is_hits = matches!(metric.special, Some(Special::SecondaryLimitHits | Special::PrimaryLimitHits));
        let is_rate = metric.special == Some(Special::FailureRate);
        let millis = match &self.window {
            Some(window) => Some(window.value.0),
            None if is_rate => Some(HOUR_MILLIS),
            None if is_hits => Some(TEN_MINUTES_MILLIS),
            None => None,
        };
        let alone = self.statistic.as_ref().map(|statistic| ("statistic", statistic.referenced));
        let alone = alone.or(self.at_least.as_ref().map(|least| ("at_least", least.referenced)));
        if let (None, Some((key, place))) = (millis, alone) {
            return refuse(place, format!("{key} needs a window"), "write one, such as `window: 10m`");
        }
        let window = millis.map(|millis| WindowSettings {
            millis,
            statistic: self
                .statistic
                .as_ref()
                .map_or(if is_hits { Statistic::Sum } else { Statistic::Mean }, |it| it.value),
            at_least: self.at_least.as_ref().map_or(if is_rate { RUNS_FOR_A_RATE } else { 1 }, |it| it.value),
        });
        Ok(MetricLimit { metric, is_above, limit: limit.value, window })
    }
}

/// What has been left has to be on the other side of what was exceeded.
fn check_clear(
    is_above: bool,
    limit: f64,
    below: Option<&Spanned<f64>>,
    above: Option<&Spanned<f64>>,
) -> Result<(), Wrong> {
    match (is_above, below, above) {
        (true, _, Some(clear)) => {
            refuse(clear.referenced, "clear_above belongs to below", "write `clear_below`")
        }
        (false, Some(clear), _) => {
            refuse(clear.referenced, "clear_below belongs to above", "write `clear_above`")
        }
        (true, Some(clear), _) if clear.value > limit => refuse(
            clear.referenced,
            format!("clear_below is over {limit}, which it clears"),
            format!("write at most {limit}"),
        ),
        (false, _, Some(clear)) if clear.value < limit => refuse(
            clear.referenced,
            format!("clear_above is under {limit}, which it clears"),
            format!("write at least {limit}"),
        ),
        _ => Ok(()),
    }
}

fn metric(name: &Spanned<String>) -> Result<Metric, Wrong> {
    let hint = || match Metric::nearest(&name.value) {
        Some(nearest) => format!("did you mean '{nearest}'?"),
        None => "say whose it is, such as `record: performance_metrics`, if a program of yours writes it"
            .to_owned(),
    };
    Metric::named(&name.value, None)
        .map_or_else(|| refuse(name.referenced, format!("unknown metric '{}'", name.value), hint()), Ok)
}

/// Names stand in the state, in labels of other systems and on command lines.
fn check_name(what: &str, name: &Spanned<String>) -> Result<(), Wrong> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    if !name.value.is_empty() && name.value.len() <= 64 && name.value.chars().all(is_plain) {
        return Ok(());
    }
    let hint = "write letters, digits, `_`, `-` and `.`, 64 at most";
    refuse(name.referenced, format!("'{}' is no name for a {what}", name.value), hint)
}
