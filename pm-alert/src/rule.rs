//! A rule as it is carried out: whom it is about, who is told, and when.

use std::sync::Arc;

use pm_record::{Field, Label, Scalar, Severity, Thousandths};
use pm_store::{Terms, WindowSettings};

use crate::facts::{Columns, Facts, Place};
use crate::reading::{Bound, Limit, Setting};

/// A rule of the settings, whatever it reads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// The alert's `type`.
    pub(crate) name: String,
    /// What it is about, which decides what is recommended.
    pub(crate) family: Family,
    /// Who is told.
    pub(crate) channels: Vec<String>,
    /// How bad it is, where the settings say so.
    pub(crate) severity: Option<Severity>,
    pub(crate) cooldown_millis: i64,
    /// For how long a limit must be exceeded.
    pub(crate) held_millis: i64,
    /// How many values in a row must exceed it.
    pub(crate) needed: u32,
    pub(crate) missing_after_millis: Option<i64>,
    pub(crate) window: Option<WindowSettings>,
    commands: Vec<String>,
    filter: Vec<Condition>,
}

/// What a record has to say for a rule to be about it.
#[derive(Debug, Clone, PartialEq)]
struct Condition {
    field: Field,
    /// The same of a run.
    place: Place,
    wanted: Scalar,
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Time,
    Memory,
    Quota,
    Failures,
    Refusals,
    Forecast,
    Regression,
    Presence,
    Other,
}

/// How far back a value must be where the settings do not say: what swings about its limit is one alert.
const CLEAR: f64 = 0.05;

impl Rule {
    /// What it will look at in runs is added to `columns`.
    pub(crate) fn new(
        name: &str,
        family: Family,
        terms: &Terms,
        window: Option<WindowSettings>,
        columns: &mut Columns,
    ) -> Arc<Self> {
        let filter = terms.filter.iter().map(|(field, wanted)| Condition {
            field: field.clone(),
            place: columns.label(field),
            wanted: wanted.clone(),
        });
        Arc::new(Self {
            name: name.to_owned(),
            family,
            channels: terms.notification_channels.clone(),
            severity: terms.severity,
            cooldown_millis: terms.cooldown_millis,
            held_millis: terms.held_millis,
            needed: terms.consecutive_violations,
            missing_after_millis: terms.missing_after_millis,
            window,
            commands: terms.commands.clone(),
            filter: filter.collect(),
        })
    }

    /// Whether the rule is about records of this command, whatever else they say.
    pub(crate) fn names(&self, command: Option<&str>) -> bool {
        self.commands.is_empty()
            || command.is_some_and(|command| self.commands.iter().any(|glob| is_match(glob, command)))
    }

    /// Whether the rule is about the record on this line.
    pub(crate) fn covers(&self, command: Option<&str>, line: &[u8]) -> bool {
        let says =
            |condition: &Condition| is_like(&condition.wanted, Label::from(&condition.field.read(line)));
        self.names(command) && self.filter.iter().all(says)
    }

    /// Whether the rule is about this run.
    pub(crate) fn covers_run(&self, run: &Facts<'_>) -> bool {
        let says =
            |condition: &Condition| run.is(&condition.place, |label| is_like(&condition.wanted, label));
        self.names(Some(run.command)) && self.filter.iter().all(says)
    }

    /// The commands that it names one by one.
    pub(crate) fn literals(&self) -> impl Iterator<Item = &str> {
        let is_literal = |command: &&String| !command.contains('*');
        self.commands.iter().filter(is_literal).map(String::as_str)
    }

    /// A limit over which values must not be.
    pub(crate) fn bound(
        &self,
        setting: Setting,
        threshold: Thousandths,
        clear: Option<Thousandths>,
    ) -> Bound {
        let is_above = setting != Setting::Below;
        let margin = Thousandths::from_f64(threshold.to_f64().abs() * CLEAR).unwrap_or_default();
        let standard = if is_above {
            threshold.0.saturating_sub(margin.0)
        } else {
            threshold.0.saturating_add(margin.0)
        };
        let limit = Limit { setting, threshold, needed: self.needed };
        Bound { limit, is_above, clear: clear.unwrap_or(Thousandths(standard)) }
    }
}

/// Whether a value is the one that is wanted; texts may have `*` for any text.
fn is_like(wanted: &Scalar, value: Label<'_>) -> bool {
    match (wanted, value) {
        (Scalar::Text(glob), Label::Text(text)) => is_match(glob, text),
        // YAML reads `1.0` as a number, where a label may be text.
        (Scalar::Number(number), Label::Text(text)) => number.to_string() == *text,
        _ => Label::from(wanted) == value,
    }
}

/// Whether a text is like one in which `*` stands for any text, and every other letter for itself: endpoints have
/// braces and slashes, which a glob for paths would not take as they are.
fn is_match(glob: &str, text: &str) -> bool {
    let Some((first, rest)) = glob.split_once('*') else { return glob == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in middle.split('*') {
        let Some(at) = text.find(piece) else { return false };
        text = &text[at + piece.len()..];
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    #[track_caller]
    fn check(glob: &str, matching: &[&str], others: &[&str]) {
        let is_match = |text: &&&str| super::is_match(glob, text);
        assert!(matching.iter().all(|text| is_match(&text)), "{glob}: {matching:?}");
        assert!(!others.iter().any(|text| is_match(&text)), "{glob}: {others:?}");
    }

    #[test]
    fn a_star_is_any_text_and_everything_else_is_itself() {
        check(
            "/repos/{owner}/{repo}/issues",
            &["/repos/{owner}/{repo}/issues"],
            &["/repos/owner/repo/issues"],
        );
        check("*", &["", "scripts/x.sh"], &[]);
        check("scripts/*", &["scripts/", "scripts/a/b.sh"], &["script", "my/scripts/a"]);
        check("*.sh", &["a.sh", "a/b.sh"], &["a.sh.txt"]);
        check("a*b*c", &["abc", "a-b-b-c"], &["ac", "acb", "abcd"]);
        check("a*a", &["aa", "aba"], &["a"]);
    }
}
