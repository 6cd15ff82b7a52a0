//! Draws a model: the same model and size give the same cells.
//!
//! Color never stands for anything alone, so that without it everything can still be read. What comes from records
//! is escaped before it reaches the terminal.

mod charts;
mod lists;

use pm_cli::printable;
use pm_record::Timestamp;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph};

use crate::model::Model;

/// A chart that is lower shows nothing.
const LOWEST_CHART: u16 = 5;

/// A box with one line in it.
const LOWEST_LIST: u16 = 3;

/// Whether there are colors, and which.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    pub(crate) color: bool,
}

impl Theme {
    fn of(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }
}

/// Draws everything that there is room for; what matters least gives way first.
pub(crate) fn draw(frame: &mut Frame<'_>, model: &Model, theme: Theme) {
    let area = frame.area();
    let alerts = u16::try_from(model.firing.len()).unwrap_or(u16::MAX).clamp(1, 5) + 2;
    let rows = Layout::vertical([
        Constraint::Length(1),
        Constraint::Fill(3),
        Constraint::Fill(3),
        Constraint::Fill(2),
        Constraint::Length(alerts.min(area.height / 4)),
        Constraint::Length(1),
    ]);
    let [head, machine, network, commands, alerts, foot] = rows.areas(area);
    frame.render_widget(Paragraph::new(headline(model, usize::from(area.width))), head);
    if machine.height >= LOWEST_CHART {
        let ([cpu, memory], [network, quota]) = (halves(machine), halves(network));
        charts::cpu(frame, cpu, model, theme);
        charts::memory(frame, memory, model, theme);
        charts::network(frame, network, model, theme);
        charts::quota(frame, quota, model, theme);
    } else {
        figures(frame, machine.union(network), model);
    }
    if commands.height >= LOWEST_LIST {
        let [running, finished] = halves(commands);
        lists::running(frame, running, model, theme);
        lists::finished(frame, finished, model, theme);
    }
    if alerts.height >= LOWEST_LIST {
        lists::alerts(frame, alerts, model, theme);
    }
    frame
        .render_widget(Paragraph::new(format!("q quit · last 5 minutes · {}", time_of_day(model.now))), foot);
}

fn halves(area: Rect) -> [Rect; 2] {
    Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).areas(area)
}

/// Where there is no room for charts, their titles say the same of this moment.
fn figures(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let titles = [charts::cpu_title, charts::memory_title, charts::network_title, charts::quota_title];
    let lines: Vec<_> = titles.iter().map(|title| Line::from(title(model))).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

fn headline(model: &Model, width: usize) -> String {
    let monitor = match &model.monitor {
        Some(monitor) => {
            let since = ago((model.now - monitor.since.as_millis()).max(0) / 1000);
            format!("monitor on {} for {since}", monitor.process.host)
        }
        None => "no monitor here".to_owned(),
    };
    let tick = match model.last_tick.map(|tick| (model.now - tick.as_millis()) / 1000) {
        None => "no samples yet".to_owned(),
        Some(seconds @ ..10) => format!("sampled {}s ago", seconds.max(0)),
        Some(seconds) => format!("LAST SAMPLE {} AGO", ago(seconds)),
    };
    let state = format!("{tick} · {monitor}");
    let store = format!("github-pm · {}", model.store);
    let gap = width.saturating_sub(store.chars().count() + state.chars().count()).max(2);
    printable(&format!("{store}{:gap$}{state}", "")).into_owned()
}

fn ago(seconds: i64) -> String {
    pm_cli::human::duration(seconds as f64 * 1000.0)
}

/// `18:50:11 UTC`.
fn time_of_day(millis: i64) -> String {
    let text = Timestamp::from_millis(millis).to_string();
    format!("{} UTC", text.get(11..19).unwrap_or_default())
}

fn frame_of(title: &str) -> Block<'_> {
    Block::bordered().title(format!(" {title} "))
}

#[cfg(test)]
mod tests;
