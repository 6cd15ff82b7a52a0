//! The command whose output the page is made of, and when it is worth running again.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use pm_cli::{Input, Streams};
use pm_record::{Lines, Record, Skipped};

use super::{POLL, Serving};
use crate::{Error, TOOL};

/// How many files of the folder are looked at: years of days.
const MOST_FILES: usize = 10_000;

/// The most that is read of what it prints; a page shows a few megabytes.
const LONGEST: u64 = 256 << 20;

/// Runs the command.
#[derive(Debug)]
pub(super) struct Producer<'a> {
    serving: &'a Serving,
    /// Of the watched folder, when it was last looked at.
    fingerprint: Option<u64>,
}

impl<'a> Producer<'a> {
    pub(super) fn new(serving: &'a Serving) -> Self {
        Self { serving, fingerprint: None }
    }

    /// Whether the folder is another than when this was last asked.
    pub(super) fn has_changed(&mut self) -> bool {
        let Some(folder) = &self.serving.watched else { return false };
        let fingerprint = fingerprint(folder);
        self.fingerprint.replace(fingerprint) != Some(fingerprint)
    }

    /// Runs it to its end and hands over every record that it prints. A signal ends it at once.
    pub(super) fn run(&self, io: &mut Streams, take: impl FnMut(Record)) -> Result<(), Error> {
        let mut child = self.start(io)?;
        let Some(output) = child.stdout.take() else { return Ok(()) };
        let reader = std::thread::spawn(move || {
            let mut text = Vec::new();
            output.take(LONGEST).read_to_end(&mut text).map(|_| text)
        });
        while !reader.is_finished() {
            if io.interrupted().is_some() {
                let _ended_already = child.kill();
            }
            std::thread::sleep(POLL);
        }
        let status = child.wait().map_err(|source| self.failed(source))?;
        // A thread of ours does not panic; if it did, the hook has ended the process already.
        let text =
            reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map_err(Error::Read)?;
        if !status.success() {
            return Err(Error::Producer { status });
        }
        records(Input::memory(text), io, take)
    }

    #[expect(clippy::disallowed_methods, reason = "starting the command is what this module is for")]
    fn start(&self, io: &Streams) -> Result<Child, Error> {
        let Some((program, words)) = self.serving.command.split_first() else {
            return Err(self.failed(ErrorKind::NotFound.into()));
        };
        let mut command = Command::new(program);
        command.args(words).current_dir(io.environment.current_dir());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.spawn().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> Error {
        let program = self.serving.command.first().cloned().unwrap_or_default();
        Error::CannotStart { program: program.into(), source }
    }
}

fn records(input: Input, io: &mut Streams, mut take: impl FnMut(Record)) -> Result<(), Error> {
    let mut lines = Lines::new([input]);
    let mut skipped = Skipped::default();
    while let Some(line) = lines.next_line(|_| Ok(())).map_err(Error::Read)? {
        skipped.seen();
        match line.record() {
            Ok(record) => take(record),
            Err(reason) => skipped.skip(line.position, &reason),
        }
    }
    if !skipped.is_empty() {
        io.tell(TOOL, &skipped.to_string());
    }
    Ok(())
}

/// Stands for the names, sizes and times of the folder's files; what cannot be read counts as it is not there.
fn fingerprint(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_FILES);
    let mut files: Vec<_> = files
        .filter_map(|file| {
            let status = file.metadata().ok()?;
            Some((file.file_name(), status.len(), status.mtime(), status.mtime_nsec()))
        })
        .collect();
    files.sort();
    files.hash(&mut hasher);
    hasher.finish()
}
