//! An analysis as text for a terminal: it fits the width, and reads the same without color.

use std::fmt::Write as _;

use owo_colors::Style;
use pm_cli::{human, printable};
use pm_record::{MetricSummary, PerformanceMetrics, PerformanceSummary, Scalar, Thousandths};

use super::{Analysis, Command, Field, Focus, Growth, began};
use crate::findings::{Tone, What};
use crate::sheet::Sheet;

/// How many commands are told of.
const COMMANDS: usize = 10;

/// How many phases, values of a field, changes and runs of each.
const PHASES: usize = 6;
const VALUES: usize = 8;
const CHANGES: usize = 5;
const RUNS: usize = 5;

/// How many kinds of requests.
const OPERATIONS: usize = 8;

/// What begins the lines below a command, and how wide the names of its parts are.
const INDENT: &str = "   ";
const NAMES: usize = 10;

/// What the fields of phases begin with.
const PHASE: &str = "duration.phases.";

/// Renders `analysis` in lines of at most `width` columns.
pub(crate) fn render(analysis: &Analysis, width: usize, color: bool) -> String {
    let mut page = Page { sheet: Sheet::new(width, color) };
    page.sheet.paragraph("", &printable(&analysis.title), Style::new().bold());
    let commands = analysis.sorted();
    if commands.is_empty() {
        page.sheet.end_line();
        page.sheet.paragraph("", nothing(analysis.focus), Style::new());
    }
    for (name, command, summary, metric) in commands.iter().take(COMMANDS) {
        page.sheet.end_line();
        page.command(analysis.focus, name, command, summary, metric);
    }
    page.operations(analysis);
    let hidden = commands.len().saturating_sub(COMMANDS) as u64 + analysis.left_out;
    if hidden > 0 {
        page.sheet.end_line();
        page.sheet.paragraph("", &format!("Commands not shown: {}", human::count(hidden)), Style::new());
    }
    if !commands.is_empty() {
        page.sheet.end_line();
        page.sheet.paragraph("", LEGEND, Style::new().dimmed());
    }
    page.sheet.text
}

/// What a bar shows.
const LEGEND: &str = "├ min · █ p50 · ▒ up to p90 · ┤ max, on a scale of ratios";

fn nothing(focus: Focus) -> &'static str {
    match focus {
        Focus::Slowest | Focus::Memory => {
            "No such runs were recorded in this time. Record some with `pm-wrap --store -- CMD` or `github-pm <command>`."
        }
        Focus::Api => {
            "No API requests were counted in this time. Count them with `pm-wrap --store --api -- CMD`, or `api: true` in config.yml."
        }
    }
}

struct Page {
    sheet: Sheet,
}

impl Page {
    /// A part of what is told of a command; what comes out of records is made printable here.
    fn part(&mut self, name: &str, text: &str, style: Style) {
        let first = format!("{INDENT}{name:<NAMES$} ");
        self.sheet.paragraph(&first, &printable(text), style);
    }

    fn command(
        &mut self,
        focus: Focus,
        name: &str,
        command: &Command,
        summary: &PerformanceSummary,
        metric: &MetricSummary,
    ) {
        let what = focus.what();
        self.sheet.paragraph("", &printable(name), Style::new().bold());
        self.part(
            "runs",
            &runs(summary),
            if summary.failures > 0 { Style::new().red() } else { Style::new() },
        );
        self.distribution(&what, metric);
        for (name, text) in details(focus, summary) {
            self.part(name, &text, Style::new());
        }
        self.fields(focus, &what, command);
        self.changes(command);
        self.runs(focus, &what, command, metric);
    }

    /// What kinds of requests cost most.
    fn operations(&mut self, analysis: &Analysis) {
        if analysis.operations.is_empty() {
            return;
        }
        self.sheet.end_line();
        self.sheet.paragraph("", "The dearest requests of all commands", Style::new().bold());
        let cost: u64 = analysis.operations.iter().map(|operation| operation.cost).sum();
        for operation in analysis.operations.iter().take(OPERATIONS) {
            let share = human::percentage(operation.cost as f64 / cost.max(1) as f64);
            let time = operation.time_ms.map(|time| format!(" · {}", human::duration(time.to_f64())));
            let figures = format!(
                "{} of the quota, {share} · {} {}{}",
                human::count(operation.cost),
                human::count(operation.requests),
                if operation.requests == 1 { "request" } else { "requests" },
                time.unwrap_or_default()
            );
            self.sheet.paragraph(INDENT, &printable(&operation.operation), Style::new());
            self.sheet.paragraph(&format!("{INDENT}{INDENT}"), &figures, Style::new().dimmed());
        }
    }

