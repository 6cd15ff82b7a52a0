//! A report as text for a terminal: it fits the width, and reads the same without color.

use std::fmt::Write as _;

use owo_colors::Style;
use pm_cli::{human, printable};
use pm_record::Severity;

use crate::advice;
use crate::alerts::Alert;
use crate::columns::{Column, Table};
use crate::findings::{Findings, Tone};
use crate::fit;
use crate::layout::{self, GAP, Placed};
use crate::report::{Report, Row};
use crate::sheet::Sheet;

/// Renders `report` in lines of at most `width` columns.
pub(crate) fn render(report: &Report, width: usize, color: bool) -> String {
    let mut page = Page { sheet: Sheet::new(width, color) };
    page.paragraph(&printable(report.title()), "", "", Style::new().bold());
    if report.is_empty() {
        page.sheet.end_line();
        page.plain("Nothing to show: no runs were recorded in this time, or none that can be compared.");
        page.plain("Record some with `pm-wrap --store -- CMD` or `github-pm <command>`.");
    }
    page.findings(report.findings(), report.is_about_comparing());
    if !report.rows().is_empty() {
        if !report.findings().is_empty() {
            page.sheet.end_line();
        }
        page.facts(report);
        page.sheet.end_line();
        page.table(&Table::new(report));
    }
    page.remarks(report);
    if report.rows_left_out() > 0 {
        page.plain(&format!("Groups not shown: {}", human::count(report.rows_left_out())));
    }
    for alert in report.alerts().sorted() {
        page.sheet.end_line();
        page.alert(alert);
    }
    if report.alerts().left_out() > 0 {
        page.sheet.end_line();
        page.plain(&format!("Alerts not shown: {}", human::count(report.alerts().left_out())));
    }
    for tip in report.tips().all() {
        page.sheet.end_line();
        advice::tip(&mut page.sheet, tip);
    }
    if report.tips().left_out() > 0 {
        page.sheet.end_line();
        page.plain(&format!("Tips not shown: {}", human::count(report.tips().left_out())));
    }
    page.sheet.text
}

struct Page {
    sheet: Sheet,
}

/// What begins the lines under an alert's first.
const INDENT: &str = "   ";

impl Page {
    /// As many lines as it takes, the first begun with `first` and the others with `rest`, which is no
    /// wider.
    fn paragraph(&mut self, text: &str, first: &str, rest: &str, style: Style) {
        for (at, line) in
            fit::wrap(text, self.sheet.width.saturating_sub(fit::width(first))).iter().enumerate()
        {
            self.sheet.paint(&format!("{}{line}", if at == 0 { first } else { rest }), style);
            self.sheet.end_line();
        }
    }

    fn plain(&mut self, text: &str) {
        self.paragraph(text, "", "", Style::new());
    }

    fn detail(&mut self, text: &str) {
        self.paragraph(text, INDENT, INDENT, Style::new());
    }

    /// The facts on as few lines as they fit on, none of them cut unless it is longer than a line.
    fn facts(&mut self, report: &Report) {
        const BETWEEN: &str = " · ";
        let mut column = 0;
        for fact in report.facts() {
            let style = if fact.bad { Style::new().red() } else { Style::new() };
            let width = fit::width(&fact.text);
            let fits = column + fit::width(BETWEEN) + width <= self.sheet.width;
            if column > 0 && !fits {
                self.sheet.end_line();
                column = 0;
            }
            if width > self.sheet.width {
                self.paragraph(&fact.text, "", "", style);
                continue;
            }
            if column > 0 {
                self.sheet.text.push_str(BETWEEN);
                column += fit::width(BETWEEN);
            }
            self.sheet.paint(&fact.text, style);
            column += width;
        }
        if column > 0 {
            self.sheet.end_line();
        }
    }

    fn remarks(&mut self, report: &Report) {
        for (place, remark) in report.remarks().iter().enumerate() {
            if place == 0 {
                self.sheet.end_line();
            }
            let style = if remark.bad { Style::new().red() } else { Style::new() };
            self.paragraph(&printable(&remark.text), "· ", "  ", style);
        }
    }

