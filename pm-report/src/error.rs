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
    /// A store or its limits cannot be read.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
    /// A file to compare with says nothing that could be.
    #[error("'{}' says of no command how long it takes", .0.display())]
    NoTimes(std::path::PathBuf),
    /// Signals cannot be watched.
    #[error("cannot watch for signals")]
    Watch(#[source] io::Error),
    /// An input failed while it was read.
    #[error("cannot read records")]
    Read(#[source] io::Error),
    /// Standard output failed.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
    /// The file that was named for the page cannot be written.
    #[error("cannot write '{}'", path.display())]
    Output {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Nobody can be served at the address.
    #[error("cannot listen at {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The command whose output is served does not start.
    #[error("cannot start '{}'", program.display())]
    CannotStart {
        /// The program.
        program: std::path::PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The command whose output is served did not end well.
    #[error("the command whose records are served ended with {status}")]
    Producer {
        /// How.
        status: std::process::ExitStatus,
    },
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
            Self::NoTimes(_) => Exit::Usage,
            Self::Store(error) if error.is_configuration() => Exit::Usage,
            Self::Store(_)
            | Self::Watch(_)
            | Self::Read(_)
            | Self::Write(_)
            | Self::Output { .. }
            | Self::Listen { .. }
            | Self::CannotStart { .. }
            | Self::Producer { .. } => Exit::Environment,
            Self::BadLine { .. } => Exit::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Input(missing) => missing.hint(),
            Self::BadLine { .. } => Some("leave `--strict` out to skip such lines and count them".to_owned()),
            Self::Store(error) => error.hint(),
            Self::NoTimes(path) => Some(format!(
                "make one with `github-pm performance benchmark --output {}`",
                pm_cli::quote(&path.display().to_string())
            )),
            Self::Read(_) => {
                Some("see whether a file is whole with `gzip -t FILE` or `zstd -t FILE`".to_owned())
            }
            Self::Output { .. } => Some("name another file with `--output FILE`".to_owned()),
            Self::Listen { .. } => Some("let the system choose a port with `--serve 127.0.0.1:0`".to_owned()),
            Self::CannotStart { .. } => {
                Some("see whether it is on PATH with `command -v PROGRAM`".to_owned())
            }
            Self::Producer { .. } => Some("run it by itself and see what it says".to_owned()),
            Self::Watch(_) | Self::Write(_) => None,
        }
    }
}
