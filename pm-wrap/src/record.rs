//! The record of a run.

use pm_record::{PerformanceMetrics, Record, ResourceUsage, Status, Thousandths, Timestamp};

use crate::child::{End, Outcome};
use crate::config::Config;
use crate::error::Error;
use crate::execution_id::ExecutionId;
use crate::name;

/// The longest line, newline included: what a pipe takes in one piece, so that wraps that share one
/// cannot interleave.
const LONGEST: usize = 4096;

/// The record of a command that has ended.
pub(crate) fn finished(
    config: &Config,
    id: &ExecutionId,
    started: Timestamp,
    outcome: &Outcome,
) -> PerformanceMetrics {
    let (status, exit_code, signal) = match outcome.end {
        End::Exited(0) => (Status::Success, Some(0), None),
        End::Exited(code) => (Status::Failure, Some(code), None),
        End::Signaled(number) => (Status::Signaled, None, Some(number)),
    };
    PerformanceMetrics {
        resource_usage: resource_usage(outcome),
        exit_code,
        signal,
        status: Some(status),
        stopped_ms: (outcome.stopped.0 > 0).then_some(outcome.stopped),
        ..begin(config, id, started, outcome.total)
    }
}

/// The record of a command that could not be started.
pub(crate) fn not_started(
    config: &Config,
    id: &ExecutionId,
    started: Timestamp,
    error: &Error,
) -> PerformanceMetrics {
    PerformanceMetrics {
        exit_code: Some(i32::from(error.status())),
        status: Some(Status::NotStarted),
        ..begin(config, id, started, Thousandths(0))
    }
}

fn begin(config: &Config, id: &ExecutionId, started: Timestamp, total: Thousandths) -> PerformanceMetrics {
    PerformanceMetrics {
        execution_id: Some(id.as_str().to_owned()),
        context: config.context.clone(),
        program: Some(name::base_name(&config.program)),
        host: rustix::system::uname().nodename().to_str().ok().map(str::to_owned),
        ..PerformanceMetrics::new(config.name.clone(), started, total)
    }
}

fn resource_usage(outcome: &Outcome) -> ResourceUsage {
    let used = &outcome.used;
    let peak = peak(used.largest_kib, outcome.own_peak_kib);
    ResourceUsage {
        peak_memory_mb: peak.map(|kib| Thousandths(i64::try_from(kib * 1000 / 1024).unwrap_or(i64::MAX))),
        peak_memory_source: Some(if peak.is_some() { "rusage" } else { "floor" }.to_owned()),
        cpu_time_ms: used.user.zip(used.system).map(|(user, system)| Thousandths(user.0 + system.0)),
        user_ms: used.user,
        system_ms: used.system,
        io_operations: outcome.io_operations.map(Thousandths::from_count),
        page_faults: used.page_faults.map(Thousandths::from_count),
        context_switches: used.context_switches.map(Thousandths::from_count),
        ..ResourceUsage::default()
    }
}

/// The largest process of the command's tree, unless that is no larger than we were when we started it:
/// the kernel counts a new process as large as the one it was made from.
fn peak(largest_kib: Option<u64>, own_kib: Option<u64>) -> Option<u64> {
    largest_kib.filter(|&largest| own_kib.is_some_and(|own| largest > own))
}

/// The record as one line, short enough for a pipe. Labels go first, the last one first of all.
pub(crate) fn line(mut run: PerformanceMetrics) -> Vec<u8> {
    loop {
        let line = Record::Performance(Box::new(run.clone())).to_line();
        if line.len() <= LONGEST || run.context.pop().is_none() {
            return line;
        }
        run.truncated = Some(true);
    }
}

#[cfg(test)]
mod tests {
    use pm_record::Scalar;

    use super::*;

    fn run() -> PerformanceMetrics {
        PerformanceMetrics::new("x".into(), Timestamp::from_millis(0), Thousandths(1))
    }

    #[test]
    fn labels_that_do_not_fit_are_left_out_and_the_record_says_so() {
        let mut run = run();
        for number in 0..50 {
            run.context.insert(format!("label_{number}"), Scalar::Text("v".repeat(100)));
        }
        let line = line(run);
        assert!(line.len() <= LONGEST);
        let Ok(Record::Performance(read)) = Record::parse(&line) else { panic!("a record") };
        assert_eq!(read.truncated, Some(true));
        assert!(read.context.len() > 25 && read.context.contains_key("label_0"));
    }

    #[test]
    fn a_record_that_fits_is_not_called_truncated() {
        assert!(!String::from_utf8(line(run())).expect("text").contains("truncated"));
    }

    #[test]
    fn memory_no_larger_than_our_own_is_unknown() {
        assert_eq!(peak(Some(2048), Some(1024)), Some(2048));
        assert_eq!(peak(Some(1024), Some(1024)), None);
        assert_eq!((peak(None, Some(1)), peak(Some(1), None)), (None, None));
    }
}
