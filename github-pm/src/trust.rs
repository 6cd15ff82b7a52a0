//! `performance trust`: lets the settings of a store start programs.

use std::fmt::Write as _;

use pm_store::{Alerts, Benchmarks, Settings, Store};

use crate::Error;
use crate::surroundings::Surroundings;

/// What would be trusted.
#[derive(Debug)]
pub(crate) struct Trust {
    store: Store,
    /// The settings that start programs or send data, of each file that has some.
    sensitive: Vec<String>,
    memory: pm_store::Trust,
}

/// Looks at the store that is found here.
pub(crate) fn plan(here: &Surroundings) -> Result<Trust, Error> {
    let store = here.store()?;
    let sensitive = [
        Settings::of(&store)?.sensitive(),
        Benchmarks::of(&store)?.sensitive(),
        Alerts::of(&store)?.sensitive(),
    ];
    let sensitive = sensitive.into_iter().flatten().collect();
    let memory = pm_store::Trust::beside(&here.personal_store()?);
    Ok(Trust { store, sensitive, memory })
}

impl Trust {
    /// Trusts it, and says what.
    pub(crate) fn run(&self) -> Result<String, Error> {
        if !self.sensitive.is_empty() && !self.store.is_personal() {
            self.memory.extend_to(&self.store, &self.sensitive)?;
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
        if self.sensitive.is_empty() {
            return format!("{root}: nothing in its settings starts a program or sends data\n");
        }
        if self.store.is_personal() {
            return format!("{root}: this store is your own, and always trusted\n");
        }
        let mut text = format!("{root}: {verdict}\n");
        for setting in self.sensitive.iter().flat_map(|sensitive| sensitive.lines()) {
            let _ = writeln!(text, "  {}", pm_cli::printable(setting));
        }
        text
    }
}
