//! What can go wrong.

use std::io;

use pm_cli::{Exit, Explain};
use pm_record::{BadRecord, Position};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// A named input is not there.
    #[error(transparent)]
    Input(#[from] pm_cli::MissingInput),
    /// Signals cannot be watched.
    #[error("cannot watch for signals")]
    Watch(#[source] io::Error),
    /// An input failed while it was read.
    #[error("cannot read records")]
    Read(#[source] io::Error),
    /// Standard output failed.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
    /// A line that is no record, with `--strict`.
    #[error("{position}: {reason}")]
    BadLine {
        /// Where it stands.
        position: String,
        /// Why it is none.
        reason: BadRecord,
    },
}

impl Error {
    pub(crate) fn bad_line(position: Position<'_>, reason: BadRecord) -> Self {
        Self::BadLine { position: position.to_string(), reason }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Input(missing) => missing.exit(),
            Self::Watch(_) | Self::Read(_) | Self::Write(_) => Exit::Environment,
            Self::BadLine { .. } => Exit::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Input(missing) => missing.hint(),
            Self::BadLine { .. } => Some("leave `--strict` out to skip such lines and count them".to_owned()),
            Self::Read(_) => {
                Some("see whether a file is whole with `gzip -t FILE` or `zstd -t FILE`".to_owned())
            }
            Self::Watch(_) | Self::Write(_) => None,
        }
    }
}
