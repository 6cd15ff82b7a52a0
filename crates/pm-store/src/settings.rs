//! `config.yml`: what `github-pm` does with commands that are not its own.

use serde::Deserialize;

use crate::{Error, Store};

/// The settings of `config.yml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The host command: a path, or a name on PATH.
    pub cli: Option<String>,
    /// Whether a host command is judged as soon as it has ended.
    pub alerts_after_command: bool,
    /// Whether the requests of host commands to GitHub's API are counted.
    pub api: bool,
    /// What becomes of records in time.
    pub store: Retention,
}

/// What becomes of records in time. Where a limit is `None` there is none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retention {
    /// Whether the first command of a day has the days before compacted.
    pub compact_daily: bool,
    /// For how many days records are kept.
    pub keep_days: Option<u32>,
    /// How many mebibytes of records are kept, as they lie on the disk.
    pub keep_mb: Option<u32>,
    /// For how many days the rollups of days are kept whose records are gone.
    pub keep_rollups_days: Option<u32>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { compact_daily: true, keep_days: Some(400), keep_mb: Some(4096), keep_rollups_days: Some(1825) }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { cli: None, alerts_after_command: true, api: false, store: Retention::default() }
    }
}

impl Settings {
    /// The store's settings; the defaults when there is no file.
    ///
    /// # Errors
    ///
    /// [`Error::Settings`] with line and hint if the file cannot be meant.
    pub fn of(store: &Store) -> Result<Self, Error> {
        store.settings("config.yml")
    }

    /// The settings that start a program or send data, in a form that changes when one of them does;
    /// `None` when there are none.
    #[must_use]
    pub fn sensitive(&self) -> Option<String> {
        self.cli.as_ref().map(|cli| format!("cli={cli}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_that_start_programs_are_sensitive() {
        let harmless = Settings { alerts_after_command: false, ..Settings::default() };
        assert_eq!(harmless.sensitive(), None);
        assert!(Settings { cli: Some("x".into()), ..harmless }.sensitive().is_some());
    }
}
