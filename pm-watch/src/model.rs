//! What there is to see, made from records; it knows neither where they come from nor how it is drawn.
//!
//! Memory: five minutes of figures, [`FINISHED`] commands that have ended, and the last durations of at most
//! [`COMMANDS`] commands.

use std::collections::{BTreeMap, VecDeque};

use pm_record::{ApiMonitoring, PerformanceMetrics, Record, SystemMetrics, Thousandths, Timestamp};
use pm_store::{Benchmarks, Firing, Monitor, Running};

use crate::series::Series;

/// How many commands that have ended are shown at most.
const FINISHED: usize = 50;

/// Of how many commands durations are kept, and how many of each.
const COMMANDS: usize = 200;
const DURATIONS: usize = 50;

/// What there is to see.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// The store's folder.
    pub(crate) store: String,
    /// Milliseconds since the Unix epoch.
    pub(crate) now: i64,
    pub(crate) monitor: Option<Monitor>,
    pub(crate) last_tick: Option<Timestamp>,
    /// The machine's use of its processors, in percent of all.
    pub(crate) cpu: Series,
    /// What the watched processes use, in percent of one.
    pub(crate) process_cpu: Series,
    pub(crate) cores: Option<f64>,
    /// What the watched processes hold, in MiB.
    pub(crate) memory: Series,
    /// What the machine could still give, in MiB.
    pub(crate) available: Series,
    /// Bytes a second.
    pub(crate) sent: Series,
    pub(crate) received: Series,
    pub(crate) connections: Option<f64>,
    /// What is left of the core quota, in percent.
    pub(crate) quota: Series,
    pub(crate) limits: Vec<Limit>,
    pub(crate) running: Vec<Running>,
    /// The latest first.
    pub(crate) finished: VecDeque<Finished>,
    pub(crate) firing: Vec<Firing>,
    durations: BTreeMap<String, VecDeque<f64>>,
    benchmarks: Benchmarks,
}

/// One rate limit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Limit {
    pub(crate) resource: String,
    pub(crate) remaining: f64,
    pub(crate) most: f64,
}

/// A command that has ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finished {
    pub(crate) command: String,
    /// When it began, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
    pub(crate) millis: f64,
    pub(crate) baseline: Option<Baseline>,
    pub(crate) failed: bool,
}

/// What a duration is compared with, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Baseline {
    /// What `benchmarks.yml` says.
    Set(f64),
    /// The median of the runs before.
    Median(f64),
}

impl Model {
    /// Nothing to see yet.
    pub(crate) fn new(store: String, benchmarks: Benchmarks) -> Self {
        Self { store, benchmarks, ..Self::default() }
    }

    /// Takes in one record.
    pub(crate) fn take(&mut self, record: &Record) {
        match record {
            Record::System(tick) => self.take_tick(tick),
            Record::Api(reading) => self.take_quota(reading),
            Record::Performance(run) => self.take_run(run),
            _ => {}
        }
    }

    fn take_tick(&mut self, tick: &SystemMetrics) {
        let time = tick.timestamp.as_millis();
        let push = |series: &mut Series, value: Option<Thousandths>| {
            if let Some(value) = value {
                series.push(time, value.to_f64());
            }
        };
        push(&mut self.cpu, tick.cpu.system_cpu_percentage);
        push(&mut self.process_cpu, tick.cpu.process_cpu_percentage);
        push(&mut self.memory, tick.memory.process_memory_mb);
        push(&mut self.available, tick.memory.system_memory_available_mb);
        // Bytes are those since the tick before, so a rate needs to know when that was.
        let before = self.last_tick.replace(tick.timestamp).map(Timestamp::as_millis);
        let seconds = before.map(|before| (time - before) as f64 / 1000.0).filter(|seconds| *seconds > 0.0);
        if let Some(seconds) = seconds {
            let both = [
                (&mut self.sent, tick.network.bytes_sent),
                (&mut self.received, tick.network.bytes_received),
            ];
            for (series, bytes) in both {
                if let Some(bytes) = bytes {
                    series.push(time, bytes.to_f64() / seconds);
                }
            }
        }
        let units = |value: Option<Thousandths>, known: Option<f64>| value.map(Thousandths::to_f64).or(known);
        self.cores = units(tick.cpu.cpu_cores, self.cores);
        self.connections = units(tick.network.active_connections, self.connections);
    }

    fn take_quota(&mut self, reading: &ApiMonitoring) {
        let core = &reading.rate_limit_tracking;
        let left =
            core.remaining.zip(core.current_limit).map(|(left, limit)| (left.to_f64(), limit.to_f64()));
        if let (Some((left, limit)), Some(time)) = (left, reading.timestamp)
            && limit > 0.0
        {
            self.quota.push(time.as_millis(), left / limit * 100.0);
        }
        let limits = reading.resources.iter().filter_map(|(resource, limit)| {
            let remaining = limit.remaining?.to_f64();
            Some(Limit { resource: resource.clone(), remaining, most: limit.limit?.to_f64() })
        });
        self.limits = limits.collect();
        // The one that is nearest to its end matters most.
        let share = |limit: &Limit| if limit.most > 0.0 { limit.remaining / limit.most } else { 1.0 };
        self.limits.sort_by(|a, b| share(a).total_cmp(&share(b)));
    }

    fn take_run(&mut self, run: &PerformanceMetrics) {
        let millis = run.duration.total_ms.to_f64();
        let set = self.benchmarks.commands.get(&run.command).and_then(|limits| limits.baseline_ms);
        let before = self.durations.get(&run.command);
        let baseline = set.map(Baseline::Set).or_else(|| before.and_then(median).map(Baseline::Median));
        if before.is_some() || self.durations.len() < COMMANDS {
            let durations = self.durations.entry(run.command.clone()).or_default();
            durations.push_back(millis);
            if durations.len() > DURATIONS {
                durations.pop_front();
            }
        }
        let at = run.timestamp.as_millis();
        let failed = run.exit_code.is_some_and(|code| code != 0) || run.signal.is_some();
        self.finished.push_front(Finished { command: run.command.clone(), at, millis, baseline, failed });
        self.finished.truncate(FINISHED);
    }
}

/// The nearest rank, as everywhere here.
fn median(values: &VecDeque<f64>) -> Option<f64> {
    let mut sorted: Vec<_> = values.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len().div_ceil(2).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests;
