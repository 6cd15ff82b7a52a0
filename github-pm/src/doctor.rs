//! `performance doctor`: is everything in place, and if not, what to do?
//!
//! It starts the sibling tools and `gh`, each with a time limit, and nothing else: the host command is
//! only looked up, because nobody knows what it does when it is called.

mod finding;
mod github;
mod host;
mod limits;
pub(crate) mod probe;
mod store;
mod tools;

use pm_cli::Exit;

use crate::doctor::finding::{Finding, Mark, Section};
use crate::surroundings::Surroundings;

/// What it does, in words.
pub(crate) const STEPS: [&str; 6] = [
    "asks each of the tools for its version",
    "looks whether the store can be found, read and written",
    "reads config.yml, alerts.yml and benchmarks.yml",
    "asks pm-alert whether it can judge by them",
    "looks up the host command, without running it",
    "asks gh whether it is logged in, without reading the token",
];

/// Looks after everything: what to print, and how to end.
pub(crate) fn examine(here: &Surroundings, color: bool) -> (String, Exit) {
    let found = here.store();
    let mut sections = vec![
        Section { title: "Tools", findings: tools::examine(here) },
        Section { title: "Store", findings: store::examine(&found) },
    ];
    let settings = match &found {
        Ok(store) => {
            let (mut findings, settings) = store::examine_settings(store, here);
            // What could not be read has been said already, and so has that there are no limits.
            let is_there = |finding: &Finding| {
                finding.mark == Mark::Good
                    && ["alerts.yml", "benchmarks.yml"].contains(&finding.subject.as_str())
            };
            if findings.iter().any(is_there) && findings.iter().all(|finding| finding.mark != Mark::Bad) {
                findings.extend(limits::examine(here));
            }
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
    (finding::render(&sections, color), if bad { Exit::Environment } else { Exit::Done })
}
