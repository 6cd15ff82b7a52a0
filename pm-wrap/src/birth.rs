//! How the command comes into being: a fork, a last word, and `exec`.
//!
//! The standard library would do it in one call, but waits until the program is loaded; we use that time.
//! The new process says over a pipe how large it was before it became the command, for the kernel counts
//! that into the command's peak, and what went wrong if it could not become it. The price is that the
//! memory of this process, two megabytes at most, is marked for copying.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::resource::{UsageWho, getrusage};
use rustix::process::Pid;

use crate::heritage::Heritage;
use crate::image::Image;
use crate::kernel;
use crate::usage::{PER_KIB, Transfers};

/// A new process that is about to become the command.
#[derive(Debug)]
pub(crate) struct Birth {
    pub(crate) pid: Pid,
    word: PipeReader,
    /// What was heard so far: the size, and behind it the error number if there was one.
    heard: Vec<u8>,
    gate: Option<PipeWriter>,
    held: bool,
}

/// Where the command's standard output goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Streams {
    /// Where it always went.
    Own,
    /// To standard error, because the record goes to standard output.
    OutputToError,
}

impl Streams {
    fn set(self) -> nix::Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::OutputToError => rustix::stdio::dup2_stdout(rustix::stdio::stderr())
                .map_err(|error| Errno::from_raw(error.raw_os_error())),
        }
    }
}

/// What became of a new process.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is not decided yet.
    Open,
    /// It runs the command. It held at most so much before, in KiB.
    Runs { own_peak_kib: u64 },
    /// The command cannot be run.
    Failed(io::Error),
}

impl Birth {
    /// Makes a new process for `command`. With `held` it waits until it is let go.
    pub(crate) fn begin(
        mut image: Image,
        heritage: Heritage,
        streams: Streams,
        held: bool,
    ) -> io::Result<Self> {
        let (word, mut voice) = io::pipe()?;
        let gate = held.then(io::pipe).transpose()?;
        if let Some(pid) = kernel::fork()? {
            return Ok(Self { pid, word, heard: Vec::new(), gate: gate.map(|(_, writer)| writer), held });
        }
        if let Some((mut reader, writer)) = gate {
            drop(writer);
            let _ = reader.read(&mut [0]);
        }
        let ready = streams.set().and_then(|()| heritage.take_back());
        // As late as can be, because the process grows by every page of the program that it touches. Should the
        // word be lost, whoever started us takes it that the process was small.
        let _ = voice.write_all(&own_peak_kib().to_le_bytes());
        let error = ready.map_or_else(|error| error, |()| image.exec());
        let _ = voice.write_all(&(error as i32).to_le_bytes());
        kernel::leave(127)
    }

    /// What the new process itself read and wrote before it became the command.
    pub(crate) fn transfers(&self) -> Transfers {
        let reads = u64::from(self.held);
        Transfers { operations: 1 + reads, read_bytes: 0, written_bytes: 8 }
    }

    /// Lets a held process go on.
    pub(crate) fn let_go(&mut self) {
        self.gate = None;
    }

    /// Something can be heard on it.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.word.as_fd()
    }

    /// Listens once to what the process has to say; waits if it has said nothing yet.
    pub(crate) fn hear(&mut self) -> io::Result<Fate> {
        let mut bytes = [0; 16];
        let count = match self.word.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(Fate::Open),
            other => other?,
        };
        self.heard.extend_from_slice(&bytes[..count]);
        if count > 0 {
            return Ok(Fate::Open);
        }
        let (size, error) = self.heard.split_first_chunk().unwrap_or((&[0; 8], &[]));
        match error.first_chunk() {
            Some(&number) => Ok(Fate::Failed(io::Error::from_raw_os_error(i32::from_le_bytes(number)))),
            None => Ok(Fate::Runs { own_peak_kib: u64::from_le_bytes(*size) }),
        }
    }
}

/// The most memory that this process has held, in KiB. A process that was just forked counts from there.
fn own_peak_kib() -> u64 {
    let peak = getrusage(UsageWho::RUSAGE_SELF).map_or(0, |usage| usage.max_rss() / PER_KIB);
    u64::try_from(peak).unwrap_or(0)
}
