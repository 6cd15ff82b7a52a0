//! A program that a monitor runs: started, waited for, and started again.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use pm_store::{From, Store, Worker};
use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};

use super::schedule::{End, pause};
use super::tether::Tether;
use super::{Order, Role, in_store};
use crate::doctor::probe::{self, Answer};
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;

/// How often GitHub is asked for the rate limits.
const QUOTA_INTERVAL: &str = "60s";

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Sample,
    Quota,
    Alerts,
}

const JOBS: [Job; 3] = [Job::Sample, Job::Quota, Job::Alerts];

/// One program and how it is.
#[derive(Debug)]
pub(super) struct Tended {
    job: Job,
    args: Vec<OsString>,
    store: Store,
    state: State,
    pause: Option<Duration>,
    restarts: u32,
    trouble: Option<String>,
    /// Whether it was asked to end so that it reads its settings anew.
    is_renewed: bool,
}

#[derive(Debug)]
enum State {
    Running {
        child: Child,
        since: Instant,
        end: Option<OwnedFd>,
    },
    Waiting {
        until: Instant,
    },
    /// There is nothing to do for it.
    Off,
}

/// The programs as a shell would start them.
pub(super) fn commands(order: &Order, here: &Surroundings) -> Vec<Invocation> {
    let jobs = JOBS.into_iter().filter(|job| *job != Job::Quota || has_token(here));
    jobs.map(|job| {
        let program = here.tool(job.program()).unwrap_or_else(|| job.program().into());
        Invocation::new(program, job.args(order))
    })
    .collect()
}

/// Whether there is a token to ask GitHub with. It is looked for and not read.
fn has_token(here: &Surroundings) -> bool {
    let is_set = |name| here.environment.get(name).is_some();
    ["GH_TOKEN", "GITHUB_TOKEN"].into_iter().any(is_set)
        || here.on_path("gh").next().is_some_and(|gh| {
            matches!(probe::ask_blindly(&Invocation::new(gh, ["auth", "token"])), Answer::Yes(_))
        })
}

impl Job {
    fn program(self) -> &'static str {
        match self {
            Self::Sample => "pm-sample",
            Self::Quota => "pm-ratelimit",
            Self::Alerts => "pm-alert",
        }
    }

    fn args(self, order: &Order) -> Vec<OsString> {
        let interval = format!("{}ms", order.interval.as_millis()).into();
        let mut args: Vec<OsString> = match self {
            Self::Sample => vec!["--interval".into(), interval],
            Self::Quota => vec!["--interval".into(), QUOTA_INTERVAL.into()],
            Self::Alerts => vec!["--follow".into()],
        };
        args.push(in_store(&order.store));
        if self == Self::Alerts && order.role == (Role::Detached { console: None }) {
            // Nobody would read them.
            args.push("--no-tips".into());
        }
        args
    }
}

impl Tended {
    /// All that a monitor runs, none of which is started yet.
    pub(super) fn all(order: &Order, here: &Surroundings, now: Instant) -> Vec<Self> {
        let tended = |job: Job| {
            let is_off = job == Job::Quota && !has_token(here);
            Self {
                job,
                args: job.args(order),
                store: order.store.clone(),
                state: if is_off { State::Off } else { State::Waiting { until: now } },
                pause: None,
                restarts: 0,
                is_renewed: false,
                trouble: is_off
                    .then(|| "there is no token: set GH_TOKEN, or log in with `gh auth login`".to_owned()),
            }
        };
        JOBS.into_iter().map(tended).collect()
    }

    /// Starts it if it is time, and notices if it has ended. Says what people should know.
    pub(super) fn tend(&mut self, role: &Role, here: &Surroundings, now: Instant) -> Option<String> {
        match &mut self.state {
            State::Running { child, since, .. } => {
                let status = child.try_wait().ok()??;
                if std::mem::take(&mut self.is_renewed) {
                    self.state = State::Waiting { until: now };
                    return None;
                }
                let lived = now.saturating_duration_since(*since);
                let useless = status.code() == Some(2);
                let pause = pause(if useless { End::Useless } else { End::Other }, lived, self.pause);
                Some(self.wait(pause, now, ended(status)))
            }
            State::Waiting { until } if *until <= now => self.start(role, here, now),
            State::Waiting { .. } | State::Off => None,
        }
    }

