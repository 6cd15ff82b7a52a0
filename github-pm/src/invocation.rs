//! One program with what it is given.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Variables whose values are never printed.
pub(crate) const SECRETS: [&str; 2] = ["DD_API_KEY", "NR_LICENSE_KEY"];

/// One program with what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Invocation {
    /// An absolute path: nothing is looked up any more.
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    /// What is set in its environment beside ours.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Whether it reads our own standard input where nothing is piped into it.
    pub(crate) reads_input: bool,
}

impl Invocation {
    /// `program` with `args` in our own environment.
    pub(crate) fn new(program: PathBuf, args: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        let args = args.into_iter().map(Into::into).collect();
        Self { program, args, variables: Vec::new(), reads_input: false }
    }

    /// The same, reading our own standard input.
    pub(crate) fn reading_input(self) -> Self {
        Self { reads_input: true, ..self }
    }

    /// The command that starts it.
    #[expect(clippy::disallowed_methods, reason = "every program that this one starts is made here")]
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}
