//! The desk: collects records, has them judged together, and hands out what comes of it.
//!
//! Records that are there at once are judged in one step of the ledger, [`BATCH_BYTES`] at most. Nothing
//! is written to a channel or to standard output while the ledger is locked: a slow reader of ours must
//! not keep other runs waiting.
//!
//! Files of a store that is replayed are judged one by one: counts begin anew with each, and what is told of it
//! is picked from its alerts, not from its records.

use std::io::{self, Write};

use pm_cli::{Exit, Explain, Streams, printable};
use pm_record::{AlertState, PerformanceAlert, Record, Timestamp};
use pm_store::{AlertSource, Channel, Store};

use crate::config::{Config, Counts, Hours};
use crate::console::Console;
use crate::digest::{self, Digest};
use crate::following::Progress;
use crate::judge::{Judge, Observation};
use crate::ledger::{Judged, Ledger, Notice};
use crate::{Error, TOOL};

/// How many bytes of lines are judged together.
const BATCH_BYTES: usize = 1 << 20;

/// Collects records and hands out alerts.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    config: &'a Config,
    judge: Judge,
    ledger: Ledger,
    /// How far a store that is followed was read.
    progress: Progress,
    /// Where the log is.
    store: Option<Store>,
    /// What to tell once there is a record, because no limit is watched.
    unwatched: Option<Error>,
    console: Console,
    /// Alerts that are told at the end, together.
    digest: Option<Digest>,
    /// The file of a replayed store that is being judged.
    file: Option<AlertSource>,
    batch: Vec<Item>,
    bytes: usize,
    /// How many records were taken in.
    records: u64,
    has_fired: bool,
    has_trouble: bool,
    has_missed_log: bool,
}

/// One line of a batch.
#[derive(Debug)]
struct Item {
    /// The line to pass on.
    line: Option<Vec<u8>>,
    observation: Option<Observation>,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(
        config: &'a Config,
        judge: Judge,
        ledger: Ledger,
        store: Option<Store>,
        unwatched: Option<Error>,
        progress: Progress,
    ) -> Self {
        Self {
            config,
            judge,
            ledger,
            progress,
            store,
            unwatched,
            console: Console::default(),
            digest: config.digest.map(|hours| Digest::new(hours == Hours::Apart)),
            file: None,
            batch: Vec::new(),
            bytes: 0,
            records: 0,
            has_fired: false,
            has_trouble: false,
            has_missed_log: false,
        }
    }

    /// Turns to another file of a store that is replayed.
    pub(crate) fn turn_to(&mut self, file: &AlertSource, io: &mut Streams) -> io::Result<()> {
        self.settle(io)?;
        self.ledger.begin_anew();
        self.file = Some(file.clone());
        Ok(())
    }

    /// Whether an alert about what was made then is told.
    fn tells(&self, made: Option<Timestamp>) -> bool {
        self.file.as_ref().map_or_else(|| self.config.covers(made), |file| file.counts(made))
    }

    /// Takes in one record and the line that it stands on.
    pub(crate) fn take(&mut self, record: Record, line: &[u8]) {
        self.records += 1;
        let is_judged = self.file.is_some() || self.config.covers(record.timestamp());
        let observation = is_judged.then(|| self.judge.observe(&record)).flatten();
        // What was read from a line is about as long as the line.
        let length = line.len();
        let line = self.config.pass.then(|| line.to_vec());
        if observation.is_some() || line.is_some() {
            self.bytes += length + size_of::<Item>();
            self.batch.push(Item { line, observation });
        }
        if let Record::Alert(alert) = record
            && let Some(fired) = alert.digested()
            && self.tells(alert.timestamp)
            && let Some(digest) = &mut self.digest
        {
            self.has_fired |= fired > 0;
            digest.push(*alert);
        }
    }

