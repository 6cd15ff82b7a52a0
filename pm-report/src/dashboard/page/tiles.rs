//! What there is to know at a glance: one figure a tile.

use std::fmt::Write as _;

use pm_cli::human;
use pm_record::{Efficiency, PerformanceTrend};

use super::super::{Dashboard, document, words};
use crate::limits;

/// Adds a list of tiles, each a name and a figure.
pub(super) fn tiles(page: &mut String, dashboard: &Dashboard) {
    if dashboard.commands.is_empty() && dashboard.readings.limits().next().is_none() {
        return;
    }
    let mut tiles = Vec::new();
    let mut tile = |name, value: String, class| tiles.push((name, value, class));
    let (runs, failures) = (dashboard.commands.runs(), dashboard.commands.failures());
    tile("Runs", human::count(runs), "");
    let share = human::percentage(failures as f64 / runs.max(1) as f64);
    match failures {
        0 => tile("Failed", "none".to_owned(), ""),
        _ => tile("Failed", format!("{} ({share})", human::count(failures)), "bad"),
    }
    let own_time = dashboard
        .commands
        .sorted()
        .iter()
        .fold(0_i64, |sum, (_, command)| sum.saturating_add(command.own_time()));
    if let Some(average) = document::average(dashboard) {
        tile("Average duration", human::short_duration(average), "");
        tile("Time in all", human::duration(own_time as f64 / 1000.0), "");
    }
    let trend = words::trend(dashboard);
    let class = match trend {
        PerformanceTrend::Degrading => "bad",
        PerformanceTrend::Improving => "good",
        PerformanceTrend::Stable | PerformanceTrend::Unknown => "",
    };
    tile("Trend", trend.word().to_owned(), class);
    let class = |word| if word == Efficiency::Poor { "bad" } else { "" };
    let (memory, api) = (words::memory(dashboard), words::api(dashboard));
    tile("Memory", memory.word().to_owned(), class(memory));
    tile("API use", api.word().to_owned(), class(api));
    if let Some(rate) = words::hit_rate(dashboard) {
        tile("Cache hits", human::percentage(rate), "");
    }
    if let Some(scarcest) = limits::scarcest(&dashboard.readings) {
        tile("Quota left", scarcest.left(), if scarcest.runs_out() { "bad" } else { "" });
    }
    page.push_str("<dl class=\"tiles\">\n");
    for (name, value, class) in tiles {
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        let _ = writeln!(page, "<div><dt>{name}</dt><dd{class}>{}</dd></div>", crate::markup::text(&value));
    }
    page.push_str("</dl>\n");
}
