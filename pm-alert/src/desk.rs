//! The desk: collects records, has them judged together, and hands out what comes of it.
//!
//! Records that are there at once are judged in one step of the ledger, [`BATCH_BYTES`] at most. Nothing
//! is written to a channel or to standard output while the ledger is locked: a slow reader of ours must
//! not keep other runs waiting.
//!
//! Where a history is replayed, nobody waits for the ledger: each record is judged as soon as it is read, and only what came
//! of it is collected.
//!
//! Files of a store that is replayed are judged one by one: counts begin anew with each, and what is told of it
//! is picked from its alerts, not from its records.

mod telling;

use std::io::{self, Write};
use std::time::Duration;

use pm_cli::{Exit, Streams};
use pm_record::{AlertState, BadRecord, Reading, Record, Run, Timestamp};
use pm_store::AlertSource;

use crate::alert::Alert;
use crate::channels::Channels;
use crate::config::{Config, Counts, Hours};
use crate::console::Console;
use crate::digest::{self, Digest};
use crate::facts::Facts;
use crate::following::Progress;
use crate::judge::Judge;
use crate::known::{Found, Judged, Session};
use crate::ledger::Ledger;
use crate::names::Names;
use crate::notice::{Notice, record_line};
use crate::state::horizon;
use crate::tips::Tips;
use crate::{Error, TOOL};

/// How many bytes of lines are judged together: many where the state is read and written for them, and no more than a
/// cache holds where it is not.
const BATCH_BYTES: usize = 1 << 20;
const REPLAY_BYTES: usize = 64 << 10;

/// How often a run that goes on looks whether anybody is missing, and tries again who did not take an alert.
const TICK: Duration = Duration::from_secs(1);

/// How often it tells those who keep a list of what fires.
const REFRESH_MILLIS: u64 = 60_000;

/// Collects records and hands out alerts.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    config: &'a Config,
    judge: Judge,
    names: Names,
    tips: Tips,
    ledger: Ledger,
    channels: Channels,
    /// How far a store that is followed was read.
    progress: Progress,
    /// What to tell once there is a record, because no limit is watched.
    unwatched: Option<Error>,
    console: Console,
    /// Alerts that are told at the end, together.
    digest: Option<Digest>,
    /// The file of a replayed store that is being judged.
    file: Option<AlertSource>,
    batch: Vec<Item>,
    bytes: usize,
    /// What time it was when somebody last looked, in milliseconds since the Unix epoch.
    now: i64,
    /// What is judged at once and claims to be later than this has a clock that is wrong.
    horizon: Timestamp,
    /// What came of the record that was judged at once.
    told: Vec<Alert>,
    /// How many records were taken in that take a limit to be judged.
    records: u64,
    /// How many changes were, which take none.
    changes: u64,
    /// When those who keep a list of what fires were last told, in milliseconds since the Unix epoch.
    refreshed: Option<i64>,
    has_fired: bool,
    has_trouble: bool,
}

/// One line of a batch.
#[derive(Debug)]
struct Item {
    /// The line to pass on.
    line: Option<Vec<u8>>,
    has_findings: bool,
    /// Until they are judged.
    found: Option<Found>,
}

impl<'a> Desk<'a> {
    pub(crate) fn new(
        config: &'a Config,
        judge: Judge,
        ledger: Ledger,
        channels: Channels,
        unwatched: Option<Error>,
        progress: Progress,
        now: i64,
    ) -> Self {
        Self {
            config,
            judge,
            names: Names::default(),
            tips: Tips::default(),
            ledger,
            channels,
            progress,
            unwatched,
            console: Console::default(),
            digest: config.digest.map(|hours| Digest::new(hours == Hours::Apart)),
            file: None,
            batch: Vec::new(),
            bytes: 0,
            now,
            horizon: horizon(now),
            told: Vec::new(),
            records: 0,
            changes: 0,
            refreshed: None,
            has_fired: false,
            has_trouble: false,
        }
    }

    /// Turns to another file of a store that is replayed.
    pub(crate) fn turn_to(&mut self, file: &AlertSource, io: &mut Streams) -> io::Result<()> {
        self.settle(io)?;
        self.ledger.begin_anew();
        self.file = Some(file.clone());
        self.look_at_the_clock(io);
        Ok(())
    }

