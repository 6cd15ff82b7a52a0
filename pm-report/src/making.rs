//! Makes documents of runs: what `--as benchmark` and `--as hyperfine` write.

use std::io::Read as _;
use std::path::Path;

use pm_cli::{Exit, Input, Streams};
use pm_record::{BenchmarkResults, ComparisonStatus, Lines, Record, Skipped, SystemInfo, begins_compressed};
use pm_store::Benchmarks;

use crate::args::BenchmarkArgs;
use crate::benchmark::{Benchmark, Reference, Standards};
use crate::config::Config;
use crate::hyperfine::Document;
use crate::{Error, TOOL, publish, reading};

/// The longest file that is compared with. Of a longer one nobody would know what is in it.
const LONGEST_REFERENCE: u64 = 256 << 20;

/// Writes one `benchmark_results`; nothing where there is no run.
pub(crate) fn benchmark(config: &Config, io: &mut Streams) -> Result<Exit, Error> {
    let made = make(config, io)?;
    if let Some(results) = &made.results {
        let line = Record::Benchmark(Box::new(results.clone())).to_line();
        publish(&line, config, io)?;
    }
    made.end(config, io)
}

/// Writes hyperfine's JSON of runs, and of every `benchmark_results` that is read.
pub(crate) fn hyperfine(config: &Config, io: &mut Streams) -> Result<Exit, Error> {
    let made = make(config, io)?;
    let mut document = Document { results: Vec::new() };
    made.documents.iter().chain(&made.results).for_each(|results| document.push(results));
    if !document.results.is_empty() {
        publish(document.write().as_bytes(), config, io)?;
    }
    made.end(config, io)
}

/// What was read, and what came of it.
struct Made {
    results: Option<BenchmarkResults>,
    /// Results that were read as they are.
    documents: Vec<BenchmarkResults>,
    notes: Vec<String>,
    read: reading::Read,
}

fn make(config: &Config, io: &mut Streams) -> Result<Made, Error> {
    let standards = standards(&config.benchmark, io)?;
    let (mut benchmark, mut documents) = (Benchmark::default(), Vec::new());
    let read = reading::records(config, io, |record| match record {
        Record::Performance(run) => benchmark.push(&run),
        Record::Benchmark(results) if documents.len() < MOST_DOCUMENTS => documents.push(*results),
        _ => {}
    })?;
    let results = benchmark.results(&standards);
    Ok(Made { results, documents, notes: benchmark.notes(&standards), read })
}

/// How many results are taken as they are.
const MOST_DOCUMENTS: usize = 1_000;

impl Made {
    fn end(self, config: &Config, io: &mut Streams) -> Result<Exit, Error> {
        for note in &self.notes {
            io.tell(TOOL, note);
        }
        if self.results.is_none() && self.documents.is_empty() {
            io.tell(TOOL, "there are no runs; make some with `github-pm performance benchmark`");
        }
        let exit = if config.benchmark.exit_code { answer(self.results.as_ref()) } else { Exit::Done };
        self.read.end(io).map_or(Ok(exit), Err)
    }
}

/// The status that the verdicts ask for.
fn answer(results: Option<&BenchmarkResults>) -> Exit {
    let Some(analysis) = results.map(|results| &results.regression_analysis) else {
        return Exit::Inconclusive;
    };
    let times = &analysis.performance_changes;
    let mut all = times.iter().chain(&analysis.resource_changes);
    if all.any(|change| change.status == ComparisonStatus::Regressed) {
        Exit::Yes
    } else if times.is_empty() || times.iter().any(|change| change.status == ComparisonStatus::Inconclusive) {
        Exit::Inconclusive
    } else {
        Exit::Done
    }
}

fn standards(args: &BenchmarkArgs, io: &mut Streams) -> Result<Standards, Error> {
    let limits = match &args.limits {
        Some(path) => Benchmarks::of_file(&io.environment.current_dir().join(path))?,
        None => Benchmarks::default(),
    };
    let name = |path: &Path| {
        path.file_name()
            .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
    };
    let reference = args.against.as_deref().map(|path| reference(path, &name(path), io)).transpose()?;
    let this = pm_cli::describe_machine();
    Ok(Standards {
        limits,
        limits_name: args.limits.as_deref().map(name).unwrap_or_default(),
        reference,
        across_machines: args.across_machines,
        this: SystemInfo {
            os: Some(this.os.to_owned()),
            cpu: this.processor,
            memory: this.memory_gib.map(|gib| format!("{gib}GB")),
            cores: this.cores,
            host: pm_cli::host(),
            machine: pm_cli::machine(),
        },
    })
}

/// Reads what is compared with, in whichever form it is.
fn reference(path: &Path, name: &str, io: &mut Streams) -> Result<Reference, Error> {
    let mut reference = Reference::new(name);
    let mut text = Vec::new();
    for input in io.files(&[path.to_owned()])? {
        input.take(LONGEST_REFERENCE).read_to_end(&mut text).map_err(Error::Read)?;
    }
    if begins_compressed(&text) {
        lines(&mut reference, &text, io);
    } else if let Some(document) = Document::parse(&text) {
        reference.push_hyperfine(&document);
    } else if let Ok(record) = Record::parse(&text) {
        // Also one that was spread over lines to be read.
        reference.push(&record);
    } else {
        lines(&mut reference, &text, io);
    }
    if reference.finish() { Ok(reference) } else { Err(Error::NoTimes(path.to_owned())) }
}

fn lines(reference: &mut Reference, text: &[u8], io: &mut Streams) {
    let mut lines = Lines::new([Input::memory(text)]);
    let mut skipped = Skipped::default();
    while let Ok(Some(line)) = lines.next_line(|_| Ok(())) {
        skipped.seen();
        match line.record() {
            Ok(record) => reference.push(&record),
            Err(reason) => skipped.skip(line.position, &reason),
        }
    }
    if !skipped.is_empty() {
        io.tell(TOOL, &format!("{}: {skipped}", reference.name));
    }
}
