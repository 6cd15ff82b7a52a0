//! The two texts of Prometheus: exposition 0.0.4, and OpenMetrics 1.0.
//!
//! They look alike and are not: counters have their names in other places, only one has exemplars and units, and a
//! document of one is refused whole by a reader of the other.

use std::fmt::Write;

use crate::catalog::{Family, Kind};
use crate::model::{Model, Series, Value};
use crate::spread::{Exemplar, Spread};

/// Which of the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Text {
    #[default]
    Plain,
    OpenMetrics,
}

impl Text {
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The whole model as a text.
pub(crate) fn expose(model: &Model, text: Text) -> String {
    let mut out = String::new();
    let mut family = None;
    for series in model.sorted() {
        if family != Some(series.family) {
            family = Some(series.family);
            write_head(&mut out, series.family(), text);
        }
        write_series(&mut out, model, series, text);
    }
    if text == Text::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

fn write_head(out: &mut String, family: &Family, text: Text) {
    let base = family.base();
    let kind = match family.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    let help = family.help;
    // Writing into a string does not fail.
    let _ = match text {
        Text::Plain => {
            let total = if family.kind == Kind::Counter { "_total" } else { "" };
            write!(out, "# HELP {base}{total} {help}\n# TYPE {base}{total} {kind}\n")
        }
        Text::OpenMetrics => {
            let _ = writeln!(out, "# TYPE {base} {kind}");
            let unit = family.unit.suffix();
            let _ = if unit.is_empty() { Ok(()) } else { writeln!(out, "# UNIT {base} {unit}") };
            writeln!(out, "# HELP {base} {help}")
        }
    };
}

fn write_series(out: &mut String, model: &Model, series: &Series, text: Text) {
    let family = series.family();
    let base = family.base();
    match &series.value {
        Value::Sum(sum) => write_sample(out, &base, "_total", series, family.scale.apply(*sum)),
        Value::Last { value, .. } => {
            write_sample(out, &base, "", series, family.scale.apply((*value).into()));
        }
        Value::Spread(spread) => {
            let bounds = &model.bounds(series.family).units;
            write_buckets(out, &base, series, bounds, spread, text);
            write_sample(out, &base, "_sum", series, family.scale.apply(spread.moments.sum()));
            write_sample(out, &base, "_count", series, spread.moments.count() as f64);
        }
    }
}

fn write_sample(out: &mut String, base: &str, suffix: &str, series: &Series, value: f64) {
    out.push_str(base);
    out.push_str(suffix);
    if !series.labels.is_empty() {
        out.push('{');
        write_labels(out, series);
        out.push('}');
    }
    let _ = writeln!(out, " {value}");
}

fn write_buckets(out: &mut String, base: &str, series: &Series, bounds: &[f64], spread: &Spread, text: Text) {
    let mut labels = String::new();
    write_labels(&mut labels, series);
    if !labels.is_empty() {
        labels.push(',');
    }
    let edges = bounds.iter().map(|&bound| canonical(bound)).chain(["+Inf".to_owned()]);
    for (at, (edge, count)) in edges.zip(spread.cumulative()).enumerate() {
        let _ = write!(out, "{base}_bucket{{{labels}le=\"{edge}\"}} {count}");
        if let (Text::OpenMetrics, Some(Some(exemplar))) = (text, spread.exemplars.get(at)) {
            write_exemplar(out, series.family(), exemplar);
        }
        out.push('\n');
    }
}

fn write_exemplar(out: &mut String, family: &Family, exemplar: &Exemplar) {
    let trace = String::from_utf8_lossy(&exemplar.trace_id);
    let value = family.scale.apply(exemplar.value.into());
    let _ = write!(out, " # {{trace_id=\"{trace}\"}} {value} {}", exemplar.at as f64 / 1e3);
}

fn write_labels(out: &mut String, series: &Series) {
    for (at, (name, value)) in series.labels.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(out, "{comma}{name}=\"");
        for letter in value.chars() {
            match letter {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '\n' => out.push_str("\\n"),
                // Some parsers end a line here too.
                '\r' => out.push(' '),
                _ => out.push(letter),
            }
        }
        out.push('"');
    }
}

/// A bound as every reader of it writes it, so that a series has one name: as `%g` of Go, and never without a point.
pub(crate) fn canonical(value: f64) -> String {
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        let plain = value.to_string();
        return if plain.contains('.') { plain } else { format!("{plain}.0") };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{COMMAND_DURATION, REQUESTS};
    use crate::model::Shape;
    use crate::spread::Bounds;

    fn model() -> Model {
        let time = Bounds { thousandths: vec![500_000, 2_000_000], units: vec![0.5, 2.0] };
        let mut model = Model::new(Shape { time, max_series: 9, ..Shape::default() });
        let slot = model.slot(COMMAND_DURATION.place(), &[("command", "say \"hi\"\\\n")]);
        for value in [235_000, 600_000] {
            let trace = b"4bf92f3577b34da6a3ce929d0e0e4736";
            model.observe(slot, value, || Exemplar::new(trace, value, 1_700_000_000_250));
        }
        let slot = model.slot(REQUESTS.place(), &[]);
        model.add_to(slot, 1_250_000);
        model
    }

    #[test]
    fn the_plain_text_has_whole_histograms_and_counters_by_their_full_names() {
        let expected = r#"# HELP github_pm_command_duration_seconds Wall time of commands.
# TYPE github_pm_command_duration_seconds histogram
github_pm_command_duration_seconds_bucket{command="say \"hi\"\\\n",le="0.5"} 1
github_pm_command_duration_seconds_bucket{command="say \"hi\"\\\n",le="2.0"} 2
github_pm_command_duration_seconds_bucket{command="say \"hi\"\\\n",le="+Inf"} 2
github_pm_command_duration_seconds_sum{command="say \"hi\"\\\n"} 0.835
github_pm_command_duration_seconds_count{command="say \"hi\"\\\n"} 2
# HELP github_pm_api_requests_total Requests to GitHub's API.
# TYPE github_pm_api_requests_total counter
github_pm_api_requests_total 1250
"#;
        assert_eq!(expose(&model(), Text::Plain), expected);
    }

    #[test]
    fn openmetrics_has_units_exemplars_and_an_end() {
        let text = expose(&model(), Text::OpenMetrics);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines[..3].join("\n"),
            "# TYPE github_pm_command_duration_seconds histogram\n# UNIT github_pm_command_duration_seconds seconds\n# HELP github_pm_command_duration_seconds Wall time of commands."
        );
        assert!(
            lines[3].ends_with(
                r#"le="0.5"} 1 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.235 1700000000.25"#
            ),
            "{}",
            lines[3]
        );
        assert_eq!(
            lines[8..],
            [
                "# TYPE github_pm_api_requests counter",
                "# HELP github_pm_api_requests Requests to GitHub's API.",
                "github_pm_api_requests_total 1250",
                "# EOF"
            ]
        );
    }

    #[test]
    fn bounds_are_written_as_the_specification_says() {
        let cases = [
            (0.0, "0.0"),
            (0.001, "0.001"),
            (1.0, "1.0"),
            (10.0, "10.0"),
            (100_000.0, "100000.0"),
            (1e6, "1e+06"),
            (1e-5, "1e-05"),
            (1_048_576.0, "1.048576e+06"),
        ];
        for (value, text) in cases {
            assert_eq!(canonical(value), text);
        }
    }
}
