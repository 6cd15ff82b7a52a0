//! What can go wrong.

use std::io;

use pm_cli::{Exit, Explain};
use pm_record::BadRecord;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// A named input is not there.
    #[error(transparent)]
    Input(#[from] pm_cli::MissingInput),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
    /// A baseline file has no baselines.
    #[error("'{}' gives no command a baseline_ms", .0.display())]
    NoLimits(std::path::PathBuf),
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
    #[error("{input}{position}: {reason}")]
    BadLine {
        /// The name of the input and a space, if there are several.
        input: String,
        /// Where it stands.
        position: String,
        /// Why it is none.
        reason: BadRecord,
    },
}

impl Error {
    /// The same with the name of the input, if there are several.
    pub(crate) fn named(self, several: bool) -> Self {
        match self {
            Self::BadLine { input, position, reason } => {
                let input = if several { format!("{input} ") } else { String::new() };
                Self::BadLine { input, position, reason }
            }
            other => other,
        }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Input(missing) => missing.exit(),
            Self::NoLimits(_) => Exit::Usage,
            Self::Store(store) if store.is_configuration() => Exit::Usage,
            Self::Store(_) | Self::Watch(_) | Self::Read(_) | Self::Write(_) => Exit::Environment,
            Self::BadLine { .. } => Exit::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Input(missing) => missing.hint(),
            Self::Store(store) => store.hint(),
            Self::NoLimits(_) => {
                Some("compare with a day of records, such as `--compare 2026-11-01`".to_owned())
            }
            Self::BadLine { .. } => Some("leave `--strict` out to skip such lines and count them".to_owned()),
            Self::Read(_) => {
                Some("see whether a file is whole with `gzip -t FILE` or `zstd -t FILE`".to_owned())
            }
            Self::Watch(_) | Self::Write(_) => None,
        }
    }
}
