//! Command lines: parsed by clap, complained about in the house's own form.

use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;

use crate::{Exit, Explain, Streams};

/// The flags of every tool that reads records.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct InputArgs {
    /// Files to read, plain, gzip or zstd; `-` is standard input, which is also read when none is named
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// Read the store: the nearest `.github-pm` upwards, or DIR
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, conflicts_with = "files")]
    pub store: Option<Option<PathBuf>>,

    /// Stop at the first line that is no record, with status 5
    #[arg(long)]
    pub strict: bool,
}

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// These files, or standard input when there are none.
    Named(Vec<PathBuf>),
    /// The store: this one, or the nearest.
    Store(Option<PathBuf>),
}

impl InputArgs {
    /// What was meant. The two ways of naming an input exclude each other already.
    #[must_use]
    pub fn source(self) -> Source {
        match self.store {
            Some(named) => Source::Store(named),
            None => Source::Named(self.files),
        }
    }
}

/// A command line that cannot be meant.
#[derive(Debug)]
pub struct Usage {
    message: String,
    hint: String,
}

impl Usage {
    /// A complaint of the tool's own, about flags that do not go together.
    #[must_use]
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }

    /// Clap's complaint: its first paragraph is the message, its tip the hint.
    fn from_clap(tool: &str, error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let mut paragraphs = text.split("\n\n");
        let first = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
        let message = first.split_whitespace().collect::<Vec<_>>().join(" ");
        // Clap's way to pass a flag on as a value would run a program of that name under pm-wrap.
        let is_advice = |tip: &&str| !tip.starts_with("to pass ");
        let tip =
            paragraphs.find_map(|paragraph| paragraph.trim_start().strip_prefix("tip: ")).filter(is_advice);
        let hint = tip.map_or_else(
            || format!("try `{tool} --help`"),
            |tip| tip.lines().next().unwrap_or(tip).to_owned(),
        );
        Self { message, hint }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Usage {}

impl Explain for Usage {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(self.hint.clone())
    }
}

/// Reads a command line, the program's name first. `--help` and `--version` are answered on the spot, and
/// then there is nothing left to do: `None`.
///
/// # Errors
///
/// [`Usage`] if the command line cannot be meant.
pub fn parse<A: clap::Parser>(args: Vec<OsString>, io: &mut Streams) -> Result<Option<A>, Usage> {
    let tool = A::command().get_name().to_owned();
    match A::try_parse_from(args) {
        Ok(args) => Ok(Some(args)),
        Err(answer) if matches!(answer.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            // A reader that left before the end of the help has read enough.
            let _ = write!(io.output, "{}", answer.render());
            Ok(None)
        }
        Err(error) => Err(Usage::from_clap(&tool, &error)),
    }
}

/// Reads a duration such as `5m`, `1s` or `200ms`, for clap.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| format!("{error}; write 5m, 1s or 200ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, clap::Parser)]
    #[command(name = "pm-x")]
    struct Args {
        #[arg(long)]
        window: Option<String>,
        #[arg(required = true)]
        command: Vec<String>,
    }

    #[track_caller]
    fn check(words: &[&str], message: &str, hint: &str) {
        let error = <Args as clap::Parser>::try_parse_from(words).expect_err("a wrong command line");
        let usage = Usage::from_clap("pm-x", &error);
        assert_eq!((usage.to_string().as_str(), usage.hint().as_deref()), (message, Some(hint)));
    }

    #[test]
    fn a_misspelled_flag_names_the_nearest() {
        check(
            &["pm-x", "--windw", "1h", "a"],
            "unexpected argument '--windw' found",
            "a similar argument exists: '--window'",
        );
    }

    #[test]
    fn a_flag_that_nobody_knows_points_at_the_help() {
        check(&["pm-x", "--zzz", "a"], "unexpected argument '--zzz' found", "try `pm-x --help`");
    }

    #[test]
    fn a_missing_argument_is_one_line_and_points_at_the_help() {
        check(
            &["pm-x"],
            "the following required arguments were not provided: <COMMAND>...",
            "try `pm-x --help`",
        );
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_duration("5m"), Ok(Duration::from_mins(5)));
        assert!(parse_duration("5").is_err());
    }
}
