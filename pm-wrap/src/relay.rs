//! The relay of one run: a process that stands between the command and GitHub's API.
//!
//! The sockets are ours and outlive it: a relay that dies is started once more on the same ones, and whoever
//! connects in between waits a little. It runs in a session of its own, where the terminal's ^C does not reach it,
//! and ends when we do, however that comes about: its standard input is a pipe that closes then.

use std::fs::{File, Permissions};
use std::io::{self, PipeReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pm_cli::Environment;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::execution_id::ExecutionId;
use crate::kernel;
use crate::sibling;
use crate::signals::Signals;

/// How long it may take to be ready. A command is not kept waiting for longer.
const START: Duration = Duration::from_secs(5);

/// How long it may take to end: it has two seconds for what is still under way.
const END: Duration = Duration::from_secs(4);

/// What is read in one go, and how often before anything else has its turn.
const PIECE: usize = 16 * 1024;
const PIECES: usize = 64;

const PROGRAM: &str = "pm-relay";

/// A relay, and the sockets that it serves.
#[derive(Debug)]
pub(crate) struct Relay {
    program: PathBuf,
    arguments: [String; 3],
    /// None when it has died for good: whoever connects then is refused at once.
    sockets: Option<Sockets>,
    port: u16,
    process: Process,
    /// The one before it, to be waited for when the command's account is closed.
    dead: Option<Process>,
}

#[derive(Debug)]
struct Sockets {
    unix: UnixListener,
    tcp: TcpListener,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// Records, as lines.
    output: File,
    /// Where it says that it is ready.
    ready: PipeReader,
}

/// What came from a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    /// There is no more for now.
    Nothing,
    /// It has died, and another serves in its place.
    Restarted,
    /// It has died once too often.
    Lost,
}

impl Relay {
    /// Starts one that serves `socket` and a port of its own, and waits until it does.
    pub(crate) fn start(
        socket: &Path,
        id: &ExecutionId,
        signals: &Signals,
        environment: &Environment,
    ) -> io::Result<Self> {
        let program = sibling::find(PROGRAM, environment)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("{PROGRAM} is not installed")))?;
        let unix = UnixListener::bind(socket)?;
        std::fs::set_permissions(socket, Permissions::from_mode(0o600))?;
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = tcp.local_addr()?.port();
        let arguments = ["--until-stdin-closes", "--execution-id", id.as_str()].map(str::to_owned);
        let sockets = Sockets { unix, tcp };
        let process = spawn(&program, &arguments, &sockets, signals)?;
        let relay = Self { program, arguments, sockets: Some(sockets), port, process, dead: None };
        wait_until_ready(&relay.process.ready)?;
        Ok(relay)
    }

    /// The port that it serves on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The process that serves now.
    pub(crate) fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// Readable when there are records, or when it has died; none when it has died for good.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.sockets.as_ref().map(|_| self.process.output.as_fd())
    }

    /// Reads what has come.
    pub(crate) fn read(&mut self, signals: &Signals, mut take: impl FnMut(&[u8])) -> News {
        match self.process.read(&mut take) {
            Read::Nothing => News::Nothing,
            Read::End => self.start_anew(signals),
        }
    }

    fn start_anew(&mut self, signals: &Signals) -> News {
        let sockets = self.sockets.take().filter(|_| self.dead.is_none());
        let Some(sockets) = sockets else { return News::Lost };
        let Ok(process) = spawn(&self.program, &self.arguments, &sockets, signals) else { return News::Lost };
        self.dead = Some(std::mem::replace(&mut self.process, process));
        self.sockets = Some(sockets);
        News::Restarted
    }

    /// Lets it finish, reads what it still has to say, and waits for it. Whoever asks us to end meanwhile is
    /// not kept waiting.
    pub(crate) fn finish(mut self, signals: &Signals, mut take: impl FnMut(&[u8])) {
        drop(self.process.child.stdin.take());
        let deadline = Instant::now() + END;
        while self.process.read(&mut take) == Read::Nothing {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || signals.asked_to_end() {
                break;
            }
            let _ = wait_for(&[self.process.output.as_fd(), signals.descriptor()], left);
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        for process in self.dead.iter_mut().chain([&mut self.process]) {
            // It has ended by itself, or has had its time.
            let _ = process.child.kill();
            let _ = process.child.wait();
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Nothing,
    End,
}

impl Process {
    fn read(&mut self, take: &mut impl FnMut(&[u8])) -> Read {
        let mut piece = [0; PIECE];
        for _ in 0..PIECES {
            match rustix::io::read(&self.output, &mut piece) {
                Ok(0) => return Read::End,
                Ok(count) => take(&piece[..count]),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Read::Nothing,
                Err(_) => return Read::End,
            }
        }
        Read::Nothing
    }
}

#[expect(clippy::disallowed_methods, reason = "starting this program is this module's job")]
fn spawn(program: &Path, arguments: &[String], sockets: &Sockets, signals: &Signals) -> io::Result<Process> {
    let (ready, voice) = io::pipe()?;
    let handed = [sockets.unix.as_raw_fd(), sockets.tcp.as_raw_fd(), voice.as_raw_fd()];
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    for (name, descriptor) in ["--socket-fd", "--listen-fd", "--ready-fd"].into_iter().zip(handed) {
        command.arg(name).arg(descriptor.to_string());
    }
    // What is done last is done first to the new process: the signals come last.
    kernel::apart_with(&mut command, handed);
    signals.heritage().give_to(&mut command);
    let mut child = command.spawn()?;
    let output = child.stdout.take().map(|output| File::from(std::os::fd::OwnedFd::from(output)));
    let output = output.ok_or(io::ErrorKind::BrokenPipe)?;
    rustix::io::ioctl_fionbio(&output, true)?;
    Ok(Process { child, output, ready })
}

/// Waits for the word of a relay that it serves. One that ends without it has said why, to people.
fn wait_until_ready(ready: &PipeReader) -> io::Result<()> {
    let deadline = Instant::now() + START;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if wait_for(&[ready.as_fd()], left)? {
            return match rustix::io::read(ready, &mut [0; 1])? {
                0 => Err(io::Error::other(format!("{PROGRAM} ended before it was ready"))),
                _ => Ok(()),
            };
        }
    }
}

/// Waits until one of these can be read; says whether the first can.
fn wait_for(descriptors: &[BorrowedFd], patience: Duration) -> io::Result<bool> {
    let mut watched: Vec<_> =
        descriptors.iter().map(|&one| PollFd::from_borrowed_fd(one, PollFlags::IN)).collect();
    let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
    match poll(&mut watched, Some(&patience)) {
        Ok(_) => Ok(!watched[0].revents().is_empty()),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
