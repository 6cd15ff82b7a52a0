//! A figure over time: the picture, what it shows, and its values as a table, from which the page's script reads what
//! is under the pointer.

use std::fmt::Write as _;

use pm_record::Timestamp;

use super::chart::Chart;
use super::table::Table;
use crate::markup::text;
use crate::times::Precision;

/// What stands around a chart.
pub(super) struct Figure {
    /// The command that it is about, where it is about one.
    pub(super) command: Option<String>,
    pub(super) name: String,
    /// A few words beside the name.
    pub(super) note: String,
    pub(super) chart: Chart,
    /// What is marked in it, in words; `true` is bad news.
    pub(super) marks: Vec<(String, bool)>,
    pub(super) values: Table,
}

impl Figure {
    /// The element; nothing where there is nothing to draw.
    pub(super) fn write(&self) -> String {
        let svg = self.chart.svg();
        if svg.is_empty() {
            return String::new();
        }
        let (from, to) = self.chart.span;
        let name = text(&self.name);
        let command = self
            .command
            .as_ref()
            .map_or_else(String::new, |name| format!(" data-command=\"{}\"", text(name)));
        let middle = from + (to - from) / 2;
        let [first, middle, last] = [from, middle, to].map(|at| instant(at, to - from));
        let mut figure = format!(
            "<figure{command}>\n<figcaption><b>{name}</b> {}</figcaption>\n\
             <div class=\"plot\" data-from=\"{from}\" data-to=\"{to}\">{svg}</div>\n\
             <div class=\"times\" aria-hidden=\"true\"><span>{first}</span><span>{middle}</span><span>{last}</span></div>\n\
             <p class=\"readout\"></p>\n",
            text(&self.note)
        );
        if !self.marks.is_empty() {
            let marks = self.marks.iter().map(|(mark, is_bad)| {
                let class = if *is_bad { "bad" } else { "good" };
                format!("<li class=\"{class}\">{}</li>", text(mark))
            });
            let _ = writeln!(figure, "<ul class=\"marks\">{}</ul>", marks.collect::<String>());
        }
        let _ = write!(
            figure,
            "<details><summary>Values of {name}</summary>\n{}</details>\n</figure>\n",
            self.values.write()
        );
        figure
    }
}

/// A time on an axis of this length, in milliseconds: as fine as a reader needs.
pub(super) fn instant(at: i64, length: i64) -> String {
    let at = Timestamp::from_millis(at);
    match length {
        ..600_000 => Precision::Seconds.write(at)[11..].to_owned(),
        600_000..172_800_000 => Precision::Minutes.write(at)[5..].to_owned(),
        _ => Precision::Days.write(at),
    }
}
