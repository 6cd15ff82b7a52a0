//! Stands between a client and the GitHub API, and emits one record a request.
//!
//! Whoever runs `gh` changes nothing but where it connects: the relay takes the request as it is, sends it on over
//! a connection that it keeps, and passes the answer back as it comes. It holds no credential, keeps no header and
//! no body, and listens only where nobody but the machine's own users come, or only its owner.
//!
//! One thread does all of it. That is enough for thousands of requests a second, needs no locks, and keeps the
//! memory of a relay that runs for days to a few megabytes; a request that computes for long would hold up all others,
//! and none does. Records are written by a second one, because a disk may take its time.
//!
//! This library exists for the program and its tests and may change at any time; the command line and
//! the records are the contract.

#![deny(unsafe_code)]

mod answer;
pub mod args;
mod attempts;
mod cache;
mod config;
mod dial;
mod endpoint;
mod error;
mod exchange;
mod fault;
mod headers;
#[allow(unsafe_code, reason = "the module says why")]
mod inherited;
mod inspector;
mod journal;
mod ledger;
mod listen;
mod meter;
mod operation;
mod page;
mod pool;
mod ready;
mod relay;
mod route;
mod serve;
mod stop;
mod upload;
mod upstream;

use std::ffi::OsString;
use std::rc::Rc;
use std::time::Duration;

use pm_cli::{Clock, Environment, Exit, Interrupts, Streams, human};
use pm_store::Store;

use crate::args::Args;
use crate::cache::{Cache, Tally};
use crate::config::{Config, Ready, Records};
use crate::dial::Dialer;
pub use crate::error::Error;
use crate::journal::{Destination, Journal, Kept};
use crate::ledger::Ledger;
use crate::listen::{Listener, Listeners};
pub use crate::operation::Operation;
use crate::relay::Relay;
use crate::stop::Stop;

/// The program's name.
pub const TOOL: &str = "pm-relay";

/// A server that takes longer than this to take a connection is none.
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

/// The template of a path of GitHub's REST API, for whoever wants to try it.
#[must_use]
pub fn template(path: &str) -> String {
    endpoint::template(pm_github::Door::Rest, path)
}

/// The whole life of the tool: arguments and streams in, exit status out.
///
/// # Errors
///
/// Wrong usage, an address that cannot be listened on, or records that were lost.
pub fn run(args: Vec<OsString>, io: &mut Streams) -> Result<Exit, Error> {
    let Some(args) = pm_cli::parse::<Args>(args, io)? else { return Ok(Exit::Done) };
    let mut config = Config::new(args, &io.environment)?;
    let destination = destination(&config.records, io)?;
    let listeners = Listeners::open(&config.places)?;
    for listener in &listeners.all {
        if let Listener::Tcp(_, address) = listener
            && config.router.leads_back_to(address.port())
        {
            let message = format!("'http://{address}' is both the address to listen on and the upstream");
            return Err(pm_cli::Usage::new(message, "try `pm-relay --listen 127.0.0.1:0`").into());
        }
    }
    // Many clients at once need many descriptors, and the usual limit is low for the sake of old programs only.
    let mut limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current = limit.maximum;
    let _ = rustix::process::setrlimit(rustix::process::Resource::Nofile, limit);
    let interrupts = Interrupts::watch().map_err(Error::Start)?;
    let cache = match config.cache.take() {
        Some((folder, room)) => Some(Rc::new(
            Cache::open(folder.clone(), room).map_err(|source| Error::Cache { folder, source })?,
        )),
        None => None,
    };
    // Whoever started it for a command of somebody's own has no words of ours to add to that command's.
    let people_wait = config.ready == Ready::People;
    let kept = keep(config, cache.clone(), &destination, &listeners, &interrupts, io)?;
    if let Some(told) = cache.filter(|_| people_wait).and_then(|cache| told(cache.tally())) {
        io.tell(TOOL, &told);
    }
    if kept.lost > 0 {
        let reason = kept.reason.unwrap_or_default();
        return Err(Error::Lost { count: human::count(kept.lost), reason });
    }
    match interrupts.signal() {
        // ^C ends a pipeline, and whoever waits for it wants to know.
        Some(signal) if signal == rustix::process::Signal::INT.as_raw() => Ok(Exit::Signal(signal)),
        _ => Ok(Exit::Done),
    }
}

/// The place for records, looked at before the first request.
fn destination(records: &Records, io: &Streams) -> Result<Destination, Error> {
    Ok(match records {
        Records::Stdout => Destination::Stdout,
        Records::File(path) => Destination::File(path.clone()),
        Records::Store(named) => {
            let directory = |name: &str| io.environment.absolute(name).map(Into::into);
            Destination::Store(Store::meant(named.as_deref(), io.environment.current_dir(), directory)?)
        }
    })
}

/// Serves, and writes records meanwhile.
fn keep(
    config: Config,
    cache: Option<Rc<Cache>>,
    destination: &Destination,
    listeners: &Listeners,
    interrupts: &Interrupts,
    io: &mut Streams,
) -> Result<Kept, Error> {
    let (journal, scribe) = journal::journal();
    let (clock, environment) = (io.clock.clone(), io.environment.clone());
    let (flag, stop) = Stop::new(interrupts, config.until_stdin_closes).map_err(Error::Start)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    ready::tell(config.ready, &listeners.addresses(), io)?;
    let output = &mut io.output;
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| scribe.write_all(destination, output, &clock, || flag.raise()));
        let tasks = tokio::task::LocalSet::new();
        let relay = Rc::new(relay(config, cache, environment, clock.clone(), journal));
        let served = tasks.block_on(&runtime, serve::serve(&listeners.all, relay, stop.wait()));
        // What did not come to its end in time ends here, and its records are written.
        drop(tasks);
        runtime.shutdown_background();
        let kept = writer.join().unwrap_or_default();
        served.map(|()| kept).map_err(Error::Start)
    })
}

/// What the cache was good for, for people.
fn told(Tally { hits, misses, bytes }: Tally) -> Option<String> {
    let asked = hits + misses;
    let saved = human::mebibytes(bytes as f64 / f64::from(1 << 20));
    let (hits, all) = (human::count(hits), human::count(asked));
    (asked > 0).then(|| {
        format!("{hits} of {all} answers had not changed, which saved as much quota, and {saved} on the way")
    })
}

fn relay(
    config: Config,
    cache: Option<Rc<Cache>>,
    environment: Environment,
    clock: Clock,
    journal: Journal,
) -> Relay {
    let roots = move || {
        let variable = |name: &str| environment.text(name).map(str::to_owned);
        pm_github::roots(variable).map_err(|error| error.to_string())
    };
    Relay {
        router: config.router,
        dialer: Dialer::new(config.proxies, CONNECT_LIMIT.min(config.limit), Box::new(roots)),
        pool: Rc::default(),
        cache,
        ledger: Rc::new(Ledger::new(clock, config.execution_id, journal)),
        limit: config.limit,
    }
}
