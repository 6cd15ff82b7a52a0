//! The command itself: started, waited for, and asked what it has used.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::signal::Signal;
use pm_record::Thousandths;
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::config::{Config, Destination};
use crate::error::Error;
use crate::execution_id::ExecutionId;
use crate::signals::{Request, Signals, stop_by};
use crate::usage::{Account, Used};
use crate::{heritage, proc};

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
        signals.heritage().give_to(&mut command);
        let account = Account::now();
        let own_peak_kib = proc::own_peak_kib();
        let started = Instant::now();
        let process = command.spawn().map_err(|error| Error::start(&config.program, error))?;
        let pid = Pid::from_child(&process);
        Ok(Self { process, pid, signals, started, account, own_peak_kib })
    }

    /// Waits for the end, passing signals on and stopping whenever the command stops.
    pub(crate) fn wait(mut self) -> Result<Outcome, Error> {
        let mut stops = Stops::default();
        // The command may have ended before its first signal is read, so the first look needs none.
        let mut request = Request::Look;
        loop {
            match request {
                Request::Pass(number) => heritage::send(self.pid, number),
                Request::Look if self.has_ended() => break,
                Request::Look => self.follow(&mut stops),
            }
            request = self.signals.next(self.pid).map_err(Error::Wait)?;
        }
        let total = self.started.elapsed();
        self.signals.release();
        let io_operations = proc::io_operations(self.pid);
        let status = self.process.wait().map_err(Error::Wait)?;
        Ok(Outcome {
            end: status.signal().map_or(End::Exited(status.code().unwrap_or(0)), End::Signaled),
            total: micros(total),
            stopped: micros(stops.total()),
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

    /// Looks whether the command was stopped or continued. When job control stopped it, this process stops
    /// by the same signal, so that a shell sees its job stopped, and continues the command afterwards.
    ///
    /// A command that somebody stops by its own number is left alone: nobody would know to continue us.
    fn follow(&self, stops: &mut Stops) {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::CONTINUED | WaitIdOptions::NOHANG;
        let Ok(Some(change)) = waitid(WaitId::Pid(self.pid), options) else { return };
        if !change.stopped() {
            return stops.end();
        }
        stops.begin();
        let by = change.stopping_signal().and_then(|number| Signal::try_from(number).ok());
        if let Some(signal @ (Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU)) = by {
            stop_by(signal);
            heritage::send(self.pid, Signal::SIGCONT as i32);
        }
    }
}

/// For how long the command was stopped so far.
#[derive(Debug, Default)]
struct Stops {
    before: std::time::Duration,
    since: Option<Instant>,
}

impl Stops {
    fn begin(&mut self) {
        self.since.get_or_insert_with(Instant::now);
    }

    fn end(&mut self) {
        self.before = self.total();
        self.since = None;
    }

    fn total(&self) -> std::time::Duration {
        self.before + self.since.map_or(std::time::Duration::ZERO, |since| since.elapsed())
    }
}

/// A duration in milliseconds; a microsecond is a thousandth of one.
fn micros(duration: std::time::Duration) -> Thousandths {
    Thousandths(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

impl Error {
    /// Why a program could not be started, told apart as shells do.
    fn start(program: &OsStr, source: io::Error) -> Self {
        let typed = program.to_string_lossy().into_owned();
        let out_of_something = [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::AGAIN];
        match Errno::from_io_error(&source) {
            Some(Errno::NOENT) if typed.contains('/') && Path::new(program).exists() => {
                Self::NoInterpreter { program: typed }
            }
            Some(Errno::NOENT) => Self::NotFound { program: typed },
            Some(errno) if out_of_something.contains(&errno) => Self::Prepare(source),
            _ => Self::NotExecutable { program: typed, source },
        }
    }
}
