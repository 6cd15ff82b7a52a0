//! The record of a run.

use pm_record::{
    PerformanceMetrics, ProcessTrace, Record, ResourceUsage, Status, Thousandths, Timestamp, Trace,
};

use crate::child::{End, Outcome};
use crate::config::Config;
use crate::error::Error;
use crate::execution_id::ExecutionId;
use crate::trace_context::TraceContext;
use crate::usage::Transfers;
use crate::{mask, name};

/// The longest line, newline included: what a pipe takes in one piece, so that wraps that share one
/// cannot interleave.
const LONGEST: usize = 4096;

/// What is in no phase.
const OTHER_MS: &str = "other_ms";

/// What is known of a run before it begins.
#[derive(Debug)]
pub(crate) struct Beginning<'a> {
    pub(crate) config: &'a Config,
    pub(crate) id: ExecutionId,
    pub(crate) started: Timestamp,
    pub(crate) trace: TraceContext,
    /// The run that started this one, if one did.
    pub(crate) parent: Option<ExecutionId>,
}

/// What makes this machine comparable with others; found out while the command runs.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    pub(crate) host: Option<String>,
    pub(crate) machine: Option<String>,
}

/// The record of a command that has ended.
pub(crate) fn finished(beginning: &Beginning, identity: Identity, outcome: Outcome) -> PerformanceMetrics {
    let (status, exit_code, signal) = match outcome.end {
        // What is asked to end may do so with whatever status it likes.
        End::Exited(code) if outcome.timed_out => (Status::Timeout, Some(code), None),
        End::Signaled(number) if outcome.timed_out => (Status::Timeout, None, Some(number)),
        End::Exited(0) => (Status::Success, Some(0), None),
        End::Exited(code) => (Status::Failure, Some(code), None),
        End::Signaled(number) => (Status::Signaled, None, Some(number)),
    };
    let resource_usage = resource_usage(&outcome);
    let mut run = begin(beginning, identity, outcome.total);
    run.duration.phases = outcome.told.phases;
    for (key, value) in outcome.told.context {
        // What was said on the command line was said on purpose.
        run.context.entry(key).or_insert(value);
    }
    PerformanceMetrics {
        resource_usage,
        github_api: outcome.told.github_api,
        exit_code,
        signal,
        status: Some(status),
        stopped_ms: (outcome.stopped.0 > 0).then_some(outcome.stopped),
        truncated: outcome.told.truncated.then_some(true),
        trace_degraded: outcome.followed.degraded.then_some(true),
        ..run
    }
}

/// The records of the processes of a run, each on a line of its own.
pub(crate) fn processes(beginning: &Beginning, records: Vec<ProcessTrace>) -> Vec<u8> {
    let Beginning { id, started, .. } = beginning;
    let mut lines = Vec::new();
    for record in records {
        let start = started.as_millis().saturating_add(record.start_ms.0 / 1000);
        let record = ProcessTrace {
            execution_id: Some(id.as_str().to_owned()),
            timestamp: Some(Timestamp::from_millis(start)),
            ..record
        };
        lines.extend(Record::Process(Box::new(record)).to_line());
    }
    lines
}

/// The record of a command that could not be started.
pub(crate) fn not_started(beginning: &Beginning, identity: Identity, error: &Error) -> PerformanceMetrics {
    PerformanceMetrics {
        exit_code: Some(i32::from(error.status())),
        status: Some(Status::NotStarted),
        ..begin(beginning, identity, Thousandths(0))
    }
}

fn begin(beginning: &Beginning, identity: Identity, total: Thousandths) -> PerformanceMetrics {
    let Beginning { config, id, started, trace, parent } = beginning;
    PerformanceMetrics {
        execution_id: Some(id.as_str().to_owned()),
        context: config.context.clone(),
        program: Some(name::base_name(&config.program)),
        host: identity.host,
        machine: identity.machine,
        trace: Some(Trace {
            parent_execution_id: parent.as_ref().map(|parent| parent.as_str().to_owned()),
            ..trace.record()
        }),
        args: config.record_args.then(|| mask::arguments(&config.program, &config.arguments)),
        ..PerformanceMetrics::new(config.name.clone(), *started, total)
    }
}

fn resource_usage(outcome: &Outcome) -> ResourceUsage {
    let Outcome { used, memory, transfers, .. } = outcome;
    let count = |value: fn(&Transfers) -> u64| transfers.as_ref().map(value).map(Thousandths::from_count);
    ResourceUsage {
        peak_memory_mb: memory.peak_mb,
        average_memory_mb: memory.average_mb,
        peak_memory_source: Some(memory.source.clone()),
        memory_samples: Some(Thousandths::from_count(memory.samples)),
        cpu_time_ms: used.user.zip(used.system).map(|(user, system)| Thousandths(user.0 + system.0)),
        user_ms: used.user,
        system_ms: used.system,
        io_operations: count(|transfers| transfers.operations),
        read_bytes: count(|transfers| transfers.read_bytes),
        written_bytes: count(|transfers| transfers.written_bytes),
        page_faults: used.page_faults.map(Thousandths::from_count),
        context_switches: used.context_switches.map(Thousandths::from_count),
        processes: outcome.followed.count.map(Thousandths::from_count),
    }
}

/// The record as one line, short enough for a pipe.
pub(crate) fn line(mut run: PerformanceMetrics) -> Vec<u8> {
    loop {
        let line = Record::Performance(Box::new(run.clone())).to_line();
        let excess = line.len().saturating_sub(LONGEST);
        if excess == 0 || !shorten(&mut run, excess) {
            return line;
        }
        run.truncated = Some(true);
    }
}

/// Leaves something out: arguments first, then labels, then phases, the last one of each first of all. The
/// time of a phase that is left out is `other_ms`, so that phases still add up to the total.
fn shorten(run: &mut PerformanceMetrics, excess: usize) -> bool {
    if let Some(mut args) = run.args.take() {
        let mut left_out = 0;
        while left_out < excess
            && let Some(word) = args.pop()
        {
            // Two quotation marks and a comma go with it.
            left_out += word.len() + 3;
        }
        run.args = Some(args).filter(|args| !args.is_empty());
        return true;
    }
    if run.context.pop().is_some() {
        return true;
    }
    let phases = &mut run.duration.phases;
    let last = phases.keys().rposition(|name| name != OTHER_MS);
    let Some((_, time)) = last.and_then(|index| phases.shift_remove_index(index)) else { return false };
    phases.entry(OTHER_MS.to_owned()).or_insert(Thousandths(0)).0 += time.0;
    true
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
    fn phases_that_do_not_fit_still_add_up_to_the_total() {
        let mut run = run();
        run.args = Some(vec!["x".repeat(200); 20]);
        for number in 0..64 {
            run.duration.phases.insert(format!("{number}_{}_ms", "p".repeat(60)), Thousandths(1000));
        }
        let line = line(run);
        assert!(line.len() <= LONGEST);
        let Ok(Record::Performance(read)) = Record::parse(&line) else { panic!("a record") };
        assert_eq!(read.duration.phases.values().map(|time| time.0).sum::<i64>(), 64_000);
        assert_eq!((read.args, read.truncated), (None, Some(true)));
        assert!(read.duration.phases.len() > 30);
    }
}
