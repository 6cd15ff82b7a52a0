//! Advice as GitHub-flavored Markdown.

use std::fmt::Write as _;

use pm_cli::human;

use super::Sheaf;
use crate::markdown::prose;
use crate::tips::Tip;

/// Renders it.
pub(super) fn render(sheaf: &Sheaf) -> String {
    let mut page = format!("## {}\n\n", prose(&sheaf.title));
    if !sheaf.looked_at.is_empty() {
        let _ = writeln!(page, "{}\n", prose(&sheaf.looked_at));
    }
    for found in sheaf.tips.all() {
        page.push_str(&item(found));
    }
    if sheaf.tips.left_out() > 0 {
        let _ = writeln!(page, "\nTips not shown: {}", human::count(sheaf.tips.left_out()));
    }
    for remark in &sheaf.remarks {
        let _ = writeln!(page, "\n{}", with_code(remark));
    }
    page
}

/// One tip as an entry of a list.
pub(crate) fn item(tip: &Tip) -> String {
    let mut item =
        format!("- 💡 **{}**<br>Recommendation: {}", prose(&tip.title), with_code(&tip.recommendation));
    if let Some(saving) = &tip.saving {
        let _ = write!(item, "<br>Would have saved: {}", prose(saving));
    }
    if let Some(evidence) = &tip.evidence {
        let _ = write!(item, "<br>Evidence: {}", prose(evidence));
    }
    item.push('\n');
    item
}

/// What stands in backticks is to be typed: it stays code, and cannot be markup.
fn with_code(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut parts = text.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        // A backtick without another is itself.
        if is_code && parts.peek().is_some() {
            let _ = write!(written, "<code>{}</code>", prose(part));
        } else {
            written.push_str(&prose(part));
        }
        is_code = !is_code;
    }
    written
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_to_be_typed_is_code_and_nothing_is_markup() {
        assert_eq!(super::with_code("a *b* `x --y|z` c"), "a &#42;b&#42; <code>x --y&#124;z</code> c");
        assert_eq!(super::with_code("open ` end"), "open  end");
    }
}