    fn distribution(&mut self, what: &What, metric: &MetricSummary) {
        let known = [
            ("min", metric.min),
            ("p50", metric.p50),
            ("p90", metric.p90),
            ("p95", metric.p95),
            ("p99", metric.p99),
            ("max", metric.max),
        ];
        let quantiles = known.into_iter().filter(|(_, value)| value.is_some());
        let text: Vec<_> = quantiles.map(|(name, value)| format!("{name} {}", what.value(value))).collect();
        self.part(&what.name, &text.join(" · "), Style::new());
        if let Some(bar) = bar(metric, self.sheet.width.saturating_sub(INDENT.len() + NAMES + 1).min(60)) {
            let _ = writeln!(self.sheet.text, "{INDENT}{:NAMES$} {bar}", "");
        }
        let mean = metric.mean.map(|mean| {
            let deviation = metric
                .std_deviation
                .map_or_else(String::new, |value| format!(" ± {}", what.value(Some(value))));
            format!("mean {}{deviation}", what.value(Some(mean)))
        });
        let outliers = metric.outliers.map(|outliers| match (outliers.low, outliers.high) {
            (0, 0) => "no outliers".to_owned(),
            (0, high) => format!("outliers: {} far above the median", human::count(high)),
            (low, 0) => format!("outliers: {} far below the median", human::count(low)),
            (low, high) => {
                let [low, high] = [low, high].map(human::count);
                format!("outliers: {high} far above the median, {low} far below")
            }
        });
        let text: Vec<_> = mean.into_iter().chain(outliers).collect();
        self.part("", &text.join(" · "), Style::new());
    }

    /// How the metric goes with other fields.
    fn fields(&mut self, focus: Focus, what: &What, command: &Command) {
        for (name, field) in command.fields() {
            match field.growth() {
                Some(growth) => self.part("grows", &grows(name, what, &growth), Style::new()),
                None => self.part("by", &values(name, focus, what, field), Style::new()),
            }
        }
    }

    fn changes(&mut self, command: &Command) {
        for change in command.changes.iter().take(CHANGES) {
            let style = match change.tone {
                Tone::Bad => Style::new().red(),
                Tone::Good => Style::new().green(),
                Tone::Unknown | Tone::Same => Style::new(),
            };
            self.part("changed", &change.statement, style);
        }
    }

    fn runs(&mut self, focus: Focus, what: &What, command: &Command, metric: &MetricSummary) {
        let name = match focus {
            Focus::Slowest => "slowest",
            Focus::Memory => "largest",
            Focus::Api => "most",
        };
        for (place, run) in command.runs.iter().take(RUNS).enumerate() {
            self.part(if place == 0 { name } else { "" }, &notable(focus, what, run, metric), Style::new());
        }
    }
}

/// The values of a field, with what is usual of each.
fn values(name: &str, focus: Focus, what: &What, field: &Field) -> String {
    let texts = field.values.iter().take(VALUES).filter_map(|(value, summary)| {
        let metric = summary.metrics.get(focus.metric())?;
        let (word, middle) = match metric.p50 {
            Some(median) => ("p50", median),
            None => ("mean", metric.mean?),
        };
        Some(format!("{value} {word} {} ({})", what.value(Some(middle)), counted(summary.count)))
    });
    format!("{name}: {}", texts.collect::<Vec<_>>().join(" · "))
}

/// As which power of a size the metric grows.
fn grows(name: &str, what: &What, growth: &Growth) -> String {
    let Growth { exponent, ends, runs } = growth;
    let interval = format!("{:.2} to {:.2}", exponent.low, exponent.high);
    let word = match exponent {
        exponent if exponent.low > 1.0 => "faster than",
        exponent if exponent.low > 0.0 => "with",
        exponent if exponent.high < 0.0 => "against",
        _ => {
            return format!(
                "not with {name}: its power is {:.2} ({interval}), {}",
                exponent.value,
                counted(*runs)
            );
        }
    };
    let [small, large] =
        ends.map(|(size, value)| format!("{} at {size}", what.value(Thousandths::from_f64(value))));
    format!(
        "{word} {name}, as its power {:.2} ({interval}): {small}, {large} ({})",
        exponent.value,
        counted(*runs)
    )
}

fn counted(count: u64) -> String {
    format!("{} {}", human::count(count), if count == 1 { "run" } else { "runs" })
}

fn runs(summary: &PerformanceSummary) -> String {
    let failed = match summary.failures {
        0 => "none failed".to_owned(),
        failures => format!("{} failed", human::count(failures)),
    };
    format!("{} · {failed}", human::count(summary.count))
}

