//! The process's environment: variables and working directory, read once.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Variables and working directory.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// In the order in which they were given. Of two with one name the first counts, as in the C library.
    variables: Vec<(OsString, OsString)>,
    current_dir: PathBuf,
}

impl Environment {
    /// An environment of `variables`, standing in `current_dir`.
    #[must_use]
    pub fn new<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
        current_dir: impl Into<PathBuf>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables, current_dir: current_dir.into() }
    }

    /// This process's own. A working directory that is gone reads as the root.
    #[expect(clippy::disallowed_methods, reason = "this is the environment that everybody else reads")]
    pub(crate) fn of_process() -> Self {
        Self::new(std::env::vars_os(), std::env::current_dir().unwrap_or_else(|_| "/".into()))
    }

    /// A variable that is set and not empty: the conventions we follow treat the two alike.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        let found = self.variables.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_os_str()).filter(|value| !value.is_empty())
    }

    /// All of them, those that are empty included, as they were given.
    pub fn variables(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    /// The same as text; none if it is not Unicode.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(OsStr::to_str)
    }

    /// A directory named by an XDG variable: relative values are ignored, as the specification asks.
    #[must_use]
    pub fn absolute(&self, name: &str) -> Option<&Path> {
        self.get(name).map(Path::new).filter(|path| path.is_absolute())
    }

    /// Where the process stands.
    #[must_use]
    pub fn current_dir(&self) -> &Path {
        &self.current_dir
    }

    /// The directories of `PATH`, without relative ones: a program is never started from wherever the
    /// user happens to stand.
    pub fn path(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.get("PATH")
            .into_iter()
            .flat_map(std::env::split_paths)
            .filter(|directory| directory.is_absolute())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_as_good_as_none() {
        let environment = Environment::new([("A", ""), ("B", "x"), ("XDG_STATE_HOME", "relative")], "/");
        assert_eq!((environment.text("A"), environment.text("B")), (None, Some("x")));
        assert_eq!(environment.absolute("XDG_STATE_HOME"), None);
    }

    #[test]
    fn relative_directories_of_the_path_are_left_out() {
        let environment = Environment::new([("PATH", "/bin::.:/usr/bin")], "/");
        assert_eq!(environment.path().collect::<Vec<_>>(), [Path::new("/bin"), Path::new("/usr/bin")]);
    }
}
