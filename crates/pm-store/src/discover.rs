//! Where the store is.

use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::rollup::FOLDERS;
use crate::segment::RECORDS;
use crate::{Error, links};

/// The name of a store's folder.
pub const DIRECTORY: &str = ".github-pm";

/// One folder of records and settings. It need not exist yet: writing makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
    // The user's own store is nobody else's by construction, and may start programs.
    personal: bool,
}

impl Store {
    /// The store at a folder that the user named.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), personal: false }
    }

    /// The store for work in `current_dir`: the nearest `.github-pm` upwards, else the user's own below
    /// `XDG_STATE_HOME`.
    ///
    /// `directory` looks up an environment variable that holds an absolute path.
    ///
    /// # Errors
    ///
    /// [`Error::Unsafe`] if the one that was found could have been written by somebody else, [`Error::Link`] if
    /// it is none but leads to one;
    /// [`Error::Nowhere`] if there is none and no home either.
    pub fn discover(current_dir: &Path, directory: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, Error> {
        match Self::upwards(current_dir) {
            Some(root) => {
                check_safe(&root)?;
                Ok(Self::at(root))
            }
            None => Self::personal(directory),
        }
    }

    /// The store that `--store` means: the folder in `--store=DIR`, which may be the user's own, else the one
    /// that is discovered.
    ///
    /// # Errors
    ///
    /// Those of [`Store::discover`].
    pub fn meant(
        named: Option<&Path>,
        current_dir: &Path,
        directory: impl Fn(&str) -> Option<PathBuf>,
    ) -> Result<Self, Error> {
        match named {
            Some(root) => {
                let root = current_dir.join(root);
                let personal = Self::personal(directory).is_ok_and(|own| own.root == root);
                Ok(Self { root, personal })
            }
            None => Self::discover(current_dir, directory),
        }
    }

    /// The user's own store, `$XDG_STATE_HOME/github-pm`.
    ///
    /// # Errors
    ///
    /// [`Error::Nowhere`] if the user has no home.
    pub fn personal(directory: impl Fn(&str) -> Option<PathBuf>) -> Result<Self, Error> {
        let state =
            directory("XDG_STATE_HOME").or_else(|| directory("HOME").map(|home| home.join(".local/state")));
        let root = state.ok_or(Error::Nowhere)?.join("github-pm");
        Ok(Self { root, personal: true })
    }

    fn upwards(current_dir: &Path) -> Option<PathBuf> {
        current_dir.ancestors().map(|folder| folder.join(DIRECTORY)).find(|candidate| candidate.is_dir())
    }

    /// The store's folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of its records. It need not be there yet.
    #[must_use]
    pub fn records_folder(&self) -> PathBuf {
        self.root.join(RECORDS)
    }

    /// The folders of what it can make from its records again. They need not be there yet.
    pub fn cache_folders(&self) -> impl Iterator<Item = PathBuf> + '_ {
        FOLDERS.into_iter().map(|folder| self.root.join(folder))
    }

    /// Whether it is the user's own, and not one that was found or named.
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.personal
    }

    /// Whether it is there yet.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.root.is_dir()
    }

    /// A folder inside the store, made if it is not there.
    pub(crate) fn make(&self, name: &str) -> Result<PathBuf, Error> {
        let folder = self.root.join(name);
        links::refuse(&folder)?;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(Error::io("make", &folder))?;
        Ok(folder)
    }

    /// A settings file of the store; `None` when the user has not written it.
    pub(crate) fn settings_text(&self, name: &str) -> Result<Option<(PathBuf, String)>, Error> {
        let path = self.root.join(name);
        let Some(file) = links::open_to_read(&path)? else { return Ok(None) };
        let text = crate::yaml::text(&path, file)?;
        Ok(Some((path, text)))
    }
}

/// A folder found by walking up may lie in a stranger's clone or in a shared `/tmp`.
fn check_safe(root: &Path) -> Result<(), Error> {
    links::refuse(root)?;
    let status = std::fs::metadata(root).map_err(Error::io("look at", root))?;
    let refuse = |reason| Err(Error::Unsafe { path: root.to_owned(), reason });
    if status.uid() != rustix::process::geteuid().as_raw() {
        return refuse("it belongs to another user");
    }
    if status.mode() & 0o002 != 0 {
        return refuse("everybody may write to it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn nowhere(_: &str) -> Option<PathBuf> {
        None
    }

    #[test]
    fn the_nearest_folder_upwards_wins() {
        let top = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(top.path().join("a/b/c")).expect("folders");
        fs::create_dir(top.path().join(DIRECTORY)).expect("a store");
        fs::create_dir(top.path().join("a").join(DIRECTORY)).expect("a nearer store");
        let found = Store::discover(&top.path().join("a/b/c"), nowhere).expect("a store");
        assert_eq!(found.root(), top.path().join("a").join(DIRECTORY));
        assert!(!found.is_personal());
    }

    #[test]
    fn without_one_the_user_s_own_is_meant() {
        let home = |name: &str| (name == "HOME").then(|| PathBuf::from("/home/u"));
        let state = |name: &str| (name == "XDG_STATE_HOME").then(|| PathBuf::from("/s"));
        let root = |directory: &dyn Fn(&str) -> Option<PathBuf>| {
            Store::personal(directory).expect("a place").root().to_owned()
        };
        assert_eq!(root(&home), Path::new("/home/u/.local/state/github-pm"));
        assert_eq!(root(&state), Path::new("/s/github-pm"));
        assert!(matches!(Store::personal(nowhere), Err(Error::Nowhere)));
    }

    #[test]
    fn a_store_that_everybody_may_write_is_refused() {
        let top = tempfile::tempdir().expect("a folder");
        let root = top.path().join(DIRECTORY);
        fs::create_dir(&root).expect("a store");
        fs::set_permissions(&root, fs::Permissions::from_mode(0o777)).expect("permissions");
        let error = Store::discover(top.path(), nowhere).expect_err("an unsafe store");
        assert!(error.to_string().ends_with("is not used: everybody may write to it"), "{error}");
    }

    #[test]
    fn a_store_that_is_a_link_is_refused() {
        let top = tempfile::tempdir().expect("a folder");
        fs::create_dir(top.path().join("elsewhere")).expect("a folder");
        std::os::unix::fs::symlink("elsewhere", top.path().join(DIRECTORY)).expect("a link");
        let error = Store::discover(top.path(), nowhere).expect_err("a link");
        assert!(matches!(error, Error::Link { .. }), "{error}");
    }
}
