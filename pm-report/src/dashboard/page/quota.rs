//! What was left of each rate limit over time, and, at the speed of the newest reading, what will be.

use std::fmt::Write as _;

use pm_cli::human;
use pm_record::{ApiMonitoring, Thousandths, Timestamp};

use super::chart::{Chart, Ink, Line, Scale, key};
use super::figure::Figure;
use super::history::{CHARTS, begin};
use super::section;
use super::table::{Cell, Row, Table};
use crate::dashboard::Dashboard;
use crate::limits::{self, Limit};
use crate::report::{LONGEST_LABEL, kept};

/// Adds what was left of each limit, and until when it lasts.
pub(super) fn limits(page: &mut String, dashboard: &Dashboard) {
    let newest = limits::newest(&dashboard.readings);
    if newest.is_empty() {
        return;
    }
    let mut content = String::from("<ul>\n");
    for limit in newest.iter().take(CHARTS) {
        let class = if limit.runs_out() { " class=\"bad\"" } else { "" };
        let words = format!("{}{}: {}", limit.left(), host(limit), limit.forecast());
        let _ = writeln!(content, "<li{class}>{}</li>", crate::markup::text(&words));
    }
    content.push_str("</ul>\n");
    let inks = [
        (Ink::Middle, "left"),
        (Ink::Third, "at the present speed"),
        (Ink::Bad, "used up before it is renewed"),
    ];
    let _ = writeln!(content, "{}<div class=\"charts\">", key(&inks));
    for series in dashboard.readings.limits() {
        // A limit is drawn of the credential whose newest reading it is of.
        let own = newest.iter().filter(|limit| series.last().is_some_and(|reading| limit.is_of(reading)));
        own.for_each(|limit| content.push_str(&remaining(&series, limit)));
    }
    content.push_str("</div>\n");
    section(page, "limits", "Rate limits of the API", &content);
}

fn host(limit: &Limit<'_>) -> String {
    limit.host.map_or_else(String::new, |host| format!(" at {}", kept(host, LONGEST_LABEL)))
}

fn remaining(series: &[&ApiMonitoring], limit: &Limit<'_>) -> String {
    let known = series.iter().filter_map(|reading| {
        Some((reading.timestamp?.as_millis(), reading.resources.get(limit.resource)?.remaining?.to_f64()))
    });
    let points: Vec<_> = known.collect();
    let Some((&(first, _), &(last, left))) = points.first().zip(points.last()) else { return String::new() };
    let row = |at, value: f64, more: &str| Row {
        command: None,
        at: Some(at),
        cells: vec![Cell::Text(begin(Timestamp::from_millis(at)) + more), Cell::Text(write(value))],
    };
    let course = limit.course().map(|(at, value)| (at.as_millis(), value)).filter(|&(at, _)| at > last);
    let mut rows: Vec<_> = points.iter().map(|&(at, value)| row(at, value, "")).collect();
    rows.extend(course.map(|(at, value)| row(at, value, " (forecast)")));
    let ahead = course.map(|end| Line {
        ink: if limit.runs_out() { Ink::Bad } else { Ink::Third },
        points: vec![(last, left), end],
    });
    let name = format!("Left of '{}'{}", kept(limit.resource, LONGEST_LABEL), host(limit));
    let chart = Chart {
        span: (first, course.map_or(last, |(at, _)| at).max(first + 1)),
        scale: Scale::Linear,
        write,
        band: Vec::new(),
        lines: std::iter::once(Line { ink: Ink::Middle, points }).chain(ahead).collect(),
        marks: Vec::new(),
    };
    let values = Table { caption: name.clone(), headings: vec!["at (UTC)", "left"], rows };
    Figure { command: None, name, note: String::new(), chart, marks: Vec::new(), values }.write()
}

fn write(value: f64) -> String {
    let thousandths = Thousandths::from_f64(value.max(0.0)).unwrap_or_default();
    human::count(u64::try_from(thousandths.0 / 1000).unwrap_or(0))
}
