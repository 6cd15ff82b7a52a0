//! The timeline as lines of text: a row a process, and a row for each kind of request.

use std::fmt::Write as _;

use indexmap::IndexMap;
use pm_cli::{human, printable};

use crate::fit;
use crate::profile::outline::{Row, outline};
use crate::profile::span::{Span, length, union};
use crate::profile::timeline::Timeline;
use crate::profile::words::{self, duration};

/// Up to so many processes have a row each; how many rows of processes there are, and of requests.
const FEW: usize = 24;
const MOST_ROWS: usize = 40;
const MOST_KINDS: usize = 8;

/// The narrowest bars that say anything. Where there is less, they are left out.
const NARROWEST_BARS: usize = 10;

/// How far apart two instants on the axis are written, in columns.
const APART: usize = 12;

/// On the critical path; alive beside it; a request.
const PATH: char = '█';
const ALIVE: char = '░';
const REQUEST: char = '▒';

/// A line, and where in it the path is drawn, in characters, so that it can be painted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) bar: String,
    pub(crate) time: String,
}

/// The timeline of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gantt {
    pub(crate) axis: Line,
    pub(crate) lines: Vec<Line>,
    pub(crate) legend: String,
    /// How many processes and kinds of requests have no line.
    pub(crate) left_out: Vec<String>,
}

/// How the columns of a line are shared.
#[derive(Debug, Clone, Copy)]
struct Layout {
    label: usize,
    bar: usize,
    time: usize,
}

/// Draws a run in lines of at most `width` columns.
pub(crate) fn draw(run: &Timeline, width: usize) -> Gantt {
    let outline = outline(run, FEW, MOST_ROWS);
    let mut rows: Vec<_> = outline.rows.iter().map(process_row).collect();
    let (requests, kinds_left_out) = request_rows(run);
    let has_requests = !requests.is_empty();
    rows.extend(requests);
    let widest =
        |part: fn(&Drawn) -> &String| rows.iter().map(|row| fit::width(part(row))).max().unwrap_or(0);
    let layout = Layout::of(width, widest(|row| &row.label), widest(|row| &row.time));
    let lines = rows.iter().map(|row| row.line(run.total, layout)).collect();
    let mut left_out = Vec::new();
    left_out.extend(
        (outline.left_out > 0).then(|| format!("Processes not shown: {}", words::number(outline.left_out))),
    );
    left_out.extend(
        (kinds_left_out > 0)
            .then(|| format!("Kinds of requests not shown: {}", words::number(kinds_left_out))),
    );
    let requests = if has_requests { format!(" · {REQUEST} API request") } else { String::new() };
    let legend = format!("{PATH} on the critical path · {ALIVE} alive beside it{requests}");
    let axis =
        Line { label: " ".repeat(layout.label), bar: axis(run.total, layout.bar), time: String::new() };
    Gantt { axis, lines, legend, left_out }
}

/// A row before it is laid out.
struct Drawn {
    label: String,
    time: String,
    /// What is drawn, the last on top.
    layers: Vec<(char, Vec<Span>)>,
}

fn process_row(row: &Row) -> Drawn {
    let count = if row.count > 1 { format!(" ×{}", words::number(row.count)) } else { String::new() };
    let open = if row.is_open { " …" } else { "" };
    Drawn {
        // Deeper than this nobody counts.
        label: format!("{}{}{count}{open}", "  ".repeat(row.depth.min(8)), printable(&row.program)),
        time: duration(length(&row.alive)),
        layers: vec![(ALIVE, row.alive.clone()), (PATH, row.path.clone())],
    }
}

fn request_rows(run: &Timeline) -> (Vec<Drawn>, usize) {
    let mut kinds: IndexMap<&str, Vec<Span>> = IndexMap::new();
    for request in &run.requests {
        kinds.entry(&request.label).or_default().push(request.span);
    }
    let left_out = kinds.len().saturating_sub(MOST_KINDS);
    // Those that took longest, in the order in which they were first asked.
    let mut order: Vec<_> = (0..kinds.len()).collect();
    let sizes: Vec<_> = kinds.values().map(|spans| length(&union(spans.iter().copied()))).collect();
    order.sort_by_key(|&kind| (std::cmp::Reverse(sizes[kind]), kind));
    order.truncate(MOST_KINDS);
    order.sort_unstable();
    let rows = order.into_iter().filter_map(|kind| {
        let (label, spans) = kinds.get_index(kind)?;
        let count =
            if spans.len() > 1 { format!(" ×{}", words::number(spans.len())) } else { String::new() };
        let covered = union(spans.iter().copied());
        let time = duration(length(&covered));
        Some(Drawn { label: format!("{}{count}", printable(label)), time, layers: vec![(REQUEST, covered)] })
    });
    (rows.collect(), left_out)
}

