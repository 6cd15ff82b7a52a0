//! What went through the chosen processes' own TCP connections.
//!
//! A connection that is known is asked about by itself at every look, which takes some microseconds. To find new
//! ones, the descriptors of every process are looked at and, if there is a socket among them that is not known, the
//! kernel goes through its whole table of connections. That is done at every look as long as it takes a thousandth
//! of the time at most. What was sent through a connection after the last look at it, or through one that came and
//! went between two, is lost.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use super::descriptors::Descriptors;
use super::diag::{Connection, Diag};
use crate::reading::{Scope, Traffic};

/// Searching takes so small a part of the time, but is done this often.
const SHARE: u32 = 1000;
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// From so many connections on, the whole table is read more quickly.
const MANY: usize = 100;

/// Of so many processes each has a descriptor of ours, so that what it has open need not be read at every look.
const FEW: usize = 64;

/// A process, and whether it started since the look before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) pid: i32,
    pub(crate) is_new: bool,
}

/// Connections of the chosen processes.
#[derive(Debug)]
pub(crate) struct Sockets {
    diag: Option<Diag>,
    /// This process's network; the kernel tells of no other.
    network: Option<PathBuf>,
    known: HashMap<u32, Connection>,
    descriptors: HashMap<i32, Descriptors>,
    /// Sockets that were no connection when they were last looked for.
    idle: HashSet<u32>,
    /// Whose descriptors were looked at before: what they have opened since is theirs from its first byte.
    searched: HashSet<i32>,
    next_search: Duration,
    next_table: Duration,
    /// Whether every process let its descriptors be seen.
    all_seen: bool,
}

/// A socket that was found in a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    inode: u32,
    /// Whether everything that went through it did so since the look before.
    is_new: bool,
}

impl Sockets {
    pub(crate) fn new() -> Self {
        Self {
            diag: Diag::open(),
            network: std::fs::read_link("/proc/self/ns/net").ok(),
            known: HashMap::new(),
            descriptors: HashMap::new(),
            idle: HashSet::new(),
            searched: HashSet::new(),
            next_search: Duration::ZERO,
            next_table: Duration::ZERO,
            all_seen: true,
        }
    }

    /// What went through since the look before; none where not all of it can be seen.
    pub(crate) fn look(&mut self, now: Duration, owners: &[Owner]) -> Option<Traffic> {
        let mut traffic = Traffic { scope: Scope::Processes, sent: 0, received: 0, connections: None };
        let known = self.known.len();
        self.follow(&mut traffic)?;
        if now >= self.next_search {
            let begun = own_time();
            // Another may have taken the place of one that has ended.
            let are_old = self.known.len() < known;
            let found = self.search(now, owners, are_old);
            if let Some(found) = found.filter(|found| self.are_worth_a_table(found, now)) {
                self.find(&found, &mut traffic)?;
                self.next_table = now + LONGEST_PAUSE;
            }
            let cost = own_time().saturating_sub(begun);
            self.next_search = now + cost.saturating_mul(SHARE).min(LONGEST_PAUSE);
        }
        let open = self.known.values().filter(|connection| connection.is_open).count();
        traffic.connections = Some(open as u64);
        self.all_seen.then_some(traffic)
    }

    /// Asks about every connection that is known.
    fn follow(&mut self, traffic: &mut Traffic) -> Option<()> {
        let diag = self.diag.as_mut()?;
        let now = if self.known.len() > MANY {
            let all = diag.all().ok()?.into_iter();
            all.filter(|connection| self.known.contains_key(&connection.inode)).collect()
        } else {
            let mut now = Vec::with_capacity(self.known.len());
            for connection in self.known.values() {
                now.extend(diag.again(connection).ok()?);
            }
            now
        };
        let mut before = std::mem::take(&mut self.known);
        for connection in now {
            if let Some(earlier) =
                before.remove(&connection.inode).filter(|earlier| earlier.is_same(&connection))
            {
                traffic.add(earlier.sent, earlier.received, &connection);
                self.known.insert(connection.inode, connection);
            }
        }
        Some(())
    }

