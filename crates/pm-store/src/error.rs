//! What can be wrong with a store or its files.

use std::io;
use std::path::{Path, PathBuf};

/// What is wrong, and with which file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A settings file that cannot be meant. The position counts from 1.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The line, 1 when the file as a whole is wrong.
        line: u64,
        /// The column.
        column: u64,
        /// What is wrong there.
        message: String,
        /// What to write instead.
        hint: Option<String>,
    },
    /// A store that somebody else could have written.
    #[error("the store '{}' is not used: {reason}", path.display())]
    Unsafe {
        /// The store.
        path: PathBuf,
        /// Why it is not safe.
        reason: &'static str,
    },
    /// A part of a store that is a symbolic link.
    #[error("'{}' is not used: it is a symbolic link and could lead out of the store", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A store that was named and is not there.
    #[error("there is no store at '{}'", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A place that closed days cannot be shipped to.
    #[error("nothing is shipped to '{}': {reason}", path.display())]
    Destination {
        /// The place.
        path: PathBuf,
        /// Why not.
        reason: &'static str,
    },
    /// Neither a store upwards nor a place for the user's own.
    #[error("there is no store here, and neither XDG_STATE_HOME nor HOME says where to keep one")]
    Nowhere,
    /// The system refused.
    #[error("cannot {action} '{}'", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

impl Error {
    /// Names what was tried for an error of the system, for `map_err`.
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }

    /// Whether trying again is useless, because a person has to change something first.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match self {
            Self::Io { .. } | Self::Missing { .. } => false,
            // What is not mounted yet may be there the next time.
            Self::Destination { path, .. } => path.is_dir(),
            _ => true,
        }
    }

    /// What to type or change.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Settings { hint, .. } => hint.clone(),
            Self::Unsafe { path, .. } => {
                Some(format!("if it is yours: `chown \"$(id -un)\" {0}; chmod go-w {0}`", quoted(path)))
            }
            Self::Link { path } => Some(format!("see where it leads with `ls -l {}`", quoted(path))),
            Self::Missing { path } => {
                let parent = path.parent().unwrap_or(path);
                Some(format!("see what there is with `ls {}`", quoted(parent)))
            }
            Self::Destination { path, .. } if !path.is_dir() => {
                Some(format!("if it is the right one: `mkdir -p {}`", quoted(path)))
            }
            Self::Destination { .. } => Some(
                "name a folder beside your stores: `github-pm performance store ship --to DIR`".to_owned(),
            ),
            Self::Nowhere => Some("make one here with `github-pm performance init`".to_owned()),
            Self::Io { path, source, .. } => remedy(path, source.kind()),
        }
    }
}

/// What to look at when the system refused.
fn remedy(path: &Path, kind: io::ErrorKind) -> Option<String> {
    use io::ErrorKind::{AlreadyExists, NotADirectory, NotFound, PermissionDenied, WouldBlock};
    match kind {
        PermissionDenied => Some(format!("see who may do that with `ls -ld {}`", quoted(path))),
        WouldBlock => Some(format!("see which one with `fuser -v {}`", quoted(path))),
        NotFound | NotADirectory | AlreadyExists => {
            Some(format!("see what there is with `ls -l {}`", quoted(path.parent().unwrap_or(path))))
        }
        _ => None,
    }
}

/// A path as a shell reads it, because hints are there to be pasted. (`pm-cli` has the same for its own: the
/// two crates stand beside each other.)
pub(crate) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+=:@%,".contains(character);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_can_be_pasted_whatever_the_path_is_called() {
        let hint = |path: &str| Error::Link { path: path.into() }.hint();
        assert_eq!(hint("/a/b.yml").as_deref(), Some("see where it leads with `ls -l /a/b.yml`"));
        assert_eq!(hint("/a b;'c").as_deref(), Some(r"see where it leads with `ls -l '/a b;'\''c'`"));
    }
}
