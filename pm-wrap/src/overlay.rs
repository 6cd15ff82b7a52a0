//! A configuration folder for `gh` that lasts as long as the run: the user's own, with one setting added.
//!
//! `gh` takes a socket for its requests from `config.yml` and from nowhere else, so the command is given a folder
//! in which that file is a copy and everything else a link. A login is thus the user's at once; what the command
//! changes in `config.yml` is brought home when it has ended. The costs: another terminal does not see such a
//! change before, and what outlives the run finds no configuration.

mod sweep;

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pm_cli::{Environment, Exit, Explain};
use rustix::fs::{FlockOperation, flock};

use crate::execution_id::ExecutionId;
use crate::gh_settings::Mapping;
use crate::runtime;

/// The variable that tells `gh` where its configuration is.
pub(crate) const VARIABLE: &str = "GH_CONFIG_DIR";

const SETTINGS: &str = "config.yml";
const LOGINS: &str = "hosts.yml";
const SOCKET: &str = "http_unix_socket";

/// What `gh` does where there is no `config.yml`, and would not do with one that says nothing of it.
const WITHOUT_SETTINGS: &str = "aliases:\n    co: pr checkout\n";

/// The longest path that a socket can have on Linux.
const LONGEST_SOCKET: usize = 107;

/// A longer `config.yml` is none.
const LONGEST_SETTINGS: u64 = 1024 * 1024;

/// How long others are waited for who bring their changes home at the same time.
const PATIENCE: Duration = Duration::from_secs(1);

/// The folder of one run.
#[derive(Debug)]
pub(crate) struct Overlay {
    folder: PathBuf,
    /// Held for as long as the run lasts, so that nobody sweeps the folder.
    _lock: File,
    /// The user's own folder; none if he has no home.
    home: Option<PathBuf>,
    /// What the user's `config.yml` holds, or would.
    own: Mapping,
    /// The same with what was added.
    given: Mapping,
    linked: Vec<OsString>,
}

/// Why there is no such folder, or why something in it could not be brought home: a warning, whatever it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("cannot read '{}'", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("'{}' is not written as gh writes it, and nothing can be added to it", path.display())]
    Unclear { path: PathBuf },
    #[error("there is no folder to put a socket into")]
    NoPlace(#[source] io::Error),
    #[error("what the command changed in gh's '{}' is lost", path.display())]
    Lost { path: PathBuf, source: io::Error },
}

impl Explain for Trouble {
    fn exit(&self) -> Exit {
        Exit::Environment
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unclear { .. } => Some("let gh write it anew: `gh config set prompt enabled`".to_owned()),
            Self::NoPlace(_) => Some("name a folder of your own: `export TMPDIR=$HOME`".to_owned()),
            Self::Unreadable { path, .. } | Self::Lost { path, .. } => Some(format!(
                "see who may use it with `ls -l {}`",
                pm_cli::quote(&path.display().to_string())
            )),
        }
    }
}

impl Overlay {
    /// Makes the folder for the run `id`.
    pub(crate) fn make(environment: &Environment, id: &ExecutionId) -> Result<Self, Trouble> {
        let home = home(environment);
        let own = match &home {
            Some(home) => read(&home.join(SETTINGS))?,
            None => Mapping::default(),
        };
        let mut reason = io::Error::from(ErrorKind::NotFound);
        for place in runtime::places(environment) {
            match make_in(&place, id) {
                Ok((folder, lock)) => {
                    let mut overlay =
                        Self { folder, _lock: lock, home, given: own.clone(), own, linked: Vec::new() };
                    overlay.fill().map_err(Trouble::NoPlace)?;
                    return Ok(overlay);
                }
                Err(error) => reason = error,
            }
        }
        Err(Trouble::NoPlace(reason))
    }

