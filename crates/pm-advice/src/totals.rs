//! All that was recorded, unit by unit: what a saving is a share of.

use pm_record::{EstimatedSaving, Thousandths};

use crate::execution::Execution;

/// The sums.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// In thousandths of a millisecond.
    time: i128,
    requests: u64,
    quota: u64,
    processes: u64,
    /// Of the one run or tick that held most, in thousandths.
    memory: i64,
    /// Answers by whether a cache had them.
    pub(crate) hits: u64,
    pub(crate) misses: u64,
}

impl Totals {
    /// Takes in a run of the user's own work.
    pub(crate) fn run(&mut self, execution: &Execution) {
        self.time += i128::from(execution.took().unwrap_or(0).max(0));
        for call in &execution.calls {
            self.requests += u64::from(call.was_sent);
            self.quota += u64::from(call.cost);
            self.hits += u64::from(call.cache == Some(crate::call::Cached::Hit));
            self.misses += u64::from(call.cache == Some(crate::call::Cached::Miss));
        }
        let Some(run) = &execution.run else { return };
        let count = |counted: Option<Thousandths>| {
            counted.and_then(|count| u64::try_from(count.0 / 1000).ok()).unwrap_or(0)
        };
        if execution.calls.is_empty() {
            self.requests += count(run.github_api.requests_made);
            self.quota += count(run.github_api.rate_limit_consumed);
            self.hits += count(run.github_api.cache_hits);
            self.misses += count(run.github_api.cache_misses);
        }
        self.memory(run.resource_usage.peak_memory_mb);
    }

    /// Takes in any run.
    pub(crate) fn any_run(&mut self, execution: &Execution) {
        self.processes += execution.processes.len() as u64;
    }

    pub(crate) fn memory(&mut self, memory: Option<Thousandths>) {
        self.memory = self.memory.max(memory.unwrap_or_default().0);
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// The largest share that a saving is of anything, 0 to 1.
    pub(crate) fn share(&self, saving: &EstimatedSaving) -> f64 {
        let share = |saved: Option<Thousandths>, all: f64| {
            let saved = saved.map_or(0.0, |saved| saved.0 as f64);
            if all > 0.0 { (saved / all).clamp(0.0, 1.0) } else { 0.0 }
        };
        // What many processes cost is their time; how many they are says something only where that is not known.
        let processes = saving.processes.filter(|_| saving.time_ms.is_none());
        [
            share(saving.time_ms, self.time as f64),
            share(saving.requests, self.requests as f64 * 1000.0),
            share(saving.quota, self.quota as f64 * 1000.0),
            share(processes, self.processes as f64 * 1000.0),
            share(saving.memory_mb, self.memory as f64),
        ]
        .into_iter()
        .fold(0.0, f64::max)
    }
}
