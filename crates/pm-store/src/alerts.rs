//! `alerts.yml`: which limits are watched, and who is told.

use serde::{Deserialize, Serialize};

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
}

/// Commands that became slower than their baseline in `benchmarks.yml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PerformanceDegradation {
    #[serde(default = "yes")]
    enabled: bool,
    /// How far over the baseline, in percent, a run may be; without it only `max_acceptable_ms` counts.
    #[serde(default)]
    pub threshold_percentage: Option<f64>,
    /// How many runs in a row must be over before anybody is told.
    #[serde(default = "one")]
    pub consecutive_violations: u32,
    /// Who is told.
    #[serde(default = "console")]
    pub notification_channels: Vec<Channel>,
}

/// Commands and processes that hold too much memory.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryUsageHigh {
    #[serde(default = "yes")]
    enabled: bool,
    /// How much memory, in MiB, is too much.
    pub threshold_mb: f64,
    /// Who is told.
    #[serde(default = "console")]
    pub notification_channels: Vec<Channel>,
}

/// Rate limits that are nearly used up.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiRateLimitWarning {
    #[serde(default = "yes")]
    enabled: bool,
    /// How much of a limit, in percent, may be used.
    pub threshold_percentage: f64,
    /// Who is told.
    #[serde(default = "console")]
    pub notification_channels: Vec<Channel>,
}

/// Who is told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The person at the terminal.
    Console,
    /// The store's log of alerts.
    Log,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    alerts: Option<Rules>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Rules {
    performance_degradation: Option<PerformanceDegradation>,
    memory_usage_high: Option<MemoryUsageHigh>,
    api_rate_limit_warning: Option<ApiRateLimitWarning>,
}

fn yes() -> bool {
    true
}

fn one() -> u32 {
    1
}

fn console() -> Vec<Channel> {
    vec![Channel::Console]
}

impl Alerts {
    /// The store's rules; none when there is no file.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] with line and hint if the file cannot be meant.
    pub fn of(store: &Store) -> Result<Self, Error> {
        store.settings::<File>("alerts.yml").map(Self::from)
    }

    /// The rules in a file that was named.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Settings`] if it cannot be meant.
    pub fn read(path: &std::path::Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        crate::yaml::parse::<File>(path, &text).map(Self::from)
    }
}

impl Default for PerformanceDegradation {
    fn default() -> Self {
        Self {
            enabled: true,
            threshold_percentage: None,
            consecutive_violations: one(),
            notification_channels: console(),
        }
    }
}

impl From<File> for Alerts {
    fn from(file: File) -> Self {
        let rules = file.alerts.unwrap_or_default();
        let slow = rules.performance_degradation.unwrap_or_default();
        Self {
            performance_degradation: slow.enabled.then_some(slow),
            memory_usage_high: rules.memory_usage_high.filter(|rule| rule.enabled),
            api_rate_limit_warning: rules.api_rate_limit_warning.filter(|rule| rule.enabled),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const EXAMPLE: &str = r#"
alerts:
  performance_degradation: { enabled: true, threshold_percentage: 50, consecutive_violations: 3, notification_channels: ["console", "log"] }
  memory_usage_high:       { enabled: false, threshold_mb: 100, notification_channels: ["console"] }
  api_rate_limit_warning:  { threshold_percentage: 80.5 }
"#;

    fn parse(text: &str) -> Result<Alerts, Error> {
        crate::yaml::parse::<File>(Path::new("alerts.yml"), text).map(Alerts::from)
    }

    #[track_caller]
    fn check_refused(text: &str, message: &str, hint: Option<&str>) {
        let error = parse(text).expect_err(text);
        assert_eq!((error.to_string().as_str(), error.hint().as_deref()), (message, hint));
    }

    #[test]
    fn the_example_is_read_and_a_disabled_rule_is_none() {
        let alerts = parse(EXAMPLE).expect("the example");
        let slow = alerts.performance_degradation.expect("enabled");
        assert_eq!((slow.consecutive_violations, slow.notification_channels.len()), (3, 2));
        assert_eq!(alerts.memory_usage_high, None);
        let quota = alerts.api_rate_limit_warning.expect("enabled");
        assert_eq!((quota.threshold_percentage, quota.notification_channels), (80.5, vec![Channel::Console]));
    }

    #[test]
    fn a_file_that_says_nothing_watches_only_what_benchmarks_accept_at_most() {
        for text in ["", "# only a comment\n", "alerts:\n", "alerts: {}\n"] {
            let slow = Some(PerformanceDegradation::default());
            assert_eq!(
                parse(text).expect(text),
                Alerts { performance_degradation: slow, ..Alerts::default() }
            );
        }
        let disabled = parse("alerts: { performance_degradation: { enabled: false } }").expect("a rule");
        assert_eq!(disabled, Alerts::default());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_one() {
        let text = "alerts:\n  memory_usage_high:\n    enabled: true\n    treshold_mb: 100\n";
        check_refused(text, "alerts.yml:4: unknown key 'treshold_mb'", Some("did you mean 'threshold_mb'?"));
        check_refused(
            "alerts:\n  disk_full: { enabled: true }\n",
            "alerts.yml:2: unknown key 'disk_full'",
            Some("one of performance_degradation, memory_usage_high, api_rate_limit_warning can stand here"),
        );
    }

    #[test]
    fn an_unknown_channel_is_refused_with_the_nearest_one() {
        let text =
            "alerts:\n  memory_usage_high:\n    threshold_mb: 1\n    notification_channels: [consle]\n";
        check_refused(text, "alerts.yml:4: unknown word 'consle'", Some("did you mean 'console'?"));
    }

    #[test]
    fn a_wrong_type_and_a_missing_key_name_their_line() {
        let error = parse("alerts:\n  memory_usage_high: { threshold_mb: lots }\n").expect_err("no number");
        assert!(error.to_string().starts_with("alerts.yml:2: "), "{error}");
        let error = parse("alerts:\n  memory_usage_high: { enabled: true }\n").expect_err("no threshold");
        assert!(error.to_string().contains("threshold_mb"), "{error}");
    }
}
