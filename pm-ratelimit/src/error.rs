//! What can go wrong.

use std::io;

use pm_cli::{Exit, Explain};
use pm_github::{BadAddress, BadSecret};
use pm_http::NoWay;

use crate::Failure;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// The API's address cannot be meant.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// What should be a token is none.
    #[error("the token of {origin} cannot be sent: {reason}")]
    Token {
        /// The variable or program.
        origin: String,
        /// Why.
        reason: BadSecret,
    },
    /// A token would be sent for all to read.
    #[error("the token would be sent to '{url}' for everybody on the way to read")]
    Overheard {
        /// The API's address.
        url: String,
    },
    /// `gh` does not say its token.
    #[error("`gh auth token` does not answer within 5 seconds")]
    SlowGh,
    /// The API cannot be reached by the proxies or with the roots that there are.
    #[error(transparent)]
    Way(#[from] NoWay),
    /// There is no reading.
    #[error(transparent)]
    Ask(#[from] Failure),
    /// The system refused to wait.
    #[error("cannot wait for the next reading")]
    Wait(#[source] io::Error),
    /// There is no writing on standard output.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
    /// The store, or the file of `-o`.
    #[error(transparent)]
    Store(#[from] pm_store::Error),
}

/// The reading before cannot be had or kept: a warning, because the reading itself does not need it.
#[derive(Debug, thiserror::Error)]
#[error("how fast quotas are used is not known next time: {0}")]
pub(crate) struct Forgotten(pub(crate) String);

impl Explain for Forgotten {
    fn exit(&self) -> Exit {
        Exit::Done
    }

    fn hint(&self) -> Option<String> {
        Some("see what is wrong with the store with `github-pm performance doctor`".to_owned())
    }
}

/// What was recorded cannot be read: a warning, for the same reason.
#[derive(Debug, thiserror::Error)]
#[error("there is nothing to suggest, for what was recorded cannot be read: {0}")]
pub(crate) struct Unadvised(pub(crate) String);

impl Explain for Unadvised {
    fn exit(&self) -> Exit {
        Exit::Done
    }

    fn hint(&self) -> Option<String> {
        Forgotten(String::new()).hint()
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Usage(usage) => usage.exit(),
            Self::Store(error) if error.is_configuration() => Exit::Usage,
            Self::Address(_) | Self::Token { .. } | Self::Overheard { .. } => Exit::Usage,
            Self::Way(way) => way.exit(),
            Self::SlowGh | Self::Ask(_) | Self::Wait(_) | Self::Write(_) | Self::Store(_) => {
                Exit::Environment
            }
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::Address(_) => {
                Some("write it as `--api-url https://HOST/api/v3`, or set GH_HOST=HOST".to_owned())
            }
            Self::Token { .. } => Some("see who is logged in with `gh auth status`".to_owned()),
            Self::Overheard { .. } => Some("write it as `--api-url https://…`".to_owned()),
            Self::SlowGh => Some("see what keeps it with `gh auth status`, or set GH_TOKEN".to_owned()),
            Self::Way(way) => way.hint(),
            Self::Ask(failure) => failure.hint(),
            Self::Store(error) => error.hint(),
            Self::Wait(_) | Self::Write(_) => None,
        }
    }
}
