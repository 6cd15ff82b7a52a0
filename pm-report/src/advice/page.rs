//! Advice as text for a terminal.

use owo_colors::Style;
use pm_cli::{human, printable};

use super::Sheaf;
use crate::sheet::Sheet;
use crate::tips::Tip;

/// What begins the lines under a tip's first.
const INDENT: &str = "   ";

/// Renders it in lines of at most `width` columns.
pub(super) fn render(sheaf: &Sheaf, width: usize, color: bool) -> String {
    let mut sheet = Sheet::new(width, color);
    sheet.paragraph("", &printable(&sheaf.title), Style::new().bold());
    if !sheaf.looked_at.is_empty() {
        sheet.paragraph("", &sheaf.looked_at, Style::new());
    }
    for found in sheaf.tips.all() {
        sheet.end_line();
        tip(&mut sheet, found);
    }
    if sheaf.tips.left_out() > 0 {
        sheet.end_line();
        sheet.paragraph(
            "",
            &format!("Tips not shown: {}", human::count(sheaf.tips.left_out())),
            Style::new(),
        );
    }
    for remark in &sheaf.remarks {
        sheet.end_line();
        sheet.paragraph("", remark, Style::new().dimmed());
    }
    sheet.text
}

/// Adds one tip.
pub(crate) fn tip(sheet: &mut Sheet, tip: &Tip) {
    let title = format!("OPTIMIZATION TIP: {}", tip.title);
    sheet.paragraph("💡 ", &printable(&title), Style::new().yellow());
    let parts = [
        ("Recommendation", Some(&tip.recommendation)),
        ("Would have saved", tip.saving.as_ref()),
        ("Evidence", tip.evidence.as_ref()),
    ];
    for (name, text) in parts {
        if let Some(text) = text {
            let style = if name == "Evidence" { Style::new().dimmed() } else { Style::new() };
            let text = format!("{name}: {text}");
            sheet.paragraph(INDENT, &printable(&text), style);
        }
    }
}
