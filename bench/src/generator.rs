//! Makes realistic records out of a seed: the same seed gives the same bytes for ever, on every machine.
//!
//! That is why no function of the C library takes part: `exp`, `ln` and `cos` differ in their last bits
//! between glibc and musl. Whatever a draw needs is built from additions, multiplications and square
//! roots, which IEEE 754 rounds alike everywhere (see [`draw`]).
//!
//! A run is drawn as a whole, so its numbers fit together: phases add up to the total, a warm cache makes
//! it shorter, the quota left falls with every request of the host and returns on the hour.

mod commands;
mod cycle;
pub(crate) mod draw;
mod layout;

use indexmap::IndexMap;
use pm_record::{
    Duration, GithubApi, PerformanceMetrics, ResourceUsage, Scalar, Status, Thousandths, Timestamp,
};

use commands::{COMMANDS, Profile};
use cycle::Cycle;
use draw::Draw;
pub use layout::{Layout, Scribe};

/// An endless variety of runs, a fixed number of them, in the order in which they started.
#[derive(Debug, Clone)]
pub struct Generator {
    draw: Draw,
    cycle: Cycle,
    made: u64,
    records: u64,
    quotas: [Quota; HOSTS.len()],
}

/// Machines by name, with the hash of what makes them comparable: three runners are of one kind.
const HOSTS: [(&str, &str); 6] = [
    ("ci-runner-1", "7f3a9c21d04be685"),
    ("ci-runner-2", "7f3a9c21d04be685"),
    ("ci-runner-3", "7f3a9c21d04be685"),
    ("build-large", "e19b44d7725f0a3c"),
    ("laptop-anna", "24c8f0b36d91e75a"),
    ("cron-host-1", "b05d6e8813fa92c7"),
];

const PHASES: [&str; 5] =
    ["initialization_ms", "authentication_ms", "data_fetching_ms", "processing_ms", "output_generation_ms"];

/// Requests an hour, as GitHub grants them to an app of a large organization.
const QUOTA: u64 = 15_000;

const HOUR: i64 = 3_600_000;

/// What is left of a host's requests in the hour that it was last read.
#[derive(Debug, Clone, Copy, Default)]
struct Quota {
    hour: i64,
    used: u64,
}

impl Generator {
    /// 10,000 runs in the week before 23 November 2026.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let end = Timestamp::from_millis(1_795_392_000_000);
        Self {
            draw: Draw::new(seed),
            cycle: Cycle { end, days: 7 },
            made: 0,
            records: 10_000,
            quotas: Default::default(),
        }
    }

    /// Makes so many runs.
    #[must_use]
    pub fn records(self, records: u64) -> Self {
        Self { records, ..self }
    }

    /// Spreads them over so many days.
    #[must_use]
    pub fn days(self, days: u32) -> Self {
        Self { cycle: Cycle { days, ..self.cycle }, ..self }
    }

    /// Ends the last day here.
    #[must_use]
    pub fn end(self, end: Timestamp) -> Self {
        Self { cycle: Cycle { end, ..self.cycle }, ..self }
    }

    fn run(&mut self) -> PerformanceMetrics {
        let draw = &mut self.draw;
        // Each run lies in a slice of its own, so that time never goes back.
        let timestamp = self.cycle.instant((self.made as f64 + draw.unit()) / self.records as f64);
        let profile = &COMMANDS[draw.pick(COMMANDS.iter().map(|profile| profile.weight))];
        let host = draw.pick([20, 20, 20, 15, 10, 15]);
        let warm = draw.chance(profile.warm);
        let outcome = Outcome::draw(draw, profile);
        let total = total_micros(draw, profile, warm, outcome);

        let mut run = PerformanceMetrics::new(profile.name.to_owned(), timestamp, Thousandths(total));
        run.execution_id = Some(format!("exec_{:012x}", draw.bits() >> 16));
        run.duration = Duration { total_ms: Thousandths(total), phases: phases(draw, profile, total) };
        run.resource_usage = resources(draw, profile, total);
        run.github_api = api(draw, profile, warm, &mut self.quotas[host], timestamp);
        run.context = context(draw, profile);
        (run.status, run.exit_code, run.signal) = outcome.fields();
        (run.host, run.machine) = (Some(HOSTS[host].0.to_owned()), Some(HOSTS[host].1.to_owned()));
        run
    }
}

impl Iterator for Generator {
    type Item = PerformanceMetrics;

    fn next(&mut self) -> Option<PerformanceMetrics> {
        (self.made < self.records).then(|| {
            let run = self.run();
            self.made += 1;
            run
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.records.saturating_sub(self.made));
        (left.unwrap_or(usize::MAX), left.ok())
    }
}

/// How a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Success,
    Failure(i32),
    Timeout,
    Killed,
}

impl Outcome {
    fn draw(draw: &mut Draw, profile: &Profile) -> Self {
        if !draw.chance(profile.failing) {
            return Self::Success;
        }
        match draw.pick([70, 15, 10, 5]) {
            0 => Self::Failure(1),
            1 => Self::Failure(4),
            2 => Self::Timeout,
            _ => Self::Killed,
        }
    }

