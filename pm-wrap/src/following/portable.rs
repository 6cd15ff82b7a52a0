//! Where nobody can be followed.

use std::io;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::{Change, Followed, Trouble};
use crate::args::ProgramPhase;
use crate::journal::Journal;
use crate::memory::Rhythm;
use crate::sightings::Sightings;

/// Nobody.
#[derive(Debug, Default)]
pub(crate) struct Following {
    asked_for: bool,
}

impl Following {
    pub(crate) fn begin(_root: Pid, _started: Instant, _rules: Vec<ProgramPhase>) -> Self {
        Self { asked_for: true }
    }

    pub(crate) fn by_looking() -> Self {
        Self { asked_for: true }
    }

    #[expect(clippy::unused_self, reason = "where processes are traced this depends on it")]
    pub(crate) fn rhythm(&self) -> Rhythm {
        Rhythm::Memory
    }

    #[expect(clippy::unused_self, reason = "where processes are traced this depends on it")]
    pub(crate) fn has_root(&self) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "where processes are traced this depends on it")]
    pub(crate) fn follows(&self, _process: Pid) -> bool {
        false
    }

    #[expect(clippy::unused_self, reason = "where processes are traced this depends on it")]
    pub(crate) fn sightings(&mut self) -> Option<&mut Sightings> {
        None
    }

    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "where processes are traced it may fail"
    )]
    pub(crate) fn look(
        &mut self,
        _clock: impl Fn() -> Duration,
        _journal: &mut Journal,
    ) -> io::Result<Change> {
        Ok(Change::default())
    }

    pub(crate) fn finish(self) -> Followed {
        let troubles = if self.asked_for { vec![Trouble::Unsupported] } else { Vec::new() };
        Followed { troubles, ..Followed::default() }
    }
}
