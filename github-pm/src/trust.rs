//! `performance trust`: lets the settings of a store start programs.

use std::fmt::Write as _;

use pm_store::{Settings, Store};

use crate::Error;
use crate::surroundings::Surroundings;

/// What would be trusted.
#[derive(Debug)]
pub(crate) struct Trust {
    store: Store,
    /// The settings that start programs or send data; none when there are none.
    sensitive: Option<String>,
    memory: pm_store::Trust,
}

/// Looks at the store that is found here.
pub(crate) fn plan(here: &Surroundings) -> Result<Trust, Error> {
    let store = here.store()?;
    let sensitive = Settings::of(&store)?.sensitive();
    let memory = pm_store::Trust::beside(&here.personal_store()?);
    Ok(Trust { store, sensitive, memory })
}

impl Trust {
    /// Trusts it, and says what.
    pub(crate) fn run(&self) -> Result<String, Error> {
        if let (Some(sensitive), false) = (&self.sensitive, self.store.is_personal()) {
            self.memory.extend_to(&self.store, sensitive)?;
        }
        Ok(self.text("now trusted, until one of these settings changes"))
    }

    /// What running it would do.
    pub(crate) fn steps(&self) -> Vec<String> {
        self.text("would be trusted, until one of these settings changes")
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn text(&self, verdict: &str) -> String {
        let root = self.store.root().display().to_string();
        let root = pm_cli::printable(&root);
        let Some(sensitive) = &self.sensitive else {
            return format!("{root}: nothing in its settings starts a program or sends data\n");
        };
        if self.store.is_personal() {
            return format!("{root}: this store is your own, and always trusted\n");
        }
        let mut text = format!("{root}: {verdict}\n");
        for setting in sensitive.lines() {
            let _ = writeln!(text, "  {}", pm_cli::printable(setting));
        }
        text
    }
}
