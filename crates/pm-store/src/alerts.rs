//! `alerts.yml`: which limits are watched, and who is told.

mod channels;
mod file;
mod metric;
mod span;

use std::fmt::Write as _;
use std::path::Path;

use indexmap::IndexMap;
use pm_record::{Field, Scalar, Severity};

pub use channels::{ChannelKind, ChannelSettings, Format, LONGEST_TIMEOUT_MILLIS, Secret};
pub use metric::{Metric, RecordKind, Special, Unit};

use crate::{Error, Store};

/// The rules of `alerts.yml`. A rule that is not in the file is not watched, with one exception: whoever
/// writes limits into `benchmarks.yml` wants to hear when they are exceeded, so `max_acceptable_ms` is
/// watched unless `performance_degradation` is there and disabled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alerts {
    /// Commands that became slower.
    pub performance_degradation: Option<PerformanceDegradation>,
    /// Commands and processes that hold too much memory.
    pub memory_usage_high: Option<MemoryUsageHigh>,
    /// Rate limits that are nearly used up.
    pub api_rate_limit_warning: Option<ApiRateLimitWarning>,
    /// The user's own rules, by their names.
    pub others: IndexMap<String, OtherRule>,
    /// Those who can be told, by name, beside the console, the log and GitHub.
    pub channels: IndexMap<String, ChannelSettings>,
}

/// Commands that became slower than their baseline in `benchmarks.yml`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PerformanceDegradation {
    /// How far over the baseline, in percent, a run may be; without it only `max_acceptable_ms` counts.
    pub threshold_percentage: Option<f64>,
    /// Whether it stands in the file, and is not only meant by limits in `benchmarks.yml`.
    pub is_written: bool,
    /// What every rule can have. `clear` is in percent over the baseline.
    pub terms: Terms,
}

/// Commands and processes that hold too much memory.
#[derive(Debug, Clone, PartialEq)]
pub struct MemoryUsageHigh {
    /// How much memory, in MiB, is too much.
    pub threshold_mb: f64,
    /// What every rule can have.
    pub terms: Terms,
}

/// Rate limits that are nearly used up.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiRateLimitWarning {
    /// How much of a limit, in percent, may be used.
    pub threshold_percentage: f64,
    /// What every rule can have.
    pub terms: Terms,
}

/// What every rule can have.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// The commands that it is about, with `*` for any text; all if there are none.
    pub commands: Vec<String>,
    /// What a record has to say for the rule to be about it.
    pub filter: Vec<(Field, Scalar)>,
    /// How many values in a row must exceed the limit before anybody is told.
    pub consecutive_violations: u32,
    /// For how long the limit must be exceeded before anybody is told, in milliseconds.
    pub held_millis: i64,
    /// The limit that has to be kept again, where it is another than the one that is exceeded.
    pub clear: Option<f64>,
    /// How bad it is; `None` for what the rule makes of it.
    pub severity: Option<Severity>,
    /// After how many milliseconds whoever was told is reminded.
    pub cooldown_millis: i64,
    /// After how many milliseconds without a record its absence is told.
    pub missing_after_millis: Option<i64>,
    /// Who is told, by name.
    pub notification_channels: Vec<String>,
}

/// A rule of the user's own.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherRule {
    /// What it watches.
    pub watch: Watch,
    /// What every rule can have.
    pub terms: Terms,
}

/// What a rule of the user's own watches.
#[derive(Debug, Clone, PartialEq)]
pub enum Watch {
    /// A number of records.
    Metric(MetricLimit),
    /// A quota that is used so fast that it does not last until it is given anew.
    ExhaustedBeforeReset,
    /// A metric that has another level since some time; any, if none is named.
    Regression(Option<Field>),
    /// Nothing but that there are records at all.
    Presence,
}

/// A limit of a number of records.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricLimit {
    /// The number.
    pub metric: Metric,
    /// Whether values over the limit exceed it, and not those under it.
    pub is_above: bool,
    /// The limit, in the metric's unit.
    pub limit: f64,
    /// What is held against the limit in place of single values.
    pub window: Option<WindowSettings>,
}

/// What is made of the values of the last while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowSettings {
    /// How long it is, in milliseconds.
    pub millis: i64,
    /// What is made of its values.
    pub statistic: Statistic,
    /// With fewer values nothing is held against the limit.
    pub at_least: u32,
}

/// What is made of several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Their mean.
    Mean,
    /// Their sum.
    Sum,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// How many there are.
    Count,
    /// Their sum for each minute of the window.
    PerMinute,
}

/// As Alertmanager has it.
const COOLDOWN_MILLIS: i64 = 4 * 3_600_000;

impl Default for Terms {
    fn default() -> Self {
        Self {
            commands: Vec::new(),
            filter: Vec::new(),
            consecutive_violations: 1,
            held_millis: 0,
            clear: None,
            severity: None,
            cooldown_millis: COOLDOWN_MILLIS,
            missing_after_millis: None,
            notification_channels: vec![ChannelSettings::CONSOLE.to_owned()],
        }
    }
}

impl Alerts {
    /// The store's rules; none when there is no file.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] with line, column and hint if the file cannot be meant.
    pub fn of(store: &Store) -> Result<Self, Error> {
        match store.settings_text("alerts.yml")? {
            Some((path, text)) => file::read(&path, &text),
            None => Ok(Self {
                performance_degradation: Some(PerformanceDegradation::default()),
                ..Self::default()
            }),
        }
    }

    /// The rules in a file that was named.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Settings`] if it cannot be meant.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = std::fs::File::open(path).map_err(Error::io("read", path))?;
        let text = crate::yaml::text(path, file)?;
        file::read(path, &text)
    }

    /// How many enabled rules stand in the file.
    #[must_use]
    pub fn written(&self) -> usize {
        let slow = self.performance_degradation.as_ref().is_some_and(|rule| rule.is_written);
        let built_in = [slow, self.memory_usage_high.is_some(), self.api_rate_limit_warning.is_some()];
        built_in.into_iter().filter(|is_there| *is_there).count() + self.others.len()
    }

    /// The channels that start a program or send data, in a form that changes when one of them does, a line each;
    /// `None` when there are none.
    #[must_use]
    pub fn sensitive(&self) -> Option<String> {
        let lines = self.channels.iter().filter(|(_, channel)| channel.kind.leaves_the_machine());
        let mut text = String::new();
        for (name, channel) in lines {
            let _ = writeln!(text, "channel {name:?}: {channel}");
        }
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests;
