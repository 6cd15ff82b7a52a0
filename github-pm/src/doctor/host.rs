//! Which host command would run, and what came before it?

use pm_store::{Settings, Store};

use crate::doctor::finding::{Finding, Mark};
use crate::host::{PassedOver, Search, Setting};
use crate::naming;
use crate::surroundings::Surroundings;

/// The host command, as far as it does not depend on its first word.
pub(crate) fn examine(
    store: Option<&Store>,
    settings: Option<&Settings>,
    here: &Surroundings,
) -> Vec<Finding> {
    let setting = match settings {
        Some(settings) => Setting::of(store, settings, here),
        None => Setting::NoStore,
    };
    let search = Search::new(None, &setting, here);
    let program = match &search.host {
        Some(host) => {
            let text = format!("{} (by {})", host.program.display(), host.named_by);
            Finding::new(Mark::Good, "program", text)
        }
        None => Finding::new(Mark::Doubtful, "program", "there is none, so only `performance` works").advise(
            if search.passed_over.iter().any(PassedOver::lacks_trust) {
                "trust it: `github-pm performance trust`".to_owned()
            } else {
                naming::advice(store, here)
            },
        ),
    };
    let mut findings = vec![program];
    let passed_over = search.passed_over.iter();
    findings.extend(passed_over.map(|passed| Finding::new(Mark::Note, "passed over", passed.to_string())));
    findings
}
