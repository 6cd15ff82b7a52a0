//! What `--against FILE` says that commands took: a `benchmark_results`, a log of runs, or hyperfine's JSON.

use indexmap::IndexMap;
use pm_record::{BenchmarkResults, Record};
use pm_stats::Tally;

use super::label::{Part, Side};
use crate::hyperfine;

/// Times by command.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    /// The file, as it was named.
    pub(crate) name: String,
    /// The machines that it names.
    pub(crate) machines: Vec<String>,
    commands: IndexMap<String, Vec<f64>>,
    /// Those of which there are no single times.
    medians: IndexMap<String, f64>,
    samples: IndexMap<String, Sample>,
}

/// What is known of a command. Milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sample {
    Times(Tally),
    /// One number, as a limit has it.
    Median(f64),
}

impl Reference {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Takes in a document of hyperfine's.
    pub(crate) fn push_hyperfine(&mut self, document: &hyperfine::Document) {
        for entry in &document.results {
            let times = entry.times_ms();
            match entry.median_ms() {
                Some(median) if times.is_empty() => _ = self.medians.insert(entry.command.clone(), median),
                _ => self.commands.entry(entry.command.clone()).or_default().extend(times),
            }
        }
    }

    /// Takes in a record. Of a benchmark, or of runs of one, the current side is meant.
    pub(crate) fn push(&mut self, record: &Record) {
        match record {
            Record::Benchmark(results) => self.push_results(results),
            Record::Performance(run)
                if Side::of(&run.context) == Side::Current && Part::of(&run.context) == Part::Measured =>
            {
                self.see(run.machine.as_ref());
                self.commands.entry(run.command.clone()).or_default().push(run.duration.total_ms.to_f64());
            }
            _ => {}
        }
    }

    fn push_results(&mut self, results: &BenchmarkResults) {
        self.see(results.system_info.machine.as_ref());
        for result in &results.command_results {
            let times = result.times_ms.iter().map(|time| time.to_f64());
            match result.average_ms {
                // The specification's document has no single times.
                Some(average) if result.times_ms.is_empty() => {
                    self.medians.insert(result.command.clone(), average.to_f64());
                }
                _ => self.commands.entry(result.command.clone()).or_default().extend(times),
            }
        }
    }

    fn see(&mut self, machine: Option<&String>) {
        if let Some(machine) = machine.filter(|machine| !self.machines.contains(machine)) {
            self.machines.push(machine.clone());
        }
    }

    /// Puts what was taken in in order; says whether there is anything.
    pub(crate) fn finish(&mut self) -> bool {
        let times = std::mem::take(&mut self.commands).into_iter();
        let times = times.map(|(command, times)| (command, Sample::Times(Tally::new(times))));
        let medians = std::mem::take(&mut self.medians).into_iter();
        self.samples =
            medians.map(|(command, median)| (command, Sample::Median(median))).chain(times).collect();
        self.samples.retain(|_, sample| !matches!(sample, Sample::Times(tally) if tally.is_empty()));
        !self.samples.is_empty()
    }

    /// What is known of a command, of which there are so many. hyperfine calls a command by all of its words, so
    /// that where there is one on each side, these two are meant.
    pub(super) fn find(&self, command: &str, commands: usize) -> Option<&Sample> {
        let only = || self.samples.values().next().filter(|_| commands == 1 && self.samples.len() == 1);
        self.samples.get(command).or_else(only)
    }
}
