//! Delivering to a receiver: batches of what was read, and how far that was only once it has arrived.

use std::collections::BTreeMap;
use std::time::Instant;

use pm_cli::{Exit, Input, Source, Streams, human};
use pm_record::{BadRecord, PerformanceAlert, Reading, Record, Wanted};

use crate::client::Client;
use crate::config::Config;
use crate::delivery::Delivery;
use crate::error::Warning;
use crate::intake::{self, Taker};
use crate::meter::Meter;
use crate::receivers::{Batch, Executions, Receiver, WINDOW};
use crate::state::State;
use crate::waiting::follow;
use crate::{Error, TOOL, inputs};

/// How many records are delivered at once, where each minute or each execution counts.
const BATCH: u64 = 5000;

/// Takes lines, and delivers what they come to.
struct Push<'a> {
    config: &'a Config,
    receiver: &'a Receiver,
    delivery: Delivery,
    totals: Meter,
    windows: BTreeMap<i64, Meter>,
    alerts: Vec<PerformanceAlert>,
    executions: Executions,
    /// Records in the batch.
    gathered: u64,
    /// Whether anything came since the last delivery.
    is_news: bool,
    delivered: Option<Instant>,
    /// When counting began, where totals go on.
    since: Option<i64>,
    now: i64,
    /// Records that are too old for the receiver.
    expired: u64,
}

/// The whole run.
pub(crate) fn run(config: &Config, receiver: &Receiver, io: &mut Streams) -> Result<Exit, Error> {
    let dry = config.dry;
    let client = if dry { None } else { Some(Client::new(&receiver.urls(), &io.environment)?) };
    let mut push = Push {
        config,
        receiver,
        delivery: Delivery::new(client, receiver.judge(), config, io),
        totals: Meter::new(config),
        windows: BTreeMap::new(),
        alerts: Vec::new(),
        executions: Executions::default(),
        gathered: 0,
        is_news: true,
        delivered: None,
        since: None,
        now: io.clock.now_millis(),
        expired: 0,
    };
    let done = if let (Source::Store(named), Some(_)) = (&config.source, &config.position) {
        let store = inputs::store(named.as_deref(), io)?;
        let mut backlog = inputs::backlog(store.clone(), config, io)?;
        if dry {
            backlog.forget();
        }
        match backlog.state.restore(config.shape.clone()) {
            Ok(model) => push.totals.model = model,
            Err(reason) => backlog.begin_anew(reason, config, io)?,
        }
        push.since = Some(backlog.state.since);
        follow(config, &store, &mut backlog, &mut push, io)
    } else {
        let inputs = inputs::open(config, io)?;
        io.tell_of_typing(TOOL, &inputs);
        intake::read(inputs, &mut push, config.strict, io).map(|skipped| intake::tell(&skipped, io))
    };
    push.tell_at_the_end(io);
    done?;
    Ok(if push.delivery.refused > 0 { Exit::Environment } else { Exit::Done })
}

impl Push<'_> {
    /// Tells people what did not arrive, in all.
    fn tell_at_the_end(&mut self, io: &mut Streams) {
        if self.expired > 0 {
            let count = human::count(self.expired);
            io.tell(TOOL, &format!("records older than the receiver takes, left out: {count}"));
        }
        for (family, count) in self.totals.model.take_overflows() {
            let count = human::count(count);
            let most = self.config.shape.max_series;
            io.complain(TOOL, &Warning::Overflow { metric: family.base(), most, count });
        }
    }

    fn take_reading(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        let line = match &reading {
            Reading::Run(run) => run.line(),
            Reading::Other(line) => line,
            Reading::Partial(_) => return Ok(()),
        };
        let is_other = matches!(reading, Reading::Other(_));
        let wants_record = self.receiver.takes_executions() || (is_other && self.receiver.takes_windows());
        let record = if wants_record { Some(Record::parse(line)?) } else { None };
        let start = match (&reading, &record) {
            (Reading::Run(run), _) => Some(run.timestamp().as_millis()),
            (_, Some(record)) => record.timestamp().map(pm_record::Timestamp::as_millis),
            _ => None,
        };
        if start.is_some_and(|start| !self.config.period.covers(start)) {
            return Ok(());
        }
        let end = match (&reading, &record) {
            (Reading::Run(run), _) => Some(run.end().as_millis()),
            (_, Some(record)) => record.timestamp().map(pm_record::Timestamp::as_millis),
            _ => None,
        };
        if let (Some(age), Some(end)) = (self.receiver.longest_age(), end)
            && end < self.now.saturating_sub(age)
        {
            self.expired += 1;
            return Ok(());
        }
        if self.receiver.takes_windows() {
            let start = end.unwrap_or(self.now).div_euclid(WINDOW) * WINDOW;
            let window = self.windows.entry(start).or_insert_with(|| Meter::new(self.config));
            window.take(reading)?;
        } else {
            self.totals.take(reading)?;
        }
        match record {
            Some(Record::Alert(alert)) => self.alerts.push(*alert),
            Some(record) if self.receiver.takes_executions() => self.executions.take(record),
            _ => {}
        }
        Ok(())
    }
}

impl Taker for Push<'_> {
    fn wanted(&self) -> Wanted {
        self.totals.wanted()
    }

    fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        self.take_reading(reading)?;
        self.gathered += 1;
        self.is_news = true;
        Ok(())
    }

    fn is_full(&self) -> bool {
        let keeps = self.receiver.takes_windows() || self.receiver.takes_executions();
        keeps && self.gathered >= BATCH
    }

    fn settle(&mut self, io: &mut Streams) -> Result<(), Error> {
        self.now = io.clock.now_millis();
        let batch = Batch {
            totals: &self.totals,
            windows: &self.windows,
            alerts: &self.alerts,
            executions: &self.executions,
            since: self.since,
            now: self.now,
        };
        self.receiver.deliver(&batch, &mut self.delivery, io)?;
        self.windows.clear();
        self.alerts.clear();
        self.executions.clear();
        if self.since.is_none() && self.receiver.sums() {
            self.totals.clear(self.config);
        }
        (self.gathered, self.is_news, self.delivered) = (0, false, Some(Instant::now()));
        Ok(())
    }

    /// Delivers what came, as often as it was asked for.
    fn idle(&mut self, input: &mut Input, io: &mut Streams) -> Result<(), Error> {
        while self.is_news && self.gathered > 0 {
            let due =
                self.delivered.map(|delivered| self.config.interval.saturating_sub(delivered.elapsed()));
            match due.filter(|due| !due.is_zero()) {
                Some(left) if input.ready_within(left).map_err(Error::Read)? => return Ok(()),
                Some(_) => {}
                None => self.settle(io)?,
            }
        }
        Ok(())
    }

    fn keep(&self, state: &mut State) {
        if !self.receiver.takes_windows() {
            state.keep(&self.totals.model);
        }
    }
}
