//! A report as GitHub-flavored Markdown, for a step's summary, an issue or a comment.
//!
//! Verdicts come first: alerts, then what was covered, then the table. GitHub takes no step summary of more
//! than 1 MiB, so a page stays below it: what does not fit is counted instead.

use std::fmt::Write as _;

use pm_cli::{human, printable};
use pm_record::Severity;

use crate::advice;
use crate::alerts::Alert;
use crate::columns::{Column, Table};
use crate::findings::{Findings, Tone};
use crate::report::{Report, Row};

/// The longest page in bytes: 1 MiB, less what headings and closing lines may take.
const LONGEST: usize = (1 << 20) - (64 << 10);

/// How much of it alerts may take.
const LONGEST_ALERTS: usize = LONGEST / 2;

/// Renders `report`.
pub(crate) fn render(report: &Report) -> String {
    let mut page = format!("## {}\n\n", prose(report.title()));
    if report.is_empty() {
        page.push_str("Nothing to show: no runs were recorded in this time, or none that can be compared.\n");
        page.push_str("Record some with `pm-wrap --store -- CMD` or `github-pm <command>`.\n");
    }
    findings(&mut page, report.findings(), report.is_about_comparing());
    alerts(&mut page, report);
    if !report.rows().is_empty() {
        let facts: Vec<_> = report
            .facts()
            .iter()
            .map(|fact| if fact.bad { format!("**{}**", fact.text) } else { fact.text.clone() })
            .collect();
        let _ = writeln!(page, "{}\n", facts.join(" · "));
        table(&mut page, &Table::new(report), report.rows_left_out());
    }
    let remarks = report.remarks().iter().map(|remark| {
        let text = prose(&remark.text);
        if remark.bad { format!("- **{text}**\n") } else { format!("- {text}\n") }
    });
    let remarks: Vec<_> = remarks.collect();
    if !remarks.is_empty() {
        page.push('\n');
        push_while_shorter(&mut page, LONGEST, remarks.into_iter());
    }
    tips(&mut page, report);
    page
}

fn tips(page: &mut String, report: &Report) {
    let tips = report.tips();
    if tips.all().is_empty() {
        return;
    }
    page.push('\n');
    let cut = push_while_shorter(page, LONGEST, tips.all().iter().map(advice::item));
    if cut + tips.left_out() > 0 {
        let _ = writeln!(page, "\nTips not shown: {}", human::count(cut + tips.left_out()));
    }
}

fn alerts(page: &mut String, report: &Report) {
    let alerts = report.alerts().sorted();
    if alerts.is_empty() {
        return;
    }
    let items = alerts.iter().map(|alert| item(alert));
    let cut = push_while_shorter(page, LONGEST_ALERTS, items);
    page.push('\n');
    if cut > 0 || report.alerts().left_out() > 0 {
        let _ = writeln!(page, "Alerts not shown: {}\n", human::count(cut + report.alerts().left_out()));
    }
}

fn findings(page: &mut String, findings: &Findings, all: bool) {
    let bold = |(text, is_bad): (String, bool)| if is_bad { format!("**{text}**") } else { text };
    let counts: Vec<_> = findings.counts().into_iter().map(bold).collect();
    if !counts.is_empty() {
        let before = if all { "" } else { "Compared with before: " };
        let _ = writeln!(page, "{before}{}\n", counts.join(" · "));
    }
    if findings.is_empty() {
        return;
    }
    let found = findings.sorted(all).into_iter().map(|finding| {
        let sign = match finding.tone {
            Tone::Bad => "🔴",
            Tone::Good => "✅",
            Tone::Unknown | Tone::Same => "❔",
        };
        let (subject, statement) = (prose(&findings.subject(finding)), prose(&finding.statement));
        format!(
            "- {sign} **{} {subject}** {statement}<br>{}\n",
            code(&finding.command),
            prose(&finding.detail)
        )
    });
    let unchanged = if all { findings.unchanged() } else { Vec::new() };
    let unchanged = unchanged.iter().map(|(command, what)| format!("{} {}", code(command), prose(what)));
    let unchanged = unchanged.collect::<Vec<_>>().join("; ");
    let unchanged = (!unchanged.is_empty()).then(|| format!("- Unchanged: {unchanged}\n"));
    let cut = push_while_shorter(page, LONGEST_ALERTS / 2, found.chain(unchanged));
    page.push('\n');
    if cut + findings.left_out() > 0 {
        let _ = writeln!(page, "Findings not shown: {}\n", human::count(cut + findings.left_out()));
    }
}

