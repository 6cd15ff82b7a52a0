//! Linux: what `/proc` tells, through descriptors that stay open.
//!
//! Reading a file of `/proc` again through the same descriptor takes a third of the time of opening it anew, and a
//! descriptor of a process's file answers for that process alone: once it has ended there is no answer, whoever
//! has its number by then.

mod averages;
mod census;
mod cgroup;
mod children;
mod counters;
mod descriptors;
mod diag;
mod entry;
mod interfaces;
mod kept;
mod limits;
mod listing;
mod mounts;
mod sockets;
mod stat;
mod words;

use crate::config::{Choice, MemoryKind};
use crate::reading::{Chosen, Reading, Scope, Traffic};
use crate::wait;

use averages::{Averages, Waiting};
use census::Census;
use counters::{Processors, established, memory_available};
use interfaces::Interfaces;
use kept::Kept;
use limits::Limits;
use sockets::Sockets;

/// Everything that is read, with what the differences to the look before need.
#[derive(Debug)]
pub(crate) struct Probe {
    census: Option<Census>,
    stat: Kept,
    memory: Kept,
    protocols: Kept,
    processors: Processors,
    interfaces: Interfaces,
    averages: Averages,
    limits: Limits,
    sockets: Sockets,
}

impl Probe {
    /// A probe that looks at the system, and at the chosen processes if there is a choice.
    pub(crate) fn new(choice: Choice, memory: MemoryKind) -> Self {
        Self {
            census: (choice != Choice::System).then(|| Census::new(choice, memory)),
            stat: Kept::at("/proc/stat"),
            memory: Kept::at("/proc/meminfo"),
            protocols: Kept::at("/proc/net/snmp"),
            processors: Processors::default(),
            interfaces: Interfaces::default(),
            averages: Averages::default(),
            limits: Limits::of_this_process(),
            sockets: Sockets::new(),
        }
    }

    /// Looks, and says what was used since the look before.
    pub(crate) fn look(&mut self) -> Reading {
        let now = wait::awake();
        // Who was started before this count was read is found below, and who was started after it changes the next one.
        let processors = self.stat.read(|text| self.processors.look(text)).unwrap_or_default();
        let chosen = self.census.as_mut().map(|census| census.take(processors.forks));
        let owners = self.census.as_ref().map(Census::owners);
        let own = owners.and_then(|owners| self.sockets.look(now, &owners));
        let limits = self.limits.look(now);
        let available = self.memory.read(memory_available);
        let Waiting { load, pressure } = self.averages.look(now);
        Reading {
            chosen,
            system_share: processors.share,
            cores: at_most(processors.count, limits.cores),
            available_bytes: at_most(available, limits.available_bytes),
            load: Some(load),
            pressure,
            traffic: own.or_else(|| self.traffic()),
        }
    }

    fn traffic(&mut self) -> Option<Traffic> {
        let (sent, received) = self.interfaces.look()?;
        Some(Traffic {
            scope: Scope::System,
            sent,
            received,
            connections: self.protocols.read_all(established),
        })
    }
}

/// What there is, where a limit does not allow less. A limit alone says nothing.
fn at_most<T: PartialOrd + Copy>(there: Option<T>, limit: Option<T>) -> Option<T> {
    there.map(|there| limit.filter(|&limit| limit < there).unwrap_or(there))
}
