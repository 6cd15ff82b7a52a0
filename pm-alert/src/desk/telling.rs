//! Telling: what comes of judging goes to channels, to standard output and to people at a terminal, and what became of it
//! goes back into the state.

use std::io::{self, Write};

use pm_cli::{Exit, Explain, Streams, printable};
use pm_record::Record;
use pm_store::ChannelSettings;

use super::{Desk, Item, REFRESH_MILLIS};
use crate::TOOL;
use crate::channels::Firing;
use crate::known::Judged;
use crate::notice::{Delivery, Notice};
use crate::tips;

impl Desk<'_> {
    /// Gives the tips that nobody was given lately: a record, and what people read of it.
    pub(super) fn advise(&mut self, io: &mut Streams) -> io::Result<()> {
        let tips = self.ledger.news(self.tips.finish(), io.clock.now_millis());
        self.tell_troubles(io);
        tips.into_iter().try_for_each(|tip| {
            let text = if self.config.console { tips::text(&tip) } else { String::new() };
            if io.output.is_terminal() {
                return io.output.write_all(text.as_bytes());
            }
            let _ = io.diagnostics.write_all(text.as_bytes());
            io.output.write_all(&Record::Tip(Box::new(tip)).to_line())
        })
    }

    pub(super) fn say_what_was_counted(&mut self, io: &mut Streams) -> io::Result<()> {
        if io.output.is_terminal() {
            let text = self.console.finish(self.config.color.decide(&io.environment, true));
            return io.output.write_all(text.as_bytes());
        }
        let color = self.config.color.decide(&io.environment, io.diagnostics_are_terminal());
        let _ = io.diagnostics.write_all(self.console.finish(color).as_bytes());
        Ok(())
    }

    /// Notes what became of what was handed over.
    pub(super) fn collect(&mut self, io: &mut Streams) {
        let deliveries = self.channels.reports(io);
        self.mark(&deliveries, io);
    }

    pub(super) fn mark(&mut self, deliveries: &[Delivery], io: &mut Streams) {
        if !deliveries.is_empty() {
            self.ledger.settle(deliveries, io.clock.now_millis());
            self.tell_troubles(io);
        }
    }

    pub(super) fn is_refresh_due(&self, io: &Streams) -> bool {
        let is_past = |last: i64| last.abs_diff(io.clock.now_millis()) >= REFRESH_MILLIS;
        !self.channels.refreshed().is_empty() && self.refreshed.is_none_or(is_past)
    }

    /// Tells those who keep a list what fires, when it is time.
    pub(super) fn refresh(&mut self, io: &mut Streams) {
        if !self.notifies() || !self.is_refresh_due(io) {
            return;
        }
        let now = io.clock.now_millis();
        self.refreshed = Some(now);
        let (firing, until) = self.ledger.refresh(&self.channels.refreshed(), now);
        let firing = firing.into_iter().filter_map(|(row, known)| {
            let told = *known.last?;
            Some(Firing { row, channels: told.channels, what: told.what, alert: told.alert })
        });
        let firing: Vec<_> = firing.collect();
        self.channels.refresh(&firing, until);
    }

    /// Tells every channel but a standard output that is a terminal.
    pub(super) fn notify(&mut self, io: &mut Streams, judged: &mut Judged) -> Vec<Delivery> {
        if !self.notifies() {
            // Nobody is notified, but whoever looks at the terminal asked for all of it.
            let console = io.output.is_terminal().then(|| ChannelSettings::CONSOLE.to_owned());
            judged.all().for_each(|notice| notice.channels = console.iter().cloned().collect());
            return Vec::new();
        }
        let color = self.config.color.decide(&io.environment, io.diagnostics_are_terminal());
        let notices: Vec<&Notice> = judged.all().map(|notice| &*notice).collect();
        let mut deliveries = self.channels.hand_over(&notices, io);
        if !io.output.is_terminal() {
            for notice in notices.into_iter().filter(|notice| notice.is_for_console()) {
                if self.config.console {
                    // A closed standard error is not our trouble.
                    let _ = io.diagnostics.write_all(self.console.show(notice, color).as_bytes());
                }
                deliveries.push(Delivery::shown(notice));
            }
        }
        deliveries
    }

    /// Writes the lines that are passed on, each with the alerts that it caused right after it.
    pub(super) fn write(
        &mut self,
        io: &mut Streams,
        batch: &mut Vec<Item>,
        judged: &mut Judged,
        deliveries: &mut Vec<Delivery>,
    ) -> io::Result<()> {
        let is_text = io.output.is_terminal();
        let color = self.config.color.decide(&io.environment, is_text);
        let (console, is_shown) = (&mut self.console, self.config.console);
        let mut show = |io: &mut Streams, notice: &Notice| {
            if !is_text {
                return io.output.write_all(&notice.line());
            }
            if !notice.is_for_console() {
                return Ok(());
            }
            deliveries.push(Delivery::shown(notice));
            let text = if is_shown { console.show(notice, color) } else { String::new() };
            io.output.write_all(text.as_bytes())
        };
        if is_text {
            judged.left_behind.iter().try_for_each(|notice| show(io, notice))?;
        }
        let mut notices = judged.notices.iter();
        for Item { line, has_findings, .. } in batch.drain(..) {
            match line {
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
            let caused = if has_findings { notices.next() } else { None };
            caused.into_iter().flatten().try_for_each(|notice| show(io, notice))?;
        }
        judged.untimely.iter().try_for_each(|notice| show(io, notice))?;
        // Whoever waits for an alert does not wait until the state says that it was told.
        io.output.flush()
    }

    pub(super) fn tell_troubles(&mut self, io: &mut Streams) {
        for trouble in self.ledger.troubles() {
            self.has_trouble |= trouble.exit() != Exit::Done;
            io.complain(TOOL, &trouble);
        }
    }
}