fn item(alert: &Alert) -> String {
    let sign = match alert.severity {
        _ if alert.is_resolved() => "✅",
        Severity::Critical => "🔴",
        Severity::Warning | Severity::Info => "⚠️",
    };
    let subject = alert.command.as_ref().map(|command| format!("Command {} ", code(command)));
    let mut item = format!("- {sign} **{}{}**", subject.unwrap_or_default(), prose(&alert.event()));
    let figures: Vec<_> = alert.figures().map(|(name, value)| format!("{name}: {}", prose(value))).collect();
    for part in [
        (!figures.is_empty()).then(|| figures.join(" | ")),
        alert.seen().map(|seen| format!("Seen: {seen}")),
        alert.recommendation.as_ref().map(|advice| format!("Recommendation: {}", prose(advice))),
    ]
    .into_iter()
    .flatten()
    {
        let _ = write!(item, "<br>{part}");
    }
    item.push('\n');
    item
}

fn table(page: &mut String, table: &Table, left_out: u64) {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let headings: Vec<_> = table.columns.iter().map(|&column| heading(table, column)).collect();
    let alignment: Vec<_> = table
        .columns
        .iter()
        .map(|column| if matches!(column, Column::Figure(_)) { "---:" } else { ":---" }.to_owned())
        .collect();
    page.push_str(&line(&headings));
    page.push_str(&line(&alignment));
    let rows = table
        .rows
        .iter()
        .map(|row| line(&table.columns.iter().map(|&column| cell(table, column, row)).collect::<Vec<_>>()));
    let left_out = push_while_shorter(page, LONGEST, rows) + left_out;
    if left_out > 0 {
        let _ = writeln!(page, "\nGroups not shown: {}", human::count(left_out));
    }
}

fn heading(table: &Table, column: Column) -> String {
    let heading = table.heading(column);
    if matches!(column, Column::Label(_)) { code(heading) } else { heading.to_owned() }
}

fn cell(table: &Table, column: Column, row: &Row) -> String {
    let value = table.cell(column, row);
    match column {
        Column::Label(place) if row.label(place).is_some() => code(&value),
        _ if column.is_bad(row, table.report) => format!("**{value}**"),
        _ => value.into_owned(),
    }
}

/// Adds `items` while `page` stays shorter than `longest`; returns how many did not fit.
fn push_while_shorter(page: &mut String, longest: usize, items: impl Iterator<Item = String>) -> u64 {
    let mut cut = 0;
    for item in items {
        if cut == 0 && page.len() + item.len() < longest {
            page.push_str(&item);
        } else {
            cut += 1;
        }
    }
    cut
}

/// A name out of a record: code, where GitHub looks for no mention, issue, link or emoji.
fn code(name: &str) -> String {
    let name = printable(name);
    if name.is_empty() {
        String::new()
    } else if name.contains(['`', '|', '\\']) {
        // Inside backticks these cannot be escaped, in a table least of all.
        format!("<code>{}</code>", escaped(&name))
    } else {
        format!("`{name}`")
    }
}

/// Prose out of a record: nothing in it is markup, a table's border, a link or a mention.
pub(crate) fn prose(text: &str) -> String {
    escaped(&printable(text))
}

/// A character reference is never markup, so every character that could be any is written as one. GitHub
/// looks for mentions and issues in the finished text too: a space without width keeps it from finding any.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        let _ = match character {
            '@' | '#' => write!(safe, "{character}&#8203;"),
            '&' | '<' | '>' | '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' | ':' => {
                write!(safe, "&#{};", u32::from(character))
            }
            _ => write!(safe, "{character}"),
        };
    }
    safe.replace("www.", "www&#46;")
}
