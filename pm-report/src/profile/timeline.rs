//! Everything that is known of one run, on one time axis.

use pm_record::{ApiRequest, PerformanceMetrics, ProcessTrace, Timestamp};

use crate::profile::critical_path::{Segment, critical_path};
use crate::profile::requests::{self, Request};
use crate::profile::span::micros;
use crate::profile::tree::{self, Process};
use crate::report::{LONGEST_LABEL, kept};

/// What phases are kept: no run has more names.
const MOST_PHASES: usize = 64;

/// One run, from 0 to `total`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timeline {
    /// When it began; unknown where only its processes are.
    pub(crate) began: Option<Timestamp>,
    pub(crate) total: i64,
    /// Processor time of the whole tree.
    pub(crate) cpu: Option<i64>,
    /// In thousandths of a mebibyte.
    pub(crate) peak_memory: Option<i64>,
    /// How it ended, in words, where that was not well.
    pub(crate) trouble: Option<String>,
    /// Time by phase, without the ending `_ms`, in the order of the record.
    pub(crate) phases: Vec<(String, i64)>,
    pub(crate) seen: Seen,
    /// In order of start, parents before children; the first is the command.
    pub(crate) processes: Vec<Process>,
    /// In order of start.
    pub(crate) requests: Vec<Request>,
    pub(crate) path: Vec<Segment>,
}

/// How the processes are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Each was followed from its start to its end.
    Traced,
    /// They were looked at from time to time.
    Sampled,
    /// Only the run as a whole was recorded.
    NotRecorded,
}

impl Timeline {
    /// From the records of one run; it needs a run, or processes of it.
    pub(crate) fn new(
        run: Option<&PerformanceMetrics>,
        processes: Vec<ProcessTrace>,
        requests: &[ApiRequest],
    ) -> Self {
        let last = || {
            let end = |process: &ProcessTrace| {
                micros(process.start_ms).saturating_add(process.duration_ms.map_or(0, micros))
            };
            processes.iter().map(end).max().unwrap_or(0)
        };
        let total = run.map_or_else(last, |run| micros(run.duration.total_ms));
        let began = run.map(|run| run.timestamp);
        // Whoever was followed has a status in the end; one that was only looked at never has.
        let followed = |process: &ProcessTrace| process.exit_code.is_some() || process.signal.is_some();
        let seen = match &processes[..] {
            [] => Seen::NotRecorded,
            some if some.iter().any(followed) => Seen::Traced,
            _ => Seen::Sampled,
        };
        let cpu = run.and_then(|run| run.resource_usage.cpu_time_ms).map(micros);
        let processes = match run {
            Some(run) if seen == Seen::NotRecorded => {
                tree::alone(run.program.as_ref().unwrap_or(&run.command), total, cpu)
            }
            _ => tree::build(processes, total),
        };
        Self {
            began,
            total,
            cpu,
            peak_memory: run.and_then(|run| run.resource_usage.peak_memory_mb).map(|peak| peak.0),
            trouble: run.and_then(trouble),
            phases: run.map(phases).unwrap_or_default(),
            seen,
            path: critical_path(&processes),
            processes,
            requests: began.map(|began| requests::place(requests, began, total)).unwrap_or_default(),
        }
    }

    /// How long each process was on the critical path.
    pub(crate) fn path_times(&self) -> Vec<i64> {
        let mut times = vec![0; self.processes.len()];
        for part in &self.path {
            times[part.process] += part.span.length();
        }
        times
    }
}

fn trouble(run: &PerformanceMetrics) -> Option<String> {
    match (run.signal, run.exit_code) {
        (Some(signal), _) => Some(format!("ended by signal {signal}")),
        (None, Some(code)) if code != 0 => Some(format!("exit status {code}")),
        _ => None,
    }
}

fn phases(run: &PerformanceMetrics) -> Vec<(String, i64)> {
    let named = run.duration.phases.iter().take(MOST_PHASES);
    named
        .map(|(name, time)| (kept(name.strip_suffix("_ms").unwrap_or(name), LONGEST_LABEL), micros(*time)))
        .collect()
}
