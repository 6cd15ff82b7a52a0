//! The command itself: started, watched over and, once it has ended, waited for.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use pm_cli::Streams;
use pm_record::Thousandths;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitIdStatus, waitid};

use crate::amounts::millis;
use crate::birth::{self, Birth, Failure, Fate, New};
use crate::config::{Config, Processes};
use crate::error::Error;
use crate::following::{Change, Followed, Following};
use crate::image::Image;
use crate::journal::{Journal, Told};
use crate::kernel;
use crate::ledger::Ledger;
use crate::limit::{Limit, Measure};
use crate::memory::MemoryUse;
use crate::sampler::Sampler;
use crate::signals::{self, Request, Signals, stop_by};
use crate::stops::Stops;
use crate::survivors::Survivors;
use crate::usage::{Account, TransferAccount, Transfers, Used};

/// A command that runs.
#[derive(Debug)]
pub(crate) struct Child<'a> {
    pid: Pid,
    program: &'a OsStr,
    signals: &'a Signals,
    started: Instant,
    /// Until it is known whether the command runs.
    birth: Option<Birth>,
    journal: Journal,
    sampler: Sampler,
    limit: Limit,
    survivors: Option<Survivors>,
    following: Following,
    /// Whether there is more to look at, of which no signal will tell.
    more: bool,
    stops: Stops,
    account: Account,
    transfers: TransferAccount,
    /// Part of the command's account, and not the command's.
    own_transfers: Transfers,
}

/// What there is to read.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is one descriptor")]
struct Ready {
    signals: bool,
    marks: bool,
    birth: bool,
    requests: bool,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) end: End,
    /// Whether it ran into its time limit.
    pub(crate) timed_out: bool,
    /// Wall time, in milliseconds.
    pub(crate) total: Thousandths,
    /// How long it was stopped, in milliseconds.
    pub(crate) stopped: Thousandths,
    pub(crate) used: Used,
    pub(crate) memory: MemoryUse,
    pub(crate) transfers: Option<Transfers>,
    pub(crate) told: Told,
    pub(crate) followed: Followed,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    Signaled(i32),
}

impl<'a> Child<'a> {
    /// Starts what `plan` says.
    pub(crate) fn start(plan: Plan<'a>) -> Result<Self, Error> {
        let Plan { config, image, signals, journal } = plan;
        let streams = config.destination.streams();
        let (program, limit) = (config.program.as_os_str(), config.limit);
        // With a limit, whatever the command leaves behind must be found when the time is up.
        let survivors = limit.next().and_then(|_| Survivors::adopt());
        let (account, transfers) = (Account::now(), TransferAccount::open());
        let started = Instant::now();
        let New { pid, mut birth, floor_kib } =
            birth::begin(image, signals.heritage(), streams, config.processes == Processes::Traced).map_err(
                |failure| match failure {
                    Failure::Process(error) => Error::Prepare(error),
                    Failure::Program(error) => Error::start(program, error.into()),
                },
            )?;
        signals::block_again().map_err(Error::Wait)?;
        let following = match config.processes {
            Processes::Unseen => Following::default(),
            Processes::Sampled => Following::by_looking(),
            Processes::Traced => Following::begin(pid, started, config.program_phases.clone()),
        };
        birth.iter_mut().for_each(Birth::let_go);
        let own_transfers = birth.as_ref().map(Birth::transfers).unwrap_or_default();
        let (mut sampler, stops) = (Sampler::of(pid, floor_kib, following.rhythm()), Stops::default());
        if birth.is_none() {
            sampler.begin(started.elapsed());
        }
        Ok(Self {
            pid,
            program,
            signals,
            started,
            birth,
            journal,
            sampler,
            limit,
            survivors,
            following,
            more: false,
            stops,
            account,
            transfers,
            own_transfers,
        })
    }

    /// Work that does not matter to the command, done while it begins.
    pub(crate) fn meanwhile(&self, time_of_day: Duration) {
        self.journal.sweep(time_of_day);
    }

