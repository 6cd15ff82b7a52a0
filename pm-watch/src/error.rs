//! What can go wrong.

use std::io;

use pm_cli::{Exit, Explain};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// The store or its settings cannot be used.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
    /// Nobody would see the charts move.
    #[error("standard output is no terminal")]
    NoTerminal,
    /// The terminal cannot be drawn on.
    #[error("cannot draw on the terminal")]
    Draw(#[source] io::Error),
    /// The store cannot be read any more.
    #[error("cannot read the store")]
    Read(#[source] io::Error),
    /// Signals cannot be watched.
    #[error("cannot watch for signals")]
    Watch(#[source] io::Error),
    /// Standard output failed.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::NoTerminal => Exit::Usage,
            Self::Store(store) if store.is_configuration() => Exit::Usage,
            Self::Store(_) | Self::Draw(_) | Self::Read(_) | Self::Watch(_) | Self::Write(_) => {
                Exit::Environment
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Store(store) => store.hint(),
            Self::NoTerminal => Some("print one frame with `pm-watch --once`".to_owned()),
            Self::Read(_) => Some("see what there is with `pm-watch --once`".to_owned()),
            Self::Draw(_) | Self::Watch(_) | Self::Write(_) => None,
        }
    }
}
