//! Runs one command, untouched, and emits one record of what it cost.
//!
//! The command has the standard streams, the environment and the process group that it would have had
//! without us, and its exit status becomes ours. Whatever goes wrong with measuring is a warning: the
//! command is never harmed by being measured.
//!
//! Without a destination the record goes to standard output, and the command's own standard output is
//! moved to standard error, so that a pipe carries records only.
//!
//! This library exists for the program and its tests and may change at any time; the command line and
//! the records are the contract.

mod amounts;
pub mod args;
mod birth;
mod chance;
mod child;
mod config;
mod destination;
mod error;
mod execution_id;
mod fifo;
mod following;
pub mod gh_settings;
mod heritage;
mod image;
mod journal;
mod kernel;
mod ledger;
mod limit;
pub mod marks;
mod mask;
mod memory;
mod name;
mod overlay;
mod phases;
mod presence;
mod proc;
mod quota;
mod record;
mod relay;
mod runtime;
mod sampler;
mod sibling;
mod sightings;
mod signals;
mod stops;
mod survivors;
mod tally;
mod then;
#[cfg(target_os = "linux")]
mod trace;
mod trace_context;
mod tree;
mod upkeep;
mod usage;

use std::ffi::OsString;
use std::time::Duration;

use pm_cli::{Exit, Streams};
use pm_record::{PerformanceMetrics, Timestamp};
use pm_store::{RunEntry, Store};

use crate::args::Args;
use crate::child::{Child, End, Outcome, Plan};
use crate::config::{Config, Requests};
pub use crate::error::Error;
use crate::execution_id::ExecutionId;
use crate::fifo::Fifo;
use crate::image::Image;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::quota::Quota;
use crate::record::{Beginning, Identity};
use crate::signals::Signals;
use crate::trace_context::TraceContext;

/// The program's name.
pub const TOOL: &str = "pm-wrap";

/// The status of a command that ran into its time limit, as `timeout` of the GNU core utilities has it.
const TIMED_OUT: u8 = 124;

/// The whole life of the tool: arguments and streams in, the command's exit status out.
///
/// # Errors
///
/// Only what goes wrong before the command is started; it ends with status 125, 126 or 127.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    if let Some(mark) = &args.mark {
        fifo::write(&io.environment, format!("{mark}\n").as_bytes());
        return Ok(Exit::Done);
    }
    let config = Config::from(args);
    // From here until this process ends: a signal must not end it before the command's status is known.
    let signals = Signals::block().map_err(Error::Prepare)?;
    let id = ExecutionId::random();
    let watch = Watch::begin(&config, &id, &signals, io);
    let parent = io.environment.get(trace_context::VARIABLE);
    let beginning = Beginning {
        config: &config,
        id,
        trace: TraceContext::child_of(parent, chance::bytes()),
        started: Timestamp::from_millis(io.clock.now_millis()),
        parent: io.environment.get(execution_id::VARIABLE).and_then(ExecutionId::inherited),
    };
    let Measured { run, others, store, presence, result } = measure(&beginning, watch, &signals, io);
    emit(&config, run, &others, store, presence, &signals, io);
    signals.release();
    result
}

/// What is there to tell, and how to end.
struct Measured {
    run: PerformanceMetrics,
    /// The records of its processes and of its requests, as lines.
    others: Vec<u8>,
    /// The store whose day was begun with some of those already.
    store: Option<Store>,
    /// What says that the command runs, until its record is written.
    presence: Option<RunEntry>,
    result: Result<Exit, Error>,
}

/// What goes on at GitHub while the command runs, as far as that was asked for.
#[derive(Debug)]
struct Watch {
    quota: Option<Quota>,
    ledger: Option<Ledger>,
}

impl Watch {
    fn begin(config: &Config, id: &ExecutionId, signals: &Signals, io: &mut Streams) -> Self {
        let quota = config.quota.then(|| Quota::before(signals, io)).flatten();
        let ledger =
            (config.requests != Requests::Unseen).then(|| Ledger::open(config, id, signals, io)).flatten();
        Self { quota, ledger }
    }
}

