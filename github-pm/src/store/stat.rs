//! How much is in a store, as a table.

use std::fmt::Write as _;

use pm_cli::human;
use pm_store::{Amount, Figures, Store};

use super::words::size;
use crate::sharing;

/// The table; what asks for attention stands below it.
pub(super) fn render(store: &Store, figures: &Figures) -> String {
    let root = store.root().display().to_string();
    let mut rows = vec![("store", pm_cli::printable(&root).into_owned()), ("days", days(figures))];
    rows.push(("plain", files(figures.plain)));
    rows.push(("compressed", compressed(figures)));
    let names = ["hours", "days", "months", "alerts", "brief hours", "brief days"];
    for (name, amount) in names.iter().zip(figures.rollups) {
        rows.push(("rollups", format!("{name:<11}  {}", files(amount))));
    }
    if let (Some(first), number) = (figures.only_rolled_up.first(), figures.only_rolled_up.len() as u64) {
        rows.push((
            "rolled up only",
            format!("{}, the first of {first}", human::counted(number, "day", "days")),
        ));
    }
    let bytes = figures.to_prune.iter().map(|removal| removal.bytes).sum();
    rows.push(("to remove", files(Amount { files: figures.to_prune.len() as u64, bytes })));
    let mut text = String::new();
    let mut before = "";
    for (name, value) in rows {
        let shown = if name == before { "" } else { name };
        let _ = writeln!(text, "{shown:<14}  {value}");
        before = name;
    }
    if let Some(kind) = figures.shared {
        let _ = writeln!(text, "\n! {}\n    → {}", sharing::warning(kind), sharing::ADVICE);
    }
    if figures.hosts.len() > 1 {
        let hosts = figures.hosts.iter().cloned().collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "! several machines write to it: {}", pm_cli::printable(&hosts));
    }
    text
}

fn days(figures: &Figures) -> String {
    match (figures.days.first(), figures.days.last()) {
        (Some(first), Some(last)) => {
            let number = human::counted(figures.days.len() as u64, "day", "days");
            format!("{number}, {first} to {last}")
        }
        _ => "none".to_owned(),
    }
}

fn files(amount: Amount) -> String {
    match amount.files {
        0 => "none".to_owned(),
        number => format!("{}, {}", human::counted(number, "file", "files"), size(amount.bytes)),
    }
}

fn compressed(figures: &Figures) -> String {
    let Amount { files: number, bytes } = figures.compressed;
    if number == 0 || bytes == 0 || figures.text_bytes == 0 {
        return files(figures.compressed);
    }
    let ratio = figures.text_bytes as f64 / bytes as f64;
    format!("{}, of {} of text ({ratio:.1} to 1)", files(figures.compressed), size(figures.text_bytes))
}
