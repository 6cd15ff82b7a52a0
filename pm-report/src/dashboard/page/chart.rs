//! A chart of one or more series over time, as an element for a page.
//!
//! `plotters` draws it twice: the axis once, with room for its labels, and the series alone, on an area without any.
//! The second is an SVG inside the first whose view the page's script can narrow, which is what zooming is. Colors are
//! the page's: each that is drawn stands for a class, so that one picture serves light, dark and print.

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;

use crate::markup::escape;

/// The picture's size, in its own units, and what the labels of the axis take of it.
const WIDTH: u32 = 420;
const HEIGHT: u32 = 150;
const LABELS: u32 = 52;
const ROOM: u32 = 8;

/// About how many values of the axis are named.
const TICKS: usize = 4;

/// The inner picture's size: `plotters` knows whole units only, so that these are fine.
const FINE: (u32, u32) = (4000, 1000);

/// A chart.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    /// From when to when, in milliseconds; the end lies after the start.
    pub(crate) span: (i64, i64),
    pub(crate) scale: Scale,
    pub(crate) write: fn(f64) -> String,
    pub(crate) band: Vec<(i64, f64, f64)>,
    pub(crate) lines: Vec<Line>,
    pub(crate) marks: Vec<(i64, Ink)>,
}

/// How values become heights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// From zero on.
    Linear,
    /// Equal ratios are equal heights: what is compared as ratios, such as durations.
    Ratios,
}

/// One series; a gap is where nothing ran.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) ink: Ink,
    pub(crate) points: Vec<(i64, f64)>,
}

/// What something is drawn with: a class of the page's style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Text,
    Grid,
    Band,
    Middle,
    High,
    Third,
    Bad,
    Good,
}

impl Ink {
    const ALL: [Self; 8] =
        [Self::Text, Self::Grid, Self::Band, Self::Middle, Self::High, Self::Third, Self::Bad, Self::Good];

    /// A color that nothing else has.
    fn color(self) -> RGBColor {
        RGBColor(1, 2, 3 + self as u8)
    }

    fn class(self) -> &'static str {
        match self {
            Self::Text => "i-text",
            Self::Grid => "i-grid",
            Self::Band => "i-band",
            Self::Middle => "i-middle",
            Self::High => "i-high",
            Self::Third => "i-third",
            Self::Bad => "i-bad",
            Self::Good => "i-good",
        }
    }
}

/// Heights from 0 to 1, of which these are named.
struct Heights(Vec<f64>);

impl Ranged for Heights {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "a place on a picture of a few hundred units")]
    fn map(&self, height: &f64, (from, to): (i32, i32)) -> i32 {
        from + (f64::from(to - from) * height).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.0.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        0.0..1.0
    }
}

type Failure = DrawingAreaErrorKind<std::io::Error>;

impl Chart {
    /// The picture, or nothing where there is nothing to draw.
    pub(crate) fn svg(&self) -> String {
        let Some(bounds) = self.bounds() else { return String::new() };
        // Drawing into memory cannot fail.
        self.draw(bounds).unwrap_or_default()
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        let band = self.band.iter().flat_map(|&(_, low, high)| [low, high]);
        band.chain(self.lines.iter().flat_map(|line| line.points.iter().map(|&(_, value)| value)))
    }

    /// From which value to which the axis goes.
    fn bounds(&self) -> Option<(f64, f64)> {
        let known = || self.values().filter(|value| value.is_finite());
        let high = known().fold(f64::NEG_INFINITY, f64::max);
        if !high.is_finite() || self.span.0 >= self.span.1 {
            return None;
        }
        match self.scale {
            Scale::Linear => Some((0.0, if high > 0.0 { high * 1.08 } else { 1.0 })),
            Scale::Ratios => {
                let low = known().filter(|value| *value > 0.0).fold(f64::INFINITY, f64::min);
                let low = if low.is_finite() { low } else { 0.5 };
                // A single value gets room on both sides.
                Some((low / 1.2, high.max(low) * 1.2))
            }
        }
    }

