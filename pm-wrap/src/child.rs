//! The command itself: started, waited for, and asked what it has used.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use pm_record::Thousandths;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::config::{Config, Destination};
use crate::error::Error;
use crate::record::ExecutionId;
use crate::signals::{Request, Signals};
use crate::usage::{Account, Used};
use crate::{mask, proc};

/// A command that runs.
pub(crate) struct Child<'a> {
    process: std::process::Child,
    pid: Pid,
    signals: &'a Signals,
    started: Instant,
    account: Account,
    own_peak_kib: Option<u64>,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) end: End,
    /// Wall time, in milliseconds.
    pub(crate) total: Thousandths,
    /// How long it was stopped, in milliseconds.
    pub(crate) stopped: Thousandths,
    pub(crate) used: Used,
    /// The most memory that we held ourselves when it was started, in KiB: its own peak shows only above.
    pub(crate) own_peak_kib: Option<u64>,
    pub(crate) io_operations: Option<u64>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Signaled(i32),
}

impl<'a> Child<'a> {
    #[expect(clippy::disallowed_methods, reason = "starting the command is this module's job")]
    pub(crate) fn start(config: &Config, id: &ExecutionId, signals: &'a Signals) -> Result<Self, Error> {
        let mut command = Command::new(&config.program);
        command.args(&config.arguments);
        command.env("PM_EXECUTION_ID", id.as_str());
        command.env("PM_WRAP_PID", std::process::id().to_string());
        if config.destination == Destination::Stdout {
            let stderr = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3);
            command.stdout(Stdio::from(stderr.map_err(|error| Error::Prepare(error.into()))?));
        }
        mask::give(&mut command, signals.original());
        let account = Account::now();
        let own_peak_kib = proc::own_peak_kib();
        let started = Instant::now();
        let process = command.spawn().map_err(|error| Error::start(&config.program, error))?;
        let pid = Pid::from_child(&process);
        Ok(Self { process, pid, signals, started, account, own_peak_kib })
    }

    /// Waits for the end, passing signals on and stopping whenever the command stops.
    pub(crate) fn wait(mut self) -> Result<Outcome, Error> {
        let mut stopped = std::time::Duration::ZERO;
        // The command may have ended before its first signal is read, so the first look needs none.
        let mut request = Request::Look;
        loop {
            match request {
                Request::Pass(number) => self.pass_on(number),
                Request::Look if self.has_ended() => break,
                Request::Look => stopped += self.stop_with_it(),
            }
            request = self.signals.next(self.pid).map_err(Error::Wait)?;
        }
        let total = self.started.elapsed();
        let io_operations = proc::io_operations(self.pid);
        let status = self.process.wait().map_err(Error::Wait)?;
        Ok(Outcome {
            end: status.signal().map_or(End::Exited(status.code().unwrap_or(0)), End::Signaled),
            total: micros(total),
            stopped: micros(stopped),
            used: Account::now().since(self.account),
            own_peak_kib: self.own_peak_kib,
            io_operations,
        })
    }

    /// Whether the command has ended. It stays to be waited for, so that `/proc` can still tell of it.
    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        // An error means that there is nothing to wait for any more.
        !matches!(waitid(WaitId::Pid(self.pid), options), Ok(None))
    }

    /// If the command has stopped, stops this process too, so that a shell sees its job stopped. Returns
    /// how long that took.
    fn stop_with_it(&self) -> std::time::Duration {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        if !matches!(waitid(WaitId::Pid(self.pid), options), Ok(Some(_))) {
            return std::time::Duration::ZERO;
        }
        let since = Instant::now();
        // Our own SIGTSTP is blocked; SIGSTOP looks the same to a shell.
        let _ = kill_process(rustix::process::getpid(), Signal::STOP);
        self.pass_on(Signal::CONT.as_raw());
        since.elapsed()
    }

    fn pass_on(&self, number: i32) {
        if let Some(signal) = Signal::from_named_raw(number) {
            // It fails only when the command has ended, and then there is nobody to tell.
            let _ = kill_process(self.pid, signal);
        }
    }
}

/// A duration in milliseconds; a microsecond is a thousandth of one.
fn micros(duration: std::time::Duration) -> Thousandths {
    Thousandths(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

impl Error {
    /// Why a program could not be started, told apart as shells do.
    fn start(program: &std::ffi::OsStr, source: io::Error) -> Self {
        let program = program.to_string_lossy().into_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { program },
            io::ErrorKind::OutOfMemory | io::ErrorKind::WouldBlock => Self::Prepare(source),
            _ => Self::NotExecutable { program, source },
        }
    }
}
