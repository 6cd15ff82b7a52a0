//! `monitor`: samples, quota and alerts of a store, by programs that run until they are stopped.
//!
//! One process, this program in another role, holds the store's lock and watches over the programs that do the
//! work. It samples and judges nothing itself, so that what fails is a program that can be started again.

mod lookout;
mod schedule;
mod start;
mod status;
mod stop;
mod supervisor;
mod tether;
mod timetable;
mod worker;

use std::path::{Path, PathBuf};
use std::time::Duration;

use pm_cli::{Exit, Streams};
use pm_record::Timestamp;
use pm_store::Store;

use crate::args::{StartArgs, StatusArgs, StopArgs, WatchArgs};
use crate::invocation::Invocation;
use crate::plan::{Become, Plan};
use crate::surroundings::Surroundings;
use crate::{Error, explain};

pub(crate) use tether::Tether;

/// What is to be done about the monitor of a store.
#[derive(Debug)]
pub(crate) enum Monitoring {
    /// Start one that goes on by itself.
    Start(Order),
    /// Be one, until a signal comes.
    Run(Order),
    /// Say how it is.
    Status {
        /// Whose.
        store: Store,
        /// Whether for programs.
        json: bool,
    },
    /// End it.
    Stop(Store),
}

/// A time as people read it, to the second: `2024-12-06 10:30:15 UTC`.
fn moment(time: Timestamp) -> String {
    format!("{} UTC", time.to_string()[..19].replace('T', " "))
}

/// What a monitor is to do.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) store: Store,
    pub(crate) duration: Option<Duration>,
    pub(crate) interval: Duration,
    pub(crate) role: Role,
}

/// Where a monitor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Role {
    /// Where it was started, with its streams.
    Foreground,
    /// On its own; alerts are also shown on the terminal, as long as that is there.
    Detached {
        /// The terminal.
        console: Option<PathBuf>,
    },
}

/// What `monitor start` means here.
pub(crate) fn start(args: StartArgs, here: &Surroundings, io: &Streams) -> Result<Plan, Error> {
    let store = place(args.store.as_deref(), here)?;
    let is_printed = args.print_unit || args.print_cron;
    let role = if args.detached {
        Role::Detached { console: args.console }
    } else if args.foreground || is_printed {
        Role::Foreground
    } else {
        Role::Detached { console: start::console(io) }
    };
    let order = Order { store, duration: args.duration, interval: args.interval, role };
    if args.print_unit {
        return Ok(Plan::Say(timetable::unit(&order, here)));
    }
    if args.print_cron {
        return Ok(Plan::Say(timetable::cron(&order, here)));
    }
    let is_monitor = args.foreground || args.detached;
    Ok(Plan::Monitor(if is_monitor { Monitoring::Run(order) } else { Monitoring::Start(order) }))
}

/// What `monitor status` means here.
pub(crate) fn status(args: &StatusArgs, here: &Surroundings) -> Result<Plan, Error> {
    Ok(Plan::Monitor(Monitoring::Status { store: place(args.store.as_deref(), here)?, json: args.json }))
}

/// What `monitor stop` means here.
pub(crate) fn stop(args: &StopArgs, here: &Surroundings) -> Result<Plan, Error> {
    Ok(Plan::Monitor(Monitoring::Stop(place(args.store.as_deref(), here)?)))
}

/// What `monitor watch` means here: a program of its own, because what draws on terminals is larger than this one.
pub(crate) fn watch(args: &WatchArgs, here: &Surroundings) -> Result<Plan, Error> {
    let store = place(args.store.as_deref(), here)?;
    let program = here.tool("pm-watch").ok_or(Error::NoTool { tool: "pm-watch" })?;
    let mut words = vec![in_store(&store)];
    words.extend(args.once.then(|| "--once".into()));
    let invocation = Invocation::new(program, words);
    Ok(Plan::Become(Become { invocation, otherwise: None, warnings: Vec::new() }))
}

fn place(named: Option<&Path>, here: &Surroundings) -> Result<Store, Error> {
    let store = named.map_or_else(|| here.store(), |named| here.named_store(named))?;
    if store.exists() || store.is_personal() {
        return Ok(store);
    }
    Err(pm_store::Error::Missing { path: store.root().to_owned() }.into())
}

/// `--store=DIR`.
fn in_store(store: &Store) -> std::ffi::OsString {
    let mut word = std::ffi::OsString::from("--store=");
    word.push(store.root());
    word
}

impl Monitoring {
    /// Does it; what there is to say goes to `text`.
    pub(crate) fn run(
        &self,
        here: &Surroundings,
        io: &mut Streams,
        text: &mut String,
    ) -> Result<Exit, Error> {
        match self {
            Self::Start(order) => start::detached(order, here, text),
            Self::Run(order) => supervisor::run(order, here, io),
            Self::Status { store, json } => status::tell(store, *json, here, text),
            Self::Stop(store) => stop::end(store, text),
        }
    }

    /// The same as shell, or in comments.
    pub(crate) fn explain(&self, here: &Surroundings) -> Vec<u8> {
        let root = match self {
            Self::Start(order) | Self::Run(order) => {
                let seconds = order.duration.map(|duration| duration.as_secs_f64());
                return explain::together(&worker::commands(order, here), seconds);
            }
            Self::Status { store, .. } | Self::Stop(store) => store.root().display(),
        };
        explain::comments(&[match self {
            Self::Stop(_) => format!("ends the monitor that holds {root}/run/monitor.lock, and waits for it"),
            _ => format!("says who holds {root}/run/monitor.lock, and counts what was recorded since"),
        }])
    }
}
