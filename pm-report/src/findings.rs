//! Comparisons and changes, as sentences: what became worse first, in words that need no statistics.
//!
//! Both are findings: a verdict about a metric of a command, what it was and what it is, and how sure that is.
//! What is unchanged is only named, all together.

use std::cmp::Reverse;

use indexmap::IndexMap;
use pm_cli::human;
use pm_record::{
    ChangeDirection, ComparisonStatus, PerformanceChange, PerformanceComparison, SampleSummary, Scalar,
    Thousandths, Timestamp,
};

use crate::report::{LONGEST_LABEL, kept};
use crate::times;

/// How many findings are kept: more is no longer a report at a glance.
const MOST: usize = 1000;

/// All findings.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    comparisons: Vec<Finding>,
    changes: Vec<Finding>,
    left_out: u64,
    /// How many comparisons have each status, also of those left out.
    counts: [u64; 4],
}

/// A verdict about a metric of a command.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) tone: Tone,
    /// What it is about; it comes from records and is not escaped.
    pub(crate) command: String,
    /// The metric, and further labels. Not escaped either.
    subject: String,
    machine: Option<String>,
    /// What happened: `regressed: 1.8s, was 1.2s, 50% more`.
    pub(crate) statement: String,
    /// How sure that is.
    pub(crate) detail: String,
    order: (ComparisonStatus, Reverse<i64>, Reverse<Option<Timestamp>>),
}

impl Finding {
    /// How it came out.
    pub(crate) fn status(&self) -> ComparisonStatus {
        self.order.0
    }
}

/// How a finding is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Bad,
    Good,
    Unknown,
    Same,
}

impl Findings {
    pub(crate) fn push_comparison(&mut self, record: &PerformanceComparison) {
        let status = record.status;
        self.counts[status as usize] += 1;
        let what = What::of(&record.metric);
        let (was, is) = (what.value(record.baseline.median), what.value(record.current.median));
        let sides = match record.baseline.count {
            0 => format!("{} against a limit", runs(record.current.count)),
            count => format!("{} and {}", human::count(count), runs(record.current.count)),
        };
        let change = record.change_percentage.map(change);
        let statement = match status {
            ComparisonStatus::Regressed => format!("regressed: {is}, was {was}{}", comma(change.as_ref())),
            ComparisonStatus::Improved => format!("improved: {is}, was {was}{}", comma(change.as_ref())),
            ComparisonStatus::Inconclusive => {
                format!("nobody can tell yet: {is}, was {was}{}", comma(change.as_ref()))
            }
            ComparisonStatus::Unchanged => format!("unchanged: {is}, was {was}"),
        };
        let certainty =
            record.interval.map(|[low, high]| format!("with 95% confidence {}", range(low, high)));
        let needed = record.needed.map(|needed| {
            format!("about {} on each side would tell", runs(needed))
                .replace("on each side", if record.baseline.count == 0 { "in all" } else { "on each side" })
        });
        let exact = record.p_value.is_none().then(|| "the same in every run".to_owned());
        let binned = record.binned.then(|| "from histograms".to_owned());
        let detail = [certainty, exact, Some(sides), binned, needed]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; ");
        self.keep(
            true,
            Finding {
                tone: match status {
                    ComparisonStatus::Regressed => Tone::Bad,
                    ComparisonStatus::Improved => Tone::Good,
                    ComparisonStatus::Inconclusive => Tone::Unknown,
                    ComparisonStatus::Unchanged => Tone::Same,
                },
                command: kept(&record.command, LONGEST_LABEL),
                subject: subject(&record.by, &what),
                machine: record.machine.as_ref().map(|machine| kept(machine, LONGEST_LABEL)),
                statement,
                detail,
                order: (status, Reverse(size(record.change_percentage)), Reverse(None)),
            },
        );
    }

    pub(crate) fn push_change(&mut self, record: &PerformanceChange) {
        let (tone, statement) = change_in_words(record);
        let what = What::of(&record.metric);
        let status = match record.direction {
            ChangeDirection::Regression => ComparisonStatus::Regressed,
            ChangeDirection::Improvement => ComparisonStatus::Improved,
        };
        let [first, last] = record.between;
        let between = if first == last {
            String::new()
        } else {
            format!("it may have begun {}; ", times::span(first, last))
        };
        let counts = |side: SampleSummary| human::count(side.count);
        self.keep(
            false,
            Finding {
                tone,
                command: kept(&record.command, LONGEST_LABEL),
                subject: subject(&record.by, &what),
                machine: record.machine.as_ref().map(|machine| kept(machine, LONGEST_LABEL)),
                statement,
                detail: format!(
                    "{between}{} before and {} since",
                    runs(record.before.count),
                    counts(record.after)
                ),
                order: (status, Reverse(0), Reverse(Some(record.timestamp))),
            },
        );
    }