    fn draw(&self, bounds: (f64, f64)) -> Result<String, Failure> {
        let axis = self.axis(bounds)?;
        let series = self.series(bounds)?;
        let (width, height) = (WIDTH - LABELS - ROOM, HEIGHT - 2 * ROOM);
        Ok(format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" aria-hidden=\"true\" focusable=\"false\">{axis}\
             <svg class=\"data\" x=\"{LABELS}\" y=\"{ROOM}\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
             preserveAspectRatio=\"none\">{series}</svg></svg>",
            FINE.0, FINE.1
        ))
    }

    fn axis(&self, bounds: (f64, f64)) -> Result<String, Failure> {
        drawn((WIDTH, HEIGHT), |area| {
            let ticks = self.ticks(bounds);
            let heights: Vec<_> = ticks.iter().map(|&value| self.height(value, bounds)).collect();
            let write = |height: &f64| {
                let tick = heights.iter().position(|known| known.to_bits() == height.to_bits());
                tick.map_or_else(String::new, |tick| (self.write)(ticks[tick]))
            };
            let label = ("sans-serif", 11).into_font().color(&Ink::Text.color());
            let mut builder = ChartBuilder::on(area);
            builder.margin_top(ROOM).margin_bottom(ROOM).margin_right(ROOM).y_label_area_size(LABELS);
            builder
                .build_cartesian_2d(0.0..1.0, Heights(heights.clone()))?
                .configure_mesh()
                .disable_x_mesh()
                .disable_x_axis()
                .y_label_formatter(&write)
                .y_label_style(label)
                .axis_style(Ink::Grid.color())
                .bold_line_style(Ink::Grid.color())
                .light_line_style(TRANSPARENT)
                .draw()?;
            Ok(())
        })
    }

    /// Where a value stands, 0 at the foot and 1 at the top.
    fn height(&self, value: f64, (low, high): (f64, f64)) -> f64 {
        match self.scale {
            Scale::Linear => value / high,
            Scale::Ratios => (value.max(low) / low).ln() / (high / low).ln(),
        }
    }

    /// A few round values, two at least: on a scale of ratios 1, 2 and 5 and their tenfolds; where that is too coarse, as on
    /// any other scale, multiples of one of these.
    fn ticks(&self, (low, high): (f64, f64)) -> Vec<f64> {
        let steps = |from: f64, to: f64| {
            let first = from.log10().floor();
            let last = to.log10().ceil();
            let decades =
                (0..).map(move |decade| first + f64::from(decade)).take_while(move |decade| *decade <= last);
            decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powf(decade)))
        };
        let multiples = |range: f64| {
            let step = steps(range / TICKS as f64, range).find(|step| *step * TICKS as f64 >= range);
            let step = step.unwrap_or(range);
            let first = (low / step).ceil();
            let all = (0..=TICKS).map(move |tick| (first + tick as f64) * step);
            all.take_while(|value| *value <= high).collect()
        };
        match self.scale {
            Scale::Linear => multiples(high),
            Scale::Ratios => {
                let all: Vec<_> = steps(low, high).filter(|step| (low..=high).contains(step)).collect();
                if all.len() < 2 {
                    return multiples(high - low);
                }
                let every = all.len().div_ceil(TICKS).max(1);
                all.into_iter().step_by(every).collect()
            }
        }
    }

    fn series(&self, bounds: (f64, f64)) -> Result<String, Failure> {
        drawn(FINE, |area| {
            let (start, end) = (self.span.0 as f64, self.span.1 as f64);
            let height = |value: f64| self.height(value, bounds);
            let chart = &mut ChartBuilder::on(area).build_cartesian_2d(start..end, 0.0..1.0)?;
            if !self.band.is_empty() {
                let high = self.band.iter().map(|&(at, _, high)| (at as f64, height(high)));
                let low = self.band.iter().rev().map(|&(at, low, _)| (at as f64, height(low)));
                let outline: Vec<_> = high.chain(low).collect();
                chart.draw_series([Polygon::new(outline, Ink::Band.color())])?;
            }
            for &(at, ink) in &self.marks {
                let line = vec![(at as f64, 0.0), (at as f64, 1.0)];
                chart.draw_series([PathElement::new(line, ink.color().stroke_width(1))])?;
            }
            for line in &self.lines {
                let points = line.points.iter().map(|&(at, value)| (at as f64, height(value)));
                match line.points.len() {
                    // A line of one point is invisible.
                    1 => chart.draw_series(points.map(|(at, value)| {
                        let reach = (end - start) / 100.0;
                        PathElement::new(
                            vec![(at - reach, value), (at + reach, value)],
                            line.ink.color().stroke_width(2),
                        )
                    }))?,
                    _ => chart.draw_series(LineSeries::new(points, line.ink.color().stroke_width(2)))?,
                };
            }
            Ok(())
        })
    }
}