    /// Verdicts, in order of what they mean to somebody in a hurry.
    fn findings(&mut self, findings: &Findings, all: bool) {
        let counts: Vec<_> = findings.counts().into_iter().map(|(text, _)| text).collect();
        if !counts.is_empty() {
            let before = if all { "" } else { "Compared with before: " };
            self.plain(&format!("{before}{}", counts.join(" · ")));
        }
        for finding in findings.sorted(all) {
            self.sheet.end_line();
            let (sign, style) = match finding.tone {
                Tone::Bad => ("✗  ", Style::new().red()),
                Tone::Good => ("✓  ", Style::new().green()),
                Tone::Unknown | Tone::Same => ("?  ", Style::new().yellow()),
            };
            let statement =
                format!("'{}' {} {}", finding.command, findings.subject(finding), finding.statement);
            self.paragraph(&printable(&statement), sign, INDENT, style);
            self.detail(&printable(&finding.detail));
        }
        let unchanged = if all { findings.unchanged() } else { Vec::new() };
        if !unchanged.is_empty() {
            self.sheet.end_line();
            let names: Vec<_> =
                unchanged.iter().map(|(command, what)| format!("'{command}' {what}")).collect();
            self.paragraph(
                &printable(&format!("Unchanged: {}", names.join("; "))),
                "=  ",
                INDENT,
                Style::new(),
            );
        }
        if findings.left_out() > 0 {
            self.plain(&format!("Findings not shown: {}", human::count(findings.left_out())));
        }
    }

    fn table(&mut self, table: &Table) {
        let wanted = table.columns.iter().map(|&column| {
            let cells = table.rows.iter().map(|row| fit::width(&printable(&table.cell(column, row))));
            let heading = fit::width(&printable(table.heading(column)));
            Placed { column, width: cells.max().unwrap_or(0).max(heading) }
        });
        let columns = layout::fit(wanted.collect(), self.sheet.width);
        if columns.is_empty() {
            return;
        }
        self.row(&columns, |column| (printable(table.heading(column)).into_owned(), Style::new().bold()));
        let gaps = columns.len().saturating_sub(1) * GAP;
        let rule = "─".repeat(columns.iter().map(|placed| placed.width).sum::<usize>() + gaps);
        self.sheet.paint(&rule, Style::new().dimmed());
        self.sheet.end_line();
        for row in &table.rows {
            self.row(&columns, |column| cell(table, column, row));
        }
    }

    /// One line of the table. Figures stand on the right of their columns, so that their digits line up.
    fn row(&mut self, columns: &[Placed], cell: impl Fn(Column) -> (String, Style)) {
        let mut owed = 0;
        for &Placed { column, width } in columns {
            let (text, style) = cell(column);
            let text = fit::clip(&text, width);
            let space = width.saturating_sub(fit::width(&text));
            let (before, after) = if matches!(column, Column::Figure(_)) { (space, 0) } else { (0, space) };
            // Spaces are written only when something follows them, so no line ends in one.
            let _ = write!(self.sheet.text, "{:1$}", "", owed + before);
            self.sheet.paint(&text, style);
            owed = after + GAP;
        }
        self.sheet.end_line();
    }

    fn alert(&mut self, alert: &Alert) {
        let (sign, verdict, style) = match alert.severity {
            _ if alert.is_resolved() => ("✅ ", "RESOLVED", Style::new().green()),
            Severity::Critical => ("⚠️  ", "PERFORMANCE ALERT", Style::new().red().bold()),
            Severity::Warning => ("⚠️  ", "PERFORMANCE ALERT", Style::new().yellow()),
            Severity::Info => ("⚠️  ", "PERFORMANCE ALERT", Style::new()),
        };
        let subject =
            alert.command.as_ref().map(|command| format!("Command '{command}' ")).unwrap_or_default();
        let statement = format!("{verdict}: {subject}{}", alert.event());
        self.paragraph(&printable(&statement), sign, INDENT, style);
        let figures: Vec<_> = alert.figures().map(|(name, value)| format!("{name}: {value}")).collect();
        self.detail(&printable(&figures.join(" | ")));
        if let Some(seen) = alert.seen() {
            self.detail(&format!("Seen: {seen}"));
        }
        if let Some(advice) = &alert.recommendation {
            self.detail(&printable(&format!("Recommendation: {advice}")));
        }
    }
}

fn cell(table: &Table, column: Column, row: &Row) -> (String, Style) {
    let style = if column.is_bad(row, table.report) { Style::new().red() } else { Style::new() };
    (printable(&table.cell(column, row)).into_owned(), style)
}
