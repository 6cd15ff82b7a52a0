//! Tables: a name on the left, figures on the right.

use std::fmt::Write as _;

use crate::markup::text;

/// One cell.
#[derive(Debug, Clone)]
pub(super) enum Cell {
    /// Text out of a record, or of ours: escaped here.
    Text(String),
    /// The same, and it is bad news.
    Bad(String),
    /// The same, and it is good news.
    Good(String),
    /// Markup of ours.
    Markup(String),
}

/// A table with a heading for each column; `caption` says what it is to somebody who does not see where it stands.
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) headings: Vec<&'static str>,
    /// Each row with the command that it is about, where it is about one, and the instant, where it has one.
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) command: Option<String>,
    pub(super) at: Option<i64>,
    pub(super) cells: Vec<Cell>,
}

impl Table {
    /// The element. Columns without a value in any row are left out. A wide one scrolls by itself, also by keys.
    pub(super) fn write(&self) -> String {
        let is_known = |column: usize| {
            self.rows.iter().any(|row| row.cells.get(column).is_some_and(|cell| !cell.is_empty()))
        };
        let known: Vec<_> = (0..self.headings.len()).map(is_known).collect();
        let caption = text(&self.caption);
        let mut table = format!(
            "<div class=\"scroll\" role=\"group\" aria-label=\"{caption}\" tabindex=\"0\"><table>\n<caption>{caption}</caption>\n<thead><tr>"
        );
        for (heading, _) in self.headings.iter().zip(&known).filter(|(_, known)| **known) {
            let _ = write!(table, "<th scope=\"col\">{heading}</th>");
        }
        table.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            row.write(&mut table, &known);
        }
        table.push_str("</tbody>\n</table></div>\n");
        table
    }
}

impl Row {
    fn write(&self, table: &mut String, known: &[bool]) {
        table.push_str("<tr");
        if let Some(command) = &self.command {
            let _ = write!(table, " data-command=\"{}\"", text(command));
        }
        if let Some(at) = self.at {
            let _ = write!(table, " data-at=\"{at}\"");
        }
        table.push('>');
        let shown = self.cells.iter().zip(known).filter(|(_, known)| **known);
        for (place, (cell, _)) in shown.enumerate() {
            let (open, close) = if place == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
            let _ = match cell {
                Cell::Text(value) => write!(table, "<{open}>{}</{close}>", text(value)),
                Cell::Bad(value) => write!(table, "<{open} class=\"bad\">{}</{close}>", text(value)),
                Cell::Good(value) => write!(table, "<{open} class=\"good\">{}</{close}>", text(value)),
                Cell::Markup(markup) => write!(table, "<{open}>{markup}</{close}>"),
            };
        }
        table.push_str("</tr>\n");
    }
}

impl Cell {
    /// A value that may not be known.
    pub(super) fn of(value: Option<String>) -> Self {
        Self::Text(value.unwrap_or_default())
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Text(value) | Self::Bad(value) | Self::Good(value) | Self::Markup(value) => {
                value.is_empty()
            }
        }
    }
}
