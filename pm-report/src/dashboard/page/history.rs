//! What is drawn over time: how long commands took, what they held and used.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use pm_cli::human;
use pm_record::{ChangeDirection, SystemMetrics, Thousandths, Timestamp, Window};

use super::chart::{Chart, Ink, Line, Scale, key};
use super::figure::Figure;
use super::section;
use super::table::{Cell, Row, Table};
use crate::dashboard::Dashboard;
use crate::dashboard::commands::{Command, Point};
use crate::report::{LONGEST_LABEL, kept};
use crate::times;

/// How many commands have a chart: those that take most time.
pub(super) const CHARTS: usize = 24;

/// Adds the durations of each command, with what is told of the others.
pub(super) fn durations(page: &mut String, dashboard: &Dashboard) {
    let commands = dashboard.commands.sorted();
    let drawn = commands.iter().filter(|(_, command)| !command.points.is_empty());
    let figures: String =
        drawn.clone().take(CHARTS).filter_map(|(name, command)| duration(name, command)).collect();
    if figures.is_empty() {
        return;
    }
    let mut content = key(&[
        (Ink::Middle, "median"),
        (Ink::High, "95th percentile"),
        (Ink::Band, "from the shortest to the longest"),
        (Ink::Bad, "slower since"),
        (Ink::Good, "faster since"),
    ]);
    let _ = write!(content, "<div class=\"charts\">\n{figures}</div>\n");
    let left_out = drawn.count().saturating_sub(CHARTS);
    if left_out > 0 {
        let _ = writeln!(
            content,
            "<p class=\"note\">Commands without a chart: {}</p>",
            human::count(left_out as u64)
        );
    }
    section(page, "durations", "Duration over time", &content);
}

fn duration(name: &str, command: &Command) -> Option<String> {
    let span = span(&command.points)?;
    let series = |of: fn(&pm_record::MetricSummary) -> Option<Thousandths>| {
        let values = command
            .points
            .iter()
            .filter_map(|point| Some((middle(point.window), of(point.duration.as_ref()?)?.to_f64())));
        values.collect::<Vec<_>>()
    };
    let extremes = command.points.iter().filter_map(|point| {
        let duration = point.duration.as_ref()?;
        Some((middle(point.window), duration.min?.to_f64(), duration.max?.to_f64()))
    });
    let marks = command.changes.iter().map(|change| {
        let (ink, word, is_bad) = match change.direction {
            ChangeDirection::Regression => (Ink::Bad, "slower", true),
            ChangeDirection::Improvement => (Ink::Good, "faster", false),
        };
        let percent = change.percentage.map_or_else(String::new, |percent| {
            format!(", {} {}", human::percent(percent.to_f64().abs()), if is_bad { "more" } else { "less" })
        });
        (
            (change.at.as_millis(), ink),
            (format!("{word} since {}{percent}", times::span(change.at, change.at)), is_bad),
        )
    });
    let (marks, words) = marks.unzip();
    let figure = Figure {
        command: Some(name.to_owned()),
        name: name.to_owned(),
        note: format!("{} runs", human::count(command.runs())),
        chart: Chart {
            span,
            scale: Scale::Ratios,
            write: human::short_duration,
            band: extremes.collect(),
            lines: vec![
                Line { ink: Ink::High, points: series(|duration| duration.p95) },
                Line { ink: Ink::Middle, points: series(|duration| duration.p50.or(duration.mean)) },
            ],
            marks,
        },
        marks: words,
        values: Table {
            caption: format!("Durations of {name}"),
            headings: vec!["from (UTC)", "runs", "failed", "min", "p50", "p95", "max"],
            rows: command.points.iter().map(row).collect(),
        },
    };
    Some(figure.write())
}

fn row(point: &Point) -> Row {
    let time = |of: fn(&pm_record::MetricSummary) -> Option<Thousandths>| {
        Cell::of(point.duration.as_ref().and_then(of).map(|time| human::duration(time.to_f64())))
    };
    Row {
        command: None,
        at: Some(middle(point.window)),
        cells: vec![
            Cell::Text(begin(point.window.start)),
            Cell::Text(human::count(point.runs)),
            if point.failures > 0 {
                Cell::Bad(human::count(point.failures))
            } else {
                Cell::Text("0".to_owned())
            },
            time(|duration| duration.min),
            time(|duration| duration.p50),
            time(|duration| duration.p95),
            time(|duration| duration.max),
        ],
    }
}

