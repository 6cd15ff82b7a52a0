//! Windows of a live stream, which close before it ends.
//!
//! A stream is live once it had nothing more to read, and its windows close only if it is of now: its newest run
//! ended about when it was read. So yesterday's file gives the same answer through a pipe as by its name.
//!
//! A window closes when a run started later than its end and the grace, or when the clock says so while nothing
//! comes. A run that comes later still makes a further summary of its window, written when the next one closes.

use std::io::{self, Write};
use std::time::Duration;

use pm_cli::{Input, Streams};
use pm_record::Timestamp;

use crate::config::Config;
use crate::groups::Groups;
use crate::results;
use crate::window::WindowSize;

/// How far the end of the newest run may be from now, beside the grace, in milliseconds.
const NOW: i64 = 60_000;

/// How long to wait where there is nothing to close: any time will do.
const LONG: i64 = 3_600_000;

/// Closes windows while a stream is read, and passes on what is to be passed on.
#[derive(Debug)]
pub(crate) struct Live<'a> {
    config: &'a Config,
    /// Whether the stream once had nothing more to read.
    has_waited: bool,
    /// Whether its newest run once ended about now.
    of_now: bool,
    /// Why results could not be written.
    pub(crate) failure: Option<io::Error>,
}

impl<'a> Live<'a> {
    pub(crate) fn new(config: &'a Config) -> Self {
        Self { config, has_waited: false, of_now: false, failure: None }
    }

    /// Writes what is to be passed on, closes what is due, and waits for the input as long as nothing else becomes due.
    pub(crate) fn before_read(
        &mut self,
        groups: &mut Groups<'a>,
        input: &mut Input,
        io: &mut Streams,
    ) -> io::Result<()> {
        let passed = std::mem::take(&mut groups.passed);
        self.write(&passed, io)?;
        if self.config.window == WindowSize::All || !self.config.summarizes() || !input.is_live() {
            return Ok(());
        }
        let slack = self.config.grace.saturating_add(NOW);
        loop {
            let now = io.clock.now_millis();
            let waits = input.would_wait();
            self.has_waited |= waits;
            self.of_now |= now.saturating_sub(groups.progress.newest_end).saturating_abs() < slack;
            if self.has_waited && self.of_now {
                self.close(groups, if waits { now } else { i64::MIN }, io)?;
            }
            if !waits || input.ready_within(self.limit(groups, now))? {
                groups.progress.horizon = io.clock.now_millis().saturating_add(slack);
                return Ok(());
            }
        }
    }

    /// How long nothing becomes due.
    fn limit(&self, groups: &Groups<'_>, now: i64) -> Duration {
        let due = groups.progress.first_end.saturating_add(self.config.grace);
        let left = if self.of_now { due.saturating_sub(now).clamp(1, LONG) } else { LONG };
        Duration::from_millis(left.unsigned_abs())
    }

    /// Writes the windows that have ended and had their grace, by the runs or by the time that it is while
    /// nothing comes.
    fn close(&mut self, groups: &mut Groups<'a>, idle_until: i64, io: &mut Streams) -> io::Result<()> {
        let reached = groups.progress.newest_start.max(idle_until).saturating_sub(self.config.grace);
        if groups.progress.first_end > reached {
            return Ok(());
        }
        let closed = groups.close(Timestamp::from_millis(reached));
        let mut lines = Vec::new();
        results::write(self.config, closed, &mut lines)?;
        self.write(&lines, io)
    }

    /// Writes lines at once, if there are any.
    fn write(&mut self, lines: &[u8], io: &mut Streams) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let written = io.output.write_all(lines).and_then(|()| io.output.flush());
        written.map_err(|failure| {
            let told = io::Error::from(failure.kind());
            self.failure = Some(failure);
            told
        })
    }
}
