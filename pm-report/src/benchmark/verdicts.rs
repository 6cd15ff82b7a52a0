//! Did it become slower, and could this machine have told?

use indexmap::IndexMap;
use pm_record::{BenchmarkChange, ComparisonStatus, RegressionAnalysis, SampleSummary, interval, percentage};
use pm_stats::{Better, Comparison, Judged, Kind, Verdict, heed_controls, judge};
use pm_store::Benchmarks;

use super::arm::RESOURCES;
use super::reference::{Reference, Sample};
use super::{Arm, Sides};

const DURATION: &str = "duration.total_ms";

/// What the current runs are compared with.
pub(super) enum Against<'a> {
    Nothing,
    /// The runs of the other side, by its name.
    Baseline(Option<&'a str>),
    Reference(&'a Reference),
    /// `baseline_ms` of a file, by its name.
    Limits(&'a Benchmarks, &'a str),
}

/// Compares all commands. The table of times and that of everything else are corrected for their size apart, so
/// that no verdict about the time depends on how much else is looked at.
pub(super) fn analyze(commands: &IndexMap<String, Sides>, against: &Against<'_>) -> RegressionAnalysis {
    let controls = commands.iter().filter_map(|(command, sides)| {
        let comparison = Comparison::new(Kind::Measure, &sides.control.times(), &sides.current.times())?;
        Some((row(command, DURATION), comparison))
    });
    let controls = judged(controls.collect(), &[]);
    let all_controls: Vec<_> = controls.iter().map(|(_, judged, _)| judged.clone()).collect();
    let times = commands.iter().filter_map(|(command, sides)| {
        let comparison = match against {
            Against::Nothing => None,
            Against::Baseline(_) => compared(&sides.baseline, &sides.current, DURATION),
            Against::Reference(reference) => {
                let now = sides.current.times();
                match reference.find(command, commands.len())? {
                    Sample::Times(before) => Comparison::new(Kind::Measure, before, &now),
                    Sample::Median(before) => Comparison::with_limit(Kind::Measure, *before, &now),
                }
            }
            Against::Limits(limits, _) => {
                let baseline = limits.commands.get(command)?.baseline_ms?;
                Comparison::with_limit(Kind::Measure, baseline, &sides.current.times())
            }
        };
        Some((row(command, DURATION), comparison?))
    });
    let resources =
        commands.iter().filter(|_| matches!(against, Against::Baseline(_))).flat_map(|(command, sides)| {
            RESOURCES.iter().filter_map(move |metric| {
                Some((row(command, metric), compared(&sides.baseline, &sides.current, metric)?))
            })
        });
    let times = judged(times.collect(), &all_controls);
    let resources = judged(resources.collect(), &all_controls);
    RegressionAnalysis {
        compared_with: if times.is_empty() { None } else { against.name() },
        performance_changes: times.into_iter().map(change).collect(),
        resource_changes: resources.into_iter().map(change).collect(),
        control: controls.into_iter().map(change).next(),
    }
}

impl Against<'_> {
    fn name(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Baseline(name) => Some(name.unwrap_or("the baseline").to_owned()),
            Self::Reference(reference) => Some(reference.name.clone()),
            Self::Limits(_, name) => Some((*name).to_owned()),
        }
    }
}

/// What is compared: a command, and the metric's field.
type Row = (String, &'static str);

fn row(command: &str, metric: &'static str) -> Row {
    (command.to_owned(), metric)
}

fn compared(before: &Arm, now: &Arm, metric: &'static str) -> Option<Comparison> {
    if metric == DURATION {
        return Comparison::new(Kind::Measure, &before.times(), &now.times());
    }
    let kind = if metric.starts_with("github_api.") { Kind::Count } else { Kind::Measure };
    Comparison::new(kind, &before.resource(metric), &now.resource(metric))
}

/// Each comparison with its verdict, and whether that was taken back.
fn judged(table: Vec<(Row, Comparison)>, controls: &[Judged]) -> Vec<(Row, Judged, bool)> {
    let (rows, comparisons): (Vec<_>, Vec<_>) = table.into_iter().unzip();
    let all = judge(comparisons.into_iter().map(|comparison| (comparison, Better::Less)));
    let mut heeded = all.clone();
    heed_controls(controls, &mut heeded);
    let both = all.into_iter().zip(heeded).map(|(judged, heeded)| {
        // What is counted and always the same is the same however busy the machine is.
        let is_exact = judged.comparison.p.is_none();
        let withdrawn = !is_exact && heeded.verdict != judged.verdict;
        if withdrawn { (heeded, true) } else { (judged, false) }
    });
    rows.into_iter().zip(both).map(|(row, (judged, withdrawn))| (row, judged, withdrawn)).collect()
}

fn change(((command, metric), judged, withdrawn): (Row, Judged, bool)) -> BenchmarkChange {
    let Judged { comparison, adjusted_p, verdict, needed } = judged;
    let (before, now) = (comparison.medians.0.value, comparison.medians.1.value);
    let ratio = comparison.ratio;
    let of_medians = || if before > 0.0 { percentage(now / before) } else { None };
    BenchmarkChange {
        command,
        change_percentage: ratio.and_then(|ratio| percentage(ratio.value)).or_else(of_medians),
        status: match verdict {
            Verdict::Regressed => ComparisonStatus::Regressed,
            Verdict::Improved => ComparisonStatus::Improved,
            Verdict::Inconclusive => ComparisonStatus::Inconclusive,
            Verdict::Unchanged => ComparisonStatus::Unchanged,
        },
        metric: metric.to_owned(),
        baseline: SampleSummary::new(comparison.counts.0, &comparison.medians.0),
        current: SampleSummary::new(comparison.counts.1, &comparison.medians.1),
        interval: ratio
            .and_then(|ratio| ratio.interval)
            .and_then(|(low, high)| interval((low - 1.0) * 100.0, (high - 1.0) * 100.0)),
        p_value: comparison.p.map(four_digits),
        adjusted_p_value: adjusted_p.map(four_digits),
        // More runs do not help a machine that cannot tell.
        needed: needed.filter(|_| !withdrawn),
        withdrawn,
    }
}

/// More would only be noise of the arithmetic.
fn four_digits(p: f64) -> f64 {
    format!("{p:.3e}").parse().unwrap_or(p)
}