/// What a focus tells beside its own metric.
fn details(focus: Focus, summary: &PerformanceSummary) -> Vec<(&'static str, String)> {
    let metric = |name: &str| summary.metrics.get(name);
    let mean = |name: &str| metric(name).and_then(|metric| metric.mean);
    let mut details = Vec::new();
    match focus {
        Focus::Slowest => {
            details.extend(phases(summary).map(|text| ("phases", text)));
            let cpu = mean("resource_usage.cpu_time_ms").zip(mean("duration.total_ms"));
            details.extend(cpu.filter(|(_, time)| time.0 > 0).map(|(cpu, time)| {
                let share = human::percentage(cpu.0 as f64 / time.0 as f64);
                ("CPU", format!("mean {}, {share} of the time", human::duration(cpu.to_f64())))
            }));
        }
        Focus::Memory => {
            let average = mean("resource_usage.average_memory_mb");
            details.extend(
                average.map(|average| ("average", format!("mean {}", human::mebibytes(average.to_f64())))),
            );
            let processes = mean("resource_usage.processes");
            details.extend(processes.map(|processes| ("processes", format!("mean {processes}"))));
        }
        Focus::Api => {
            let totals = ["requests_made", "graphql_points", "rate_limit_consumed", "retries"]
                .into_iter()
                .zip(["requests", "GraphQL points", "of the quota", "retries"])
                .filter_map(|(name, word)| Some(format!("{} {word}", summary.api_totals.get(name)?)));
            let totals: Vec<_> = totals.collect();
            details.extend((!totals.is_empty()).then(|| ("in all", totals.join(" · "))));
            let hits = summary.cache_hit_rate;
            details.extend(hits.map(|rate| ("cache", format!("{} hits", human::percentage(rate.to_f64())))));
            let waited = metric("github_api.waited_ms").filter(|waited| waited.sum.0 > 0);
            details
                .extend(waited.map(|waited| {
                    ("waited", format!("{} for limits", human::duration(waited.sum.to_f64())))
                }));
        }
    }
    details
}

/// The longest phases, by their share of all the time.
fn phases(summary: &PerformanceSummary) -> Option<String> {
    let total = summary.metrics.get("duration.total_ms")?.sum.0;
    let mut phases: Vec<_> = summary
        .metrics
        .iter()
        .filter_map(|(name, metric)| Some((name.strip_prefix(PHASE)?, metric)))
        .collect();
    phases.sort_by_key(|(name, metric)| (std::cmp::Reverse(metric.sum), *name));
    let texts = phases.iter().take(PHASES).map(|(name, metric)| {
        let share = human::percentage(metric.sum.0 as f64 / total.max(1) as f64);
        let mean =
            metric.mean.map_or_else(String::new, |mean| format!(" ({})", human::duration(mean.to_f64())));
        format!("{} {share}{mean}", name.strip_suffix("_ms").unwrap_or(name))
    });
    let texts: Vec<_> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(" · "))
}

/// A run with its time and what is known of its surroundings.
fn notable(focus: Focus, what: &What, run: &PerformanceMetrics, metric: &MetricSummary) -> String {
    let value = focus.of_run(run);
    let times = value.zip(metric.p50).filter(|(value, median)| median.0 > 0 && value.0 >= median.0 * 2);
    let times =
        times.map(|(value, median)| format!("{:.1} times the median", value.0 as f64 / median.0 as f64));
    let ended = match (run.signal, run.exit_code) {
        (Some(signal), _) => Some(format!("ended by signal {signal}")),
        (None, Some(code)) if code != 0 => Some(format!("exit status {code}")),
        _ => None,
    };
    let labels = run.context.iter().map(|(name, value)| {
        let value = match value {
            Scalar::Text(text) => text.clone(),
            other => other.to_string(),
        };
        format!("{name}={value}")
    });
    let parts = [Some(format!("{} UTC", began(run))), Some(what.value(value)), times, ended]
        .into_iter()
        .flatten()
        .chain(labels)
        .chain(run.host.clone());
    parts.collect::<Vec<_>>().join(" · ")
}

/// From the smallest to the largest on a scale of ratios, with the median and what nine of ten runs reach.
fn bar(metric: &MetricSummary, width: usize) -> Option<String> {
    let [min, median, ninth, max] =
        [metric.min?, metric.p50?, metric.p90?, metric.max?].map(Thousandths::to_f64);
    if width < 12 || min <= 0.0 || max <= min {
        return None;
    }
    let last = width - 3;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a ratio of the width")]
    let place = |value: f64| {
        ((((value / min).ln() / (max / min).ln()) * last as f64).round().max(0.0) as usize).min(last)
    };
    let (median, ninth) = (place(median), place(ninth));
    let inner = (0..=last).map(|column| match column {
        column if column == median => '█',
        column if (median..=ninth).contains(&column) => '▒',
        _ => '─',
    });
    Some(format!("├{}┤", inner.collect::<String>()))
}