/// Adds the memory and the processor time of all commands together, and what a monitor saw of the system.
pub(super) fn resources(page: &mut String, dashboard: &Dashboard) {
    let mut windows: BTreeMap<Window, (f64, f64)> = BTreeMap::new();
    for (_, command) in dashboard.commands.sorted() {
        for point in &command.points {
            let (memory, cpu) = windows.entry(point.window).or_default();
            *memory = memory.max(point.memory_mb.unwrap_or_default().to_f64());
            *cpu += point.cpu_ms.unwrap_or_default().to_f64() * point.runs as f64;
        }
    }
    let mut content = String::new();
    let rows: Vec<_> = windows.iter().map(|(window, values)| (middle(*window), *values)).collect();
    if let Some(span) = windows
        .keys()
        .next()
        .zip(windows.keys().last())
        .map(|(first, last)| (first.start.as_millis(), last.end.as_millis()))
    {
        let series =
            |of: fn((f64, f64)) -> f64| rows.iter().map(|&(at, values)| (at, of(values))).collect::<Vec<_>>();
        content.push_str(&plain(
            "Largest memory of a run",
            span,
            "memory",
            human::mebibytes,
            series(|(memory, _)| memory),
        ));
        content.push_str(&plain(
            "Processor time of all runs",
            span,
            "CPU",
            human::duration,
            series(|(_, cpu)| cpu),
        ));
    }
    for ticks in dashboard.readings.usage() {
        content.push_str(&usage(&ticks));
    }
    if !content.is_empty() {
        content = format!("<div class=\"charts\">\n{content}</div>\n");
    }
    section(page, "resources", "Memory and processor", &content);
}

/// What a monitor saw on one machine.
fn usage(ticks: &[&SystemMetrics]) -> String {
    let Some((first, last)) = ticks.first().zip(ticks.last()) else { return String::new() };
    let place =
        first.host.as_deref().map_or_else(String::new, |host| format!(" on {}", kept(host, LONGEST_LABEL)));
    let span = (first.timestamp.as_millis(), last.timestamp.as_millis().max(first.timestamp.as_millis() + 1));
    let series = |of: fn(&SystemMetrics) -> Option<Thousandths>| {
        let known = ticks.iter().filter_map(|tick| Some((tick.timestamp.as_millis(), of(tick)?.to_f64())));
        known.collect::<Vec<_>>()
    };
    let memory = series(|tick| tick.memory.process_memory_mb);
    let cpu = series(|tick| tick.cpu.process_cpu_percentage);
    let memory = plain(&format!("Memory of processes{place}"), span, "memory", human::mebibytes, memory);
    memory + &plain(&format!("Processor use of processes{place}"), span, "CPU", human::percent, cpu)
}

/// A chart of one line from zero on.
fn plain(
    name: &str,
    span: (i64, i64),
    heading: &'static str,
    write: fn(f64) -> String,
    points: Vec<(i64, f64)>,
) -> String {
    if points.iter().all(|&(_, value)| value == 0.0) {
        return String::new();
    }
    let rows = points.iter().map(|&(at, value)| Row {
        command: None,
        at: Some(at),
        cells: vec![Cell::Text(begin(Timestamp::from_millis(at))), Cell::Text(write(value))],
    });
    let values =
        Table { caption: name.to_owned(), headings: vec!["at (UTC)", heading], rows: rows.collect() };
    let chart = Chart {
        span,
        scale: Scale::Linear,
        write,
        band: Vec::new(),
        lines: vec![Line { ink: Ink::Middle, points }],
        marks: Vec::new(),
    };
    Figure { command: None, name: name.to_owned(), note: String::new(), chart, marks: Vec::new(), values }
        .write()
}

/// From the first window to the last.
fn span(points: &[Point]) -> Option<(i64, i64)> {
    Some((points.first()?.window.start.as_millis(), points.last()?.window.end.as_millis()))
}

fn middle(window: Window) -> i64 {
    window.start.as_millis() + (window.end.as_millis() - window.start.as_millis()) / 2
}

pub(super) fn begin(at: Timestamp) -> String {
    times::Precision::Seconds.write(at)
}
