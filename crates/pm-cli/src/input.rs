//! One input of a tool: standard input or a file, opened when it is first read.
//!
//! A regular file has an end that is known and is never waited for. Anything else is live: there may be somebody
//! at its other end who writes the next record when it happens. A [`Feed`] is live too, and ends with a signal only.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::parts::Parts;
use crate::play::Play;
use crate::{Feed, Interrupts, Opener};

/// One input, which displays its name.
#[derive(Debug)]
pub struct Input {
    name: String,
    source: Source,
    terminal: bool,
    interrupts: Option<Interrupts>,
}

#[derive(Debug)]
enum Source {
    // A file that is not open yet, so that any number of files may be named.
    Path(PathBuf),
    // The same of a file that only its owner knows how to open.
    Closed(Opener),
    // A file with an end that is known: reading it never waits.
    Regular(File),
    // A pipe, a terminal or a socket: reading it may wait for somebody.
    Live(File),
    // What grows without an end, until a signal comes.
    Fed(Box<dyn Feed>),
    Memory(io::Cursor<Vec<u8>>),
    Played(Play),
}

impl Input {
    /// Standard input.
    pub(crate) fn stdin(descriptor: OwnedFd, interrupts: Option<Interrupts>) -> Self {
        let terminal = rustix::termios::isatty(&descriptor);
        let source = Source::from(File::from(descriptor));
        Self { name: "standard input".to_owned(), source, terminal, interrupts }
    }

    /// The file at `path`, named as it was typed.
    pub(crate) fn file(path: PathBuf, typed: &str, interrupts: Option<Interrupts>) -> Self {
        Self { name: typed.to_owned(), source: Source::Path(path), terminal: false, interrupts }
    }

    /// A regular file that `opener` opens, named `name`.
    pub(crate) fn closed(opener: Opener, name: String, interrupts: Option<Interrupts>) -> Self {
        Self { name, source: Source::Closed(opener), terminal: false, interrupts }
    }

    /// What `feed` brings, named `name`, until a signal comes.
    pub(crate) fn fed(feed: Box<dyn Feed>, name: String, interrupts: Option<Interrupts>) -> Self {
        Self { name, source: Source::Fed(feed), terminal: false, interrupts }
    }

    /// What a test plays in place of standard input.
    pub(crate) fn played(play: Play) -> Self {
        let source = Source::Played(play);
        Self { name: "standard input".to_owned(), source, terminal: false, interrupts: None }
    }

    /// Bytes in place of standard input, for tests.
    #[must_use]
    pub fn memory(bytes: impl Into<Vec<u8>>) -> Self {
        let source = Source::Memory(io::Cursor::new(bytes.into()));
        Self { name: "standard input".to_owned(), source, terminal: false, interrupts: None }
    }

    /// The same, as if somebody typed them.
    #[must_use]
    pub fn typed(self) -> Self {
        Self { terminal: true, ..self }
    }

    /// Whether it is standard input and a person has to type it.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether somebody may still be writing it: it is no regular file.
    #[must_use]
    pub fn is_live(&self) -> bool {
        match &self.source {
            Source::Path(path) => !is_regular(path),
            Source::Live(_) | Source::Fed(_) | Source::Played(_) => true,
            Source::Closed(_) | Source::Regular(_) | Source::Memory(_) => false,
        }
    }

    /// Whether the next read would wait for somebody.
    #[must_use]
    pub fn would_wait(&mut self) -> bool {
        match &mut self.source {
            // Opening a pipe waits for somebody too.
            Source::Path(path) => !is_regular(path),
            Source::Live(file) => !is_ready(file),
            Source::Played(play) => !play.is_ready(),
            // An error shows when it is read.
            Source::Fed(feed) => !feed.is_ready().unwrap_or(true),
            Source::Closed(_) | Source::Regular(_) | Source::Memory(_) => false,
        }
    }

    /// Waits until the next read would not wait, for `limit` at most. Returns false when that is over.
    ///
    /// # Errors
    ///
    /// If the input cannot be opened or waited for.
    pub fn ready_within(&mut self, limit: Duration) -> io::Result<bool> {
        self.open()?;
        match &mut self.source {
            Source::Live(file) => {
                Ok(wait(file, self.interrupts.as_ref(), Some(limit))? != Waited::LimitReached)
            }
            Source::Played(play) => Ok(play.ready_within(limit)),
            Source::Fed(feed) => {
                let waited = wait_for_feed(feed.as_mut(), self.interrupts.as_ref(), Some(limit))?;
                Ok(waited != Waited::LimitReached)
            }
            _ => Ok(true),
        }
    }

