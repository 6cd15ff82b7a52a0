//! Connections that wait for the next request to the same server.
//!
//! A client such as `gh` opens a connection for each request; kept ones save it the handshake with the server. One
//! is kept for five seconds, and looked at before it is used again: a server may close it at any time, and a
//! request that was written to a closed connection must not always be sent again.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hyper::client::conn::http1::SendRequest;

use crate::route::Target;
use crate::upload::Outgoing;

/// How long a connection is kept.
const IDLE: Duration = Duration::from_secs(5);

/// How many are kept to one server, and in all.
const MOST: usize = 32;
const MOST_SERVERS: usize = 64;

/// A connection that takes requests, one after the other.
pub(crate) type Connection = SendRequest<Outgoing>;

/// The connections at rest.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: RefCell<HashMap<Target, Vec<Idle>>>,
    swept: Cell<bool>,
}

#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// A connection to a server, if one is at hand.
    pub(crate) async fn take(&self, target: &Target) -> Option<Connection> {
        if self.idle.borrow().is_empty() {
            return None;
        }
        // What has happened to the connections meanwhile becomes known before one is chosen.
        tokio::task::yield_now().await;
        let mut idle = self.idle.borrow_mut();
        let waiting = idle.get_mut(target)?;
        let found = std::iter::from_fn(|| waiting.pop()).find(Idle::is_good);
        if waiting.is_empty() {
            idle.remove(target);
        }
        found.map(|idle| idle.connection)
    }

    /// Keeps a connection whose last answer has been read, once it is ready for another request.
    pub(crate) fn keep(self: &Rc<Self>, target: Target, mut connection: Connection) {
        if connection.is_ready() {
            return self.keep_ready(target, connection);
        }
        let pool = Rc::clone(self);
        tokio::task::spawn_local(async move {
            // An answer may come before the whole request was read, and then this never comes to rest.
            if let Ok(Ok(())) = tokio::time::timeout(Duration::from_secs(1), connection.ready()).await {
                pool.keep_ready(target, connection);
            }
        });
    }

    fn keep_ready(self: &Rc<Self>, target: Target, connection: Connection) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < MOST_SERVERS || idle.contains_key(&target) {
            let waiting = idle.entry(target).or_default();
            waiting.push(Idle { connection, since: Instant::now() });
            if waiting.len() > MOST {
                waiting.remove(0);
            }
        }
        drop(idle);
        if !self.swept.replace(true) {
            tokio::task::spawn_local(Rc::clone(self).sweep());
        }
    }

    /// Drops what has waited for too long, for as long as there is anything.
    async fn sweep(self: Rc<Self>) {
        while !self.idle.borrow().is_empty() {
            tokio::time::sleep(IDLE / 5).await;
            self.idle.borrow_mut().retain(|_, waiting| {
                waiting.retain(Idle::is_good);
                !waiting.is_empty()
            });
        }
        self.swept.set(false);
    }
}

impl Idle {
    fn is_good(&self) -> bool {
        self.connection.is_ready() && self.since.elapsed() < IDLE
    }
}
