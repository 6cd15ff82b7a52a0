//! What one channel is told at once: what one rule has to say, however much that is.

use std::hash::{Hash, Hasher};

use fnv::FnvHasher;
use pm_record::{AlertState, PerformanceAlert, Severity};

use crate::notice::Notice;

/// So many alerts are told in full.
const IN_FULL: usize = 10;

/// Alerts of one rule.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) rule: String,
    pub(crate) parts: Vec<Part>,
}

/// One alert of a message.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Its number in the state.
    pub(crate) number: u64,
    /// The same for the same alert, however often it is sent.
    pub(crate) id: String,
    /// What is counted together with it.
    pub(crate) row: String,
    pub(crate) text: String,
    pub(crate) alert: PerformanceAlert,
}

/// Something that fires, for whoever keeps a list of it.
#[derive(Debug, Clone)]
pub(crate) struct Firing {
    pub(crate) row: String,
    pub(crate) channels: Vec<String>,
    pub(crate) what: String,
    pub(crate) alert: PerformanceAlert,
}

impl Message {
    pub(crate) fn new(rule: &str) -> Self {
        Self { rule: rule.to_owned(), parts: Vec::new() }
    }

    pub(crate) fn push(&mut self, notice: &Notice) {
        self.parts.push(Part {
            number: notice.number,
            id: id(notice),
            row: notice.row.clone(),
            text: notice.text.clone(),
            alert: notice.alert.clone(),
        });
    }

    /// The numbers of its alerts.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.parts.iter().map(|part| part.number).collect()
    }

    /// The same for the same alerts.
    pub(crate) fn id(&self) -> String {
        let mut hasher = FnvHasher::default();
        self.parts.iter().for_each(|part| part.id.hash(&mut hasher));
        format!("{:016x}", hasher.finish())
    }

    /// The first line of all of it.
    pub(crate) fn headline(&self) -> String {
        let first = self.parts.first().and_then(|part| part.text.lines().next()).unwrap_or_default();
        match self.parts.len() {
            0 | 1 => first.to_owned(),
            count => {
                let resolved =
                    self.parts.iter().filter(|part| part.alert.state == AlertState::Resolved).count();
                let sign = if resolved == count { "✅" } else { "⚠️ " };
                let and = if resolved > 0 && resolved < count {
                    format!(", {resolved} of them resolved")
                } else {
                    String::new()
                };
                format!("{sign} {}: {count} alerts{and}", self.rule)
            }
        }
    }

    /// All of it, as people read it, in so many bytes at most.
    pub(crate) fn text(&self, most: usize) -> String {
        let mut text = if self.parts.len() > 1 { format!("{}\n", self.headline()) } else { String::new() };
        for (told, part) in self.parts.iter().enumerate() {
            let rest = format!("… and {} more\n", self.parts.len() - told);
            if told >= IN_FULL || text.len() + part.text.len() + rest.len() > most {
                text += &rest;
                break;
            }
            text += &part.text;
        }
        text.truncate(text.floor_char_boundary(most));
        text
    }

    /// The worst of it.
    pub(crate) fn severity(&self) -> Severity {
        self.parts.iter().map(|part| part.alert.severity).max().unwrap_or_default()
    }

    /// Whether nothing of it still fires.
    pub(crate) fn is_resolved(&self) -> bool {
        self.parts.iter().all(|part| part.alert.state == AlertState::Resolved)
    }
}

/// An alert is told from others by what it is about, when, and what is new.
fn id(notice: &Notice) -> String {
    let mut hasher = FnvHasher::default();
    notice.row.hash(&mut hasher);
    notice.number.hash(&mut hasher);
    notice.alert.timestamp.hash(&mut hasher);
    notice.alert.threshold_exceeded.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