    /// Waits for the end, passing signals on and stopping whenever the command stops.
    pub(crate) fn wait(
        mut self,
        mut ledger: Option<&mut Ledger>,
        io: &mut Streams,
    ) -> Result<Outcome, Error> {
        // Whatever happens raises a SIGCHLD, which was blocked before the command was started.
        let mut ended = false;
        while !(ended && self.nobody_is_to_be_ended()) {
            let ready = self.sleep(ended, ledger.as_deref())?;
            // Marks come first: their time is that of their reading, and nobody must wait to make one.
            if ready.marks {
                self.journal.drain(self.started.elapsed());
            }
            if ready.requests
                && let Some(ledger) = &mut ledger
            {
                ledger.take(self.signals, io);
                self.survivors.iter_mut().for_each(|survivors| survivors.leave_out(ledger.pid()));
            }
            let mut news = self.more;
            if ready.signals {
                match self.signals.take(self.pid).map_err(Error::Wait)? {
                    Some(Request::Pass(number)) => kernel::send(self.pid, number),
                    Some(Request::Look) => news = true,
                    None => {}
                }
            }
            if ready.birth {
                self.hear_of_birth()?;
            }
            ended |= news && self.look()?;
            let started = self.started;
            self.sampler.read_if_due(|| started.elapsed(), self.following.sightings());
            // A limit that passes while we were stopped ourselves means nothing to a command that has ended.
            if !ended || self.limit.passed() {
                self.keep_to_limit();
            }
        }
        self.finish()
    }

    /// Whether the command has ended. It stays to be waited for, so that `/proc` can still tell of it.
    fn look(&mut self) -> Result<bool, Error> {
        let started = self.started;
        let looked = self.following.look(|| started.elapsed(), &mut self.journal);
        let change = looked.map_err(Error::Wait)?;
        self.more = change.more;
        if self.following.has_root() || change.ended {
            self.follow_traced(change);
            if !change.ended {
                self.bury_survivors();
            }
            return Ok(change.ended);
        }
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        // An error means that there is nothing to wait for any more.
        let ended = !matches!(waitid(WaitId::Pid(self.pid), options), Ok(None));
        if !ended {
            self.follow();
            self.bury_survivors();
        }
        Ok(ended)
    }

    /// Waits for those that were adopted and have ended.
    fn bury_survivors(&mut self) {
        let Self { survivors: Some(survivors), following, transfers, pid, .. } = self else { return };
        survivors.bury(|process| process == *pid || following.follows(process), transfers);
    }

    /// The same as [`Self::follow`], of a command whose stops are told by tracing it.
    fn follow_traced(&mut self, change: Change) {
        if let Some(signal) = change.stopped_by {
            self.stopped(Signal::try_from(signal).ok());
        }
        if change.continued {
            self.stops.end();
        }
    }

    /// Looks whether the command was stopped or continued. When job control stopped it, this process stops
    /// by the same signal, so that a shell sees its job stopped, and continues the command afterwards.
    ///
    /// A command that somebody stops by its own number is left alone: nobody would know to continue us.
    fn follow(&mut self) {
        let options = WaitIdOptions::STOPPED | WaitIdOptions::CONTINUED | WaitIdOptions::NOHANG;
        let Ok(Some(change)) = waitid(WaitId::Pid(self.pid), options) else { return };
        if !change.stopped() {
            return self.stops.end();
        }
        self.stopped(change.stopping_signal().and_then(|number| Signal::try_from(number).ok()));
    }

    fn stopped(&mut self, by: Option<Signal>) {
        self.stops.begin();
        if let Some(signal @ (Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU)) = by
            && signals::parent_controls_jobs()
        {
            stop_by(signal);
            kernel::send(self.pid, Signal::SIGCONT as i32);
        }
    }

    /// After a time limit the whole tree has to end, not the command alone.
    fn nobody_is_to_be_ended(&mut self) -> bool {
        !self.limit.passed()
            || self.limit.next().is_none()
            || self.survivors.as_mut().is_none_or(|survivors| survivors.living().is_empty())
    }

