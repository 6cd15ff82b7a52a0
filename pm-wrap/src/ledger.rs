//! What the command asks of GitHub's API, counted without its knowledge.
//!
//! `gh` is led to the relay by its configuration, other programs by the variables that name the API's address.
//! Whatever cannot be set up or goes wrong on the way is one warning, and the command runs without it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use pm_cli::{Environment, Exit, Explain, Streams};
use pm_record::{Record, Scalar, Thousandths};
use pm_store::Store;

use crate::config::{Config, Destination, Requests};
use crate::destination;
use crate::execution_id::ExecutionId;
use crate::journal::Told;
use crate::overlay::{self, Overlay};
use crate::relay::{News, Relay};
use crate::signals::Signals;
use crate::tally::Tally;

/// The longest line that is handed on: those who share a pipe write no longer ones.
const LONGEST: usize = 4096;

/// What is held before it is handed on while the command runs.
const HELD: usize = 64 * 1024;

/// The most that is held for a reader that takes nothing.
const MOST_HELD: usize = 16 * 1024 * 1024;

/// The variables that proxies for plain HTTP are named by, and those that except addresses from them.
const PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// The requests of one run.
#[derive(Debug)]
pub(crate) struct Ledger {
    overlay: Overlay,
    relay: Relay,
    lines: Lines,
    troubles: Vec<Trouble>,
    variables: Vec<(&'static str, OsString)>,
}

/// What came from the relay.
#[derive(Debug)]
struct Lines {
    tally: Tally,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
    /// Lines to hand on, where they go to, and how many did not fit.
    kept: Option<Destination>,
    held: Vec<u8>,
    left_out: u64,
    /// The store whose day they began.
    store: Option<Store>,
    lost: Option<destination::Trouble>,
}

/// What is known at the end.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    /// Records to hand on.
    pub(crate) lines: Vec<u8>,
    pub(crate) store: Option<Store>,
}

/// What went wrong: a warning, whatever it is.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the API requests are not counted")]
    NoOverlay(#[source] overlay::Trouble),
    #[error("the API requests are not counted")]
    NoRelay(#[source] io::Error),
    #[error("the relay died and was started once more; requests that were under way then are not counted")]
    Restarted,
    #[error("the relay died a second time; the API requests after that are not counted")]
    Lost,
    #[error(transparent)]
    NotBroughtHome(overlay::Trouble),
    #[error("{0} api_request records are left out, because nobody read them")]
    LeftOut(u64),
    #[error(transparent)]
    NotWritten(destination::Trouble),
}

impl Explain for Trouble {
    fn exit(&self) -> Exit {
        Exit::Environment
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoOverlay(trouble) | Self::NotBroughtHome(trouble) => trouble.hint(),
            Self::NoRelay(_) => Some("see what is installed with `github-pm performance doctor`".to_owned()),
            Self::Restarted | Self::Lost => {
                Some("see how it does alone with `pm-relay --listen 127.0.0.1:0`".to_owned())
            }
            Self::LeftOut(_) => {
                Some("write them to a file with `pm-wrap -o FILE --api --api-requests`".to_owned())
            }
            Self::NotWritten(trouble) => trouble.hint(),
        }
    }
}

impl Ledger {
    /// Has everything ready for the command; none, and a warning, if that cannot be.
    pub(crate) fn open(
        config: &Config,
        id: &ExecutionId,
        signals: &Signals,
        io: &mut Streams,
    ) -> Option<Self> {
        let made = Self::make(config, id, signals, &io.environment);
        made.map_err(|trouble| io.complain(crate::TOOL, &trouble)).ok()
    }

    fn make(
        config: &Config,
        id: &ExecutionId,
        signals: &Signals,
        environment: &Environment,
    ) -> Result<Self, Trouble> {
        let overlay = Overlay::make(environment, id).map_err(Trouble::NoOverlay)?;
        let relay = Relay::start(&overlay.socket(), id, signals, environment).map_err(Trouble::NoRelay)?;
        let variables = variables(&overlay, relay.port(), environment);
        let lines = Lines {
            tally: Tally::default(),
            begun: Vec::new(),
            kept: (config.requests == Requests::Recorded).then(|| config.destination.clone()),
            held: Vec::new(),
            left_out: 0,
            store: None,
            lost: None,
        };
        Ok(Self { overlay, relay, lines, troubles: Vec::new(), variables })
    }

    /// What the command is to find in its environment.
    pub(crate) fn variables(&self) -> &[(&'static str, OsString)] {
        &self.variables
    }

    /// Removes what earlier runs left behind.
    pub(crate) fn sweep(&self, time_of_day: Duration) {
        self.overlay.sweep(time_of_day);
    }

    /// Readable when requests were made.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.relay.descriptor()
    }

    /// Who is a child of ours, and no part of the command.
    pub(crate) fn pid(&self) -> u32 {
        self.relay.pid()
    }

