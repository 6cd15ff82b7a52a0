//! `performance doctor`: is everything in place, and if not, what to do?
//!
//! It starts the sibling tools and `gh`, each with a time limit, and nothing else: the host command is
//! only looked up, because nobody knows what it does when it is called.

mod finding;
mod github;
mod host;
mod probe;
mod store;
mod tools;

use pm_cli::Exit;

use crate::doctor::finding::{Mark, Section};
use crate::surroundings::Surroundings;

/// What it does, in words.
pub(crate) const STEPS: [&str; 5] = [
    "asks pm-wrap, pm-aggregate, pm-alert and pm-report for their versions",
    "looks whether the store can be found, read and written",
    "reads config.yml, alerts.yml and benchmarks.yml",
    "looks up the host command, without running it",
    "asks gh whether it is logged in, without reading the token",
];

/// Looks after everything: what to print, and how to end.
pub(crate) fn examine(here: &Surroundings) -> (String, Exit) {
    let found = here.store();
    let mut sections = vec![
        Section { title: "Tools", findings: tools::examine(here) },
        Section { title: "Store", findings: store::examine(&found) },
    ];
    let settings = match &found {
        Ok(store) => {
            let (findings, settings) = store::examine_settings(store, here);
            sections.push(Section { title: "Settings", findings });
            settings
        }
        Err(_) => None,
    };
    sections.push(Section {
        title: "Host command",
        findings: host::examine(found.as_ref().ok(), settings.as_ref(), here),
    });
    sections.push(Section { title: "GitHub", findings: github::examine(here) });
    let bad = sections.iter().flat_map(|section| &section.findings).any(|found| found.mark == Mark::Bad);
    (finding::render(&sections), if bad { Exit::Environment } else { Exit::Done })
}
