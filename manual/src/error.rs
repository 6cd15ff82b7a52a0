//! What can go wrong.

use std::io;
use std::path::PathBuf;

use pm_cli::{Exit, Explain};

/// Why there is no manual.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing says where it is to be.
    #[error("no folder is named")]
    NoFolder,
    /// A file cannot be written.
    #[error("cannot write into '{}'", folder.display())]
    Write {
        /// Where it was to be.
        folder: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::NoFolder => Exit::Usage,
            Self::Write { .. } => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        Some("name a folder of your own: `pm-manual target/share`".to_owned())
    }
}
