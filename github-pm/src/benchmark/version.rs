//! Which version of the host command is measured: what it answers to `--version`.

use super::subject::{Arm, Side};
use crate::doctor::probe::{self, Answer};
use crate::invocation::Invocation;

/// The versions of both sides, where they say one.
#[derive(Debug, Default)]
pub(super) struct Versions {
    current: Option<String>,
    baseline: Option<String>,
}

impl Versions {
    /// Asks the host command of each side, for a few seconds at most.
    pub(super) fn of(arms: &[Arm]) -> Self {
        let ask = |side: Side| {
            let arm = arms.iter().find(|arm| arm.is_host && arm.side == side)?;
            let question = Invocation {
                program: arm.invocation.program.clone(),
                args: vec!["--version".into()],
                variables: arm.invocation.variables.clone(),
                reads_input: false,
            };
            match probe::ask(&question) {
                Answer::Yes(text) => version(&text),
                Answer::No(..) | Answer::TooSlow | Answer::NotStarted(_) => None,
            }
        };
        Self { current: ask(Side::Current), baseline: ask(Side::Baseline) }
    }

    pub(super) fn of_side(&self, side: Side) -> Option<&str> {
        match side {
            Side::Current | Side::Control => self.current.as_deref(),
            Side::Baseline => self.baseline.as_deref(),
        }
    }
}

/// The first word of the first line that looks like a version.
fn version(text: &str) -> Option<String> {
    let words = text.lines().next()?.split(|character: char| character.is_whitespace() || character == ',');
    let mut versions = words.filter_map(|word| {
        let word = word.trim_start_matches('v').trim_end_matches(')').trim_start_matches('(');
        let numbers = word.split(['-', '+']).next()?;
        let is_version = numbers.contains('.')
            && numbers
                .split('.')
                .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        (is_version && word.len() <= 40).then(|| word.to_owned())
    });
    versions.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_wherever_it_stands_on_the_first_line() {
        for (text, expected) in [
            ("gh version 2.89.0 (2026-03-01)\n", Some("2.89.0")),
            ("gh-pm v2.1.0-rc.1\n", Some("2.1.0-rc.1")),
            ("git version 2.47.3, of 2025\n", Some("2.47.3")),
            ("(1.2)\n", Some("1.2")),
            ("usage: gh-pm [COMMAND]\n  2.0.0\n", None),
            ("host: --version\n", None),
            ("1..2 .1 1. v", None),
            ("", None),
        ] {
            assert_eq!(version(text).as_deref(), expected, "{text}");
        }
    }
}
