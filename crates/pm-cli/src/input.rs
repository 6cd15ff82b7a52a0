//! One input of a tool: standard input or a file, opened when it is first read.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{Interrupts, Output};

/// One input, which displays its name.
#[derive(Debug)]
pub struct Input {
    name: String,
    source: Source,
    interrupts: Option<Interrupts>,
}

#[derive(Debug)]
enum Source {
    // A file that is not open yet, so that any number of files may be named.
    Path(PathBuf),
    // A file with an end that is known: reading it never waits.
    Regular(File),
    // A pipe, a terminal or a socket: reading it may wait for somebody.
    Live(File),
    Memory(io::Cursor<Vec<u8>>),
}

impl Input {
    /// Standard input.
    pub(crate) fn stdin(descriptor: OwnedFd, interrupts: Option<Interrupts>) -> Self {
        Self { name: "standard input".to_owned(), source: Source::from(File::from(descriptor)), interrupts }
    }

    /// The file at `path`, named as it was typed.
    pub(crate) fn file(path: PathBuf, typed: &str, interrupts: Option<Interrupts>) -> Self {
        Self { name: typed.to_owned(), source: Source::Path(path), interrupts }
    }

    /// Bytes in place of standard input, for tests.
    #[must_use]
    pub fn memory(bytes: impl Into<Vec<u8>>) -> Self {
        let source = Source::Memory(io::Cursor::new(bytes.into()));
        Self { name: "standard input".to_owned(), source, interrupts: None }
    }

    /// Flushes `output` if the next read would wait: what is known is shown before anything else happens.
    ///
    /// # Errors
    ///
    /// If `output` cannot be written.
    pub fn flush_when_idle(&self, output: &mut Output) -> io::Result<()> {
        if self.would_wait() { io::Write::flush(output) } else { Ok(()) }
    }

    /// Whether the next read would wait for somebody.
    #[must_use]
    pub fn would_wait(&self) -> bool {
        matches!(&self.source, Source::Live(file) if !is_ready(file))
    }

    /// Waits until there is something to read. Returns false when a signal's time is up.
    fn wait(&self, file: &File) -> io::Result<bool> {
        let Some(interrupts) = &self.interrupts else { return Ok(true) };
        loop {
            let left = interrupts.time_left();
            if left.is_some_and(|left| left.is_zero()) {
                return Ok(false);
            }
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            let mut ends = [PollFd::new(file, PollFlags::IN), PollFd::new(interrupts, PollFlags::IN)];
            // Once a signal has come its descriptor stays readable and has nothing more to say.
            let watched = if left.is_some() { &mut ends[..1] } else { &mut ends[..] };
            match poll(watched, timeout.as_ref()) {
                Ok(_) if !ends[0].revents().is_empty() => return Ok(true),
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn is_ready(file: &File) -> bool {
    let mut end = [PollFd::new(file, PollFlags::IN)];
    // When in doubt it counts as not ready, and the flush costs a little.
    matches!(poll(&mut end, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(1..))
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Source::Path(path) = &self.source {
            self.source = Source::from(File::open(path)?);
        }
        if let Source::Live(file) = &self.source
            && !self.wait(file)?
        {
            return Ok(0);
        }
        match &mut self.source {
            Source::Regular(_)
                if self
                    .interrupts
                    .as_ref()
                    .and_then(Interrupts::time_left)
                    .is_some_and(|left| left.is_zero()) =>
            {
                Ok(0)
            }
            Source::Regular(file) | Source::Live(file) => file.read(buffer),
            Source::Memory(bytes) => bytes.read(buffer),
            Source::Path(_) => unreachable!("the file was opened above"),
        }
    }
}

impl From<File> for Source {
    fn from(file: File) -> Self {
        let regular = rustix::fs::fstat(file.as_fd())
            .is_ok_and(|status| rustix::fs::FileType::from_raw_mode(status.st_mode).is_file());
        if regular { Self::Regular(file) } else { Self::Live(file) }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
