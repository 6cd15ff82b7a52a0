//! The name of a phase.

use std::fmt;

use super::excerpt;

/// The longest name, in bytes.
const LONGEST: usize = 40;

/// A name that can be a field of a record: `[a-z][a-z0-9_]{0,39}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PhaseName(Box<str>);

/// A text that is no name of a phase.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{}' is no name of a phase, which has 1 to {LONGEST} of a-z, 0-9 and _, a letter first",
    excerpt(.0, LONGEST)
)]
pub struct NoPhaseName(String);

impl PhaseName {
    /// Checks a name.
    pub fn parse(text: &str) -> Result<Self, NoPhaseName> {
        let is_name = text.len() <= LONGEST
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if is_name { Ok(Self(text.into())) } else { Err(NoPhaseName(text.to_owned())) }
    }

    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_lowercase_and_short_and_begins_with_a_letter() {
        for name in ["a", "data_fetching", "p95", "x_", &"x".repeat(40)] {
            assert_eq!(PhaseName::parse(name).expect(name).as_str(), name);
        }
        for text in ["", "Fetch", "1st", "_x", "a-b", "a b", "größe", "a\n", "a\0", &"x".repeat(41)] {
            assert_eq!(PhaseName::parse(text), Err(NoPhaseName(text.to_owned())));
        }
    }

    #[test]
    fn what_is_said_about_another_text_is_short_and_safe_for_a_terminal() {
        let said = PhaseName::parse(&"\x1b[2J".repeat(1_000)).expect_err("no name").to_string();
        assert!(said.starts_with("'\\u{1b}[2J\\u{1b}") && said.contains("…' is no name"), "{said}");
        assert!(said.chars().count() < 130, "{said}");
    }
}