    /// The folder for `gh`.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("gh")
    }

    /// Where the socket is to be that `gh` is told of.
    pub(crate) fn socket(&self) -> PathBuf {
        socket_in(&self.folder)
    }

    /// Removes what runs left behind that were killed.
    pub(crate) fn sweep(&self, time_of_day: Duration) {
        if let Some(place) = self.folder.parent() {
            sweep::sweep(place, time_of_day);
        }
    }

    /// Lets `gh` send its requests as if nothing had been added: nobody serves the socket any more.
    pub(crate) fn give_up(&mut self) {
        let text = self.own.text();
        if self.read_back().is_some_and(|now| now == self.given) && self.write_settings(&text).is_ok() {
            self.given = self.own.clone();
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(self.path())?;
        self.given.set(SOCKET, self.socket().to_str().ok_or(ErrorKind::InvalidInput)?);
        if !self.given.has("version") {
            // Without it a later gh would take the copy for one of an earlier, and move the logins about.
            self.given.set("version", "1");
        }
        self.write_settings(&self.given.text())?;
        let Some(home) = self.home.as_deref().filter(|home| home.is_dir()) else { return Ok(()) };
        let mut names: Vec<_> = fs::read_dir(home)?.flatten().map(|entry| entry.file_name()).collect();
        // A first login then goes to where it belongs.
        names.push(LOGINS.into());
        names.sort();
        names.dedup();
        names.retain(|name| name != SETTINGS);
        for name in &names {
            symlink(home.join(name), self.path().join(name))?;
        }
        self.linked = names;
        Ok(())
    }

    fn write_settings(&self, text: &str) -> io::Result<()> {
        replace(&self.path().join(SETTINGS), text.as_bytes(), 0o600, OsStr::new("new"))
    }

    fn read_back(&self) -> Option<Mapping> {
        fs::read_to_string(self.path().join(SETTINGS)).ok().and_then(|text| Mapping::parse(&text))
    }

    /// Brings home what the command changed, and says what could not be.
    pub(crate) fn bring_home(&self) -> Result<(), Trouble> {
        let Some(home) = &self.home else { return Ok(()) };
        let lost = |source| Trouble::Lost { path: home.clone(), source };
        let mut result = Ok(());
        for entry in fs::read_dir(self.path()).map_err(lost)?.flatten() {
            // What cannot be kept of one file is no reason to lose another.
            result = result.and(self.bring_entry_home(home, &entry));
        }
        result.map_err(lost)
    }

    fn bring_entry_home(&self, home: &Path, entry: &fs::DirEntry) -> io::Result<()> {
        let name = entry.file_name();
        if name == SETTINGS {
            return self.bring_settings_home(home);
        }
        match entry.file_type()? {
            // It was not there before, or took the place of its link.
            kind if kind.is_file() => self.keep(&home.join(&name), &fs::read(entry.path())?),
            _ if self.linked.contains(&name) => Ok(()),
            _ => Err(ErrorKind::Unsupported.into()),
        }
    }

    fn bring_settings_home(&self, home: &Path) -> io::Result<()> {
        let now = self.read_back().ok_or(ErrorKind::InvalidData)?;
        if now == self.given {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(home)?;
        let _lock = lock_within(File::open(home)?, PATIENCE);
        let path = home.join(SETTINGS);
        let mut own = read(&path).map_err(io::Error::other)?;
        let before = own.text();
        own.follow(&self.given, &now);
        if own.text() == before { Ok(()) } else { self.keep(&path, own.text().as_bytes()) }
    }

    /// Writes a file of the user's, through a link if it is one.
    fn keep(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mode = fs::metadata(&path).map_or(0o600, |status| status.mode() & 0o777);
        replace(&path, bytes, mode, self.folder.file_name().unwrap_or_default())
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        // What is left is swept later.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The user's own folder, found as `gh` finds it.
fn home(environment: &Environment) -> Option<PathBuf> {
    let below = |name: &str, folder: &str| Some(Path::new(environment.get(name)?).join(folder));
    let folder = environment.get(VARIABLE).map(PathBuf::from);
    let folder = folder.or_else(|| below("XDG_CONFIG_HOME", "gh")).or_else(|| below("HOME", ".config/gh"))?;
    Some(environment.current_dir().join(folder))
}

/// The settings in a file; those that `gh` has without one if there is none.
fn read(path: &Path) -> Result<Mapping, Trouble> {
    let unreadable = |source| Trouble::Unreadable { path: path.to_owned(), source };
    let mut text = String::new();
    match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        other => {
            let file = other.map_err(unreadable)?;
            file.take(LONGEST_SETTINGS + 1).read_to_string(&mut text).map_err(unreadable)?;
        }
    }
    let is_too_long = text.len() as u64 > LONGEST_SETTINGS;
    let mapping = Mapping::parse(&text).filter(|_| !is_too_long);
    let mut mapping = mapping.ok_or_else(|| Trouble::Unclear { path: path.to_owned() })?;
    if mapping.is_empty() {
        let implied = Mapping::parse(WITHOUT_SETTINGS).unwrap_or_default();
        mapping.follow(&Mapping::default(), &implied);
    }
    Ok(mapping)
}

fn socket_in(folder: &Path) -> PathBuf {
    folder.join("relay")
}

/// Makes the folder of a run in `place`, and locks it.
fn make_in(place: &Path, id: &ExecutionId) -> io::Result<(PathBuf, File)> {
    let folder = place.join(sweep::name(id));
    if socket_in(&folder).as_os_str().len() > LONGEST_SOCKET {
        return Err(ErrorKind::InvalidFilename.into());
    }
    let _private = runtime::open_private(place)?;
    DirBuilder::new().mode(0o700).create(&folder)?;
    let lock = sweep::lock_of(&folder).inspect_err(|_| {
        let _ = fs::remove_dir(&folder);
    })?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    Ok((folder, lock))
}

/// Puts a file in the place of another in one step, so that nobody finds half of it.
fn replace(path: &Path, bytes: &[u8], mode: u32, mark: &OsStr) -> io::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".");
    name.push(mark);
    let temporary = path.with_file_name(name);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
    let written = file.write_all(bytes).and_then(|()| fs::rename(&temporary, path));
    written.inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

/// Waits for a lock, but not for ever: to go on without it is better than not to end.
fn lock_within(file: File, patience: Duration) -> Option<File> {
    let deadline = Instant::now() + patience;
    loop {
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            return Some(file);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(test)]
mod tests;