    /// The sockets of all processes; none if one of them does not show its own.
    fn search(&mut self, now: Duration, owners: &[Owner], are_old: bool) -> Option<Vec<Found>> {
        let mut found = Vec::new();
        let mut seen = true;
        let mut before = std::mem::take(&mut self.descriptors);
        for &Owner { pid, is_new } in owners {
            let is_new = is_new || self.searched.contains(&pid);
            // The one we know may have ended, and another may have its number.
            let kept = before.remove(&pid).and_then(|kept| kept.looked(pid, now, are_old).ok());
            let looked = kept.map_or_else(|| Descriptors::of(pid)?.looked(pid, now, true), Ok);
            match looked {
                Ok(descriptors) => {
                    let sockets = descriptors.sockets.iter();
                    found.extend(sockets.map(|&inode| Found { inode, is_new }));
                    seen &= descriptors.network.is_none() || descriptors.network == self.network;
                    if owners.len() <= FEW {
                        self.descriptors.insert(pid, descriptors);
                    }
                }
                Err(error) => seen &= !matches!(error, Errno::ACCESS | Errno::PERM),
            }
        }
        self.searched = owners.iter().map(|owner| owner.pid).collect();
        self.all_seen = seen;
        seen.then_some(found)
    }

    /// Whether one of the sockets may be a connection that is not known yet.
    fn are_worth_a_table(&self, found: &[Found], now: Duration) -> bool {
        let mut unknown = found.iter().filter(|found| !self.known.contains_key(&found.inode)).peekable();
        let is_due = now >= self.next_table && unknown.peek().is_some();
        is_due || unknown.any(|found| !self.idle.contains(&found.inode))
    }

    /// Looks the sockets up among all connections.
    fn find(&mut self, found: &[Found], traffic: &mut Traffic) -> Option<()> {
        let wanted: HashMap<u32, bool> = found.iter().map(|found| (found.inode, found.is_new)).collect();
        for connection in self.diag.as_mut()?.all().ok()? {
            let Some(&is_new) = wanted.get(&connection.inode) else { continue };
            self.known.entry(connection.inode).or_insert_with(|| {
                if is_new {
                    traffic.add(0, 0, &connection);
                }
                connection
            });
        }
        self.idle = wanted.into_keys().filter(|inode| !self.known.contains_key(inode)).collect();
        Some(())
    }
}

impl Traffic {
    fn add(&mut self, sent: u64, received: u64, now: &Connection) {
        self.sent = self.sent.saturating_add(now.sent.saturating_sub(sent));
        self.received = self.received.saturating_add(now.received.saturating_sub(received));
    }
}

/// How long this thread has computed: being made to wait costs nothing.
fn own_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn what_a_process_sends_and_receives_is_counted_from_the_first_look_on() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let connect = || {
            let near = TcpStream::connect(address).expect("a connection");
            (near, listener.accept().expect("the other end").0)
        };
        let pass = |(near, far): &mut (TcpStream, TcpStream), count: usize| {
            near.write_all(&vec![7; count]).expect("sent");
            far.read_exact(&mut vec![0; count]).expect("received");
        };
        let me = [Owner { pid: rustix::process::getpid().as_raw_pid(), is_new: false }];
        let mut sockets = Sockets::new();
        // Other tests of this process may have connections too, so that figures are at least ours.
        let mut look = |second: u64| sockets.look(Duration::from_secs(second * 10), &me).expect("seen");

        let mut first = connect();
        pass(&mut first, 50_000);
        let start = look(1);
        assert_eq!((start.sent, start.received, start.scope), (0, 0, Scope::Processes));
        assert!(start.connections.is_some_and(|open| open >= 2), "{start:?}");

        pass(&mut first, 3_000);
        let mut second = connect();
        pass(&mut second, 40_000);
        let tick = look(2);
        assert!(tick.sent >= 43_000 && tick.received >= 43_000, "{tick:?}");
        assert!(tick.connections.is_some_and(|open| open >= 4), "{tick:?}");
    }

    #[test]
    fn without_a_line_to_the_kernel_nothing_is_seen() {
        let mut sockets = Sockets { diag: None, ..Sockets::new() };
        assert_eq!(sockets.look(Duration::ZERO, &[]), None);
    }
}
