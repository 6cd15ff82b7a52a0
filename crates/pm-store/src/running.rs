//! The commands that run now: one small file each, `run/<execution id>`, from a command's start to its end.
//!
//! Whoever is killed leaves his file behind. Readers leave out what belongs to a process that is gone, and
//! compaction and the monitor remove it.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use pm_record::Timestamp;
use serde::{Deserialize, Serialize};

use crate::process::{Process, Standing};
use crate::{Error, Store, links};

pub(crate) const RUN: &str = "run";

/// What the names of the files begin with.
const PREFIX: &str = "exec_";

/// No file of ours is longer.
const LONGEST: u64 = 4096;

/// How many are read at most.
const ENTRIES: usize = 1000;

/// A command that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// The run's id.
    pub execution_id: String,
    /// What it is called in records.
    pub command: String,
    /// When it was started.
    pub timestamp: Timestamp,
    /// The process that watches over it.
    pub process: Process,
}

/// The file of a command that runs; dropping it removes the file.
#[derive(Debug)]
pub struct RunEntry {
    path: PathBuf,
}

impl Store {
    /// Says that a command runs.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the store cannot be written, [`Error::Link`] if that would follow a link.
    pub fn enter_run(&self, running: &Running) -> Result<RunEntry, Error> {
        let path = self.make(RUN)?.join(&running.execution_id);
        let line = serde_json::to_vec(running).map_err(std::io::Error::from);
        let mut line = line.map_err(Error::io("write", &path))?;
        line.push(b'\n');
        let mut options = OpenOptions::new();
        let mut file = links::open("open", &path, options.write(true).create_new(true).mode(0o600))?;
        let entry = RunEntry { path };
        file.write_all(&line).map_err(Error::io("write", &entry.path))?;
        Ok(entry)
    }

    /// The commands that run now, the oldest first, as far as can be told from here.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if they cannot be listed, [`Error::Link`] if a link would be followed.
    pub fn running(&self) -> Result<Vec<Running>, Error> {
        let mut running: Vec<_> = self.run_entries()?.into_iter().map(|(_, running)| running).collect();
        running.retain(|running| running.process.standing() != Standing::Gone);
        running.sort_by(|a, b| (a.timestamp, &a.execution_id).cmp(&(b.timestamp, &b.execution_id)));
        Ok(running)
    }

    /// Removes the files of commands that were killed together with whoever watched over them.
    ///
    /// # Errors
    ///
    /// As [`Store::running`].
    pub fn sweep_run(&self) -> Result<(), Error> {
        for (path, running) in self.run_entries()? {
            if running.process.standing() == Standing::Gone {
                // Somebody else may have done so.
                let _ = std::fs::remove_file(path);
            }
        }
        Ok(())
    }

    fn run_entries(&self) -> Result<Vec<(PathBuf, Running)>, Error> {
        let entries = self.entries(RUN)?.into_iter();
        let ours =
            entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)));
        Ok(ours.take(ENTRIES).filter_map(|entry| Some((entry.path(), read(&entry.path())?))).collect())
    }
}

/// One that is just being written or removed is no entry.
fn read(path: &std::path::Path) -> Option<Running> {
    let file = links::open_to_read(path).ok()??;
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, LONGEST), &mut bytes).ok()?;
    serde_json::from_slice(&bytes).ok()
}

impl Drop for RunEntry {
    fn drop(&mut self) {
        // What cannot be removed is swept later.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(id: &str, process: Process) -> Running {
        let timestamp = Timestamp::parse("2024-12-06T10:30:15Z").expect("a time");
        Running { execution_id: id.into(), command: "batch".into(), timestamp, process }
    }

    #[test]
    fn a_command_is_there_while_it_runs_and_not_when_its_process_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path());
        let one = running("exec_000000000001", Process::current());
        let gone = running("exec_000000000002", Process { start_time: Some(1), ..Process::current() });
        let entry = store.enter_run(&one).expect("written");
        std::mem::forget(store.enter_run(&gone).expect("written"));
        std::fs::write(folder.path().join("run/exec_000000000003"), "{").expect("written");
        assert_eq!(store.running().expect("a list"), [one]);
        drop(entry);
        assert_eq!(store.running().expect("a list"), []);
        store.sweep_run().expect("swept");
        assert!(!folder.path().join("run/exec_000000000002").exists());
    }

    #[test]
    fn an_entry_does_not_follow_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path().join("store"));
        store.make(RUN).expect("a folder");
        let link = store.root().join("run/exec_000000000001");
        std::os::unix::fs::symlink(folder.path().join("victim"), link).expect("a link");
        store.enter_run(&running("exec_000000000001", Process::current())).expect_err("a link");
        assert!(!folder.path().join("victim").exists());
    }
}