    fn start(&mut self, role: &Role, here: &Surroundings, now: Instant) -> Option<String> {
        let name = self.job.program();
        let Some(program) = here.tool(name) else {
            let is_known = self.pause.is_some();
            let text = self.wait(
                pause(End::Useless, Duration::ZERO, None),
                now,
                "is neither beside github-pm nor on PATH".to_owned(),
            );
            return (!is_known).then_some(text);
        };
        let mut args = self.args.clone();
        if self.job == Job::Alerts {
            args.extend(begin(&self.store));
        }
        let invocation = Tether::around(&Invocation::new(program, &args), this_program(here));
        let mut command = invocation.command();
        command.stdin(Stdio::null());
        match role {
            Role::Foreground if self.job == Job::Alerts => {}
            Role::Detached { console: Some(console) } if self.job == Job::Alerts => {
                command.stdout(terminal(console).map_or_else(Stdio::null, Stdio::from));
            }
            _ => drop(command.stdout(Stdio::null())),
        }
        match command.spawn() {
            Ok(child) => {
                let end = end_of(Pid::from_child(&child));
                self.restarts += u32::from(self.pause.is_some());
                self.state = State::Running { child, since: now, end };
                None
            }
            Err(error) => {
                let pause = pause(End::Other, Duration::ZERO, self.pause);
                Some(self.wait(pause, now, format!("cannot be started: {error}")))
            }
        }
    }

    fn wait(&mut self, pause: Duration, now: Instant, trouble: String) -> String {
        let text = format!("{} {trouble}; next try in {} s", self.job.program(), pause.as_secs());
        self.state = State::Waiting { until: now + pause };
        (self.pause, self.trouble) = (Some(pause), Some(trouble));
        text
    }

    /// Lets it read its settings anew, if it reads any; one that failed for them is started at once.
    pub(super) fn renew(&mut self, now: Instant) {
        match &mut self.state {
            _ if self.job != Job::Alerts => {}
            State::Running { .. } => {
                self.is_renewed = true;
                self.send(Signal::TERM);
            }
            State::Waiting { until } => *until = now,
            State::Off => {}
        }
    }

    /// When to look at it next, if not before it ends.
    pub(super) fn due(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting { until } => Some(*until),
            State::Running { .. } | State::Off => None,
        }
    }

    /// What becomes readable when it ends, where the system tells.
    pub(super) fn end(&self) -> Option<&OwnedFd> {
        match &self.state {
            State::Running { end, .. } => end.as_ref(),
            State::Waiting { .. } | State::Off => None,
        }
    }

    pub(super) fn send(&mut self, signal: Signal) {
        if let State::Running { child, .. } = &mut self.state {
            // It is not waited for yet, so no other process can have its number.
            let _ = kill_process(Pid::from_child(child), signal);
        }
    }

    /// Whether it has ended, or never ran.
    pub(super) fn is_over(&mut self) -> bool {
        match &mut self.state {
            State::Running { child, .. } => !matches!(child.try_wait(), Ok(None)),
            State::Waiting { .. } | State::Off => true,
        }
    }

    /// How it is, for others.
    pub(super) fn report(&self) -> Worker {
        let pid = match &self.state {
            State::Running { child, .. } => i32::try_from(child.id()).ok(),
            State::Waiting { .. } | State::Off => None,
        };
        let program = self.job.program().to_owned();
        Worker { program, pid, restarts: self.restarts, trouble: self.trouble.clone() }
    }
}

/// Where the store ends now. A program takes a while to start, and what is recorded meanwhile is judged by nobody else.
fn begin(store: &Store) -> Option<OsString> {
    let place = store.follow(&From::Now).ok()?.place();
    let place = serde_json::to_string(&place).expect("a place has only strings and numbers");
    Some(format!("--begin={place}").into())
}

/// The file that runs now, even after an upgrade has replaced it.
fn this_program(here: &Surroundings) -> PathBuf {
    let running = Path::new("/proc/self/exe");
    let known = if running.exists() { Some(running.to_owned()) } else { here.executable.clone() };
    known.unwrap_or_else(|| crate::TOOL.into())
}

/// The terminal, opened so that neither it nor whoever stops its output can hold a program up.
fn terminal(path: &Path) -> Option<File> {
    let flags = (OFlags::NOCTTY | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().write(true).custom_flags(flags).open(path).ok()?;
    rustix::termios::isatty(&file).then_some(file)
}

/// What becomes readable when a process ends; without it, that is noticed within a second.
#[cfg(target_os = "linux")]
fn end_of(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn end_of(_: Pid) -> Option<OwnedFd> {
    None
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with status {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}
