//! Can pm-alert judge by the settings? Only it knows what a limit may be, so it is asked.

use crate::doctor::finding::{Finding, Mark};
use crate::doctor::probe::{self, Answer};
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;

const SUBJECT: &str = "limits";

/// What pm-alert says when it has nothing to judge; none where it is missing, which is said elsewhere.
/// It stands where we stand, so it finds the store that we found.
pub(crate) fn examine(here: &Surroundings) -> Option<Finding> {
    let program = here.tool("pm-alert")?;
    Some(match probe::ask_for_complaints(&Invocation::new(program, ["--replay"])) {
        Answer::Yes(_) => Finding::new(Mark::Good, SUBJECT, "pm-alert can judge by them"),
        Answer::No(status, text) => complaint(&text)
            .unwrap_or_else(|| failure(&format!("pm-alert does not say what is wrong: {status}"))),
        Answer::TooSlow => failure("pm-alert does not answer within 5 seconds"),
        Answer::NotStarted(error) => failure(&format!("pm-alert cannot be started: {error}")),
    })
}

/// An error as every tool prints it, with its hints as advice.
fn complaint(text: &str) -> Option<Finding> {
    let mut lines = text.lines();
    let first = lines.next()?;
    let hints: Vec<_> = lines.filter_map(|line| line.strip_prefix("  hint: ")).collect();
    let finding = Finding::new(Mark::Bad, SUBJECT, first.strip_prefix("pm-alert: ").unwrap_or(first));
    Some(if hints.is_empty() { finding } else { finding.advise(hints.join("\n")) })
}

fn failure(text: &str) -> Finding {
    Finding::new(Mark::Bad, SUBJECT, text).advise("see for yourself with `pm-alert --replay < /dev/null`")
}
