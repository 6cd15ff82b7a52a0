//! What can go wrong before the relay runs, and at its end.

use std::io;
use std::path::PathBuf;

use pm_cli::{Exit, Explain, quote};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// The store cannot be found or written.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
    /// The folder of the socket would let others in.
    #[error("the folder '{}' is open to others", folder.display())]
    OpenFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// Somebody listens at the address already.
    #[error("another program listens on '{address}'")]
    Taken {
        /// The path or the address.
        address: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on '{address}'")]
    Listen {
        /// The path or the address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// An inherited descriptor is not what it should be.
    #[error("descriptor {number} is {what}")]
    Inherited {
        /// Its number.
        number: u16,
        /// What it is.
        what: &'static str,
    },
    /// The folder of the cache cannot be used.
    #[error("cannot keep answers in '{}'", folder.display())]
    Cache {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system refused what the relay needs.
    #[error("cannot start to serve")]
    Start(#[source] io::Error),
    /// The readiness could not be told.
    #[error("cannot write to descriptor {number}")]
    Ready {
        /// Its number.
        number: u16,
        /// Why.
        source: io::Error,
    },
    /// Records were lost.
    #[error("{count} records were lost: {reason}")]
    Lost {
        /// How many, for people.
        count: String,
        /// The first reason.
        reason: String,
    },
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Store(store) if store.is_configuration() => Exit::Usage,
            Self::OpenFolder { .. } | Self::Inherited { .. } => Exit::Usage,
            _ => Exit::Environment,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Store(error) => error.hint(),
            Self::OpenFolder { folder } => Some(format!(
                "close it with `chmod 700 {}`, or choose a folder of your own",
                quote(&folder.display().to_string())
            )),
            Self::Taken { .. } => Some("stop that one, or choose another address".to_owned()),
            Self::Cache { folder, .. } => Some(format!(
                "see who may write there with `ls -ld {}`",
                quote(&folder.display().to_string())
            )),
            _ => None,
        }
    }
}