    /// Whether it is time to settle although there is more to read.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES
    }

    /// How the run ends: trouble shows even where an alert fired.
    pub(crate) fn exit(&self) -> Exit {
        if self.has_trouble {
            Exit::Environment
        } else if self.config.exit_code && self.has_fired {
            Exit::Yes
        } else {
            Exit::Done
        }
    }

    /// Judges what was collected, tells whoever is to be told, and writes what belongs on standard output.
    pub(crate) fn settle(&mut self, io: &mut Streams) -> io::Result<()> {
        if self.records > 0
            && let Some(error) = self.unwatched.take()
        {
            io.complain(TOOL, &error);
        }
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        let mut lines = Vec::with_capacity(batch.len());
        let mut observations = Vec::new();
        for Item { line, observation } in batch {
            lines.push((line, observation.is_some()));
            observations.extend(observation);
        }
        let mut judged = Judged::default();
        if !observations.is_empty() {
            // A file of a store is judged alike whenever that is, and so as of the end of its day.
            let day_end = self.file.as_ref().map(|file| file.day.end().as_millis());
            let now = day_end.unwrap_or_else(|| io.clock.now_millis());
            self.progress.place().into_iter().for_each(|place| self.ledger.reach(place));
            judged = self.ledger.judge(&self.judge, observations, now);
            self.tell_troubles(io);
        }
        for notices in &mut judged.notices {
            notices.retain(|notice| self.tells(notice.alert.timestamp));
        }
        let is_firing = |notice: &Notice| notice.alert.state == AlertState::Firing;
        self.has_fired |= judged.notices.iter().flatten().any(is_firing);
        if let Some(digest) = &mut self.digest {
            // Nothing is passed on beside a digest, and nobody is notified.
            judged.notices.drain(..).flatten().for_each(|notice| digest.push(notice.alert));
            return Ok(());
        }
        self.notify(io, &mut judged);
        let written = self.write(io, lines, &mut judged);
        let told: Vec<_> =
            judged.left_behind.into_iter().chain(judged.notices.into_iter().flatten()).collect();
        if !told.is_empty() {
            self.ledger.settle(&told);
            self.tell_troubles(io);
        }
        written
    }

    /// Settles what is left and tells people what was only counted.
    pub(crate) fn finish(&mut self, io: &mut Streams) -> io::Result<()> {
        self.settle(io)?;
        if let Some(digest) = self.digest.take() {
            let is_text = io.output.is_terminal();
            return digest.finish().try_for_each(|alert| {
                let line = if is_text { digest::line(&alert).into_bytes() } else { record_line(alert) };
                io.output.write_all(&line)
            });
        }
        if io.output.is_terminal() {
            let text = self.console.finish(self.config.color.decide(&io.environment, true));
            return io.output.write_all(text.as_bytes());
        }
        let color = self.config.color.decide(&io.environment, io.diagnostics_are_terminal());
        let _ = io.diagnostics.write_all(self.console.finish(color).as_bytes());
        Ok(())
    }

    /// Tells every channel but a standard output that is a terminal, and takes those it told off the notices.
    fn notify(&mut self, io: &mut Streams, judged: &mut Judged) {
        let replays = self.config.counts == Counts::Replay;
        let color = self.config.color.decide(&io.environment, io.diagnostics_are_terminal());
        let Judged { left_behind, notices } = judged;
        for notice in left_behind.iter_mut().chain(notices.iter_mut().flatten()) {
            let channels = std::mem::take(&mut notice.channels);
            if replays {
                // Nobody is notified, but whoever looks at the terminal asked for all of it.
                notice.channels.extend(io.output.is_terminal().then_some(Channel::Console));
                continue;
            }
            for channel in channels {
                let is_told = match channel {
                    Channel::Console if io.output.is_terminal() => false,
                    Channel::Console => {
                        // A closed standard error is not our trouble.
                        let _ = io.diagnostics.write_all(self.console.show(notice, color).as_bytes());
                        true
                    }
                    Channel::Log => self.log(io, notice),
                };
                if !is_told {
                    notice.channels.push(channel);
                }
            }
        }
    }

    /// Whether the log has it, or there will never be a log for it. A log that fails is said once.
    fn log(&mut self, io: &mut Streams, notice: &Notice) -> bool {
        let logged = match &self.store {
            Some(store) => store.append_to_log("alerts", &line(notice)).map_err(Error::from),
            None => Err(Error::NoLog),
        };
        let Err(error) = logged else { return true };
        let is_trouble = error.exit() != Exit::Done;
        self.has_trouble |= is_trouble;
        if !std::mem::replace(&mut self.has_missed_log, true) {
            io.complain(TOOL, &error);
        }
        !is_trouble
    }

    /// Writes the lines that are passed on, each with the alerts that it caused right after it.
    fn write(
        &mut self,
        io: &mut Streams,
        lines: Vec<(Option<Vec<u8>>, bool)>,
        judged: &mut Judged,
    ) -> io::Result<()> {
        let is_text = io.output.is_terminal();
        let color = self.config.color.decide(&io.environment, is_text);
        let console = &mut self.console;
        let mut show = |io: &mut Streams, notice: &mut Notice| {
            let is_shown = notice.channels.contains(&Channel::Console);
            notice.channels.retain(|channel| *channel != Channel::Console);
            if is_shown { io.output.write_all(console.show(notice, color).as_bytes()) } else { Ok(()) }
        };
        if is_text {
            judged.left_behind.iter_mut().try_for_each(|notice| show(io, notice))?;
        }
        let mut notices = judged.notices.iter_mut();
        for (passed, is_observed) in lines {
            match passed {
                Some(line) if is_text => {
                    let text = String::from_utf8_lossy(&line);
                    writeln!(io.output, "{}", printable(text.trim_end()))?;
                }
                Some(mut line) => {
                    line.push(b'\n');
                    io.output.write_all(&line)?;
                }
                None => {}
            }
            let caused = if is_observed { notices.next() } else { None };
            for notice in caused.into_iter().flatten() {
                if is_text { show(io, notice)? } else { io.output.write_all(&line(notice))? }
            }
        }
        if is_text { io.output.flush() } else { Ok(()) }
    }

    fn tell_troubles(&mut self, io: &mut Streams) {
        for trouble in self.ledger.troubles() {
            self.has_trouble |= trouble.exit() != Exit::Done;
            io.complain(TOOL, &trouble);
        }
    }
}

fn line(notice: &Notice) -> Vec<u8> {
    record_line(notice.alert.clone())
}

fn record_line(alert: PerformanceAlert) -> Vec<u8> {
    Record::Alert(Box::new(alert)).to_line()
}
