//! Which numbers are read of a run, and which of them get a full distribution.

use std::str::FromStr;

use pm_cli::Usage;
use pm_record::{Field, NoField, Wanted};

use crate::metrics::{DURATION, METRICS, PHASE_PREFIX};

/// What `--metric` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Every metric of the table, and every phase.
    All,
    /// One field.
    Metric(Field),
}

impl FromStr for Chosen {
    type Err = NoField;

    fn from_str(text: &str) -> Result<Self, NoField> {
        if text == "all" { Ok(Self::All) } else { text.parse().map(Self::Metric) }
    }
}

/// The numbers of a run, by their places.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns {
    /// Those of the table first, then those that were asked for beside them.
    fields: Vec<Field>,
    /// The places of those that get a full distribution, rising.
    distributed: Vec<usize>,
    /// The names of phases that do.
    phases: Vec<String>,
    all_phases: bool,
}

impl Columns {
    /// The metrics of the table, and those that were chosen.
    pub(crate) fn new(chosen: &[Chosen]) -> Result<Self, Usage> {
        let fields = METRICS.iter().filter_map(|name| name.parse().ok()).collect();
        let mut columns = Self { fields, ..Self::default() };
        for chosen in chosen {
            match chosen {
                Chosen::All => {
                    columns.distributed.extend(0..METRICS.len());
                    columns.all_phases = true;
                }
                Chosen::Metric(field) => columns.distribute(field),
            }
        }
        columns.distributed.sort_unstable();
        columns.distributed.dedup();
        if columns.fields.len() > Wanted::MOST {
            let most = Wanted::MOST - METRICS.len();
            return Err(Usage::new(
                format!("--metric names more than {most} fields that are not summarized anyway"),
                "leave some of them to a second run",
            ));
        }
        Ok(columns)
    }

    fn distribute(&mut self, field: &Field) {
        if let Some(phase) = field.as_str().strip_prefix(PHASE_PREFIX) {
            self.phases.push(phase.to_owned());
        } else if field.as_str() != DURATION {
            let place = self.place_of(field.as_str()).unwrap_or(self.fields.len());
            if place == self.fields.len() {
                self.fields.push(field.clone());
            }
            self.distributed.push(place);
        }
    }

    /// Every field, in the order in which summaries name them.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The place of a field.
    pub(crate) fn place_of(&self, field: &str) -> Option<usize> {
        self.fields.iter().position(|known| known.as_str() == field)
    }

    /// The places of the fields that get a full distribution, rising.
    pub(crate) fn distributed(&self) -> &[usize] {
        &self.distributed
    }

    /// Whether a phase gets one.
    pub(crate) fn distributes_phase(&self, name: &str) -> bool {
        self.all_phases || self.phases.iter().any(|phase| phase == name)
    }

    /// Whether nothing but the duration gets one, as it does unasked.
    pub(crate) fn is_plain(&self) -> bool {
        self.distributed.is_empty() && self.phases.is_empty() && !self.all_phases
    }
}
