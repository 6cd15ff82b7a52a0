//! What people are told about the upkeep of a store.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use pm_cli::human;
use pm_store::{Deed, Flaw, FlawKind, Reason, Removal, Store, Verified};

/// How many differences of one rollup are named.
const NAMED: usize = 10;

pub(super) fn no_records(store: &Store) -> String {
    let root = store.root().display().to_string();
    format!("{}: no command has been recorded here yet\n", pm_cli::printable(&root))
}

/// What a compaction did.
#[derive(Debug, Default)]
pub(super) struct Done {
    compressed: u64,
    rolled_up: u64,
    removed: BTreeSet<PathBuf>,
}

impl Done {
    pub(super) fn add(&mut self, deed: Deed, path: &Path) {
        let is_rollup = path.components().rev().nth(2).is_some_and(|folder| folder.as_os_str() == "rollups");
        let is_step = path.extension().is_some_and(|ending| ending == "closing" || ending == "new");
        match deed {
            Deed::Placed if is_rollup => self.rolled_up += 1,
            Deed::Placed => self.compressed += 1,
            Deed::Removed if !is_step => drop(self.removed.insert(path.to_owned())),
            Deed::Removed | Deed::Closed | Deed::Written => {}
        }
    }

    pub(super) fn text(&self) -> String {
        let parts = [
            (self.compressed, "file compressed", "files compressed"),
            (self.rolled_up, "rollup made", "rollups made"),
            (
                self.removed.len() as u64,
                "file removed for its age or size",
                "files removed for their age or size",
            ),
        ];
        let parts: Vec<_> = parts
            .iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, one, more)| {
                format!("{} {}", human::count(*number), if *number == 1 { one } else { more })
            })
            .collect();
        if parts.is_empty() { "nothing to do\n".to_owned() } else { format!("{}\n", parts.join(", ")) }
    }
}

/// What was removed, or would be.
pub(super) fn removals(store: &Store, removals: &[Removal], dry_run: bool) -> String {
    let mut text = String::new();
    for Removal { path, bytes, reason } in removals {
        let deed = if dry_run { "would remove" } else { "removed" };
        let reason = match reason {
            Reason::Age => "too old",
            Reason::Size => "too much in all",
        };
        let _ = writeln!(text, "{deed} {}  {}  {reason}", short(store, path), size(*bytes));
    }
    if removals.is_empty() {
        text.push_str("nothing to remove\n");
    }
    text
}

/// What was looked at, and each flaw with what to do about it.
pub(super) fn verified(store: &Store, verified: &Verified) -> String {
    let Verified { files, lines, rollups, flaws } = verified;
    let mut text = format!(
        "{} in {} of records, and {}\n",
        human::counted(*lines, "line", "lines"),
        human::counted(*files as u64, "file", "files"),
        human::counted(*rollups as u64, "rollup", "rollups")
    );
    for Flaw { path, kind } in flaws {
        let mark = if kind.is_damage() { "✗" } else { "!" };
        let _ = writeln!(text, "{mark} {}: {}", short(store, path), pm_cli::printable(&flaw(kind, path)));
        if let FlawKind::Differs(names) = kind {
            for name in names.iter().take(NAMED) {
                let _ = writeln!(text, "    {}", pm_cli::printable(name));
            }
            if names.len() > NAMED {
                let _ = writeln!(text, "    and {} more", human::count((names.len() - NAMED) as u64));
            }
        }
        if let Some(advice) = advice(kind) {
            let _ = writeln!(text, "    → {advice}");
        }
    }
    if flaws.is_empty() {
        text.push_str("everything is as it should be\n");
    }
    text
}

fn flaw(kind: &FlawKind, path: &Path) -> String {
    match kind {
        FlawKind::Unreadable(error) => {
            let error = error.to_string();
            // Whoever reads several files names the one; here it stands in front already.
            let reason = error.strip_prefix(&format!("{}: ", path.display())).unwrap_or(&error);
            format!("cannot be read to its end: {reason}")
        }
        FlawKind::Torn { lines: 1, first, reason } => format!("line {first} is no record: {reason}"),
        FlawKind::Torn { lines, first, reason } => {
            format!("{} lines are no records; first: line {first}: {reason}", human::count(*lines))
        }
        FlawKind::Differs(_) => "is not what the records say:".to_owned(),
        FlawKind::Stale => {
            "was made from other records, by other rules or by another version, and is not used".to_owned()
        }
        FlawKind::Leftover => "was left by a compaction that was interrupted".to_owned(),
    }
}

fn advice(kind: &FlawKind) -> Option<&'static str> {
    match kind {
        FlawKind::Unreadable(_) => Some("bring it back from a copy; what can be read of it is read"),
        FlawKind::Differs(_) => Some("remove it, then make it anew: `github-pm performance store compact`"),
        FlawKind::Stale | FlawKind::Leftover => Some("`github-pm performance store compact` sees to it"),
        FlawKind::Torn { .. } => None,
    }
}

/// A file as people find it: from the store on.
fn short(store: &Store, path: &Path) -> String {
    let path = path.strip_prefix(store.root()).unwrap_or(path).display().to_string();
    pm_cli::printable(&path).into_owned()
}

pub(super) fn size(bytes: u64) -> String {
    human::mebibytes(bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_counted_by_what_came_of_it() {
        let mut done = Done::default();
        assert_eq!(done.text(), "nothing to do\n");
        for (deed, path) in [
            (Deed::Closed, "s/records/2026-11-01.ndjson.closing"),
            (Deed::Written, "s/records/2026-11-01.ndjson.zst.new"),
            (Deed::Placed, "s/records/2026-11-01.ndjson.zst"),
            (Deed::Removed, "s/records/2026-11-01.ndjson.closing"),
            (Deed::Placed, "s/rollups/day/2026-11-01.ndjson.zst"),
            (Deed::Placed, "s/rollups/hour/2026-11-01.ndjson.zst"),
            (Deed::Removed, "s/records/2025-11-01.ndjson.zst"),
        ] {
            done.add(deed, Path::new(path));
        }
        assert_eq!(done.text(), "1 file compressed, 2 rollups made, 1 file removed for its age or size\n");
    }
}
