//! What can go wrong with a comparison.

use std::io;
use std::path::{Path, PathBuf};

use pm_cli::{Exit, Explain};

use crate::append;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// A tool of ours is not there.
    #[error("'{}' is not built", .0.display())]
    NotBuilt(PathBuf),
    /// What is to be wrapped is not there.
    #[error("there is no '{program}' on PATH")]
    Missing {
        /// Its name.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A command cannot be started.
    #[error("cannot run '{command}'")]
    Start {
        /// As a shell takes it.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// A command ended with another status than 0.
    #[error("'{command}' failed: {status}{said}")]
    Failed {
        /// As a shell takes it.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it wrote to standard error.
        said: String,
    },
    /// A command did not give the answer that it should have.
    #[error("'{command}' gave an unexpected answer: {reason}")]
    Wrong {
        /// As a shell takes it.
        command: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A client of ours got no answer, or none was to be had.
    #[error("cannot talk over loopback")]
    Talk(#[source] io::Error),
    /// A file of the work folder cannot be used.
    #[error("cannot use '{}'", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Standard output failed.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
}

impl Error {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Wrong { .. } => Exit::BadInput,
            Self::NotBuilt(_)
            | Self::Missing { .. }
            | Self::Start { .. }
            | Self::Failed { .. }
            | Self::Talk(_)
            | Self::File { .. }
            | Self::Write(_) => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::NotBuilt(program) if program.ends_with(append::TOOL) => {
                Some("build it with `cargo build --release -p pm-bench`".to_owned())
            }
            Self::NotBuilt(program) if program.ends_with("fake-github") => {
                Some("build it with `cargo build --release -p pm-e2e --bin fake-github`".to_owned())
            }
            Self::NotBuilt(_) => Some("build it with `scripts/build`".to_owned()),
            Self::Missing { package, .. } => Some(format!("try `apt-get install {package}`")),
            Self::Failed { command, .. } | Self::Wrong { command, .. } => {
                Some(format!("see for yourself with `{command}`"))
            }
            Self::Start { .. } | Self::Talk(_) | Self::File { .. } | Self::Write(_) => None,
        }
    }
}
