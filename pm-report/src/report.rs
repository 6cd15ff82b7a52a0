//! The model: what is known of the runs, before anything is rendered.
//!
//! It holds one row for each summary, because a page is ordered and laid out as a whole; of a summary it
//! keeps only what a page shows. Memory is bounded all the same: the first [`MOST_ROWS`] summaries get a row
//! with at most [`MOST_FIELDS`] labels, and texts are cut. Later summaries still count in the totals, and
//! the page says how many they are.

use std::collections::{BTreeMap, HashMap};

use indexmap::{IndexMap, IndexSet};
use pm_cli::human;
use pm_record::{
    BenchmarkResults, CommandResult, ComparisonStatus, MetricSummary, PerformanceComparison,
    PerformanceSummary, Rating, Record, Scalar, Thousandths, Timestamp, Window,
};

use crate::alerts::Alerts;
use crate::findings::Findings;
use crate::readings::Readings;
use crate::sparkline::{Course, sparkline};
use crate::tips::Tips;
use crate::verdicts::{Verdict, Verdicts, is_window_of};
use crate::{limits, remarks, times};

/// How many rows are kept: a month of hours for two dozen commands.
pub(crate) const MOST_ROWS: usize = 20_000;

/// How many different fields of groups are kept; no page has room for more.
pub(crate) const MOST_FIELDS: usize = 16;

/// How many remarks are kept.
const MOST_REMARKS: usize = 1_000;

/// How many characters are kept of a name or a value.
pub(crate) const LONGEST_LABEL: usize = 120;

/// How many characters are kept of a sentence.
pub(crate) const LONGEST_TEXT: usize = 500;

/// Everything a page can show.
#[derive(Debug, Default)]
pub(crate) struct Report {
    title: String,
    // The fields that made the groups, in the order in which they were met.
    fields: IndexSet<String>,
    rows: Vec<Row>,
    totals: Totals,
    alerts: Alerts,
    findings: Findings,
    verdicts: Verdicts,
    readings: Readings,
    // Where the row stands whose windows are points of its trend.
    wholes: HashMap<Vec<Option<String>>, usize>,
    course: Option<Course>,
    remarks: Vec<Fact>,
    tips: Tips,
    raw_runs: u64,
    partial_results: u64,
}

/// One group of runs in one window.
#[derive(Debug)]
pub(crate) struct Row {
    // By the place of their field; what is missing at the end is null.
    labels: Vec<Option<String>>,
    pub(crate) window: Window,
    pub(crate) runs: u64,
    pub(crate) failures: u64,
    pub(crate) duration: Option<MetricSummary>,
    /// The largest peak.
    pub(crate) peak_memory_mb: Option<Thousandths>,
    /// The mean.
    pub(crate) cpu_time_ms: Option<Thousandths>,
    /// The sum of all runs.
    pub(crate) requests: Option<Thousandths>,
    /// The sum of all runs: what was consumed of the rate limit, or else the points of GraphQL.
    pub(crate) quota: Option<Thousandths>,
    pub(crate) cache_hit_rate: Option<Thousandths>,
    /// What only a benchmark knows.
    pub(crate) benchmark: Option<Measured>,
    /// Windows of the same runs, by when they start: the median, or else the mean of the time.
    pub(crate) trend: BTreeMap<Timestamp, Thousandths>,
}

/// What a benchmark knows of a command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) rating: Option<Rating>,
    pub(crate) first_ms: Option<Thousandths>,
}

/// What all summaries come to, whether or not their rows were kept.
#[derive(Debug, Default)]
struct Totals {
    summaries: u64,
    runs: u64,
    failures: u64,
    // In thousandths of a millisecond.
    time: i128,
    span: Option<(Timestamp, Timestamp)>,
}

/// One statement about all of the runs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) text: String,
    /// Whether it is bad news.
    pub(crate) bad: bool,
}

impl Report {
    pub(crate) fn new(title: &str, most_tips: Option<usize>) -> Self {
        let tips = Tips::at_most(most_tips);
        Self { title: kept(title, LONGEST_TEXT), tips, ..Self::default() }
    }

