//! Commands and alerts, one a line.

use pm_cli::{human, printable};
use pm_record::Severity;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Theme, ago, frame_of, time_of_day};
use crate::model::{Baseline, Finished, Model};

/// A command may be this much over its baseline before it is pointed out.
const FLOOR: f64 = 1.05;

pub(super) fn running(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: Theme) {
    let width = name_width(area);
    let line = |running: &pm_store::Running| {
        let millis = (model.now - running.timestamp.as_millis()).max(0) as f64;
        let name = named(&running.command, width);
        Line::from(vec![Span::raw(name), Span::styled(human::duration(millis), theme.of(Color::Cyan))])
    };
    let lines: Vec<_> = model.running.iter().rev().map(line).collect();
    let title = format!("Running ({})", model.running.len());
    list(frame, area, &title, lines, "no command runs");
}

pub(super) fn finished(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: Theme) {
    let width = name_width(area);
    let lines: Vec<_> = model.finished.iter().map(|run| finished_line(run, width, theme)).collect();
    list(frame, area, "Just finished", lines, "no command has finished");
}

fn finished_line(run: &Finished, width: usize, theme: Theme) -> Line<'static> {
    let mut spans = vec![
        Span::raw(format!("{} ", time_of_day(run.at).trim_end_matches(" UTC"))),
        Span::raw(named(&run.command, width)),
        Span::raw(format!("{:>7}", human::duration(run.millis))),
    ];
    let (beside, name) = match run.baseline {
        Some(Baseline::Set(millis)) => (millis, "baseline"),
        Some(Baseline::Median(millis)) => (millis, "median"),
        None => (0.0, ""),
    };
    if beside > 0.0 {
        let ratio = run.millis / beside;
        let color = if ratio > FLOOR { Color::Yellow } else { Color::Green };
        let text = format!("  ×{ratio:.2} ({name} {})", human::duration(beside));
        spans.push(Span::styled(text, theme.of(color)));
    }
    if run.failed {
        spans.push(Span::styled("  failed", theme.of(Color::Red)));
    }
    Line::from(spans)
}

pub(super) fn alerts(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: Theme) {
    let line = |alert: &pm_store::Firing| {
        let seconds = alert.since.map(|since| (model.now - since.as_millis()).max(0) / 1000);
        let since = seconds.map_or_else(String::new, |seconds| format!(" for {}", ago(seconds)));
        let (mark, color) = match alert.severity {
            Some(Severity::Critical) => ("critical", Color::Red),
            _ => ("warning ", Color::Yellow),
        };
        let text = format!("{} {}{since}", alert.kind, alert.subject);
        Line::from(vec![
            Span::styled(format!("{mark}  "), theme.of(color)),
            Span::raw(printable(&text).into_owned()),
        ])
    };
    let lines: Vec<_> = model.firing.iter().map(line).collect();
    list(frame, area, &format!("Alerts ({})", model.firing.len()), lines, "no alert fires");
}

/// What does not fit is cut off at the end.
fn list(frame: &mut Frame<'_>, area: Rect, title: &str, lines: Vec<Line<'static>>, none: &'static str) {
    let lines = if lines.is_empty() { vec![Line::from(none)] } else { lines };
    frame.render_widget(Paragraph::new(lines).block(frame_of(title)), area);
}

/// How much of a line a name may take.
fn name_width(area: Rect) -> usize {
    (usize::from(area.width) / 4).clamp(8, 30)
}

/// A name as wide as all others, and a gap.
fn named(name: &str, width: usize) -> String {
    let name = printable(name);
    let cut: String = if name.chars().count() > width {
        name.chars().take(width - 1).chain(['…']).collect()
    } else {
        name.into_owned()
    };
    format!("{cut:<width$} ")
}