    /// Whether an alert about what was made then is told.
    fn tells(&self, made: Option<Timestamp>) -> bool {
        self.file.as_ref().map_or_else(|| self.config.covers(made), |file| file.counts(made))
    }

    /// Takes in what a line holds.
    pub(crate) fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        match reading {
            Reading::Run(run) => self.take_run(run),
            Reading::Partial(_) => unreachable!("nobody wants them"),
            Reading::Other(line) => self.take_other(Record::parse(line)?, line),
        }
        Ok(())
    }

    fn take_run(&mut self, run: Run<'_>) {
        self.records += 1;
        let is_judged = self.file.is_some() || self.config.covers(Some(run.timestamp()));
        if is_judged && self.config.tips {
            self.tips.take_run(&run);
        }
        if !is_judged {
            self.pass(run.line());
        } else if self.notifies() {
            match self.judge.observe_run(run, &self.names) {
                Some(observation) => self.push(Some(Found::Observed(observation)), run.line()),
                None => self.pass(run.line()),
            }
        } else {
            let facts = Facts::new(run, &self.names);
            let (state, told) = (self.ledger.state(), &mut self.told);
            if state.take_run(&facts, &self.judge, self.horizon, told) {
                self.push_told(run.line());
            } else {
                self.pass(run.line());
            }
        }
    }

    fn take_other(&mut self, record: Record, line: &[u8]) {
        match record {
            Record::Change(_) => self.changes += 1,
            _ => self.records += 1,
        }
        let is_judged = self.file.is_some() || self.config.covers(record.timestamp());
        if is_judged && self.config.tips {
            self.tips.take(&record);
        }
        let observation = is_judged.then(|| self.judge.observe(&record, line)).flatten();
        match observation {
            None => self.pass(line),
            Some(observation) if self.notifies() => self.push(Some(Found::Observed(observation)), line),
            Some(observation) => {
                // Runs were taken in up to here, so that it is its turn.
                self.told = self.ledger.state().take(observation, self.horizon, self.judge.source());
                self.push_told(line);
            }
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

    /// Takes in a line that is no business of the rules, as most are.
    fn pass(&mut self, line: &[u8]) {
        if self.config.pass {
            self.push(None, line);
        }
    }

    fn push(&mut self, found: Option<Found>, line: &[u8]) {
        // What was read from a line is about as long as the line.
        self.bytes += line.len() + size_of::<Item>();
        let line = self.config.pass.then(|| line.to_vec());
        self.batch.push(Item { line, has_findings: found.is_some(), found });
    }

    /// The same of what was judged at once: where nothing came of it, there is nothing to collect.
    fn push_told(&mut self, line: &[u8]) {
        if self.told.is_empty() && !self.config.pass {
            self.bytes += line.len() + size_of::<Item>();
        } else {
            let alerts = std::mem::take(&mut self.told);
            self.push(Some(Found::Told(alerts)), line);
        }
    }

    /// Whether it is time to settle although there is more to read.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= if self.notifies() { BATCH_BYTES } else { REPLAY_BYTES }
    }

    /// Whether there were changes to judge.
    pub(crate) fn has_seen_changes(&self) -> bool {
        self.changes > 0
    }

    /// How the run ends: trouble shows even where an alert fired.
    pub(crate) fn exit(&self) -> Exit {
        if self.has_trouble || self.channels.has_trouble() {
            Exit::Environment
        } else if self.config.exit_code && self.has_fired {
            Exit::Yes
        } else {
            Exit::Done
        }
    }

    /// How long to wait for records before [`Desk::tick`]; `None` for as long as it takes.
    pub(crate) fn patience(&self) -> Option<Duration> {
        let has_clock = self.notifies() && (self.judge.needs_clock() || self.ledger.is_waiting());
        (has_clock || self.channels.are_busy() || !self.channels.refreshed().is_empty()).then_some(TICK)
    }

    /// Judges that time has gone by, while no record comes.
    pub(crate) fn tick(&mut self, io: &mut Streams) -> io::Result<()> {
        self.collect(io);
        if self.tips.are_due(io.clock.now_millis()) {
            self.advise(io)?;
        }
        let is_due = self.judge.needs_clock() || self.ledger.is_waiting() || self.is_refresh_due(io);
        if !self.notifies() || !is_due && self.channels.held().is_empty() {
            return Ok(());
        }
        self.judge_batch(io, true)
    }

    /// Judges what was collected, tells whoever is to be told, and writes what belongs on standard output.
    pub(crate) fn settle(&mut self, io: &mut Streams) -> io::Result<()> {
        if self.records > 0
            && let Some(error) = self.unwatched.take()
        {
            io.complain(TOOL, &error);
        }
        self.judge_batch(io, false)?;
        if self.tips.are_due(io.clock.now_millis()) { self.advise(io) } else { Ok(()) }
    }

    fn judge_batch(&mut self, io: &mut Streams, is_tick: bool) -> io::Result<()> {
        let mut batch = std::mem::take(&mut self.batch);
        let bytes = std::mem::take(&mut self.bytes);
        let mut judged = Judged::default();
        self.look_at_the_clock(io);
        let now = self.now;
        let has_taken = !self.notifies() && bytes > 0;
        if is_tick || has_taken || batch.iter().any(|item| item.has_findings) {
            self.progress.place().into_iter().for_each(|place| self.ledger.reach(place));
            let held = self.channels.held();
            let session = Session { judge: &self.judge, held, now, ticks: self.notifies() };
            let findings = batch.iter_mut().filter_map(|item| item.found.take());
            judged = self.ledger.judge(&session, findings);
            self.tell_troubles(io);
        }
        for notices in judged.notices.iter_mut().chain([&mut judged.untimely]) {
            notices.retain(|notice| self.tells(notice.alert.timestamp));
        }
        let is_firing = |notice: &Notice| notice.alert.state != AlertState::Resolved;
        self.has_fired |= judged.notices.iter().flatten().chain(&judged.untimely).any(is_firing);
        if let Some(digest) = &mut self.digest {
            // Nothing is passed on beside a digest, and nobody is notified.
            judged.notices.drain(..).flatten().for_each(|notice| digest.push(notice.alert));
            self.reuse(batch);
            return Ok(());
        }
        let mut deliveries = self.notify(io, &mut judged);
        let written = self.write(io, &mut batch, &mut judged, &mut deliveries);
        deliveries.extend(self.channels.reports(io));
        self.mark(&deliveries, io);
        if is_tick || !judged.is_empty() {
            self.refresh(io);
        }
        self.reuse(batch);
        written
    }

    /// Notes what time it is, for what is judged at once. A file of a store is judged alike whenever that is, and so as of
    /// the end of its day.
    pub(crate) fn look_at_the_clock(&mut self, io: &Streams) {
        let day_end = self.file.as_ref().map(|file| file.day.end().as_millis());
        self.now = day_end.unwrap_or_else(|| io.clock.now_millis());
        self.horizon = horizon(self.now);
    }

    /// Keeps the room of a batch for the next one.
    fn reuse(&mut self, mut batch: Vec<Item>) {
        batch.clear();
        self.batch = batch;
    }

    /// Settles what is left, waits for whoever is being told, and tells people what was only counted. Where standard
    /// output takes nothing, whoever else is to be told is told all the same, and the state says so.
    pub(crate) fn finish(&mut self, io: &mut Streams) -> io::Result<()> {
        let settled = self.settle(io);
        if let Some(digest) = self.digest.take() {
            settled?;
            let is_text = io.output.is_terminal();
            return digest.finish().try_for_each(|alert| {
                let line = if is_text { digest::line(&alert).into_bytes() } else { record_line(alert) };
                io.output.write_all(&line)
            });
        }
        let advised = self.advise(io);
        let is_timed = self.notifies() && (self.ledger.has_state() || self.judge.needs_clock());
        let ticked = if is_timed { self.judge_batch(io, true) } else { Ok(()) };
        let deliveries = self.channels.finish(io);
        self.mark(&deliveries, io);
        self.ledger.sync();
        self.tell_troubles(io);
        settled.and(advised).and(ticked).and(self.say_what_was_counted(io))
    }

    /// Whether anybody is told, and time counts.
    fn notifies(&self) -> bool {
        self.config.counts != Counts::Replay
    }
}