    fn keep(&mut self, is_comparison: bool, finding: Finding) {
        if self.comparisons.len() + self.changes.len() >= MOST {
            self.left_out += 1;
        } else if is_comparison {
            self.comparisons.push(finding);
        } else {
            self.changes.push(finding);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.comparisons.is_empty() && self.changes.is_empty()
    }

    /// Every finding but what is unchanged, and with or without what nobody can tell: comparisons first, the worst of
    /// them first, then changes, the latest first.
    pub(crate) fn sorted(&self, with_unknown: bool) -> Vec<&Finding> {
        let is_told = |tone| tone != Tone::Same && (with_unknown || tone != Tone::Unknown);
        let mut comparisons: Vec<_> =
            self.comparisons.iter().filter(|finding| is_told(finding.tone)).collect();
        comparisons.sort_by_key(|finding| finding.order);
        let mut changes: Vec<_> = self.changes.iter().collect();
        changes.sort_by_key(|finding| finding.order.2);
        comparisons.into_iter().chain(changes).collect()
    }

    /// What a finding is about, to be read after the command. The machine is only named where there are several.
    pub(crate) fn subject(&self, finding: &Finding) -> String {
        let all = || self.comparisons.iter().chain(&self.changes);
        match &finding.machine {
            Some(machine) if all().any(|other| other.machine.as_ref() != Some(machine)) => {
                format!("{} on {machine}", finding.subject)
            }
            _ => finding.subject.clone(),
        }
    }

    /// What is unchanged: the command and what of it.
    pub(crate) fn unchanged(&self) -> Vec<(&str, String)> {
        let mut commands: IndexMap<&str, Vec<String>> = IndexMap::new();
        for finding in self.comparisons.iter().filter(|finding| finding.tone == Tone::Same) {
            commands.entry(&finding.command).or_default().push(self.subject(finding));
        }
        commands.into_iter().map(|(command, subjects)| (command, subjects.join(", "))).collect()
    }

    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many comparisons came out how: `1 regressed`; each with whether it is bad news.
    pub(crate) fn counts(&self) -> Vec<(String, bool)> {
        let words = ["regressed", "improved", "undecided", "unchanged"];
        let counts = self.counts.iter().zip(words).enumerate();
        let some = counts.filter(|(_, (count, _))| **count > 0);
        some.map(|(place, (count, word))| (format!("{} {word}", human::count(*count)), place == 0)).collect()
    }
}

/// What a change is, without the name of its metric: `regressed since 2024-12-06 10:00 UTC: 1.8s, was 1.2s, 50% more`.
pub(crate) fn change_in_words(record: &PerformanceChange) -> (Tone, String) {
    let what = What::of(&record.metric);
    let (was, is) = (what.value(record.before.median), what.value(record.after.median));
    let (verdict, tone) = match record.direction {
        ChangeDirection::Regression => ("regressed", Tone::Bad),
        ChangeDirection::Improvement => ("improved", Tone::Good),
    };
    let since = times::span(record.timestamp, record.timestamp);
    let change = record.change_percentage.map(change);
    (tone, format!("{verdict} since {since}: {is}, was {was}{}", comma(change.as_ref())))
}

/// A metric as people call it, and how its values read.
pub(crate) struct What {
    pub(crate) name: String,
    write: fn(f64) -> String,
}

impl What {
    pub(crate) fn of(metric: &str) -> Self {
        let name = match metric {
            "duration.total_ms" => "time".to_owned(),
            "resource_usage.peak_memory_mb" => "memory".to_owned(),
            "resource_usage.cpu_time_ms" => "CPU time".to_owned(),
            "github_api.requests_made" => "requests".to_owned(),
            "github_api.graphql_points" => "GraphQL points".to_owned(),
            other => kept(other, LONGEST_LABEL),
        };
        let write: fn(f64) -> String = match metric.rsplit('_').next() {
            Some("ms") => human::duration,
            Some("mb") => human::mebibytes,
            _ => plain,
        };
        Self { name, write }
    }

    pub(crate) fn value(&self, value: Option<Thousandths>) -> String {
        value.map_or_else(|| "unknown".to_owned(), |value| (self.write)(value.to_f64()))
    }
}

fn plain(value: f64) -> String {
    Thousandths::from_f64(value).map_or_else(|| "unknown".to_owned(), |value| value.to_string())
}

fn subject(by: &IndexMap<String, Scalar>, what: &What) -> String {
    let labels: Vec<_> =
        by.iter().map(|(field, value)| kept(&format!("{field} {value}"), LONGEST_LABEL)).collect();
    if labels.is_empty() { what.name.clone() } else { format!("{} ({})", what.name, labels.join(", ")) }
}

fn runs(count: u64) -> String {
    format!("{} {}", human::count(count), if count == 1 { "run" } else { "runs" })
}

fn comma(text: Option<&String>) -> String {
    text.map_or_else(String::new, |text| format!(", {text}"))
}

/// `50% more`.
fn change(percentage: Thousandths) -> String {
    let percent = human::percent(percentage.to_f64().abs());
    match percentage.0 {
        0 => "the same".to_owned(),
        1.. => format!("{percent} more"),
        _ => format!("{percent} less"),
    }
}

/// `48% to 52% more`.
fn range(low: Thousandths, high: Thousandths) -> String {
    let percent = |value: Thousandths| human::percent(value.to_f64().abs());
    match (low.0, high.0) {
        (0.., 0..) => format!("{} to {} more", percent(low), percent(high)),
        (..0, ..=0) => format!("{} to {} less", percent(high), percent(low)),
        _ => format!("{} less to {} more", percent(low), percent(high)),
    }
}

fn size(percentage: Option<Thousandths>) -> i64 {
    percentage.map_or(i64::MAX, |percentage| percentage.0.saturating_abs())
}