impl Layout {
    /// Labels get at most two fifths of a line, and bars what is left.
    fn of(width: usize, label: usize, time: usize) -> Self {
        let label = label.min(width * 2 / 5);
        let bar = width.saturating_sub(label + 1 + time + 1);
        if bar >= NARROWEST_BARS {
            return Self { label, bar, time };
        }
        Self { label: width.saturating_sub(time + 1), bar: 0, time }
    }
}

impl Drawn {
    fn line(&self, total: i64, layout: Layout) -> Line {
        let label = fit::clip(&self.label, layout.label);
        let space = layout.label.saturating_sub(fit::width(&label));
        let mut cells = vec![' '; layout.bar];
        for (sign, spans) in &self.layers {
            for &span in spans {
                cells[covered(span, total, layout.bar)].fill(*sign);
            }
        }
        Line {
            label: format!("{label}{:space$}", ""),
            bar: cells.into_iter().collect(),
            time: format!("{:>1$}", self.time, layout.time),
        }
    }
}

/// Which of `cells` cells a stretch of time touches: at least one, however short it is.
fn covered(span: Span, total: i64, cells: usize) -> std::ops::Range<usize> {
    if cells == 0 {
        return 0..0;
    }
    let place = |instant: i64, up: i128| {
        let scaled = i128::from(instant) * cells as i128 + up;
        usize::try_from(scaled / i128::from(total.max(1))).unwrap_or(cells)
    };
    let first = place(span.start, 0).min(cells - 1);
    let end = place(span.end, i128::from(total.max(1)) - 1).min(cells);
    first..end.max(first + 1)
}

/// Round instants, written where they are.
fn axis(total: i64, cells: usize) -> String {
    let mut line = String::new();
    if cells == 0 {
        return line;
    }
    let step = step(total, cells / APART);
    for tick in 0.. {
        let instant = step * tick;
        let column = covered(Span::new(instant, instant), total, cells).start;
        let label = human::short_duration(instant as f64 / 1000.0);
        if instant > total || column + label.len() > cells {
            break;
        }
        let label = if tick == 0 { "0".to_owned() } else { label };
        // A long time needs a long label, which may leave no room for the next one.
        if let Some(space) = column.checked_sub(line.len()).filter(|&space| tick == 0 || space > 0) {
            let _ = write!(line, "{:space$}{label}", "");
        }
    }
    format!("{line:cells$}")
}

/// The smallest of 1, 2, 5, 10, 20 … microseconds that fits into `total` at most `times` times.
pub(crate) fn step(total: i64, times: usize) -> i64 {
    let times = i64::try_from(times.max(1)).unwrap_or(i64::MAX);
    let mut unit = 1_i64;
    loop {
        for step in [unit, unit.saturating_mul(2), unit.saturating_mul(5)] {
            if total / step <= times {
                return step;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_short_still_shows_in_one_cell() {
        let cases = [
            ((0, 100), 0..10),
            ((0, 0), 0..1),
            ((100, 100), 9..10),
            ((55, 56), 5..6),
            ((10, 20), 1..2),
            ((10, 21), 1..3),
        ];
        for ((start, end), cells) in cases {
            assert_eq!(covered(Span::new(start, end), 100, 10), cells, "{start}..{end}");
        }
        assert_eq!(covered(Span::default(), 0, 4), 0..1);
    }

    #[test]
    fn the_axis_has_round_instants() {
        assert_eq!(axis(3_000_000, 60), "0                   1s                  2s                  ");
        assert_eq!(axis(47_300, 40), "0               20ms             40ms   ");
        assert_eq!(axis(0, 12), "0           ");
        assert_eq!(axis(696_774_193_548_388, 40), "0          55555h 33m 111111h 06m       ");
        assert_eq!(
            (step(3_000_000, 5), step(0, 5), step(i64::MAX, 1)),
            (1_000_000, 1, 5_000_000_000_000_000_000)
        );
    }

    proptest! {
        #[test]
        fn an_axis_is_as_wide_as_its_bars(total in 0..4_000_000_000_000_000_i64, cells in 0..200_usize) {
            prop_assert_eq!(axis(total, cells).chars().count(), cells);
        }
    }
}
