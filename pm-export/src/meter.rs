//! Lines in, metrics out: the model and what reads records into it.

use pm_cli::Period;
use pm_record::{BadRecord, Reading, Record, Wanted};

use crate::commands::Commands;
use crate::config::Config;
use crate::model::Model;
use crate::readings;

/// Reads records into a model.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) model: Model,
    pub(crate) commands: Commands,
    period: Period,
    /// When the first record began and the last one ended.
    pub(crate) span: Option<(i64, i64)>,
    /// Records that were counted or passed over, whatever their kind.
    pub(crate) records: u64,
}

impl Meter {
    pub(crate) fn new(config: &Config) -> Self {
        let model = Model::new(config.shape.clone());
        Self { model, commands: config.commands(), period: config.period, span: None, records: 0 }
    }

    /// What has to be read of runs.
    pub(crate) fn wanted(&self) -> Wanted {
        self.commands.wanted()
    }

    /// Adds what a line holds.
    pub(crate) fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        match reading {
            Reading::Run(run) => {
                if self.period.covers(run.timestamp().as_millis()) {
                    self.widen(run.timestamp().as_millis(), run.end().as_millis());
                    self.commands.take(&run, &mut self.model);
                }
            }
            Reading::Other(line) => {
                self.take_other(&Record::parse(line)?);
                return Ok(());
            }
            Reading::Partial(_) => {}
        }
        self.records += 1;
        Ok(())
    }

    /// Adds a record that is no run.
    pub(crate) fn take_other(&mut self, record: &Record) {
        if record.timestamp().is_none_or(|time| self.period.covers(time.as_millis())) {
            if let Some(at) = record.timestamp().map(pm_record::Timestamp::as_millis) {
                self.widen(at, at);
            }
            readings::take(record, &mut self.model);
        }
        self.records += 1;
    }

    fn widen(&mut self, start: i64, end: i64) {
        let (first, last) = self.span.unwrap_or((start, end));
        self.span = Some((first.min(start), last.max(end)));
    }

    /// Forgets what was counted.
    pub(crate) fn clear(&mut self, config: &Config) {
        let deliberate = self.commands.deliberate;
        self.model = Model::new(self.model.shape.clone());
        self.commands = config.commands();
        self.commands.deliberate = deliberate;
        self.span = None;
    }
}
