//! Which alerts fire now, as `pm-alert` has it in `state/alerts.json`.
//!
//! The file belongs to `pm-alert`, and this takes nothing from it but the rows that have fired and are not over.

use std::collections::BTreeMap;

use pm_record::{Severity, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::{Error, Store, links};

/// An alert that fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// Its type, such as `memory_usage_high`.
    pub kind: String,
    /// What it is about, such as `command batch`.
    pub subject: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// How bad it became.
    pub severity: Option<Severity>,
}

#[derive(Deserialize)]
struct File {
    state: State,
}

#[derive(Deserialize)]
struct State {
    rows: BTreeMap<String, Row>,
}

#[derive(Deserialize)]
struct Row {
    since: Option<Timestamp>,
    fired: Option<IgnoredAny>,
    told: Option<Severity>,
}

impl Store {
    /// The alerts that fire now, the oldest first; none if that is not known.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the state cannot be read, [`Error::Link`] if it is a link.
    pub fn firing(&self) -> Result<Vec<Firing>, Error> {
        let path = self.root().join("state/alerts.json");
        let Some(file) = links::open_to_read(&path)? else { return Ok(Vec::new()) };
        let text = std::io::read_to_string(file).map_err(Error::io("read", path))?;
        // One of another version tells nothing.
        let rows = serde_json::from_str::<File>(&text).map(|file| file.state.rows).unwrap_or_default();
        let fired = rows.into_iter().filter(|(_, row)| row.fired.is_some());
        let mut firing: Vec<_> = fired
            .map(|(name, row)| {
                let (kind, subject) = name.split_once(' ').unwrap_or((&name, ""));
                let (kind, subject) = (kind.to_owned(), subject.to_owned());
                Firing { kind, subject, since: row.since, severity: row.told }
            })
            .collect();
        firing.sort_by_key(|alert| alert.since);
        Ok(firing)
    }
}
