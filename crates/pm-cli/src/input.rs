//! One input of a tool: standard input or a file, opened when it is first read.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::Interrupts;

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
    // A file with an end that is known: reading it never waits.
    Regular(File),
    // A pipe, a terminal or a socket: reading it may wait for somebody.
    Live(File),
    Memory(io::Cursor<Vec<u8>>),
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

    /// Whether the next read would wait for somebody.
    #[must_use]
    pub fn would_wait(&self) -> bool {
        match &self.source {
            // Opening a pipe waits for somebody too.
            Source::Path(path) => !is_regular(path),
            Source::Live(file) => !is_ready(file),
            Source::Regular(_) | Source::Memory(_) => false,
        }
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
        if let Source::Path(path) = &self.source {
            self.source = Source::from(open(path, self.interrupts.is_some())?);
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use signal_hook::consts::SIGINT;
    use signal_hook::low_level::raise;

    use super::*;
    use crate::alone::alone;

    fn pipe() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        mknodat(CWD, &path, FileType::Fifo, Mode::RWXU, 0).expect("a pipe");
        (folder, path)
    }

    #[test]
    fn a_named_pipe_is_waited_for_until_its_first_writer_and_read_to_its_end() {
        let (_folder, path) = pipe();
        let interrupts = Interrupts::watch().expect("watched");
        let mut input = Input::file(path.clone(), "pipe", Some(interrupts));
        assert!(input.would_wait());
        let writing = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            let mut pipe = OpenOptions::new().write(true).open(&path).expect("a writer");
            for text in ["one\n", "two\n"] {
                io::Write::write_all(&mut pipe, text.as_bytes()).expect("written");
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let mut text = String::new();
        input.read_to_string(&mut text).expect("text");
        assert_eq!(text, "one\ntwo\n");
        writing.join().expect("no panic");
    }

    #[test]
    fn a_named_pipe_that_nobody_writes_to_ends_when_a_signal_s_time_is_up() {
        let name = "input::tests::a_named_pipe_that_nobody_writes_to_ends_when_a_signal_s_time_is_up";
        if let Some(status) = alone(name, "") {
            return assert!(status.success(), "{status}");
        }
        let (_folder, path) = pipe();
        let interrupts = Interrupts::watch().expect("watched");
        let mut input = Input::file(path, "pipe", Some(interrupts));
        let signaling = std::thread::spawn(|| {
            std::thread::sleep(Duration::from_millis(100));
            raise(SIGINT)
        });
        let start = Instant::now();
        assert_eq!(input.read(&mut [0; 8]).expect("an end"), 0);
        assert!(start.elapsed() >= Duration::from_secs(2));
        signaling.join().expect("no panic").expect("raised");
    }

    #[test]
    fn an_ordinary_file_is_never_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        fs::write(&path, "x").expect("written");
        let mut input = Input::file(path, "file", None);
        assert!(!input.would_wait());
        assert_eq!(input.read(&mut [0; 8]).expect("a byte"), 1);
        assert!(!input.would_wait());
    }
}
