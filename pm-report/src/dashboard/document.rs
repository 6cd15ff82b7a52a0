//! The dashboard as the document that the specification describes.

use pm_cli::human;
use pm_record::{DashboardSummary, PerformanceDashboard, Thousandths, Trending};

use super::{Dashboard, words};

/// In milliseconds.
const MINUTE: f64 = 60_000.0;

/// Every word of it is computed; [`words`] has the rules.
pub(super) fn document(dashboard: &Dashboard) -> PerformanceDashboard {
    let names =
        |names: &indexmap::IndexSet<&'static str>| names.iter().map(|&name| name.to_owned()).collect();
    PerformanceDashboard {
        summary: DashboardSummary {
            average_command_duration: average(dashboard)
                .map_or_else(|| "unknown".to_owned(), human::short_duration),
            commands_per_minute: per_minute(dashboard),
            memory_efficiency: words::memory(dashboard),
            api_efficiency: words::api(dashboard),
        },
        trending: Trending {
            performance_trend: words::trend(dashboard),
            bottleneck_areas: names(&dashboard.bottlenecks),
            optimization_opportunities: names(&dashboard.opportunities),
        },
        alerts: dashboard.alerts.open().into_iter().cloned().collect(),
    }
}

/// The mean duration of all runs that started, in milliseconds.
pub(super) fn average(dashboard: &Dashboard) -> Option<f64> {
    let (sum, count) = dashboard.commands.durations();
    (count > 0).then(|| sum as f64 / 1000.0 / count as f64)
}

/// Runs over the minutes of the whole time.
pub(super) fn per_minute(dashboard: &Dashboard) -> Thousandths {
    let runs = dashboard.commands.runs() as f64;
    let minutes = dashboard.window().map_or(0.0, |window| {
        window.end.as_millis().saturating_sub(window.start.as_millis()) as f64 / MINUTE
    });
    // Runs of one instant have no rate.
    if minutes <= 0.0 { Thousandths(0) } else { Thousandths::from_f64(runs / minutes).unwrap_or_default() }
}