    /// Takes in one record.
    pub(crate) fn push(&mut self, record: Record) {
        self.readings.push(&record);
        match record {
            Record::Summary(summary) => self.push_summary(*summary),
            Record::Alert(alert) => self.alerts.push(&alert),
            Record::Comparison(comparison) => {
                self.verdicts.push(&comparison);
                self.findings.push_comparison(&comparison);
            }
            Record::Change(change) => self.findings.push_change(&change),
            Record::Benchmark(results) => self.push_benchmark(&results),
            Record::Tip(tip) => self.tips.push(&tip),
            Record::Performance(_) => self.raw_runs += 1,
            Record::Partial(_) => self.partial_results += 1,
            _ => {}
        }
    }

    fn push_summary(&mut self, mut summary: PerformanceSummary) {
        let duration = summary.metrics.swap_remove("duration.total_ms");
        let labels = self.labels(&summary.by);
        if let Some(row) = self.wholes.get(&labels).and_then(|&place| self.rows.get_mut(place))
            && is_window_of(summary.window, row.window)
        {
            let middle = duration.and_then(|duration| duration.p50.or(duration.mean));
            row.trend.extend(middle.map(|middle| (summary.window.start, middle)));
            self.course = Some(Course::with(self.course, summary.window));
            return;
        }
        self.totals.push(&summary, duration.as_ref());
        if self.rows.len() == MOST_ROWS {
            return;
        }
        let metric = |name: &str| summary.metrics.get(name);
        let api_total = |name: &str| summary.api_totals.get(name).copied();
        let row = Row {
            labels: labels.clone(),
            window: summary.window,
            runs: summary.count,
            failures: summary.failures,
            duration,
            peak_memory_mb: metric("resource_usage.peak_memory_mb").and_then(|memory| memory.max),
            cpu_time_ms: metric("resource_usage.cpu_time_ms").and_then(|cpu| cpu.mean),
            requests: api_total("requests_made"),
            quota: api_total("rate_limit_consumed").or_else(|| api_total("graphql_points")),
            cache_hit_rate: summary.cache_hit_rate,
            benchmark: None,
            trend: BTreeMap::new(),
        };
        self.wholes.insert(labels, self.rows.len());
        self.rows.push(row);
    }

    fn push_benchmark(&mut self, results: &BenchmarkResults) {
        let analysis = &results.regression_analysis;
        let sides = !results.baseline_results.is_empty();
        let other = analysis.compared_with.as_deref().unwrap_or("baseline");
        let window = Window { start: results.test_date, end: results.test_date };
        let all = results.command_results.iter().map(|result| (result, "current"));
        for (result, side) in all.chain(results.baseline_results.iter().map(|result| (result, other))) {
            let mut by = IndexMap::from([("command".to_owned(), Scalar::from(&*result.command))]);
            if sides {
                by.insert("side".to_owned(), Scalar::from(side));
            }
            self.push_command(result, &by, window);
        }
        let told = |status| matches!(status, ComparisonStatus::Regressed | ComparisonStatus::Improved);
        // Nobody asked for each of these, so that only what is certain is worth a word.
        let resources = analysis.resource_changes.iter().filter(|change| told(change.status));
        for change in analysis.performance_changes.iter().chain(resources) {
            self.findings.push_comparison(&PerformanceComparison::from(change));
        }
        let room = MOST_REMARKS.saturating_sub(self.remarks.len());
        self.remarks.extend(remarks::of(results).into_iter().take(room));
    }

