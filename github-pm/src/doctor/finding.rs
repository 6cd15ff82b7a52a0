//! What was found, and how it is laid out.

use std::fmt::Write as _;

use owo_colors::{OwoColorize, Style};

use crate::error;

/// How good it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Good,
    /// It works, and could surprise.
    Doubtful,
    /// Something does not work.
    Bad,
    /// Neither good nor bad: something to know.
    Note,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) mark: Mark,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// What to do about it.
    pub(crate) advice: Option<String>,
}

/// Findings that belong together.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) findings: Vec<Finding>,
}

impl Finding {
    /// A finding that asks for nothing.
    pub(crate) fn new(mark: Mark, subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { mark, subject: subject.into(), text: text.into(), advice: None }
    }

    /// The same with advice.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Something that the store's own errors tell about.
    pub(crate) fn failure(mark: Mark, subject: impl Into<String>, error: &pm_store::Error) -> Self {
        Self { advice: error.hint(), ..Self::new(mark, subject, error::in_full(error)) }
    }
}

/// All sections as text for people: texts in one column, advice below its finding, marks in color if so
/// wanted.
pub(crate) fn render(sections: &[Section], color: bool) -> String {
    let subjects = sections.iter().flat_map(|section| &section.findings);
    let width = subjects.map(|finding| finding.subject.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (index, section) in sections.iter().enumerate() {
        let _ = writeln!(text, "{}{}", if index == 0 { "" } else { "\n" }, section.title);
        for Finding { mark, subject, text: found, advice } in &section.findings {
            let (mark, style) = match mark {
                Mark::Good => ("✓", Style::new().green()),
                Mark::Doubtful => ("!", Style::new().yellow()),
                Mark::Bad => ("✗", Style::new().red()),
                Mark::Note => (" ", Style::new()),
            };
            let mark = mark.style(if color { style } else { Style::new() });
            let line = format!("  {mark} {subject:<width$}  {}", pm_cli::printable(found));
            let _ = writeln!(text, "{}", line.trim_end());
            for line in advice.iter().flat_map(|advice| advice.lines()) {
                let _ = writeln!(text, "    {:<width$}  → {}", "", pm_cli::printable(line));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marks_are_colored() {
        let marks = [Mark::Good, Mark::Doubtful, Mark::Bad, Mark::Note];
        let findings = marks.map(|mark| Finding::new(mark, "x", "y")).into();
        assert_eq!(
            render(&[Section { title: "T", findings }], true),
            "T\n  \x1b[32m✓\x1b[0m x  y\n  \x1b[33m!\x1b[0m x  y\n  \x1b[31m✗\x1b[0m x  y\n    x  y\n"
        );
    }

    #[test]
    fn texts_stand_in_one_column_and_advice_below() {
        let tools = Finding::new(Mark::Good, "pm-aggregate", "0.1.0");
        let store = Finding::new(Mark::Bad, "place", "not \x1b[1mmine").advise("`chown`\nor leave");
        let sections = [
            Section { title: "Tools", findings: vec![tools] },
            Section { title: "Store", findings: vec![store] },
        ];
        assert_eq!(
            render(&sections, false),
            "Tools\n  ✓ pm-aggregate  0.1.0\n\nStore\n  ✗ place         not \\u{1b}[1mmine\n                  → `chown`\n                  → or leave\n"
        );
    }
}
