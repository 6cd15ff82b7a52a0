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
}

impl Default for Settings {
    fn default() -> Self {
        Self { cli: None, alerts_after_command: true }
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
