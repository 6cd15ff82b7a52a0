//! Where this process stands: everything a plan depends on, read once and then only looked at.

use std::path::{Path, PathBuf};

use pm_cli::{Environment, Streams};
use pm_store::Store;

use crate::find::FileId;

/// What is around this process.
#[derive(Debug, Clone)]
pub(crate) struct Surroundings {
    pub(crate) environment: Environment,
    /// Milliseconds since the Unix epoch.
    pub(crate) now: i64,
    /// The file of this program, with links resolved; none where the system will not say.
    pub(crate) executable: Option<PathBuf>,
    pub(crate) identity: Option<FileId>,
    /// The process that started this one; none if it is out of sight.
    pub(crate) parent: Option<i32>,
    pub(crate) stderr_is_terminal: bool,
    /// Whether this is a job of GitHub Actions.
    pub(crate) is_job: bool,
}

impl Surroundings {
    /// Looks around.
    pub(crate) fn of_process(io: &Streams) -> Self {
        let executable = std::env::current_exe().ok();
        // The link leads to the running file even after an upgrade has replaced it.
        let identity =
            FileId::of("/proc/self/exe".as_ref()).or_else(|| executable.as_deref().and_then(FileId::of));
        Self {
            environment: io.environment.clone(),
            now: io.clock.now_millis(),
            executable,
            identity,
            parent: rustix::process::getppid().map(rustix::process::Pid::as_raw_pid),
            stderr_is_terminal: io.diagnostics_are_terminal(),
            is_job: io.environment.text("GITHUB_ACTIONS") == Some("true"),
        }
    }

    /// The store for work done here.
    pub(crate) fn store(&self) -> Result<Store, pm_store::Error> {
        Store::discover(self.environment.current_dir(), |name| self.directory(name))
    }

    /// The store in a folder that was named.
    pub(crate) fn named_store(&self, folder: &Path) -> Result<Store, pm_store::Error> {
        Store::meant(Some(folder), self.environment.current_dir(), |name| self.directory(name))
    }

    /// The same if a folder was named, else the store for work done here.
    pub(crate) fn store_or(&self, named: Option<&Path>) -> Result<Store, pm_store::Error> {
        named.map_or_else(|| self.store(), |folder| self.named_store(folder))
    }

    /// The user's own store.
    pub(crate) fn personal_store(&self) -> Result<Store, pm_store::Error> {
        Store::personal(|name| self.directory(name))
    }

    /// A path as people write it: from `~` where that leads to it.
    pub(crate) fn short(&self, path: &Path) -> String {
        let below_home = self.environment.absolute("HOME").and_then(|home| path.strip_prefix(home).ok());
        match below_home {
            Some(rest) => Path::new("~").join(rest).display().to_string(),
            None => path.display().to_string(),
        }
    }

    fn directory(&self, name: &str) -> Option<PathBuf> {
        self.environment.absolute(name).map(Into::into)
    }
}
