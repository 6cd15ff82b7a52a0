//! Following by `ptrace`, and by looking around where that is refused.

use std::collections::HashSet;
use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use pm_record::{ProcessTrace, Schema};
use rustix::process::Pid;

use super::{Change, Followed, Trouble};
use crate::amounts::{mebibytes, millis};
use crate::args::ProgramPhase;
use crate::child::End;
use crate::journal::Journal;
use crate::memory::Rhythm;
use crate::proc;
use crate::sightings::Sightings;
use crate::trace::{Event, Look, Process, Seen, Tracer};

/// The processes of one command, as far as they are followed.
#[derive(Debug, Default)]
pub(crate) struct Following {
    tracer: Option<Tracer>,
    /// Which program stands for which phase.
    rules: Vec<ProgramPhase>,
    sightings: Option<Sightings>,
    degraded: bool,
    /// Programs of which was said that they are not traced.
    untraced: HashSet<String>,
    troubles: Vec<Trouble>,
}

impl Following {
    /// Only looks around.
    pub(crate) fn by_looking() -> Self {
        Self { sightings: Some(Sightings::default()), ..Self::default() }
    }

    /// How often the tree is to be read.
    pub(crate) fn rhythm(&self) -> Rhythm {
        match self {
            Self { sightings: Some(_), .. } => Rhythm::Processes,
            Self { tracer: Some(_), .. } => Rhythm::Traced,
            _ => Rhythm::Memory,
        }
    }

    /// Follows `root`, which waits to become the command.
    pub(crate) fn begin(root: Pid, started: Instant, rules: Vec<ProgramPhase>) -> Self {
        let seized = if proc::is_ours() { Tracer::seize(root, started) } else { Err(Errno::ENOENT) };
        match seized {
            Ok(tracer) => Self { tracer: Some(tracer), rules, ..Self::default() },
            Err(error) => Self { troubles: vec![Trouble::Refused(error.into())], ..Self::by_looking() },
        }
    }

    /// Whether the stops and the end of the command itself are told here, and nowhere else.
    pub(crate) fn has_root(&self) -> bool {
        self.tracer.as_ref().is_some_and(Tracer::has_root)
    }

    /// Whether a process is followed, so that it is waited for here and nowhere else.
    pub(crate) fn follows(&self, process: Pid) -> bool {
        self.tracer.as_ref().is_some_and(|tracer| tracer.follows(process))
    }

    /// Where processes are noted when the tree is read, if they are not traced.
    pub(crate) fn sightings(&mut self) -> Option<&mut Sightings> {
        self.sightings.as_mut()
    }

    /// Takes in what has happened, and lets everybody go on.
    pub(crate) fn look(&mut self, clock: impl Fn() -> Duration, journal: &mut Journal) -> io::Result<Change> {
        let Self { tracer: Some(tracer), rules, degraded, untraced, troubles, .. } = self else {
            return Ok(Change::default());
        };
        let mut change = Change::default();
        let look = tracer.look(&mut |event| match event {
            Event::RootStopped(signal) => change.stopped_by = Some(signal),
            Event::RootContinued => change.continued = true,
            Event::RootEnded => change.ended = true,
            Event::Program { was, is } => {
                let now = clock();
                is.into_iter()
                    .flat_map(|name| of(rules, name))
                    .for_each(|rule| journal.program_began(now, rule));
                was.into_iter()
                    .flat_map(|name| of(rules, name))
                    .for_each(|rule| journal.program_ended(now, rule));
            }
            Event::Degraded { program } => {
                *degraded = true;
                troubles.push(Trouble::Degraded { program: program.to_owned() });
            }
            Event::Untraced { program } if untraced.insert(program.to_owned()) => {
                troubles.push(Trouble::Untraced { program: program.to_owned() });
            }
            Event::Untraced { .. } => {}
        })?;
        change.more = look == Look::More;
        Ok(change)
    }

    /// The command has ended: everything that was seen.
    pub(crate) fn finish(self) -> Followed {
        let Self { tracer, sightings, degraded, troubles, .. } = self;
        let missed = troubles.iter().any(|trouble| !matches!(trouble, Trouble::Degraded { .. }));
        let Some(mut tracer) = tracer else {
            let records = sightings.map(Sightings::into_records).unwrap_or_default();
            return Followed { records, degraded, troubles, ..Followed::default() };
        };
        let Seen { processes, forgotten } = tracer.finish();
        let count = u64::try_from(processes.len()).unwrap_or(u64::MAX) + forgotten;
        Followed {
            largest_kib: processes.iter().filter_map(|process| process.peak_kib).max(),
            records: processes.iter().map(record).collect(),
            count: (!missed).then_some(count),
            degraded,
            troubles,
        }
    }
}

/// The rules that a program stands for.
fn of<'a>(rules: &'a [ProgramPhase], program: &'a str) -> impl Iterator<Item = usize> + 'a {
    let matching =
        rules.iter().enumerate().filter(move |(_, rule)| rule.programs.iter().any(|name| name == program));
    matching.map(|(index, _)| index)
}

fn record(process: &Process) -> ProcessTrace {
    let number = |pid| u32::try_from(pid).unwrap_or(0);
    let ending = process.ending;
    let (exit_code, signal) = match ending.map(|ending| ending.end) {
        Some(End::Exited(code)) => (Some(code), None),
        Some(End::Signaled(signal)) => (None, Some(signal)),
        None => (None, None),
    };
    ProcessTrace {
        schema: Schema,
        execution_id: None,
        timestamp: None,
        pid: number(process.pid),
        parent: process.parent.map(number),
        program: process.program.to_string(),
        start_ms: millis(process.start),
        duration_ms: ending.map(|ending| millis(ending.at.saturating_sub(process.start))),
        cpu_time_ms: ending.and_then(|ending| ending.cpu).map(millis),
        peak_memory_mb: process.peak_kib.map(mebibytes),
        exit_code,
        signal,
    }
}
