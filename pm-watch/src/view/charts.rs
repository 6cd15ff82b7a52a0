//! Figures over time.

use pm_cli::human;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::symbols::Marker;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType};

use super::{Theme, frame_of};
use crate::model::Model;
use crate::series::{SPAN, Series};

const UNKNOWN: &str = "not known";

pub(super) fn cpu(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: Theme) {
    let lines = [(&model.cpu, Color::Cyan)];
    draw(frame, area, &cpu_title(model), &lines, model.now, 100.0, human::percent, theme);
}

pub(super) fn memory(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: Theme) {
    // Where no processes are chosen, what is left for them is all there is to see.
    let series = if model.memory.last().is_some() { &model.memory } else { &model.available };
    let (lines, top) = ([(series, Color::Magenta)], series.largest(model.now));
    draw(frame, area, &memory_title(model), &lines, model.now, round_up(top), human::mebibytes, theme);
}

pub(super) fn network(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: Theme) {
    let lines = [(&model.received, Color::Blue), (&model.sent, Color::Green)];
    let top = model.sent.largest(model.now).max(model.received.largest(model.now));
    draw(frame, area, &network_title(model), &lines, model.now, round_up(top), rate, theme);
}

pub(super) fn quota(frame: &mut Frame<'_>, area: Rect, model: &Model, theme: Theme) {
    let lines = [(&model.quota, Color::Yellow)];
    draw(frame, area, &quota_title(model), &lines, model.now, 100.0, human::percent, theme);
}

pub(super) fn cpu_title(model: &Model) -> String {
    let system = model.cpu.last().map_or_else(|| UNKNOWN.to_owned(), human::percent);
    let cores = model.cores.map_or_else(String::new, |cores| format!(" of {cores} cores"));
    let processes = model.process_cpu.last().map(|value| format!(" · processes {}", human::percent(value)));
    format!("CPU {system}{cores}{}", processes.unwrap_or_default())
}

pub(super) fn memory_title(model: &Model) -> String {
    let held = model.memory.last().map(human::mebibytes);
    let available = model.available.last().map(|value| format!("{} available", human::mebibytes(value)));
    let parts: Vec<_> = held.into_iter().chain(available).collect();
    let text = if parts.is_empty() { UNKNOWN.to_owned() } else { parts.join(" · ") };
    format!("Memory {text}")
}

pub(super) fn network_title(model: &Model) -> String {
    let of = |series: &Series| series.last().map_or_else(|| UNKNOWN.to_owned(), rate);
    let open = model.connections.map_or_else(String::new, |open| format!(" · {open} open"));
    format!("Network in {} · out {}{open}", of(&model.received), of(&model.sent))
}

pub(super) fn quota_title(model: &Model) -> String {
    let limits = model.limits.iter().filter(|limit| limit.remaining < limit.most || limit.resource == "core");
    let limits: Vec<_> = limits
        .take(3)
        .map(|limit| {
            let resource = pm_cli::printable(&limit.resource).into_owned();
            format!("{resource} {}/{}", limit.remaining, limit.most)
        })
        .collect();
    let text = if limits.is_empty() { UNKNOWN.to_owned() } else { limits.join(" · ") };
    format!("Quota left: {text}")
}

/// Bytes a second.
fn rate(bytes: f64) -> String {
    match bytes {
        ..1024.0 => format!("{bytes:.0}B/s"),
        ..1_048_576.0 => format!("{:.0}KB/s", bytes / 1024.0),
        _ => format!("{}/s", human::mebibytes(bytes / 1_048_576.0)),
    }
}

/// A top that does not move with every value: the next power of two.
fn round_up(top: f64) -> f64 {
    if top < 1.0 { 1.0 } else { top.log2().ceil().exp2() }
}

#[expect(
    clippy::too_many_arguments,
    reason = "each is a part of one chart, and there is one place that draws it"
)]
fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    title: &str,
    lines: &[(&Series, Color)],
    now: i64,
    top: f64,
    label: impl Fn(f64) -> String,
    theme: Theme,
) {
    let dots: Vec<_> = lines.iter().map(|(series, color)| (series.dots(now), *color)).collect();
    let sets = dots.iter().map(|(dots, color)| {
        let set = Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line);
        set.style(theme.of(*color)).data(dots)
    });
    let time = Axis::default().bounds([-(SPAN as f64) / 1000.0, 0.0]);
    let value = Axis::default().bounds([0.0, top]).labels([label(0.0), label(top)]);
    let chart = Chart::new(sets.collect()).block(frame_of(title)).x_axis(time).y_axis(value);
    frame.render_widget(chart, area);
}