/// Parts of a whole beside each other, each with what it is drawn with and its length.
pub(crate) fn bar(parts: &[(Ink, f64, f64)]) -> String {
    let picture = drawn((FINE.0, 100), |area| {
        let chart = &mut ChartBuilder::on(area).build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        for &(ink, from, to) in parts {
            chart.draw_series([Rectangle::new([(from, 0.0), (to, 1.0)], ink.color().filled())])?;
        }
        Ok(())
    });
    // Drawing into memory cannot fail.
    let picture = picture.unwrap_or_default();
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 {} 100\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">{picture}</svg>",
        FINE.0
    )
}

/// What is drawn on an area of this size, without the element around it.
fn drawn(
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Result<(), Failure>,
) -> Result<String, Failure> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        draw(&area)?;
        area.present()?;
    }
    let inner = text.split_once('>').map_or("", |(_, inner)| inner);
    let inner = inner.trim().strip_suffix("</svg>").unwrap_or(inner);
    Ok(dressed(inner))
}

/// With a class wherever a color of ours stands.
fn dressed(picture: &str) -> String {
    let mut picture = picture.replace('\n', "");
    for ink in Ink::ALL {
        let RGBColor(red, green, blue) = ink.color();
        let (color, class) = (format!("#{red:02X}{green:02X}{blue:02X}"), ink.class());
        picture = picture.replace(&format!("fill=\"{color}\""), &format!("class=\"{class}-f\""));
        picture = picture.replace(&format!("stroke=\"{color}\""), &format!("class=\"{class}\""));
    }
    picture
}

/// A caption of a chart's inks.
pub(crate) fn key(names: &[(Ink, &str)]) -> String {
    let items = names.iter().map(|(ink, name)| format!("<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\" focusable=\"false\"><rect width=\"10\" height=\"10\" class=\"{}-f\"/></svg>{}</li>", ink.class(), escape(name)));
    format!("<ul class=\"key\">{}</ul>", items.collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ticks(scale: Scale, bounds: (f64, f64)) -> Vec<f64> {
        let chart = Chart {
            span: (0, 1),
            scale,
            write: |value| value.to_string(),
            band: Vec::new(),
            lines: Vec::new(),
            marks: Vec::new(),
        };
        chart.ticks(bounds)
    }

    #[track_caller]
    fn check(scale: Scale, bounds: (f64, f64), expected: &[f64]) {
        let ticks = ticks(scale, bounds);
        let is_near = |(one, other): (&f64, &f64)| (one - other).abs() <= other * 1e-9;
        assert!(
            ticks.len() == expected.len() && ticks.iter().zip(expected).all(is_near),
            "{ticks:?} of {bounds:?}, not {expected:?}"
        );
    }

    #[test]
    fn the_axis_names_round_values() {
        check(Scale::Linear, (0.0, 108.0), &[0.0, 50.0, 100.0]);
        check(Scale::Ratios, (90.0, 1100.0), &[100.0, 200.0, 500.0, 1000.0]);
        check(Scale::Ratios, (9.0, 110_000.0), &[10.0, 200.0, 5000.0, 100_000.0]);
        // Between 1, 2 and 5 there may be nothing: 230 to 470.
        check(Scale::Ratios, (230.0, 470.0), &[300.0, 400.0]);
        check(Scale::Ratios, (833.0, 1200.0), &[900.0, 1000.0, 1100.0, 1200.0]);
    }

    proptest! {
        #[test]
        fn there_are_two_values_at_least_and_six_at_most_all_on_the_axis(low in 1e-3_f64..1e7, ratio in 1.4_f64..1e6, linear: bool) {
            let (scale, bounds) = if linear { (Scale::Linear, (0.0, low)) } else { (Scale::Ratios, (low, low * ratio)) };
            let ticks = ticks(scale, bounds);
            prop_assert!((2..=TICKS + 2).contains(&ticks.len()), "{:?} of {:?}", ticks, bounds);
            prop_assert!(ticks.iter().all(|tick| (bounds.0..=bounds.1).contains(tick)), "{:?} of {:?}", ticks, bounds);
            prop_assert!(ticks.is_sorted_by(|one, other| one < other), "{:?} of {:?}", ticks, bounds);
        }
    }
}
