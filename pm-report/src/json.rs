//! A report for programs: what its page shows, as one JSON object on a line, with numbers and words that a program can tell
//! apart beside the sentences.
//!
//! It is no record, because it is the end of a pipeline: whoever wants records takes those that came in. What is not known
//! is left out; nothing is rounded.

use indexmap::IndexMap;
use pm_record::{
    AlertState, ComparisonStatus, DashboardAlert, MetricSummary, Severity, Thousandths, Timestamp, Window,
};
use serde::Serialize;

use crate::alerts::Alert;
use crate::findings::{self, Findings};
use crate::report::{Report, Row};
use crate::tips::Tip;

/// The whole page.
#[derive(Debug, Serialize)]
struct Document<'a> {
    title: &'a str,
    /// From the first run to the last, or the time that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<Window>,
    runs: u64,
    failures: u64,
    /// How long all runs took together; runs inside of others are part of theirs.
    total_ms: Thousandths,
    groups: Vec<Group<'a>>,
    /// Groups and windows that are too many to be told of.
    groups_left_out: u64,
    findings: Vec<Finding<'a>>,
    alerts: Vec<Told<'a>>,
    tips: Vec<Advice<'a>>,
}

/// One group of runs in one window.
#[derive(Debug, Serialize)]
struct Group<'a> {
    by: IndexMap<&'a str, Option<&'a str>>,
    window: Window,
    runs: u64,
    failures: u64,
    /// Of the time that all runs took together, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<&'a MetricSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peak_memory_mb: Option<Thousandths>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_time_ms: Option<Thousandths>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requests_made: Option<Thousandths>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<Thousandths>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_hit_rate: Option<Thousandths>,
    /// Beside the period before.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    /// Windows of the same runs, with the median of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    trend: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct Verdict {
    status: ComparisonStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    change_percentage: Option<Thousandths>,
}

#[derive(Debug, Serialize)]
struct Point {
    start: Timestamp,
    median_ms: Thousandths,
}

#[derive(Debug, Serialize)]
struct Finding<'a> {
    command: &'a str,
    subject: String,
    status: ComparisonStatus,
    statement: &'a str,
    detail: &'a str,
}

#[derive(Debug, Serialize)]
struct Told<'a> {
    #[serde(flatten)]
    alert: &'a DashboardAlert,
    severity: Severity,
    state: AlertState,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommendation: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Advice<'a> {
    title: &'a str,
    recommendation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    saving: Option<&'a str>,
}

/// Renders `report` as one line.
pub(crate) fn render(report: &Report) -> String {
    let (window, runs, failures, total_ms) = report.totals();
    let found = report.findings();
    let document = Document {
        title: report.title(),
        window,
        runs,
        failures,
        total_ms,
        groups: report.rows().iter().map(|row| group(report, row)).collect(),
        groups_left_out: report.rows_left_out(),
        findings: found.sorted(true).into_iter().map(|one| finding(found, one)).collect(),
        alerts: report.alerts().sorted().into_iter().map(told).collect(),
        tips: report.tips().all().iter().map(advice).collect(),
    };
    // Numbers and text can always be written.
    serde_json::to_string(&document).unwrap_or_default() + "\n"
}

fn group<'a>(report: &'a Report, row: &'a Row) -> Group<'a> {
    let fields = report.fields().iter().enumerate();
    let trend = row.trend.iter().map(|(&start, &median_ms)| Point { start, median_ms });
    let verdict = report
        .verdict(row)
        .map(|verdict| Verdict { status: verdict.status, change_percentage: verdict.change });
    Group {
        by: fields.map(|(place, field)| (field.as_str(), row.label(place))).collect(),
        window: row.window,
        runs: row.runs,
        failures: row.failures,
        share: row.time().and_then(|time| report.share(time)),
        duration_ms: row.duration.as_ref(),
        peak_memory_mb: row.peak_memory_mb,
        cpu_time_ms: row.cpu_time_ms,
        requests_made: row.requests,
        quota: row.quota,
        cache_hit_rate: row.cache_hit_rate,
        verdict,
        trend: trend.collect(),
    }
}

fn finding<'a>(findings: &Findings, found: &'a findings::Finding) -> Finding<'a> {
    Finding {
        command: &found.command,
        subject: findings.subject(found),
        status: found.status(),
        statement: &found.statement,
        detail: &found.detail,
    }
}

fn told(alert: &Alert) -> Told<'_> {
    Told {
        alert: &alert.quoted,
        severity: alert.severity,
        state: alert.state,
        recommendation: alert.recommendation.as_deref(),
    }
}

fn advice(tip: &Tip) -> Advice<'_> {
    Advice { title: &tip.title, recommendation: &tip.recommendation, saving: tip.saving.as_deref() }
}
