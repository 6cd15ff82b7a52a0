//! The dashboard, served: the same page, made anew as records come.
//!
//! The page is made of what a command prints, and the command is run again when something in the watched folder has
//! changed, so that nothing here knows how a store is read. It is never run more often than every tenth of the time, and
//! a page that could not be made leaves the one before it. What reads the page are browsers on this machine: the address
//! is a loopback one, and a request that names another host is refused, because a stranger's page in the same browser
//! could ask too.

mod answers;
mod producer;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pm_cli::{Exit, Streams};
use pm_record::Timestamp;
use pm_server::Server;
use tokio::sync::watch;

use crate::dashboard::Dashboard;
use crate::{Error, TOOL};
use answers::Answers;
use producer::Producer;

/// How often the folder is looked at, and how often it is asked whether to end.
const LOOK: Duration = Duration::from_secs(1);
const POLL: Duration = Duration::from_millis(50);

/// The page is about a time that ends now: it is made anew after this long even if nothing was recorded.
const STALE: Duration = Duration::from_mins(1);

/// How much of the time goes into pages at most: a tenth.
const SHARE: u32 = 10;

/// What is served, and made of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    /// What prints the records, program first; never empty.
    pub(crate) command: Vec<std::ffi::OsString>,
    /// The folder whose files change when there is something new.
    pub(crate) watched: Option<PathBuf>,
}

/// What a browser gets: the page as HTML and as a document.
#[derive(Debug)]
struct Page {
    html: String,
    document: String,
}

/// The newest page.
type Shared = Arc<Mutex<Arc<Page>>>;

/// Serves until a signal comes.
pub(crate) fn serve(serving: &Serving, title: &str, io: &mut Streams) -> Result<Exit, Error> {
    let mut producer = Producer::new(serving);
    producer.has_changed();
    let begun = Instant::now();
    let first = match make(&producer, title, io) {
        // It was ended because we are to end.
        Err(_) if io.interrupted().is_some() => return Ok(io.interrupted().map_or(Exit::Done, Exit::Signal)),
        first => first?,
    };
    let shared: Shared = Arc::new(Mutex::new(Arc::new(first)));
    let (version, versions) = watch::channel(0_u64);
    let answers = Answers::new(Arc::clone(&shared), versions);
    let address = serving.address;
    let server = Server::start(address, move |request| answers.answer(request))
        .map_err(|source| Error::Listen { address, source })?;
    io.tell(TOOL, &format!("serving http://{}/ until ^C", server.address));
    let mut rest = Rest::after(begun.elapsed());
    while io.interrupted().is_none() {
        std::thread::sleep(POLL);
        if !rest.is_over(&mut producer) {
            continue;
        }
        let begun = Instant::now();
        match make(&producer, title, io) {
            Ok(new) => {
                *shared.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
                version.send_modify(|version| *version += 1);
            }
            // It may be there again when the next records are.
            Err(_) if io.interrupted().is_some() => break,
            Err(error) => io.complain(TOOL, &error),
        }
        rest = Rest::after(begun.elapsed());
    }
    Ok(io.interrupted().map_or(Exit::Done, Exit::Signal))
}

fn make(producer: &Producer<'_>, title: &str, io: &mut Streams) -> Result<Page, Error> {
    let mut dashboard = Dashboard::new(title);
    producer.run(io, |record| dashboard.push(record))?;
    let now = Timestamp::from_millis(io.clock.now_millis());
    Ok(Page { html: dashboard.served(now), document: dashboard.document() })
}

/// The time between two pages.
struct Rest {
    begun: Instant,
    looked: Instant,
    least: Duration,
}

impl Rest {
    /// What a page that took this long is followed by.
    fn after(took: Duration) -> Self {
        let now = Instant::now();
        Self { begun: now, looked: now, least: LOOK.max(took * (SHARE - 1)) }
    }

    fn is_over(&mut self, producer: &mut Producer<'_>) -> bool {
        if self.begun.elapsed() < self.least || self.looked.elapsed() < LOOK {
            return false;
        }
        self.looked = Instant::now();
        producer.has_changed() || self.was_long()
    }

    fn was_long(&self) -> bool {
        self.begun.elapsed() >= STALE
    }
}
