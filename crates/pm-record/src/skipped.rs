//! The count of lines that were skipped, and what was wrong with the first.

use std::fmt;

use crate::{BadRecord, Position};

/// Lines seen and lines skipped. It displays the one message that people get at the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skipped {
    seen: u64,
    bad: u64,
    first: Option<First>,
}

/// The first line that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
struct First {
    /// The input's name, when there is more than one.
    input: Option<String>,
    line: u64,
    reason: BadRecord,
}

impl Skipped {
    /// Counts a line that was read.
    pub fn seen(&mut self) {
        self.seen += 1;
    }

    /// Counts that a line which was read is skipped, because of `reason`.
    pub fn skip(&mut self, position: Position<'_>, reason: &BadRecord) {
        self.bad += 1;
        self.first.get_or_insert_with(|| First {
            input: position.input.map(str::to_owned),
            line: position.line,
            reason: reason.clone(),
        });
    }

    /// Adds what was skipped behind this: in the input `input`, if it has to be named, after `lines` lines of it.
    pub fn follow(&mut self, later: Self, input: Option<&str>, lines: u64) {
        self.seen += later.seen;
        self.bad += later.bad;
        if self.first.is_none() {
            self.first = later.first.map(|first| First {
                input: input.map(str::to_owned),
                line: first.line + lines,
                ..first
            });
        }
    }

    /// Whether every line was a record.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bad == 0
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (skipped, seen) = (grouped(self.bad), grouped(self.seen));
        let lines = if self.seen == 1 { "line" } else { "lines" };
        write!(f, "{skipped} of {seen} {lines} skipped; first: ")?;
        match &self.first {
            None => f.write_str("none"),
            Some(First { input, line, reason }) => {
                write!(
                    f,
                    "{}: {reason}",
                    Position { input: input.as_deref(), line: *line, open_ended: false }
                )
            }
        }
    }
}

/// A number with a comma between groups of three digits. (`pm_cli::human::count` is the same; the two crates
/// stand beside each other and may not know each other.)
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lines;

    #[test]
    fn what_follows_counts_its_lines_from_where_it_follows() {
        let of = |text: &'static str| {
            let mut lines = Lines::new([crate::lines::tests::Named("in", text.as_bytes())]);
            let mut skipped = Skipped::default();
            while let Some(line) = lines.next_line(|_| Ok(())).expect("memory") {
                skipped.seen();
                if let Err(reason) = line.record() {
                    skipped.skip(line.position, &reason);
                }
            }
            (skipped, lines.count())
        };
        let ((mut all, before), (later, _)) = (of("{\"a\":{}}\n\n"), of("\n{}\n"));
        all.follow(later, Some("log"), before);
        assert_eq!(
            all.to_string(),
            "1 of 2 lines skipped; first: log line 4: expected the record's kind at column 2"
        );
    }

    #[test]
    fn the_message_counts_and_names_the_first() {
        let input = [vec!["{}"; 2], vec!["{\"a\" 1}"; 1], vec![r#"{"a":{}}"#; 1201]].concat().join("\n");
        let mut lines = Lines::new([crate::lines::tests::Named("in", input.as_bytes())]);
        let mut skipped = Skipped::default();
        while let Some(line) = lines.next_line(|_| Ok(())).expect("memory") {
            skipped.seen();
            if let Err(reason) = line.record() {
                skipped.skip(line.position, &reason);
            }
        }
        assert_eq!(
            skipped.to_string(),
            "3 of 1,204 lines skipped; first: line 1: expected the record's kind at column 2"
        );
    }
}