    fn push_command(&mut self, result: &CommandResult, by: &IndexMap<String, Scalar>, window: Window) {
        let percentile = |of: fn(&pm_record::Percentiles) -> Thousandths| result.percentiles.as_ref().map(of);
        let sum = result.times_ms.iter().fold(0_i64, |sum, time| sum.saturating_add(time.0));
        let duration = MetricSummary {
            count: result.iterations,
            sum: Thousandths(sum),
            mean: result.average_ms,
            std_deviation: result.std_deviation,
            min: result.min_ms,
            max: result.max_ms,
            p50: percentile(|all| all.p50),
            p90: percentile(|all| all.p90),
            p95: percentile(|all| all.p95),
            p99: percentile(|all| all.p99),
            outliers: None,
        };
        self.totals.add(window, result.iterations, result.failures, sum.into());
        if self.rows.len() == MOST_ROWS {
            return;
        }
        let row = Row {
            labels: self.labels(by),
            window,
            runs: result.iterations,
            failures: result.failures,
            duration: Some(duration),
            peak_memory_mb: result.peak_memory_mb,
            cpu_time_ms: result
                .user_ms
                .zip(result.system_ms)
                .map(|(user, system)| Thousandths(user.0.saturating_add(system.0))),
            requests: result.requests_made,
            quota: result.rate_limit_consumed,
            cache_hit_rate: None,
            benchmark: Some(Measured { rating: result.performance_rating, first_ms: result.first_ms }),
            trend: BTreeMap::new(),
        };
        self.rows.push(row);
    }

    /// Sentences about benchmarks.
    pub(crate) fn remarks(&self) -> &[Fact] {
        &self.remarks
    }

    fn labels(&mut self, by: &IndexMap<String, Scalar>) -> Vec<Option<String>> {
        let mut labels = Vec::with_capacity(self.fields.len());
        for (field, value) in by {
            let field = kept(field, LONGEST_LABEL);
            let place = match self.fields.get_index_of(&field) {
                Some(place) => place,
                None if self.fields.len() < MOST_FIELDS => self.fields.insert_full(field).0,
                None => continue,
            };
            if labels.len() <= place {
                labels.resize(place + 1, None);
            }
            labels[place] = (!value.is_null()).then(|| kept(&value.to_string(), LONGEST_LABEL));
        }
        labels
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// The fields that made the groups.
    pub(crate) fn fields(&self) -> &IndexSet<String> {
        &self.fields
    }

    /// Every row that was kept, in the order of the input.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many summaries have no row.
    pub(crate) fn rows_left_out(&self) -> u64 {
        self.totals.summaries - self.rows.len() as u64
    }

    pub(crate) fn alerts(&self) -> &Alerts {
        &self.alerts
    }

    /// What would save something.
    pub(crate) fn tips(&self) -> &Tips {
        &self.tips
    }

    /// How the time of a group went, as a line.
    pub(crate) fn trend(&self, row: &Row) -> Option<String> {
        sparkline(&row.trend, self.course?)
    }

    /// How the time of a group came out beside what it was, where groups are commands.
    pub(crate) fn verdict(&self, row: &Row) -> Option<&Verdict> {
        let is_of_commands = self.fields.len() == 1 && self.fields.contains("command");
        self.verdicts.of(row.label(0).filter(|_| is_of_commands)?)
    }

    /// Whether verdicts are what the page is about, and not one more column of it.
    pub(crate) fn is_about_comparing(&self) -> bool {
        self.rows.iter().all(|row| row.benchmark.is_some())
    }

    /// Comparisons and changes.
    pub(crate) fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Whether there is nothing to show.
    pub(crate) fn is_empty(&self) -> bool {
        let has_tips = !self.tips.all().is_empty();
        self.rows.is_empty() && self.alerts.is_empty() && self.findings.is_empty() && !has_tips
    }

    /// What to tell somebody whose input has runs and no summaries of them.
    pub(crate) fn unsummarized(&self) -> Option<String> {
        let (number, one, many, tool) = match (self.raw_runs, self.partial_results) {
            _ if !self.rows.is_empty() => return None,
            (0, 0) => return None,
            (0, partials) => (partials, "partial result is", "partial results are", "pm-aggregate --merge"),
            (runs, _) => (runs, "raw record is", "raw records are", "pm-aggregate"),
        };
        let what = if number == 1 { one } else { many };
        Some(format!("{} {what} not summarized; pipe them through `{tool}` first", human::count(number)))
    }

    /// Whether the rows stand for windows of time, so that they need their window's start to be told apart.
    ///
    /// Groups that are not cut into windows have different spans too, those of their own runs. So it takes
    /// a group that occurs in two windows, or windows as `pm-aggregate --window` cuts them: all of one
    /// length and aligned to it.
    pub(crate) fn has_windows(&self) -> bool {
        let Some(first) = self.rows.first().map(|row| row.window) else { return false };
        if self.rows.iter().all(|row| row.window.start == first.start) {
            return false;
        }
        let length = length(first);
        let is_cut = |window| self::length(window) == length && window.start.as_millis() % length == 0;
        if length > 0 && self.rows.iter().all(|row| is_cut(row.window)) {
            return true;
        }
        let mut starts = HashMap::with_capacity(self.rows.len());
        self.rows.iter().any(|row| *starts.entry(&row.labels).or_insert(row.window.start) != row.window.start)
    }

    /// A part of the time that all runs took together, as a ratio.
    pub(crate) fn share(&self, time: Thousandths) -> Option<f64> {
        (self.totals.time > 0).then(|| time.0 as f64 / self.totals.time as f64)
    }

    /// The time that all of it is about, the runs, how many failed, and how long they took together, in milliseconds.
    pub(crate) fn totals(&self) -> (Option<Window>, u64, u64, Thousandths) {
        let Totals { runs, failures, time, span, .. } = self.totals;
        let window = span.map(|(start, end)| Window { start, end });
        (window, runs, failures, Thousandths(i64::try_from(time).unwrap_or(i64::MAX)))
    }

    /// All of the runs in a few words.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let Totals { runs, failures, time, span, .. } = self.totals;
        let fact = |text, bad| Fact { text, bad };
        let mut facts = Vec::new();
        if let Some((first, last)) = span {
            facts.push(fact(times::span(first, last), false));
        }
        facts.push(fact(format!("{} {}", human::count(runs), if runs == 1 { "run" } else { "runs" }), false));
        let share = human::percentage(failures as f64 / runs.max(1) as f64);
        facts.push(match failures {
            0 => fact("none failed".to_owned(), false),
            _ => fact(format!("{} failed ({share})", human::count(failures)), true),
        });
        if time > 0 {
            facts.push(fact(format!("{} in total", human::duration(time as f64 / 1000.0)), false));
        }
        if let Some(scarcest) = limits::scarcest(&self.readings) {
            let left = format!("{} left", scarcest.left());
            // Where it lasts nobody in a hurry wants to know when it is renewed.
            let text = if scarcest.runs_out() { format!("{left}, {}", scarcest.forecast()) } else { left };
            facts.push(fact(text, scarcest.runs_out()));
        }
        facts
    }
}

