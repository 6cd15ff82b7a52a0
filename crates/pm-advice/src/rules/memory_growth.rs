//! Memory that grows with time: of a command from run to run, or of processes that are watched while they live.
//!
//! A command that holds more because projects grew is none: where the number of tasks is known, it takes part in the
//! fit. Of watched processes only the least that they held in each part of the time counts, because memory that is
//! given back now and then is no leak; and it is taken by process, because more of them hold more.

use pm_cli::{human, quote};
use pm_record::{Scalar, SystemMetrics, Thousandths};
use pm_stats::{LeastSquares, Slope};

use crate::bounded::Bounded;
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};
use crate::sample::Sample;

/// Fewer runs say nothing, and neither do days that are not over.
const FEWEST: usize = 30;
const DAY: f64 = 86_400_000.0;

/// Growth that is worth a word, certainly and probably, as the ratio of the end to the beginning.
const CERTAIN: f64 = 1.05;
const PROBABLE: f64 = 1.2;

/// And in mebibytes.
const LEAST: f64 = 10.0;

/// In how many parts the time of watching is cut at most, how many are needed, and how long it must be.
const PARTS: usize = 64;
const FEWEST_PARTS: usize = 16;
const HOUR: f64 = 3_600_000.0;

/// Nobody watches through a silence of this length: what comes behind it may be another program.
const SILENCE: f64 = HOUR;

/// How many bytes are kept of a host's name.
const LONGEST_HOST: usize = 200;

const CONFIDENCE: f64 = 0.95;

/// The rule.
#[derive(Debug, Default)]
pub(super) struct MemoryGrowth {
    /// By command and machine.
    commands: Bounded<(Label, Option<Label>), Sample<Run>>,
    hosts: Bounded<String, Watched>,
}

/// When a run was, what it held, and how large its project was.
#[derive(Debug, Clone, Copy)]
struct Run {
    time: f64,
    memory: f64,
    tasks: Option<f64>,
}

/// The least that watched processes held, part by part.
#[derive(Debug)]
struct Watched {
    parts: Vec<Part>,
    /// How many ticks make a part.
    length: u32,
    /// When the last tick was.
    last: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    time: f64,
    least: f64,
    ticks: u32,
}

/// How memory grew, from one level to another.
struct Growth {
    from: f64,
    to: f64,
    days: f64,
    count: u64,
    by_size: bool,
}

impl Default for Watched {
    fn default() -> Self {
        Self { parts: Vec::new(), length: 1, last: None }
    }
}

impl Rule for MemoryGrowth {
    fn run(&mut self, execution: &Execution) {
        let (Some(run), Some(command)) = (&execution.run, execution.command) else { return };
        let Some(memory) = run.resource_usage.peak_memory_mb.filter(|memory| memory.0 > 0) else { return };
        let tasks = match run.context.get("task_count") {
            Some(Scalar::Number(tasks)) if tasks.0 > 0 => Some(tasks.to_f64()),
            _ => None,
        };
        if let Some(sample) = self.commands.of((command, execution.machine)).filter(|_| !run.failed()) {
            let time = run.timestamp.as_millis() as f64;
            sample.push(Run { time, memory: memory.to_f64(), tasks });
        }
    }

    fn nested(&mut self, execution: &Execution) {
        self.run(execution);
    }

    fn tick(&mut self, tick: &SystemMetrics) {
        let Some(memory) = tick.memory.process_memory_mb.filter(|memory| memory.0 > 0) else { return };
        let processes = tick.processes.map_or(1.0, Thousandths::to_f64).max(1.0);
        let host = tick.host.as_deref().unwrap_or_default();
        let host = host[..host.floor_char_boundary(LONGEST_HOST)].to_owned();
        if let Some(watched) = self.hosts.of(host) {
            watched.push(tick.timestamp.as_millis() as f64, memory.to_f64() / processes);
        }
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let commands = self.commands.iter().filter_map(|((command, _), sample)| {
            Some(of_command(labels.text(*command), &Growth::of_runs(sample)?))
        });
        let hosts = self.hosts.iter().filter_map(|(host, watched)| Some(of_host(host, &watched.growth()?)));
        commands.chain(hosts).collect()
    }
}

impl Growth {
    fn of_runs(sample: &Sample<Run>) -> Option<Self> {
        let runs = sample.kept();
        let start = runs.iter().map(|run| run.time).reduce(f64::min)?;
        let days = (runs.iter().map(|run| run.time).reduce(f64::max)? - start) / DAY;
        if runs.len() < FEWEST || days < 1.0 {
            return None;
        }
        let day = |run: &Run| (run.time - start) / DAY;
        let sizes: Option<Vec<f64>> = runs.iter().map(|run| run.tasks.map(f64::ln)).collect();
        let varies = |sizes: &Vec<f64>| sizes.iter().any(|size| (size - sizes[0]).abs() > 1e-9);
        let sizes = sizes.filter(varies);
        let (slope, level) = if let Some(sizes) = &sizes {
            let points: Vec<_> =
                runs.iter().zip(sizes).map(|(run, size)| ([day(run), *size], run.memory.ln())).collect();
            let plane = LeastSquares::through(&points, CONFIDENCE)?;
            let size = sizes.iter().sum::<f64>() / sizes.len() as f64;
            (plane.slopes[0], plane.intercept + plane.slopes[1].value * size)
        } else {
            let points: Vec<_> = runs.iter().map(|run| ([day(run)], run.memory.ln())).collect();
            let line = LeastSquares::through(&points, CONFIDENCE)?;
            (line.slopes[0], line.intercept)
        };
        let Slope { value, low, .. } = slope;
        let (from, to) = (level.exp(), (level + value * days).exp());
        let is_growth = low * days >= CERTAIN.ln() && value * days >= PROBABLE.ln() && to - from >= LEAST;
        is_growth.then_some(Self { from, to, days, count: sample.seen(), by_size: sizes.is_some() })
    }

