//! The timeline as a picture, with presentation attributes only: it needs no style and no script, so it shows the
//! same in a page that allows neither.

use std::fmt::Write as _;

use indexmap::IndexMap;
use pm_cli::{human, printable};

use crate::fit;
use crate::markup::escape;
use crate::profile::Profile;
use crate::profile::gantt::step;
use crate::profile::outline::outline;
use crate::profile::span::{Span, length, union};
use crate::profile::timeline::Timeline;
use crate::profile::words::{self, duration};

/// Up to so many processes have a row each; how many rows of processes there are, and of requests.
const FEW: usize = 100;
const MOST_ROWS: usize = 300;
const MOST_KINDS: usize = 50;

/// Sizes, in the picture's own units.
const WIDTH: usize = 1000;
const LABELS: usize = 260;
const TIMES: usize = 70;
const BARS: usize = WIDTH - LABELS - TIMES;
const ROW: usize = 18;
const TOP: usize = 24;

/// How many characters of a label there is room for.
const LABEL_COLUMNS: usize = 36;

/// What separates two stretches that are drawn as two, as a part of the run: less is not seen.
const FINEST: i64 = 2000;

/// Renders the run that is shown, as a file of its own.
pub(crate) fn render(profile: &Profile) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", picture(profile))
}

/// Renders it as an element for a page.
pub(crate) fn picture(profile: &Profile) -> String {
    let run = profile.shown();
    let outline = outline(run, FEW, MOST_ROWS);
    let mut rows = String::new();
    let mut top = TOP;
    for row in &outline.rows {
        let count = if row.count > 1 { format!(" ×{}", words::number(row.count)) } else { String::new() };
        let label = format!("{}{}{count}", "\u{a0}".repeat(2 * row.depth.min(10)), printable(&row.program));
        let layers = [("alive", "#9bb8d3", &row.alive), ("path", "#c2410c", &row.path)];
        self::row(&mut rows, top, &label, run.total, &layers);
        top += ROW;
    }
    for (label, spans) in kinds(run) {
        let count =
            if spans.len() > 1 { format!(" ×{}", words::number(spans.len())) } else { String::new() };
        let spans = union(spans);
        let label = format!("{}{count}", printable(label));
        self::row(&mut rows, top, &label, run.total, &[("request", "#0f766e", &spans)]);
        top += ROW;
    }
    let height = top + 6;
    let title = escape(&printable(&profile.title));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\" fill=\"currentColor\" role=\"img\">\n<title>{title}</title>\n"
    );
    axis(&mut svg, run.total, height);
    svg.push_str(&rows);
    svg.push_str("</svg>\n");
    svg
}

/// Kinds of requests in the order in which they were first asked.
fn kinds(run: &Timeline) -> impl Iterator<Item = (&str, Vec<Span>)> {
    let mut kinds: IndexMap<&str, Vec<Span>> = IndexMap::new();
    for request in &run.requests {
        kinds.entry(&request.label).or_default().push(request.span);
    }
    kinds.into_iter().take(MOST_KINDS)
}

fn axis(svg: &mut String, total: i64, height: usize) {
    let step = step(total, 8);
    for tick in 0..=8 {
        let instant = step * tick;
        if instant > total {
            break;
        }
        let x = place(instant, total);
        let label = human::short_duration(instant as f64 / 1000.0);
        let label = if tick == 0 { "0" } else { &label };
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.2}\" y1=\"{TOP}\" x2=\"{x:.2}\" y2=\"{height}\" stroke=\"#888888\" stroke-opacity=\"0.3\"/>\
             <text x=\"{x:.2}\" y=\"14\" text-anchor=\"middle\">{label}</text>"
        );
    }
}

/// A label, the layers of its bar, the last on top, and how long the first of them is.
fn row(svg: &mut String, top: usize, label: &str, total: i64, layers: &[(&str, &str, &Vec<Span>)]) {
    let baseline = top + 13;
    let clipped = escape(&fit::clip(label, LABEL_COLUMNS));
    let whole = escape(label.trim_start_matches('\u{a0}'));
    let _ = writeln!(svg, "<g><title>{whole}</title><text x=\"4\" y=\"{baseline}\">{clipped}</text>");
    for (name, fill, spans) in layers {
        for span in visible(spans, total) {
            let (x, end) = (place(span.start, total), place(span.end, total));
            let width = (end - x).max(0.5);
            let _ = writeln!(
                svg,
                "<rect class=\"{name}\" x=\"{x:.2}\" y=\"{}\" width=\"{width:.2}\" height=\"{}\" fill=\"{fill}\"><title>{whole}: {} from {}</title></rect>",
                top + 3,
                ROW - 6,
                duration(span.length()),
                duration(span.start),
            );
        }
    }
    let time = duration(layers.first().map_or(0, |(_, _, spans)| length(spans)));
    let _ = writeln!(svg, "<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\">{time}</text></g>", WIDTH - 4);
}

/// The spans, without gaps that nobody could see: their number does not grow with that of the processes.
fn visible(spans: &[Span], total: i64) -> Vec<Span> {
    let gap = total / FINEST;
    union(spans.iter().map(|span| Span::new(span.start, span.end.saturating_add(gap))))
        .into_iter()
        .map(|span| Span::new(span.start, span.end - gap))
        .collect()
}

/// Where an instant is, from the left.
fn place(instant: i64, total: i64) -> f64 {
    let part = if total == 0 { 0.0 } else { instant as f64 / total as f64 };
    LABELS as f64 + part * BARS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_that_nobody_sees_are_closed_and_others_are_not() {
        let spans = [(0, 10), (10_400, 20_000), (20_900, 30_000), (40_000, 50_000)];
        let drawn = visible(&spans.map(|(start, end)| Span::new(start, end)), 2_000_000);
        let expected = [(0, 10), (10_400, 30_000), (40_000, 50_000)];
        assert_eq!(drawn, expected.map(|(start, end)| Span::new(start, end)));
    }
}
