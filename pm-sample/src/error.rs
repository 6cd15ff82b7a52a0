//! What can go wrong.

use std::io;

use pm_cli::{Exit, Explain};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// The system refused what we need ourselves.
    #[error("cannot watch for signals and time")]
    Prepare(#[source] io::Error),
    /// There is no reading on standard output.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
    /// The store, or the file of `-o`.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Store(error) if error.is_configuration() => Exit::Usage,
            Self::Prepare(_) | Self::Write(_) | Self::Store(_) => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Store(error) => error.hint(),
            Self::Prepare(_) | Self::Write(_) => None,
        }
    }
}
