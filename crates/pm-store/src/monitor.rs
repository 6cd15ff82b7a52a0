//! The monitor of a store: who holds it, and what it says of itself.
//!
//! A lock on `run/monitor.lock` decides, and only that: it is gone with the process that held it, however that
//! ended. `run/monitor.json` beside it is information. A lock is not seen from other machines, so one of another
//! machine is believed when only the information is there.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::Duration;

use pm_record::Timestamp;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use crate::lock::lock;
use crate::process::Process;
use crate::running::RUN;
use crate::state_file::write_whole;
use crate::{Error, Store, links};

/// A log that is longer when a monitor begins is put aside.
const LONGEST_LOG: u64 = 1 << 20;

/// What a monitor says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Monitor {
    /// The process that watches over the others.
    pub process: Process,
    /// Since when it runs.
    pub since: Timestamp,
    /// When it is going to end; `None` if only when it is stopped.
    pub until: Option<Timestamp>,
    /// How far apart samples are.
    pub interval_ms: u64,
    /// The programs that it runs.
    pub workers: Vec<Worker>,
}

/// A program that a monitor runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    /// Its name.
    pub program: String,
    /// Its process, while it runs.
    pub pid: Option<i32>,
    /// How often it was started again.
    pub restarts: u32,
    /// Why it does not run, or how it last ended.
    pub trouble: Option<String>,
}

/// The right to be the monitor of a store, until it is dropped.
#[derive(Debug)]
pub struct MonitorLock {
    path: PathBuf,
    // Closing the file releases the lock; it is closed in programs that are started.
    file: File,
}

impl Store {
    /// Takes the right to be the monitor; `None` if somebody has it.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the lock file cannot be made, [`Error::Link`] if it is a link.
    pub fn lock_monitor(&self) -> Result<Option<MonitorLock>, Error> {
        let path = self.make(RUN)?.join("monitor.lock");
        let mut options = OpenOptions::new();
        let file = links::open("open", &path, options.write(true).create(true).truncate(false).mode(0o600))?;
        let operation = FlockOperation::NonBlockingLockExclusive;
        Ok(held(lock(&file, &path, operation, Duration::ZERO))?.then_some(MonitorLock { path, file }))
    }

    /// Whether somebody on this machine has the right to be the monitor. Nothing is made or changed.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the lock file cannot be read, [`Error::Link`] if it is a link.
    pub fn is_monitored(&self) -> Result<bool, Error> {
        let path = self.root().join(RUN).join("monitor.lock");
        let Some(file) = links::open_to_read(&path)? else { return Ok(false) };
        Ok(!held(lock(&file, &path, FlockOperation::NonBlockingLockShared, Duration::ZERO))?)
    }

    /// What the monitor says of itself, or the last one that could not take it back.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Link`] if it is a link.
    pub fn monitor(&self) -> Result<Option<Monitor>, Error> {
        let path = self.monitor_path();
        let Some(file) = links::open_to_read(&path)? else { return Ok(None) };
        let text = std::io::read_to_string(file).map_err(Error::io("read", path))?;
        Ok(serde_json::from_str(&text).ok())
    }

    /// What the programs of a monitor say to people goes here. A log that has become long begins anew, and the one
    /// before it is kept as `monitor.log.old`.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the store cannot be written, [`Error::Link`] if it is a link.
    pub fn monitor_log(&self) -> Result<(PathBuf, File), Error> {
        let path = self.make(RUN)?.join("monitor.log");
        if path.symlink_metadata().is_ok_and(|status| status.is_file() && status.len() > LONGEST_LOG) {
            let old = path.with_extension("log.old");
            std::fs::rename(&path, &old).map_err(Error::io("replace", old))?;
        }
        let mut options = OpenOptions::new();
        let file = links::open("open", &path, options.append(true).create(true).mode(0o600))?;
        Ok((path, file))
    }

    fn monitor_path(&self) -> PathBuf {
        self.root().join(RUN).join("monitor.json")
    }
}

/// Whether a lock was taken, where somebody else may have it.
fn held(locked: Result<(), Error>) -> Result<bool, Error> {
    match locked {
        Ok(()) => Ok(true),
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

impl MonitorLock {
    /// Whether the lock is still where others look for it. Somebody may have removed the file, or the whole store.
    #[must_use]
    pub fn counts(&self) -> bool {
        match (self.file.metadata(), self.path.metadata()) {
            (Ok(mine), Ok(there)) => (mine.ino(), mine.dev()) == (there.ino(), there.dev()),
            _ => false,
        }
    }

    /// Says what there is to say of this monitor.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it could not be written; what was said before then still stands.
    pub fn say(&self, monitor: &Monitor) -> Result<(), Error> {
        let (path, new) = (self.path.with_extension("json"), self.path.with_extension("json.new"));
        let line = serde_json::to_vec(monitor).map_err(std::io::Error::from);
        let mut line = line.map_err(Error::io("write", &new))?;
        line.push(b'\n');
        // After a power cut nobody needs it.
        write_whole(&new, &line, false).map_err(Error::io("write", &new))?;
        std::fs::rename(&new, &path).map_err(Error::io("replace", &path))
    }

    /// Takes it back, at the end.
    pub fn fall_silent(&self) {
        // Without the lock it is known to be old.
        let _ = std::fs::remove_file(self.path.with_extension("json"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alone_is_the_monitor_and_looking_does_not_make_it_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path());
        assert!(!store.is_monitored().expect("no lock"));
        let first = store.lock_monitor().expect("a store").expect("the lock");
        assert!(store.lock_monitor().expect("a store").is_none());
        assert!(store.is_monitored().expect("a lock"));
        assert!(first.counts());
        std::fs::remove_file(folder.path().join("run/monitor.lock")).expect("removed");
        assert!(!first.counts());
        let second = store.lock_monitor().expect("a store").expect("another lock");
        assert!(!first.counts() && second.counts());
        drop(second);
        assert!(!store.is_monitored().expect("a lock"));
    }

    #[test]
    fn a_long_log_begins_anew_and_the_last_one_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path());
        let length =
            |name: &str| folder.path().join("run").join(name).metadata().map(|status| status.len()).ok();
        let (_, log) = store.monitor_log().expect("a log");
        log.set_len(LONGEST_LOG).expect("longer");
        store.monitor_log().expect("the same");
        assert_eq!(length("monitor.log.old"), None);
        log.set_len(LONGEST_LOG + 1).expect("longer");
        store.monitor_log().expect("another");
        assert_eq!((length("monitor.log"), length("monitor.log.old")), (Some(0), Some(LONGEST_LOG + 1)));
    }

    #[test]
    fn what_a_monitor_says_is_read_until_it_takes_it_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path());
        let lock = store.lock_monitor().expect("a store").expect("the lock");
        let monitor = Monitor {
            process: Process::current(),
            since: Timestamp::from_millis(1),
            until: None,
            interval_ms: 1000,
            workers: Vec::new(),
        };
        lock.say(&monitor).expect("said");
        assert_eq!(store.monitor().expect("readable"), Some(monitor));
        lock.fall_silent();
        assert_eq!(store.monitor().expect("readable"), None);
    }
}
