//! The runs of one command on one side, and what they come to.

use std::cmp::Ordering;

use indexmap::IndexMap;
use pm_record::{CommandResult, Outlier, Percentiles, PerformanceMetrics, Scalar, Thousandths};
use pm_stats::{Fence, Median, Moments, Tally};
use pm_store::Limits;

use super::label::Part;

/// The runs of one command on one side, in the order of the input.
#[derive(Debug, Default)]
pub(super) struct Arm {
    runs: Vec<Run>,
    first: Option<Thousandths>,
    pub(super) size: Size,
}

/// What the document needs of a run.
#[derive(Debug, Clone, Copy)]
struct Run {
    time: Thousandths,
    exit_code: Option<i32>,
    failed: bool,
    peak_memory: Option<Thousandths>,
    cpu: Option<Thousandths>,
    user: Option<Thousandths>,
    system: Option<Thousandths>,
    requests: Option<Thousandths>,
    points: Option<Thousandths>,
    consumed: Option<Thousandths>,
}

/// How large the project was.
#[derive(Debug, Default)]
pub(super) struct Size {
    pub(super) name: Option<String>,
    pub(super) task_count: Option<f64>,
    pub(super) dependency_count: Option<f64>,
}

/// What is compared of two sides beside the time, by the path of its field.
pub(super) const RESOURCES: [&str; 4] = [
    "resource_usage.peak_memory_mb",
    "resource_usage.cpu_time_ms",
    "github_api.requests_made",
    "github_api.graphql_points",
];

impl Arm {
    pub(super) fn push(&mut self, run: &PerformanceMetrics, part: Part) {
        self.size.see(&run.context);
        let time = run.duration.total_ms;
        match part {
            Part::First => _ = self.first.get_or_insert(time),
            Part::WarmUp => {}
            Part::Measured => {
                let (usage, api) = (&run.resource_usage, &run.github_api);
                self.runs.push(Run {
                    time,
                    exit_code: run.exit_code,
                    failed: run.failed(),
                    peak_memory: usage.peak_memory_mb,
                    cpu: usage.cpu_time_ms,
                    user: usage.user_ms,
                    system: usage.system_ms,
                    requests: api.requests_made,
                    points: api.graphql_points,
                    consumed: api.rate_limit_consumed,
                });
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    pub(super) fn times(&self) -> Tally {
        Tally::new(self.runs.iter().map(|run| run.time.to_f64()))
    }

    /// The values of one of [`RESOURCES`].
    pub(super) fn resource(&self, metric: &str) -> Tally {
        let read: fn(&Run) -> Option<Thousandths> = match metric {
            "resource_usage.peak_memory_mb" => |run| run.peak_memory,
            "resource_usage.cpu_time_ms" => |run| run.cpu,
            "github_api.requests_made" => |run| run.requests,
            _ => |run| run.points,
        };
        Tally::new(self.runs.iter().filter_map(read).map(Thousandths::to_f64))
    }

    pub(super) fn average(&self) -> Option<Thousandths> {
        self.moments(|run| Some(run.time)).mean().map(Thousandths)
    }

    /// What the runs come to; none if there are none.
    pub(super) fn result(&self, command: &str, limits: Option<&Limits>) -> Option<CommandResult> {
        if self.runs.is_empty() && self.first.is_none() {
            return None;
        }
        let times = self.moments(|run| Some(run.time));
        let average = times.mean().map(Thousandths);
        let total = |of: fn(&Run) -> Option<Thousandths>| {
            let values: Option<Vec<_>> = self.runs.iter().map(of).collect();
            let sum = values
                .filter(|values| !values.is_empty())?
                .iter()
                .map(|value| i128::from(value.0))
                .sum::<i128>();
            i64::try_from(sum).ok().map(Thousandths)
        };
        let median = |tally: Tally| Thousandths::from_f64(Median::of(&tally, pm_stats::CONFIDENCE)?.value);
        let all_well = self.runs.iter().all(|run| run.exit_code == Some(0));
        Some(CommandResult {
            command: command.to_owned(),
            iterations: self.runs.len() as u64,
            average_ms: average,
            min_ms: times.min().map(Thousandths),
            max_ms: times.max().map(Thousandths),
            std_deviation: times.std_deviation().map(Thousandths),
            performance_rating: limits
                .zip(average)
                .and_then(|(limits, average)| limits.rate(average.to_f64())),
            median_ms: median(self.times()),
            percentiles: self.percentiles(),
            first_ms: self.first,
            target_ms: limits.and_then(|limits| Thousandths::from_f64(limits.target_ms?)),
            times_ms: self.runs.iter().map(|run| run.time).collect(),
            outliers: self.outliers(),
            failures: self.runs.iter().filter(|run| run.failed).count() as u64,
            exit_codes: if all_well {
                Vec::new()
            } else {
                self.runs.iter().map(|run| run.exit_code).collect()
            },
            peak_memory_mb: median(self.resource("resource_usage.peak_memory_mb")),
            user_ms: self.moments(|run| run.user).mean().map(Thousandths),
            system_ms: self.moments(|run| run.system).mean().map(Thousandths),
            requests_made: total(|run| run.requests),
            rate_limit_consumed: total(|run| run.consumed.or(run.points)),
        })
    }

    fn moments(&self, of: fn(&Run) -> Option<Thousandths>) -> Moments {
        let mut moments = Moments::default();
        self.runs.iter().filter_map(of).for_each(|value| moments.push(value.0));
        moments
    }

    /// By the nearest rank, exactly: every run is here.
    fn percentiles(&self) -> Option<Percentiles> {
        let mut times: Vec<_> = self.runs.iter().map(|run| run.time).collect();
        times.sort_unstable();
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100);
            times.get(rank.checked_sub(1)?).copied()
        };
        Some(Percentiles { p50: at(50)?, p90: at(90)?, p95: at(95)?, p99: at(99)? })
    }

    fn outliers(&self) -> Vec<Outlier> {
        let Some(fence) = Fence::around(self.runs.iter().map(|run| run.time.0)) else { return Vec::new() };
        let apart = (1..).zip(&self.runs).filter(|(_, run)| fence.side(run.time.0) != Ordering::Equal);
        apart.map(|(iteration, run)| Outlier { iteration, ms: run.time }).collect()
    }
}

impl Size {
    fn see(&mut self, context: &IndexMap<String, Scalar>) {
        let number = |name: &str| match context.get(name) {
            Some(Scalar::Number(number)) => Some(number.to_f64()),
            _ => None,
        };
        self.task_count = number("task_count").or(self.task_count);
        self.dependency_count = number("dependency_count").or(self.dependency_count);
        if let Some(Scalar::Text(name)) = context.get("project_size") {
            self.name = Some(name.clone());
        }
    }
}
