//! What benchmark services of CI read: one figure or a list of times a command.
//!
//! They are made of runs, of `benchmark_results` or of summaries; what comes twice under one name is taken together
//! as long as its runs are known one by one, else the later counts.

mod bencher;
mod github_action;
mod hyperfine;

use indexmap::IndexMap;
use pm_cli::{Exit, Period, Streams};
use pm_record::{
    BadRecord, BenchmarkResults, CommandResult, PerformanceMetrics, PerformanceSummary, Reading, Record,
    Thousandths, Wanted,
};
use pm_stats::Distribution;

use crate::config::{Ci, Config};
use crate::intake::{self, Taker};
use crate::publish::publish;
use crate::{Error, TOOL, inputs};
use bencher::bencher;
use github_action::github_action;
use hyperfine::hyperfine;

/// How many runs of a command are kept one by one.
const KEPT: usize = 10_000;

/// What is known of each command, in the order in which they were first met.
#[derive(Debug, Default)]
pub(crate) struct Benches {
    commands: IndexMap<String, Bench>,
    most: usize,
    /// Commands that were too many.
    pub(crate) left_out: u64,
}

/// One command. Times in thousandths of milliseconds.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    times: Distribution,
    /// Each run, in the order of the records, the first ten thousand.
    kept: Vec<Run>,
    /// What a record said of all runs together, where they are not known one by one.
    told: Option<Told>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Run {
    time: i64,
    exit_code: Option<i32>,
    peak_memory: Option<i64>,
    user: Option<i64>,
    system: Option<i64>,
}

#[derive(Debug, Clone, Default)]
struct Told {
    count: u64,
    mean: Option<Thousandths>,
    std_deviation: Option<Thousandths>,
    median: Option<Thousandths>,
    p95: Option<Thousandths>,
    min: Option<Thousandths>,
    max: Option<Thousandths>,
    user: Option<Thousandths>,
    system: Option<Thousandths>,
}

impl Benches {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Adds a record; kinds without times are passed over.
    pub(crate) fn take(&mut self, record: &Record) {
        match record {
            Record::Performance(run) => self.run(run),
            Record::Benchmark(results) => self.results(results),
            Record::Summary(summary) => self.summary(summary),
            _ => {}
        }
    }

    fn of(&mut self, command: &str) -> Option<&mut Bench> {
        if !self.commands.contains_key(command) && self.commands.len() >= self.most {
            self.left_out += 1;
            return None;
        }
        Some(self.commands.entry(command.to_owned()).or_default())
    }

    fn run(&mut self, run: &PerformanceMetrics) {
        let usage = &run.resource_usage;
        let value = |number: Option<Thousandths>| number.map(|number| number.0);
        let one = Run {
            time: run.duration.total_ms.0,
            exit_code: run.exit_code,
            peak_memory: value(usage.peak_memory_mb),
            user: value(usage.user_ms),
            system: value(usage.system_ms),
        };
        if let Some(bench) = self.of(&run.command) {
            bench.push(one);
        }
    }

    fn results(&mut self, results: &BenchmarkResults) {
        for result in &results.command_results {
            let Some(bench) = self.of(&result.command) else { continue };
            for (at, time) in result.times_ms.iter().enumerate() {
                let exit_code = result.exit_codes.get(at).copied().unwrap_or(Some(0));
                bench.push(Run { time: time.0, exit_code, ..Run::default() });
            }
            bench.told = Some(Told::of_result(result));
        }
    }

    fn summary(&mut self, summary: &PerformanceSummary) {
        let name = summary.by.values().filter(|value| !value.is_null()).map(ToString::to_string);
        let name = name.collect::<Vec<_>>().join(" ");
        let Some(duration) = summary.metrics.get("duration.total_ms") else { return };
        let told = Told {
            count: duration.count,
            mean: duration.mean,
            std_deviation: duration.std_deviation,
            median: duration.p50,
            p95: duration.p95,
            min: duration.min,
            max: duration.max,
            ..Told::default()
        };
        if let Some(bench) = self.of(if name.is_empty() { "all" } else { &name }) {
            bench.told = Some(told);
        }
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &Bench)> {
        self.commands.iter().map(|(command, bench)| (command.as_str(), bench))
    }
}

impl Told {
    fn of_result(result: &CommandResult) -> Self {
        Self {
            count: result.iterations,
            mean: result.average_ms,
            std_deviation: result.std_deviation,
            median: result.median_ms,
            p95: result.percentiles.map(|percentiles| percentiles.p95),
            min: result.min_ms,
            max: result.max_ms,
            user: result.user_ms,
            system: result.system_ms,
        }
    }
}

impl Bench {
    fn push(&mut self, run: Run) {
        self.times.push(run.time);
        if self.kept.len() < KEPT {
            self.kept.push(run);
        }
    }

    fn told_or(&self, told: fn(&Told) -> Option<Thousandths>, counted: Option<i64>) -> Option<Thousandths> {
        counted.map(Thousandths).or_else(|| self.told.as_ref().and_then(told))
    }

    /// The peaks of memory in bytes, if every run has one.
    fn peaks(&self) -> Option<Vec<u64>> {
        // A MiB has 1,048,576 bytes, and a peak is in thousandths of one.
        let bytes = |run: &Run| Some((run.peak_memory?.unsigned_abs() * 1_048_576 + 500) / 1000);
        self.kept.iter().map(bytes).collect()
    }

    fn count(&self) -> u64 {
        match self.times.moments().count() {
            0 => self.told.as_ref().map_or(0, |told| told.count),
            count => count,
        }
    }

