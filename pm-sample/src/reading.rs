//! What a look at the system tells: amounts at that moment, and what was used since the look before.
//!
//! What could not be measured is `None`. At the first look nothing has been used yet.

use std::time::Duration;

use indexmap::IndexMap;

/// One look.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Reading {
    /// The chosen processes; none if none were asked for.
    pub(crate) chosen: Option<Chosen>,
    /// How much of the time of all processors was used, 0 to 1.
    pub(crate) system_share: Option<f64>,
    /// Processors that may be used; a container may have a part of one.
    pub(crate) cores: Option<f64>,
    pub(crate) available_bytes: Option<u64>,
    /// Over 1, 5 and 15 minutes.
    pub(crate) load: Option<[f64; 3]>,
    /// By resource, in percent.
    pub(crate) pressure: IndexMap<&'static str, f64>,
    pub(crate) traffic: Option<Traffic>,
}

/// What the chosen processes use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) processes: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) cpu: Duration,
}

/// What went over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traffic {
    pub(crate) scope: Scope,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) connections: Option<u64>,
}

/// Whose traffic it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The chosen processes' own connections.
    Processes,
    /// Everything that goes in and out of the system.
    System,
}

impl Scope {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Processes => "processes",
            Self::System => "system",
        }
    }
}