    fn fields(self) -> (Option<Status>, Option<i32>, Option<i32>) {
        match self {
            Self::Success => (Some(Status::Success), Some(0), None),
            Self::Failure(code) => (Some(Status::Failure), Some(code), None),
            Self::Timeout => (Some(Status::Timeout), Some(124), None),
            Self::Killed => (Some(Status::Signaled), None, Some(9)),
        }
    }
}

/// Log-normal around one center with a warm cache and around another with a cold one, shorter when it fails
/// early; one run in a hundred waits for something, by a heavy tail of up to fifty times its length.
fn total_micros(draw: &mut Draw, profile: &Profile, warm: bool, outcome: Outcome) -> i64 {
    let mut millis = draw.log_normal(profile.median_ms, profile.spread);
    millis *= if warm { 0.85 } else { 1.3 };
    match outcome {
        Outcome::Failure(_) => millis *= draw.between(0.1, 0.9),
        Outcome::Timeout => millis = 20.0 * profile.median_ms,
        Outcome::Success | Outcome::Killed => {}
    }
    if outcome == Outcome::Success && draw.chance(0.01) {
        millis *= draw.heavy_tail().min(50.0);
    }
    micros(millis)
}

/// The command's shares of the total, each moved by up to a third; they sum to the total.
fn phases(draw: &mut Draw, profile: &Profile, total: i64) -> IndexMap<String, Thousandths> {
    let weights = profile.phases.map(|share| share * draw.between(0.67, 1.33));
    let scale = total as f64 / weights.iter().sum::<f64>();
    let mut left = total;
    let mut phases = IndexMap::with_capacity(PHASES.len());
    for (index, (name, weight)) in PHASES.into_iter().zip(weights).enumerate() {
        let last = index + 1 == PHASES.len();
        let part = if last { left } else { whole(weight * scale).min(left) };
        left -= part;
        phases.insert(name.to_owned(), Thousandths(part));
    }
    phases
}

fn resources(draw: &mut Draw, profile: &Profile, total: i64) -> ResourceUsage {
    // The kernel counts memory in KiB.
    let peak_kib = draw.log_normal(profile.memory_mb * 1024.0, 0.2).round();
    let average_kib = (peak_kib * draw.between(0.4, 0.8)).round();
    ResourceUsage {
        peak_memory_mb: Thousandths::from_f64(peak_kib / 1024.0),
        average_memory_mb: Thousandths::from_f64(average_kib / 1024.0),
        cpu_time_ms: Some(Thousandths(whole(total as f64 * draw.between(0.1, 0.7)))),
        io_operations: Some(count(draw.log_normal(30.0 + profile.requests * 12.0, 0.4))),
        ..ResourceUsage::default()
    }
}

fn api(draw: &mut Draw, profile: &Profile, warm: bool, quota: &mut Quota, timestamp: Timestamp) -> GithubApi {
    let asked = draw.log_normal(profile.requests, 0.35).ceil();
    let hits = (asked * if warm { draw.between(0.6, 0.95) } else { draw.between(0.0, 0.25) }).floor();
    let made = asked - hits;
    // A few requests cost more than one.
    let consumed = (made * draw.between(1.0, 1.6)).round();

    let hour = timestamp.as_millis().div_euclid(HOUR);
    if quota.hour != hour {
        *quota = Quota { hour, used: 0 };
    }
    quota.used = (quota.used + unsigned(consumed)).min(QUOTA);
    GithubApi {
        requests_made: Some(count(made)),
        rate_limit_consumed: Some(count(consumed)),
        rate_limit_remaining: Some(Thousandths::from_count(QUOTA - quota.used)),
        cache_hits: Some(count(hits)),
        cache_misses: Some(count(made)),
        ..GithubApi::default()
    }
}

fn context(draw: &mut Draw, profile: &Profile) -> IndexMap<String, Scalar> {
    let tasks = draw.log_normal(profile.tasks, 0.6).ceil();
    let size = match tasks {
        ..50.0 => "small",
        50.0..150.0 => "medium",
        _ => "large",
    };
    let dependencies = tasks * draw.between(0.5, 2.0);
    let mut context = IndexMap::with_capacity(4);
    context.insert("project_size".to_owned(), Scalar::from(size));
    context.insert("task_count".to_owned(), Scalar::Number(count(tasks)));
    context.insert("dependency_count".to_owned(), Scalar::Number(count(dependencies)));
    context.insert("concurrent_operations".to_owned(), Scalar::Number(count(draw.between(1.0, 8.0))));
    context
}

fn micros(millis: f64) -> i64 {
    whole(millis * 1000.0).max(1)
}

fn count(number: f64) -> Thousandths {
    Thousandths::from_units(whole(number))
}

#[expect(clippy::cast_possible_truncation, reason = "a cast keeps to the range, and these are small")]
fn whole(number: f64) -> i64 {
    number as i64
}

fn unsigned(number: f64) -> u64 {
    whole(number).unsigned_abs()
}