impl Totals {
    fn push(&mut self, summary: &PerformanceSummary, duration: Option<&MetricSummary>) {
        // A run inside of another one is a run too, and its time is part of the other's.
        let nested = summary.nested_duration.as_ref().map_or(0, |nested| i128::from(nested.sum.0));
        let time = duration.map_or(0, |duration| i128::from(duration.sum.0)) - nested;
        self.add(summary.window, summary.count, summary.failures, time);
    }

    fn add(&mut self, Window { start, end }: Window, runs: u64, failures: u64, time: i128) {
        self.summaries += 1;
        self.runs = self.runs.saturating_add(runs);
        self.failures = self.failures.saturating_add(failures);
        self.time += time;
        let (first, last) = self.span.unwrap_or((start, end));
        self.span = Some((first.min(start), last.max(end)));
    }
}

impl Row {
    /// Its value of a field of groups, by the field's place.
    pub(crate) fn label(&self, place: usize) -> Option<&str> {
        self.labels.get(place)?.as_deref()
    }

    /// How long its runs took together; of a benchmark nobody asks that.
    pub(crate) fn time(&self) -> Option<Thousandths> {
        self.duration.as_ref().filter(|_| self.benchmark.is_none()).map(|duration| duration.sum)
    }
}

fn length(window: Window) -> i64 {
    window.end.as_millis().saturating_sub(window.start.as_millis())
}

/// A text, cut after `longest` characters.
pub(crate) fn kept(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