    /// Takes in what was made, and hands on what there is much of.
    pub(crate) fn take(&mut self, signals: &Signals, io: &mut Streams) {
        let Self { relay, lines, .. } = self;
        match relay.read(signals, |bytes| lines.take(bytes)) {
            News::Nothing => {}
            News::Restarted => {
                lines.begun.clear();
                self.troubles.push(Trouble::Restarted);
            }
            News::Lost => {
                // Nobody listens any more, so nobody must be sent there.
                self.overlay.give_up();
                self.troubles.push(Trouble::Lost);
            }
        }
        self.lines.hand_on(signals, io);
    }

    /// The command has ended: everything that was counted. What it changed of `gh`'s configuration is kept.
    pub(crate) fn close(self, signals: &Signals, io: &mut Streams) -> Counted {
        let Self { overlay, relay, mut lines, mut troubles, .. } = self;
        relay.finish(signals, |bytes| lines.take(bytes));
        troubles.extend(overlay.bring_home().err().map(Trouble::NotBroughtHome));
        troubles.extend((lines.left_out > 0).then_some(Trouble::LeftOut(lines.left_out)));
        troubles.extend(lines.lost.map(Trouble::NotWritten));
        if troubles.iter().any(|trouble| matches!(trouble, Trouble::Lost)) {
            troubles.retain(|trouble| !matches!(trouble, Trouble::Restarted));
        }
        for trouble in &troubles {
            io.complain(crate::TOOL, trouble);
        }
        Counted { tally: lines.tally, lines: lines.held, store: lines.store }
    }
}

impl Counted {
    /// Puts what was counted in the place of what the command told of it: both saw the same requests. What only
    /// the command can know, such as answers from a cache of its own, stays as it was told.
    pub(crate) fn outrank(&self, told: &mut Told) {
        let (counted, told_api) = (self.tally.counters(), &mut told.github_api);
        for (told, counted) in [
            (&mut told_api.requests_made, counted.requests_made),
            (&mut told_api.rate_limit_consumed, counted.rate_limit_consumed),
            (&mut told_api.rate_limit_remaining, counted.rate_limit_remaining),
            (&mut told_api.cache_hits, counted.cache_hits),
            (&mut told_api.cache_misses, counted.cache_misses),
            (&mut told_api.graphql_points, counted.graphql_points),
            (&mut told_api.retries, counted.retries),
            (&mut told_api.waited_ms, counted.waited_ms),
        ] {
            *told = counted.or(*told);
        }
        if let Some(most) = self.tally.most_at_once() {
            let most = Scalar::Number(Thousandths::from_count(u64::from(most)));
            told.context.entry("concurrent_operations".to_owned()).or_insert(most);
        }
    }
}

impl Lines {
    fn take(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end + 1);
            bytes = rest;
            if self.begun.is_empty() {
                self.read(line);
            } else {
                self.begun.extend_from_slice(line);
                let line = std::mem::take(&mut self.begun);
                self.read(&line);
            }
        }
        // A line that is too long is none, and what comes of it is not held.
        if self.begun.len() <= LONGEST {
            self.begun.extend_from_slice(bytes);
        }
    }

    fn read(&mut self, line: &[u8]) {
        if line.len() > LONGEST {
            return;
        }
        let Ok(Record::Request(request)) = Record::parse(line) else { return };
        self.tally.add(*request);
        if self.kept.is_none() {
            return;
        }
        if self.held.len() + line.len() <= MOST_HELD {
            self.held.extend_from_slice(line);
        } else {
            self.left_out += 1;
        }
    }

    /// Hands on what is held, if it is much.
    fn hand_on(&mut self, signals: &Signals, io: &mut Streams) {
        let Some(destination) = self.kept.as_ref().filter(|_| self.held.len() >= HELD) else { return };
        match destination::write_now(destination, &mut self.held, signals, io) {
            Ok(store) => self.store = self.store.take().or(store),
            Err(trouble) => {
                // One warning is enough, and what could not be written cannot be later.
                self.lost = Some(trouble);
                self.kept = None;
                self.held.clear();
            }
        }
    }
}

/// Where `gh`, other programs, and other relays find the API.
fn variables(overlay: &Overlay, port: u16, environment: &Environment) -> Vec<(&'static str, OsString)> {
    let address = format!("http://127.0.0.1:{port}");
    let mut upstream = OsString::from("unix:");
    upstream.push(overlay.socket());
    let mut variables = vec![
        (overlay::VARIABLE, overlay.path().into()),
        ("GITHUB_GRAPHQL_URL", format!("{address}/graphql").into()),
        ("GITHUB_API_URL", address.into()),
        // A relay in the command stands in front of ours, and not beside it.
        ("PM_RELAY_UPSTREAM", upstream),
    ];
    if PROXIES.iter().any(|name| environment.get(name).is_some()) {
        // A proxy would look for our port on its own machine.
        for name in EXCEPTIONS {
            let mut exceptions = environment.get(name).map(OsStr::to_owned).unwrap_or_default();
            if !exceptions.is_empty() {
                exceptions.push(",");
            }
            exceptions.push("127.0.0.1");
            variables.push((name, exceptions));
        }
    }
    variables
}
