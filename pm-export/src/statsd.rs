//! Records as lines of StatsD: each record is sent as what it adds, because the server sums.
//!
//! Plain StatsD has no labels: they become the end of the name. DogStatsD has them as tags.

use std::fmt::Write;

use crate::catalog::{Scale, Unit};
use crate::model::{Model, Series, Value};

/// Which of the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Dialect {
    #[default]
    Plain,
    Dog,
}

/// The most bytes of one datagram that no network on the way cuts.
pub(crate) const DATAGRAM: usize = 1432;

/// What a model of a single record holds, as lines.
pub(crate) fn lines(model: &Model, dialect: Dialect, out: &mut String) {
    for series in model.sorted() {
        let family = series.family();
        let (value, kind) = match &series.value {
            Value::Sum(0) => continue,
            Value::Sum(sum) => (family.scale.apply(*sum), "c"),
            Value::Last { value, .. } => (family.scale.apply((*value).into()), "g"),
            Value::Spread(spread) => {
                let sum = spread.moments.sum();
                match (family.unit, dialect) {
                    // Timers have milliseconds.
                    (Unit::Seconds, _) => (Scale::One.apply(sum), "ms"),
                    (_, Dialect::Dog) => (family.scale.apply(sum), "d"),
                    (_, Dialect::Plain) => (family.scale.apply(sum), "g"),
                }
            }
        };
        write_line(out, series, dialect, value, kind);
    }
}

fn write_line(out: &mut String, series: &Series, dialect: Dialect, value: f64, kind: &str) {
    out.push_str(series.family().name);
    if dialect == Dialect::Plain {
        for (_, label) in &series.labels {
            out.push('.');
            out.extend(label.chars().map(|letter| if is_plain(letter) { letter } else { '_' }));
        }
    }
    let _ = write!(out, ":{value}|{kind}");
    if dialect == Dialect::Dog && !series.labels.is_empty() {
        for (at, (name, label)) in series.labels.iter().enumerate() {
            out.push_str(if at == 0 { "|#" } else { "," });
            out.push_str(name);
            out.push(':');
            out.extend(label.chars().map(|letter| if is_tag(letter) { letter } else { '_' }));
        }
    }
    out.push('\n');
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_".contains(letter)
}

fn is_tag(letter: char) -> bool {
    !letter.is_control() && !letter.is_whitespace() && !"|,#".contains(letter)
}

/// Lines in datagrams, each as long as it may be.
pub(crate) fn datagrams(lines: &str) -> impl Iterator<Item = &str> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let fits = rest.len() <= DATAGRAM;
        let cut = if fits {
            Some(rest.len())
        } else {
            rest[..rest.floor_char_boundary(DATAGRAM)].rfind('\n').map(|at| at + 1)
        };
        // A line that is longer than a datagram is sent as it is.
        let cut = cut.or_else(|| rest.find('\n').map(|at| at + 1)).unwrap_or(rest.len());
        let (now, later) = rest.split_at(cut);
        rest = later;
        Some(now.trim_end_matches('\n'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{COMMAND_DURATION, COMMANDS, PEAK_MEMORY};
    use crate::model::Shape;

    fn model() -> Model {
        let mut model = Model::new(Shape { max_series: 9, ..Shape::default() });
        let labels = [("command", "gh pr|list"), ("status", "success")];
        let slot = model.slot(COMMANDS.place(), &labels);
        model.add_to(slot, 1_000);
        let slot = model.slot(COMMAND_DURATION.place(), &labels[..1]);
        model.observe(slot, 235_500, || None);
        let slot = model.slot(PEAK_MEMORY.place(), &labels[..1]);
        model.observe(slot, 2_000, || None);
        model
    }

    #[track_caller]
    fn check(dialect: Dialect, expected: &str) {
        let mut out = String::new();
        lines(&model(), dialect, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn labels_end_the_names_of_plain_statsd() {
        check(
            Dialect::Plain,
            "github_pm.command.duration.gh_pr_list:235.5|ms\ngithub_pm.commands.gh_pr_list.success:1|c\ngithub_pm.command.memory.peak.gh_pr_list:2097152|g\n",
        );
    }

    #[test]
    fn labels_are_tags_of_dogstatsd() {
        check(
            Dialect::Dog,
            "github_pm.command.duration:235.5|ms|#command:gh_pr_list\ngithub_pm.commands:1|c|#command:gh_pr_list,status:success\ngithub_pm.command.memory.peak:2097152|d|#command:gh_pr_list\n",
        );
    }

    #[test]
    fn datagrams_hold_whole_lines_and_lose_none() {
        let line = |number: usize| format!("name.{number}:{}|c\n", "1".repeat(number));
        let lines: String = (0..200).map(line).chain([line(3_000)]).collect();
        let sent: Vec<_> = datagrams(&lines).collect();
        assert!(sent[..sent.len() - 1].iter().all(|datagram| datagram.len() <= DATAGRAM));
        assert_eq!(sent.join("\n") + "\n", lines);
    }
}