    fn mean(&self) -> Option<Thousandths> {
        self.told_or(|told| told.mean, self.times.moments().mean())
    }

    fn std_deviation(&self) -> Option<Thousandths> {
        self.told_or(|told| told.std_deviation, self.times.moments().std_deviation())
    }

    /// The middle value, or the mean of the two in the middle, as long as all are known.
    fn median(&self) -> Option<Thousandths> {
        let mut times: Vec<_> = self.kept.iter().map(|run| run.time).collect();
        times.sort_unstable();
        let (low, high) = (times.len().saturating_sub(1) / 2, times.len() / 2);
        let is_whole = times.len() as u64 == self.times.moments().count();
        let middle = times.get(low).zip(times.get(high)).filter(|_| is_whole);
        let middle = middle.map(|(low, high)| low + (high - low) / 2);
        self.told_or(|told| told.median, middle.or_else(|| self.times.quantile(0.5)))
    }

    fn p95(&self) -> Option<Thousandths> {
        self.told_or(|told| told.p95, self.times.quantile(0.95))
    }

    fn min(&self) -> Option<Thousandths> {
        self.told_or(|told| told.min, self.times.moments().min())
    }

    fn max(&self) -> Option<Thousandths> {
        self.told_or(|told| told.max, self.times.moments().max())
    }

    /// The mean of a number that runs have, in thousandths.
    fn mean_of(&self, value: fn(&Run) -> Option<i64>) -> Option<Thousandths> {
        let values: pm_stats::Distribution = self.kept.iter().filter_map(value).collect();
        values.moments().mean().map(Thousandths)
    }
}

/// Takes lines into benches.
struct Gathering {
    benches: Benches,
    period: Period,
}

/// The whole run: what all records come to, as one document.
pub(crate) fn run(config: &Config, form: Ci, io: &mut Streams) -> Result<Exit, Error> {
    let mut gathering = Gathering { benches: Benches::new(config.shape.max_series), period: config.period };
    let inputs = inputs::open(config, io)?;
    io.tell_of_typing(TOOL, &inputs);
    let skipped = intake::read(inputs, &mut gathering, config, io)?;
    intake::tell(&skipped, io);
    let benches = gathering.benches;
    if benches.commands.is_empty() {
        return Err(Error::Nothing);
    }
    if benches.left_out > 0 {
        let most = config.shape.max_series;
        io.tell(
            TOOL,
            &format!("commands beyond the first {most}, left out; a larger --max-series takes them"),
        );
    }
    let document = match form {
        Ci::GithubAction => github_action(&benches),
        Ci::Bencher => bencher(&benches),
        Ci::Hyperfine => hyperfine(&benches),
    };
    publish(document.as_bytes(), config.output.as_deref(), io)?;
    Ok(Exit::Done)
}

impl Taker for Gathering {
    fn wanted(&self) -> Wanted {
        Wanted::default()
    }

    fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        let line = match reading {
            Reading::Run(run) => run.line(),
            Reading::Other(line) => line,
            Reading::Partial(_) => return Ok(()),
        };
        let record = Record::parse(line)?;
        if record.timestamp().is_none_or(|time| self.period.covers(time.as_millis())) {
            self.benches.take(&record);
        }
        Ok(())
    }

    fn settle(&mut self, _: &mut Streams) -> Result<(), Error> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn benches(lines: &[&str]) -> Benches {
        let mut benches = Benches::new(100);
        for line in lines {
            benches.take(&Record::parse(line.as_bytes()).expect(line));
        }
        benches
    }

    pub(super) const RUNS: [&str; 2] = [
        r#"{"performance_metrics":{"command":"gh pr list","timestamp":"2024-12-06T10:30:15.123Z","duration":{"total_ms":1840},"exit_code":0,"resource_usage":{"peak_memory_mb":18,"user_ms":1200,"system_ms":80}}}"#,
        r#"{"performance_metrics":{"command":"gh pr list","timestamp":"2024-12-06T10:31:15.123Z","duration":{"total_ms":1860},"signal":9,"resource_usage":{"peak_memory_mb":20,"user_ms":1210,"system_ms":90}}}"#,
    ];

    pub(super) const RESULTS: &str = r#"{"benchmark_results":{"test_date":"2024-12-06T10:30:00Z","command_results":[{"command":"status","iterations":3,"average_ms":235,"min_ms":198,"max_ms":312,"std_deviation":28,"median_ms":230}]}}"#;

    #[test]
    fn runs_results_and_summaries_are_all_benches() {
        let summary = r#"{"performance_summary":{"by":{"command":"batch","host":"a"},"window":{"start":"2024-12-06T00:00:00Z","end":"2024-12-07T00:00:00Z"},"count":7,"metrics":{"duration.total_ms":{"count":7,"sum":7000,"mean":1000,"p50":990,"p95":1500,"min":900,"max":1500}}}}"#;
        let benches = benches(&[RUNS[0], RUNS[1], RESULTS, summary]);
        let found: Vec<_> = benches
            .iter()
            .map(|(name, bench)| (name, bench.count(), bench.mean().map(|mean| mean.0)))
            .collect();
        assert_eq!(
            found,
            [
                ("gh pr list", 2, Some(1_850_000)),
                ("status", 3, Some(235_000)),
                ("batch a", 7, Some(1_000_000))
            ]
        );
    }

    #[test]
    fn commands_beyond_the_bound_are_counted() {
        let mut benches = Benches::new(1);
        for line in [RUNS[0], RESULTS] {
            benches.take(&Record::parse(line.as_bytes()).expect(line));
        }
        assert_eq!((benches.iter().count(), benches.left_out), (1, 1));
    }
}