/// Runs the command and makes its records.
fn measure(beginning: &Beginning, watch: Watch, signals: &Signals, io: &mut Streams) -> Measured {
    let Watch { quota, mut ledger } = watch;
    let mut identity = Identity::default();
    let child = plan(beginning, ledger.as_ref(), signals, io).and_then(Child::start);
    if let Err(Error::Prepare(reason)) = &child {
        // Nobody would be left to bring home what the command changes.
        ledger = None;
        in_place(beginning, signals, reason, io);
    }
    let mut presence = None;
    let outcome = child.and_then(|child| {
        // The command begins meanwhile, on another core if there is one.
        identity = Identity { host: pm_cli::host(), machine: pm_cli::machine() };
        let time_of_day = Duration::from_millis(io.clock.now_millis().unsigned_abs());
        presence = presence::enter(beginning, io);
        child.meanwhile(time_of_day);
        if let Some(ledger) = &ledger {
            ledger.sweep(time_of_day);
        }
        child.wait(ledger.as_mut(), io)
    });
    let counted = ledger.map(|ledger| ledger.close(signals, io));
    let delta =
        quota.and_then(|quota| quota.after(counted.as_ref().map(|counted| &counted.tally), signals, io));
    match outcome {
        Ok(mut outcome) => {
            if let Some(ignored) = &outcome.told.ignored {
                io.tell(TOOL, &ignored.to_string());
            }
            for trouble in &outcome.followed.troubles {
                io.complain(TOOL, trouble);
            }
            let result = Ok(exit(&outcome));
            let mut others = record::processes(beginning, std::mem::take(&mut outcome.followed.records));
            let mut store = None;
            if let Some(counted) = counted {
                counted.outrank(&mut outcome.told);
                others.extend(counted.lines);
                store = counted.store;
            }
            outcome.told.github_api.quota_delta = delta;
            Measured { run: record::finished(beginning, identity, outcome), others, store, presence, result }
        }
        Err(error) => {
            let run = record::not_started(beginning, identity, &error);
            Measured { run, others: Vec::new(), store: None, presence, result: Err(error) }
        }
    }
}

/// Becomes the command, unmeasured: a system that has no process or descriptor left for us has none to spare
/// for measuring. It returns only if that cannot be either.
fn in_place(beginning: &Beginning, signals: &Signals, reason: &std::io::Error, io: &mut Streams) {
    if let Ok(Plan { config, mut image, .. }) = plan(beginning, None, signals, io) {
        io.tell(TOOL, &format!("'{}' is not measured: {reason}", config.name));
        let _ = image.become_it(signals.heritage(), config.destination.streams());
    }
}

/// The command as it is to be started.
fn plan<'a>(
    beginning: &'a Beginning,
    ledger: Option<&Ledger>,
    signals: &'a Signals,
    io: &Streams,
) -> Result<Plan<'a>, Error> {
    let Beginning { config, id, trace, .. } = beginning;
    let fifo = Fifo::make(&io.environment, id);
    let run: [(&str, OsString); 4] = [
        (execution_id::VARIABLE, id.as_str().into()),
        ("PM_WRAP_PID", std::process::id().to_string().into()),
        (fifo::VARIABLE, Fifo::variable(fifo.as_ref())),
        (trace_context::VARIABLE, trace.header().into()),
    ];
    let ours = run.iter().chain(ledger.map(Ledger::variables).unwrap_or_default());
    // A state belongs to the trace that it came with.
    let foreign = if trace.record().parent_span_id.is_none() { trace_context::STATE } else { "" };
    let variables = io.environment.variables();
    let kept = variables.filter(|(name, _)| *name != foreign && ours.clone().all(|(our, _)| name != our));
    let variables = kept
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain(ours.clone().map(|(name, value)| (OsString::from(name), value.clone())));
    let path = io.environment.get("PATH");
    let image = Image::new(&config.program, &config.arguments, path, variables).map_err(Error::Prepare)?;
    let programs = config.program_phases.iter().map(|phase| phase.name.clone()).collect();
    Ok(Plan { config, image, signals, journal: Journal::new(fifo, programs) })
}

/// Hands the records on. From here on nothing may fail: the command has ended and its status counts.
fn emit(
    config: &Config,
    run: PerformanceMetrics,
    others: &[u8],
    store: Option<Store>,
    presence: Option<RunEntry>,
    signals: &Signals,
    io: &mut Streams,
) {
    let line = record::line(run);
    let written = destination::write(&config.destination, &line, signals, io)
        .and_then(|begun| destination::write(&config.destination, others, signals, io).map(|_| begun));
    let begun = store.or(written.unwrap_or_else(|trouble| {
        io.complain(TOOL, &trouble);
        None
    }));
    drop(presence);
    if let Some(command) = &config.then
        && let Err(trouble) = then::start(command, &line, signals)
    {
        io.tell(TOOL, &format!("`{}` {trouble}", command.display()));
    }
    if let Some(store) = begun {
        upkeep::start(&store, signals, io);
    }
}

fn exit(outcome: &Outcome) -> Exit {
    match outcome.end {
        _ if outcome.timed_out => Exit::Status(TIMED_OUT),
        // A status has eight bits on every system that we run on.
        End::Exited(code) => Exit::Status(u8::try_from(code).unwrap_or(u8::MAX)),
        End::Signaled(signal) => Exit::Signal(signal),
    }
}
