//! What can go wrong before the command runs.

use std::io;

use pm_cli::{Exit, Explain, quote};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line cannot be meant.
    #[error(transparent)]
    Usage(#[from] pm_cli::Usage),
    /// The system refused what we need ourselves.
    #[error("cannot start the command")]
    Prepare(#[source] io::Error),
    /// There is no such program.
    #[error("command '{program}' was not found")]
    NotFound {
        /// As it was typed.
        program: String,
    },
    /// There is a script, and not the program that its first line asks for.
    #[error("the interpreter of command '{program}' was not found")]
    NoInterpreter {
        /// As it was typed.
        program: String,
    },
    /// There is a file, and it cannot be run.
    #[error("command '{program}' cannot be run")]
    NotExecutable {
        /// As it was typed.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// The command runs and cannot be waited for.
    #[error("cannot wait for the command")]
    Wait(#[source] io::Error),
}

impl Error {
    /// The status that shells and their wrappers use for it.
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Prepare(_) | Self::Wait(_) => 125,
            Self::NotExecutable { .. } => 126,
            Self::NotFound { .. } | Self::NoInterpreter { .. } => 127,
        }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        Exit::Status(self.status())
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Usage(usage) => usage.hint(),
            Self::NotFound { program } if program.contains('/') => {
                let folder = std::path::Path::new(program).parent().unwrap_or_else(|| "/".as_ref());
                Some(format!("see what there is with `ls {}`", quote(&folder.display().to_string())))
            }
            Self::NotFound { .. } => Some("see where programs are looked for with `echo $PATH`".to_owned()),
            Self::NoInterpreter { program } => {
                Some(format!("see what it asks for with `head -n 1 {}`", quote(program)))
            }
            Self::NotExecutable { program, .. } => {
                Some(format!("see who may run it with `ls -l {}`", quote(program)))
            }
            Self::Prepare(_) | Self::Wait(_) => None,
        }
    }
}
