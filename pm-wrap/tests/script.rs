//! A shell script, wrapped in a folder of its own, and what became of it.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use pm_record::{PerformanceMetrics, ProcessTrace, Record};
use tempfile::TempDir;

use crate::{PM_WRAP, pm_wrap, programs};

/// What became of a script.
pub(crate) struct Ended {
    pub(crate) output: Output,
    pub(crate) took: Duration,
    pub(crate) run: PerformanceMetrics,
    pub(crate) processes: Vec<ProcessTrace>,
}

/// Runs a script in a new folder.
#[track_caller]
pub(crate) fn wrap(flags: &[&str], script: &str) -> Ended {
    wrap_in(&folder(), flags, script)
}

/// Runs a script in a folder, which is also that of its FIFO.
#[track_caller]
pub(crate) fn wrap_in(folder: &TempDir, flags: &[&str], script: &str) -> Ended {
    let mut command = command(folder.path(), flags, script);
    let begin = Instant::now();
    let output = command.output().expect("pm-wrap starts");
    let took = begin.elapsed();
    let (run, processes) = read(&folder.path().join("log"));
    Ended { output, took, run, processes }
}

/// `pm-wrap` of a script that finds `consume` and `pm-wrap` on its path. The record goes to `log`.
pub(crate) fn command(folder: &Path, flags: &[&str], script: &str) -> Command {
    let ours = Path::new(PM_WRAP).parent().expect("it lies in a folder");
    let mut command = pm_wrap(&[&["-o", "log"], flags, &["--", "sh", "-c", script]].concat());
    command.env("PATH", format!("{}:{}", ours.display(), programs::path()));
    command.env("XDG_RUNTIME_DIR", folder).current_dir(folder);
    command
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// The record of a run, and behind it those of its processes. The file goes, so that it is that of one run.
#[track_caller]
pub(crate) fn read(log: &Path) -> (PerformanceMetrics, Vec<ProcessTrace>) {
    let text = std::fs::read_to_string(log).expect("a record was written");
    std::fs::remove_file(log).expect("it is our own");
    parse(&text)
}

/// The same of text.
#[track_caller]
pub(crate) fn parse(text: &str) -> (PerformanceMetrics, Vec<ProcessTrace>) {
    let mut records = text.lines().map(|line| Record::parse(line.as_bytes()).expect(line));
    let Some(Record::Performance(run)) = records.next() else { panic!("first the run: {text}") };
    let processes = records.map(|record| match record {
        Record::Process(process) => *process,
        other => panic!("{other:?} is no process"),
    });
    (*run, processes.collect())
}

impl Ended {
    /// Demands the status, and that nothing was said.
    #[track_caller]
    pub(crate) fn quietly(&self, status: i32) {
        assert_eq!((self.output.status.code(), self.stderr().as_str()), (Some(status), ""));
    }

    /// Demands the status, and one warning that begins like this.
    #[track_caller]
    pub(crate) fn warned(&self, status: i32, warning: &str) {
        let stderr = self.stderr();
        assert_eq!(self.output.status.code(), Some(status), "{stderr}");
        assert!(stderr.starts_with(&format!("pm-wrap: {warning}")), "{stderr}");
        assert_eq!(stderr.matches("pm-wrap: ").count(), 1, "{stderr}");
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.output.stderr).into_owned()
    }
}

/// Waits until a file is there, which may still be empty.
#[track_caller]
pub(crate) fn wait_for_file(file: &Path) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !file.exists() {
        assert!(Instant::now() < deadline, "{} was not made within ten seconds", file.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The files in a folder, sorted.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| text(entry.expect("an entry").file_name().as_ref())).collect();
    names.sort();
    names
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().expect("a path that is text").to_owned()
}

/// Whether a process is more than an entry that waits for its parent.
pub(crate) fn lives(number: &str) -> bool {
    let stat = std::fs::read_to_string(Path::new("/proc").join(number).join("stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}