    fn figures(&self, draft: Draft) -> Draft {
        draft
            .figure("from_mb", self.from)
            .figure("to_mb", self.to)
            .figure("days", self.days)
            .saves_memory(self.to - self.from)
    }

    fn words(&self) -> String {
        let time = if self.days < 2.0 {
            format!("{:.0} hours", self.days * 24.0)
        } else {
            format!("{:.0} days", self.days)
        };
        format!("from {} to {} in {time}", human::mebibytes(self.from), human::mebibytes(self.to))
    }
}

impl Watched {
    fn push(&mut self, time: f64, memory: f64) {
        if self.last.replace(time).is_some_and(|last| time - last > SILENCE) {
            *self = Self { last: self.last, ..Self::default() };
        }
        match self.parts.last_mut().filter(|part| part.ticks < self.length) {
            Some(part) => {
                part.ticks += 1;
                part.least = part.least.min(memory);
            }
            None => self.parts.push(Part { time, least: memory, ticks: 1 }),
        }
        if self.parts.len() > PARTS {
            let pairs = self.parts.chunks(2).map(|pair| Part {
                time: pair[0].time,
                least: pair.iter().map(|part| part.least).fold(f64::INFINITY, f64::min),
                ticks: pair.iter().map(|part| part.ticks).sum(),
            });
            self.parts = pairs.collect();
            self.length = self.length.saturating_mul(2);
        }
    }

    fn growth(&self) -> Option<Growth> {
        let (first, last) = (self.parts.first()?, self.parts.last()?);
        let span = last.time - first.time;
        if self.parts.len() < FEWEST_PARTS || span < HOUR {
            return None;
        }
        let points: Vec<_> =
            self.parts.iter().map(|part| ([(part.time - first.time) / span], part.least)).collect();
        let line = LeastSquares::through(&points, CONFIDENCE)?;
        let (from, to) = (line.intercept, line.intercept + line.slopes[0].value);
        // What comes and goes over hours has a slope too; a leak is never down again.
        let quarter = self.parts.len() / 4;
        let extreme =
            |parts: &[Part], of: fn(f64, f64) -> f64| parts.iter().map(|part| part.least).reduce(of);
        let before = extreme(&self.parts[..quarter], f64::max)?;
        let after = extreme(&self.parts[self.parts.len() - quarter..], f64::min)?;
        let is_growth = line.slopes[0].low > 0.0 && from > 0.0 && to >= from * PROBABLE;
        let is_certain = after >= before * CERTAIN && to - from >= LEAST;
        let count = self.parts.iter().map(|part| u64::from(part.ticks)).sum();
        (is_growth && is_certain).then_some(Growth { from, to, days: span / DAY, count, by_size: false })
    }
}

fn of_command(command: &str, growth: &Growth) -> Draft {
    let aside = if growth.by_size { ", the size of projects aside" } else { "" };
    let title = format!("'{command}' holds more memory from run to run: {}{aside}", growth.words());
    let recommendation = format!(
        "Look for a file or a list that only grows and is read as a whole (logs, caches, `jq -s` over everything); since when it \
         grows shows `github-pm performance analyze --focus memory --command {}`",
        quote(command)
    );
    let draft = Draft::new(RuleName::MemoryGrowth, title, recommendation)
        .command(Some(command))
        .count("runs", growth.count)
        .evidence("by_size", pm_record::Scalar::Bool(growth.by_size));
    growth
        .figures(draft)
        .basis("the memory of the beginning")
        .suggestion(format!("stop_memory_growth_of_{}", names::word(command)))
}

fn of_host(host: &str, growth: &Growth) -> Draft {
    let place = if host.is_empty() { String::new() } else { format!(" on '{host}'") };
    let title = format!("Watched processes{place} hold ever more memory each: {}", growth.words());
    let recommendation = "Restart them now and then until the leak is found; when it grows shows \
         `pm-sample --pid PID --interval 10s`, beside what it does at the time"
        .to_owned();
    let draft = Draft::new(RuleName::MemoryGrowth, title, recommendation)
        .evidence("host", host)
        .count("ticks", growth.count);
    growth
        .figures(draft)
        .basis("the memory of the beginning, of one process")
        .suggestion("find_the_memory_leak".to_owned())
}
