//! A run with its requests and its processes.

use pm_record::{PerformanceMetrics, ProcessTrace, Scalar};

use crate::call::Call;
use crate::labels::{Label, Labels};

/// What is known of one run. Requests of a relay that stood by itself have no run; a stretch of them is one of these.
#[derive(Debug, Default)]
pub(crate) struct Execution {
    pub(crate) run: Option<Box<PerformanceMetrics>>,
    /// The command's name, once there is a run.
    pub(crate) command: Option<Label>,
    /// The machine that it ran on.
    pub(crate) machine: Option<Label>,
    pub(crate) calls: Vec<Call>,
    /// Whether there were requests that nobody asked about.
    pub(crate) has_others: bool,
    pub(crate) processes: Vec<Process>,
}

/// One process, as little of it as rules need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: Option<u32>,
    pub(crate) program: Option<Label>,
    /// When it began, in thousandths of a millisecond since the run did.
    pub(crate) start: i64,
    /// In thousandths of a millisecond; none if it outlived the run.
    pub(crate) took: Option<i64>,
    /// What it computed, in the same unit.
    pub(crate) cpu: Option<i64>,
}

/// Why a run is slow on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    None,
    Profile,
    Other,
}

impl Execution {
    /// Whether its requests and its time are the user's own work, and stand in the log once.
    pub(crate) fn counts(&self) -> bool {
        self.purpose() == Purpose::None && !self.is_nested()
    }

    /// Whether it made requests, and none that anybody asked about.
    pub(crate) fn is_of_others(&self) -> bool {
        self.has_others && self.calls.is_empty()
    }

    /// Whether another run's record holds its time, and another relay's its requests.
    pub(crate) fn is_nested(&self) -> bool {
        let trace = self.run.as_ref().and_then(|run| run.trace.as_ref());
        trace.is_some_and(|trace| trace.parent_execution_id.is_some())
    }

    pub(crate) fn purpose(&self) -> Purpose {
        match self.run.as_ref().and_then(|run| run.context.get("purpose")) {
            Some(Scalar::Text(text)) if text == "profile" => Purpose::Profile,
            Some(Scalar::Text(text)) if text == "benchmark" => Purpose::Other,
            // Another label is one that somebody uses for something else.
            _ => Purpose::None,
        }
    }

    /// How long it took, in thousandths of a millisecond.
    pub(crate) fn took(&self) -> Option<i64> {
        self.run.as_ref().map(|run| run.duration.total_ms.0)
    }

    /// How many things are held of it.
    pub(crate) fn size(&self) -> usize {
        self.calls.len() + self.processes.len()
    }
}

impl Process {
    pub(crate) fn new(process: &ProcessTrace, labels: &mut Labels) -> Self {
        Self {
            pid: process.pid,
            parent: process.parent,
            program: labels.of(&process.program),
            start: process.start_ms.0.max(0),
            took: process.duration_ms.map(|took| took.0.max(0)),
            cpu: process.cpu_time_ms.map(|cpu| cpu.0.max(0)),
        }
    }
}
