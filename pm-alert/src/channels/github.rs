//! `github`: annotations of the job, and its summary.
//!
//! GitHub drops silently what is more than ten annotations of a kind in a step, and fails the upload of a summary of
//! more than 1 MiB. So a rule gets one annotation at the end of the run, and what is more than fits is counted.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use indexmap::IndexMap;
use pm_cli::{Environment, Streams};
use pm_record::{AlertState, Severity};

use super::message::Message;
use crate::Error;
use crate::notice::Notice;

/// How many annotations of one kind a step shows, less one that counts the rest.
const ANNOTATIONS: usize = 9;

/// How long a summary may be for all steps' tools together, and how much of it is ours at most.
const SUMMARY_MOST: u64 = 1 << 20;
const OURS_MOST: usize = 256 * 1024;

/// How many rows a table has.
const ROWS: usize = 200;

/// Longest text of an annotation.
const TEXT_MOST: usize = 4096;

/// What a job will be told.
#[derive(Debug)]
pub(super) struct Github {
    /// Whether this is a job at all.
    is_job: bool,
    summary: Option<PathBuf>,
    messages: IndexMap<String, Message>,
}

impl Github {
    pub(super) fn new(environment: &Environment) -> Self {
        Self {
            is_job: environment.text("GITHUB_ACTIONS") == Some("true"),
            summary: environment.get("GITHUB_STEP_SUMMARY").map(|path| environment.current_dir().join(path)),
            messages: IndexMap::new(),
        }
    }

    /// Takes in a notice. Outside of a job there is nobody to tell.
    pub(super) fn push(&mut self, notice: &Notice) {
        if self.is_job {
            let message = self.messages.entry(notice.rule.clone());
            message.or_insert_with(|| Message::new(&notice.rule)).push(notice);
        }
    }

    /// Tells all of it. Annotations go to standard error, which the runner reads too: standard output is data.
    pub(super) fn finish(&mut self, io: &mut Streams) -> Result<(), Error> {
        let messages: Vec<_> = std::mem::take(&mut self.messages).into_values().collect();
        if messages.is_empty() {
            return Ok(());
        }
        let _ = io.diagnostics.write_all(annotations(&messages).as_bytes());
        let Some(path) = &self.summary else { return Ok(()) };
        let failed = |source| Error::Summary { path: path.clone(), source };
        let used = path.metadata().map_or(0, |status| status.len());
        let room = SUMMARY_MOST.saturating_sub(used).min(OURS_MOST as u64);
        let text = summary(&messages, usize::try_from(room).unwrap_or(OURS_MOST));
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)
    }
}

/// One line a message, but no more than are shown.
fn annotations(messages: &[Message]) -> String {
    let mut text = String::new();
    for kind in ["error", "warning", "notice"] {
        let of_kind: Vec<_> = messages.iter().filter(|message| word(message) == kind).collect();
        for message in of_kind.iter().take(ANNOTATIONS) {
            let title = property(&message.headline());
            let _ = writeln!(text, "::{kind} title={title}::{}", data(message.text(TEXT_MOST).trim_end()));
        }
        if let Some(rest) = of_kind.len().checked_sub(ANNOTATIONS).filter(|rest| *rest > 0) {
            let _ = writeln!(text, "::{kind} title=pm-alert::… and alerts of {rest} more rules");
        }
    }
    text
}

fn word(message: &Message) -> &'static str {
    match message.severity() {
        _ if message.is_resolved() => "notice",
        Severity::Critical => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    }
}

/// A table, in so many bytes at most; nothing if there is no room for one.
fn summary(messages: &[Message], most: usize) -> String {
    let mut text =
        "## Performance alerts\n\n| | alert | value | limit | baseline |\n|---|---|---|---|---|\n".to_owned();
    let parts: Vec<_> = messages.iter().flat_map(|message| &message.parts).collect();
    for (told, part) in parts.iter().enumerate() {
        let sign = match (part.alert.state, part.alert.severity) {
            (AlertState::Resolved, _) => "✅",
            (_, Severity::Critical) => "🔴",
            _ => "⚠️",
        };
        let headline = part.text.lines().next().unwrap_or_default();
        let headline = headline.split_once(": ").map_or(headline, |(_, rest)| rest);
        let cells = [headline, &part.alert.current_value, &part.alert.threshold_exceeded];
        let [alert, value, limit] = cells.map(cell);
        let baseline = part.alert.baseline.as_deref().map(cell).unwrap_or_default();
        let row = format!("| {sign} | {alert} | {value} | {limit} | {baseline} |\n");
        let rest = format!("\n… and {} more.\n", parts.len() - told);
        if told >= ROWS || text.len() + row.len() + rest.len() > most {
            text += &rest;
            break;
        }
        text += &row;
    }
    text.push('\n');
    if text.len() > most { String::new() } else { text }
}

/// Text in a cell of a table: nothing in it is markup.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for letter in text.chars() {
        match letter {
            '&' => cell += "&amp;",
            '<' => cell += "&lt;",
            '>' => cell += "&gt;",
            '\n' | '\r' => cell.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '@' => cell.extend(['\\', letter]),
            _ => cell.push(letter),
        }
    }
    cell
}

/// What stands behind the last `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands before it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_escaped_as_the_runner_reads_them() {
        assert_eq!(
            (property("p95: 3,2s"), data("up 50%\nnow")),
            ("p95%3A 3%2C2s".into(), "up 50%25%0Anow".into())
        );
    }

    #[test]
    fn nothing_in_a_cell_is_markup() {
        assert_eq!(cell("<b>|*x*|\n@all"), "&lt;b&gt;\\|\\*x\\*\\| \\@all");
    }
}