    fn keep_to_limit(&mut self) {
        let numbers: &[Signal] = match self.limit.due(self.started.elapsed()) {
            None => return,
            // Whoever is stopped must go on to hear that he is asked.
            Some(Measure::Ask) => &[Signal::SIGTERM, Signal::SIGCONT],
            Some(Measure::Kill) => &[Signal::SIGKILL],
        };
        let mut tree = self.survivors.as_mut().map(Survivors::living).unwrap_or_default();
        // Even where nobody can be seen, the command itself is known. It was not waited for, so the number is its.
        if !tree.contains(&self.pid) {
            tree.push(self.pid);
        }
        for process in tree {
            for &number in numbers {
                kernel::send(process, number as i32);
            }
        }
    }

    /// Waits until something comes or is due.
    fn sleep(&self, ended: bool, ledger: Option<&Ledger>) -> Result<Ready, Error> {
        let sampled = self.sampler.next().filter(|_| !ended);
        let at_once = self.more.then_some(Duration::ZERO);
        let due = sampled.into_iter().chain(self.limit.next()).chain(at_once).min();
        let pause = due.map(|due| due.saturating_sub(self.started.elapsed()));
        let pause = pause.and_then(|pause| Timespec::try_from(pause).ok());
        let signals = self.signals.descriptor();
        // What is not there is asked for nothing, in the place of what it would be.
        let birth = self.birth.as_ref().map(Birth::descriptor);
        let requests = ledger.and_then(Ledger::descriptor);
        let mut watched =
            [Some(signals), self.journal.descriptor(), birth, requests].map(|descriptor| match descriptor {
                Some(descriptor) => PollFd::from_borrowed_fd(descriptor, PollFlags::IN),
                None => PollFd::from_borrowed_fd(signals, PollFlags::empty()),
            });
        match poll(&mut watched, pause.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(Error::Wait(error.into())),
        }
        let [signals, marks, birth, requests] = watched.map(|one| !one.revents().is_empty());
        Ok(Ready { signals, marks, birth, requests })
    }

    /// Takes in what became of the new process.
    fn hear_of_birth(&mut self) -> Result<(), Error> {
        let Some(birth) = &mut self.birth else { return Ok(()) };
        match birth.hear().map_err(Error::Wait)? {
            Fate::Open => return Ok(()),
            Fate::Runs => self.sampler.begin(self.started.elapsed()),
            Fate::Failed(error) => {
                let _ = waitid(WaitId::Pid(self.pid), WaitIdOptions::EXITED);
                return Err(Error::start(self.program, error));
            }
        }
        self.birth = None;
        Ok(())
    }

    /// The command has ended: everything that is known of it.
    fn finish(mut self) -> Result<Outcome, Error> {
        let total = self.started.elapsed();
        while self.birth.is_some() {
            self.hear_of_birth()?;
        }
        let pid = self.pid;
        let status = self.transfers.around(|| waitid(WaitId::Pid(pid), WaitIdOptions::EXITED));
        self.transfers.leave_out(self.own_transfers);
        let used = Account::now().since(self.account);
        let followed = self.following.finish();
        Ok(Outcome {
            end: status.map_err(|error| Error::Wait(error.into()))?.map_or(End::Exited(0), End::from),
            timed_out: self.limit.passed(),
            total: millis(total),
            stopped: millis(self.stops.total()),
            memory: self.sampler.finish(total, used.largest_kib, followed.largest_kib),
            followed,
            used,
            transfers: self.transfers.sum(),
            told: self.journal.finish(total),
        })
    }
}

impl From<WaitIdStatus> for End {
    fn from(status: WaitIdStatus) -> Self {
        match status.terminating_signal() {
            Some(number) => Self::Signaled(number),
            None => Self::Exited(status.exit_status().unwrap_or(0)),
        }
    }
}

/// What is needed to start a command.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) config: &'a Config,
    pub(crate) image: Image,
    pub(crate) signals: &'a Signals,
    pub(crate) journal: Journal,
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
