//! How to name a host command: what errors and `performance doctor` advise where there is none.
//!
//! The settings file is called by its real path, because the user's own store is nowhere near the folder
//! they stand in. Only that store may start programs without being trusted first.

use std::fmt::Write as _;

use pm_store::Store;

use crate::surroundings::Surroundings;

/// What to type where no host command was found. Most who have none have `gh`.
pub(crate) fn advice(store: Option<&Store>, here: &Surroundings) -> String {
    if here.on_path("gh").next().is_some() {
        format!("to time gh: {}", ways("gh", store, here))
    } else {
        format!("name it: {}", ways(EXAMPLE, store, here))
    }
}

/// What to type where another program should be the host command.
pub(crate) fn other(store: Option<&Store>, here: &Surroundings) -> String {
    format!("name the host command itself: {}", ways(EXAMPLE, store, here))
}

const EXAMPLE: &str = "/path/to/gh-pm";

fn ways(program: &str, store: Option<&Store>, here: &Surroundings) -> String {
    let mut text = format!("`export GITHUB_PM_CLI={program}`");
    if let Some(store) = store {
        let file = here.short(&store.root().join("config.yml"));
        let trust = if store.is_personal() { "" } else { " and then `github-pm performance trust`" };
        let _ = write!(text, ", or `cli: {program}` in {file}{trust}");
    }
    text
}
