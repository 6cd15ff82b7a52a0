//! How the command comes into being.
//!
//! The quick way is one call that makes a process which is the command from its first instruction on. But a
//! process that is to be traced has to wait until it is, and some of what we were started with that call
//! cannot hand on; then it is a fork, and `exec` in the new process, which says over a pipe what went wrong if
//! it could not become the command.
//!
//! In both ways the kernel counts into the command's peak what the process held before. That is what this
//! process holds at the time, so this process had better be small.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::errno::Errno;
use nix::spawn::PosixSpawnAttr;
use rustix::fs::CWD;
use rustix::process::Pid;

use crate::heritage::Heritage;
use crate::image::{Image, Streams};
use crate::usage::Transfers;
use crate::{kernel, proc};

/// The kernel's account of the pages of a process is off by up to so much, in KiB: 128 for each of the processors
/// that it ran on, which are two at most so early.
const ROUGH_KIB: u64 = 256;

/// The same, and how much a forked process can grow by, by the pages of the program that only it touches on its
/// way to `exec`.
const GROWTH_KIB: u64 = 768;

/// A new process that is about to become the command.
#[derive(Debug)]
pub(crate) struct Birth {
    pub(crate) pid: Pid,
    word: PipeReader,
    /// What was heard so far: the error number, if there was one.
    heard: Vec<u8>,
    gate: Option<PipeWriter>,
    held: bool,
}

/// A new process.
#[derive(Debug)]
pub(crate) struct New {
    pub(crate) pid: Pid,
    /// None if it is the command already.
    pub(crate) birth: Option<Birth>,
    /// The most that it can have held before it was the command, in KiB.
    pub(crate) floor_kib: u64,
}

/// Why there is no new process.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The system has none to give.
    Process(io::Error),
    /// The command cannot be run.
    Program(Errno),
}

/// Makes a new process for a command. With `held` it waits until it is let go.
pub(crate) fn begin(
    mut image: Image,
    heritage: Heritage,
    streams: Streams,
    held: bool,
) -> Result<New, Failure> {
    // The new process shares or copies what this one holds, so this one is asked once it has it all.
    let floor_kib = |growth: u64| own_kib().saturating_add(growth);
    if let Some(attributes) = heritage.attributes().filter(|_| !held) {
        let pid = spawn(&mut image, &attributes, streams).map_err(Failure::Program)?;
        return Ok(New { pid, birth: None, floor_kib: floor_kib(ROUGH_KIB) });
    }
    let birth = Birth::begin(image, heritage, streams, held).map_err(Failure::Process)?;
    Ok(New { pid: birth.pid, birth: Some(birth), floor_kib: floor_kib(GROWTH_KIB) })
}

fn spawn(image: &mut Image, attributes: &PosixSpawnAttr, streams: Streams) -> Result<Pid, Errno> {
    let pid = image.spawn(streams, attributes)?;
    Pid::from_raw(pid.as_raw()).ok_or(Errno::ESRCH)
}

/// What became of a new process.
#[derive(Debug)]
pub(crate) enum Fate {
    /// It is not decided yet.
    Open,
    /// It runs the command.
    Runs,
    /// The command cannot be run.
    Failed(io::Error),
}

impl Birth {
    fn begin(mut image: Image, heritage: Heritage, streams: Streams, held: bool) -> io::Result<Self> {
        let (word, mut voice) = io::pipe()?;
        let gate = held.then(io::pipe).transpose()?;
        if let Some(pid) = kernel::fork()? {
            return Ok(Self { pid, word, heard: Vec::new(), gate: gate.map(|(_, writer)| writer), held });
        }
        if let Some((mut reader, writer)) = gate {
            drop(writer);
            let _ = reader.read(&mut [0]);
        }
        let error = image.become_it(heritage, streams);
        let _ = voice.write_all(&(error as i32).to_le_bytes());
        kernel::leave(127)
    }

    /// What the new process itself read and wrote before it became the command.
    pub(crate) fn transfers(&self) -> Transfers {
        Transfers { operations: u64::from(self.held), ..Transfers::default() }
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
        let mut bytes = [0; 4];
        let count = match self.word.read(&mut bytes) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(Fate::Open),
            other => other?,
        };
        self.heard.extend_from_slice(&bytes[..count]);
        if count > 0 {
            return Ok(Fate::Open);
        }
        match self.heard.first_chunk() {
            Some(&number) => Ok(Fate::Failed(io::Error::from_raw_os_error(i32::from_le_bytes(number)))),
            None => Ok(Fate::Runs),
        }
    }
}

/// The memory that this process holds, in KiB. The kernel's account of its peak begins with whoever became this
/// program by `exec`. Unknown is as good as large.
fn own_kib() -> u64 {
    let pages = proc::read(CWD, "/proc/self/statm", |text| proc::word(text, 1));
    pages.map_or(u64::MAX, |pages| pages.saturating_mul(proc::page_kib()))
}
