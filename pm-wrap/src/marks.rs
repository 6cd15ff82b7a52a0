//! What a command says about itself while it runs: marks, one a line, that name its phases and tell what
//! only it knows.
//!
//! `NAME` begins a phase in place of the innermost one, `+NAME` begins one inside it, and `-` or `-NAME`
//! ends the innermost. A line that begins with `{` is the same as JSON, with labels and counters:
//! `{"phase":"fetch","event":"open","context":{"task_count":87},"github_api":{"requests_made":3}}`.
//!
//! Bytes come from a pipe that every process of the command may write to, so no input is an error: a line
//! that is no mark is counted, and the first one is remembered for the one warning at the end. The marks
//! do not depend on how the bytes were cut. At most one line is held, and of a line that is too long
//! nothing.

mod counters;
mod json;
mod labels;
mod line;
mod phase_name;

use std::fmt;

use indexmap::IndexMap;
use pm_cli::human;
use pm_record::{GithubApi, Scalar};

pub(crate) use counters::add;
pub(crate) use labels::label;
use line::NoMark;
pub use phase_name::{NoPhaseName, PhaseName};

/// The longest line, in bytes, its newline not counted. No system writes more to a pipe in one piece.
pub const LONGEST: usize = 4096;

/// The longest reason that a warning repeats, in characters.
const LONGEST_REASON: usize = 160;

/// What one line said.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mark {
    /// What happens to the phases. A JSON line may say nothing about them.
    pub step: Option<Step>,
    /// Labels for the record.
    pub context: IndexMap<String, Scalar>,
    /// What was asked of GitHub's API since the last mark that told. `quota_delta` is never told.
    pub github_api: GithubApi,
}

/// What happens to the phases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A phase begins in place of the innermost one, or as the first.
    Switch(PhaseName),
    /// A phase begins inside the innermost one.
    Open(PhaseName),
    /// The innermost phase ends; if a name is given, only when it is the phase's name.
    Close(Option<PhaseName>),
}

/// A reader of marks.
#[derive(Debug, Default)]
pub struct Marks {
    /// The line so far; empty while `too_long`.
    held: Vec<u8>,
    too_long: bool,
    /// Lines that have ended.
    lines: u64,
    ignored: Option<Ignored>,
}

impl Marks {
    /// Reads the next bytes and hands on each mark whose line ends in them.
    pub fn read(&mut self, bytes: &[u8], mut each: impl FnMut(Mark)) {
        let mut lines = bytes.split(|&byte| byte == b'\n');
        // What stands behind the last newline is no line yet.
        let rest = lines.next_back().unwrap_or_default();
        for line in lines {
            self.hold(line);
            self.end_line(&mut each);
        }
        self.hold(rest);
    }

    /// Ends the input: a last line needs no newline.
    pub fn finish(&mut self, mut each: impl FnMut(Mark)) {
        if self.too_long || !self.held.is_empty() {
            self.end_line(&mut each);
        }
    }

    /// The lines so far that were no marks, if there were any.
    #[must_use]
    pub fn ignored(&self) -> Option<&Ignored> {
        self.ignored.as_ref()
    }

    /// How many bytes of a line that has not ended are held; never more than [`LONGEST`].
    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.too_long |= self.held.len() + bytes.len() > LONGEST;
        if self.too_long {
            self.held.clear();
        } else {
            self.held.extend_from_slice(bytes);
        }
    }

    fn end_line(&mut self, each: &mut impl FnMut(Mark)) {
        self.lines += 1;
        let mark = if self.too_long { Err(NoMark::TooLong) } else { line::parse(&self.held) };
        self.too_long = false;
        self.held.clear();
        match mark {
            Ok(Some(mark)) => each(mark),
            Ok(None) => {}
            Err(reason) => self.ignore(&reason),
        }
    }

    fn ignore(&mut self, reason: &NoMark) {
        let line = self.lines;
        let ignored = self.ignored.get_or_insert_with(|| Ignored {
            count: 0,
            first: format!("line {line}: {}", excerpt(&reason.to_string(), LONGEST_REASON)),
        });
        ignored.count += 1;
    }
}

/// Whether `line` would be taken, for whoever makes a mark and can still be told.
pub(crate) fn check(line: &str) -> Result<(), String> {
    match line::parse(line.as_bytes()) {
        _ if line.len() > LONGEST => Err(NoMark::TooLong.to_string()),
        Err(reason) => Err(reason.to_string()),
        Ok(_) if line.contains('\n') => Err("a mark is one line".to_owned()),
        Ok(None) => Err("it is empty".to_owned()),
        Ok(Some(_)) => Ok(()),
    }
}

/// How many lines were no marks, and what was wrong with the first. It displays the one message that people
/// get at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    count: u64,
    /// Safe for a terminal.
    first: String,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "1 mark was ignored: {}", self.first),
            count => write!(f, "{} marks were ignored; first: {}", human::count(count), self.first),
        }
    }
}

/// The beginning of a text that somebody else wrote, safe for a terminal.
fn excerpt(text: &str, longest: usize) -> String {
    let safe = pm_cli::printable(text);
    match safe.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &safe[..end]),
        None => safe.into_owned(),
    }
}

#[cfg(test)]
mod tests;