    /// The input in parts that can be read at the same time, each of about as many bytes as `size` makes of its
    /// length; none if it is no regular file, or seems to be empty. The input itself stays as it is.
    ///
    /// # Errors
    ///
    /// If it cannot be opened.
    pub fn parts(&mut self, size: impl FnOnce(u64) -> u64) -> io::Result<Option<Parts>> {
        if self.is_live() {
            return Ok(None);
        }
        let file = match &mut self.source {
            Source::Path(path) => File::open(path)?,
            Source::Closed(opener) => opener.open()?,
            Source::Regular(file) => file.try_clone()?,
            Source::Live(_) | Source::Fed(_) | Source::Memory(_) | Source::Played(_) => return Ok(None),
        };
        Parts::of(file, &self.name, size, self.interrupts.clone())
    }

    fn open(&mut self) -> io::Result<()> {
        let file = match &mut self.source {
            Source::Path(path) => open(path, self.interrupts.is_some())?,
            Source::Closed(opener) => opener.open()?,
            Source::Regular(_) | Source::Live(_) | Source::Fed(_) | Source::Memory(_) | Source::Played(_) => {
                return Ok(());
            }
        };
        self.source = Source::from(file);
        Ok(())
    }
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    Ready,
    /// A signal's time is up.
    Interrupted,
    LimitReached,
}

/// Waits until there is something to read.
fn wait(file: &File, interrupts: Option<&Interrupts>, limit: Option<Duration>) -> io::Result<Waited> {
    if interrupts.is_none() && limit.is_none() {
        return Ok(Waited::Ready);
    }
    let end = limit.and_then(|limit| Instant::now().checked_add(limit));
    loop {
        let left = interrupts.and_then(Interrupts::time_left);
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Waited::Interrupted);
        }
        let until_end = end.map(|end| end.saturating_duration_since(Instant::now()));
        let timeout = [left, until_end].into_iter().flatten().min();
        let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
        let mut ends = vec![PollFd::new(file, PollFlags::IN)];
        // Once a signal has come its descriptor stays readable and has nothing more to say.
        ends.extend(interrupts.filter(|_| left.is_none()).map(|signals| PollFd::new(signals, PollFlags::IN)));
        match poll(&mut ends, timeout.as_ref()) {
            Ok(_) if !ends[0].revents().is_empty() => return Ok(Waited::Ready),
            Ok(_) if end.is_some_and(|end| end <= Instant::now()) => return Ok(Waited::LimitReached),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The same for what grows. A signal ends the wait at once: what is there has been read, and there is no end to
/// read on to.
fn wait_for_feed(
    feed: &mut dyn Feed,
    interrupts: Option<&Interrupts>,
    limit: Option<Duration>,
) -> io::Result<Waited> {
    let end = limit.and_then(|limit| Instant::now().checked_add(limit));
    while !feed.is_ready()? {
        if interrupts.is_some_and(|interrupts| interrupts.signal().is_some()) {
            return Ok(Waited::Interrupted);
        }
        let until_end = end.map(|end| end.saturating_duration_since(Instant::now()));
        if until_end.is_some_and(|left| left.is_zero()) {
            return Ok(Waited::LimitReached);
        }
        let timeout = until_end.map_or(feed.patience(), |left| left.min(feed.patience()));
        let mut ends: Vec<_> =
            feed.signal().into_iter().map(|end| PollFd::from_borrowed_fd(end, PollFlags::IN)).collect();
        ends.extend(interrupts.map(|signals| PollFd::new(signals, PollFlags::IN)));
        match poll(&mut ends, Timespec::try_from(timeout).ok().as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Waited::Ready)
}

/// Opens a file. If signals are watched, opening a pipe does not wait for its first writer, because it would
/// hear no signal: polling the pipe does, which reports nothing before that writer has come.
fn open(path: &Path, watched: bool) -> io::Result<File> {
    if !watched || is_regular(path) {
        return File::open(path);
    }
    let file =
        OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)?;
    // Reading waits again: a read that finds nothing would be an error otherwise.
    fcntl_setfl(&file, fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Whether reading never waits; also if there is no file, which shows when it is opened.
fn is_regular(path: &Path) -> bool {
    path.metadata().map_or(true, |status| status.is_file())
}

fn is_ready(file: &File) -> bool {
    let mut end = [PollFd::new(file, PollFlags::IN)];
    // When in doubt it counts as not ready, and the flush costs a little.
    matches!(poll(&mut end, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(1..))
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.open()?;
        if let Source::Live(file) = &self.source
            && wait(file, self.interrupts.as_ref(), None)? == Waited::Interrupted
        {
            return Ok(0);
        }
        if let Source::Fed(feed) = &mut self.source {
            wait_for_feed(feed.as_mut(), self.interrupts.as_ref(), None)?;
        }
        match &mut self.source {
            Source::Fed(feed) => feed.take(buffer),
            Source::Regular(_) if self.interrupts.as_ref().is_some_and(Interrupts::is_over) => Ok(0),
            Source::Regular(file) | Source::Live(file) => file.read(buffer),
            Source::Memory(bytes) => bytes.read(buffer),
            Source::Played(play) => Ok(play.read(buffer)),
            Source::Path(_) | Source::Closed(_) => unreachable!("the file was opened above"),
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

#[cfg(test)]
mod tests;
