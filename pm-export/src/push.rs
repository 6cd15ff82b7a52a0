//! Delivering to a receiver: batches of what was read, and how far that was only once it has arrived.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pm_cli::{Exit, Input, Source, Streams, human};
use pm_record::{BadRecord, PerformanceAlert, Reading, Record, Wanted};

use crate::client::Client;
use crate::config::Config;
use crate::delivery::Delivery;
use crate::error::Warning;
use crate::intake::{self, Taker};
use crate::meter::Meter;
use crate::receivers::{Batch, Receiver, Seconds, Tracer, WINDOW, span_of};
use crate::spool::Spool;
use crate::state::{Partly, State};
use crate::traces::Executions;
use crate::waiting::follow;
use crate::{Error, TOOL, inputs};

/// How many records are delivered at once, where each minute or each execution counts.
const BATCH: u64 = 5000;

/// How many bytes of spans are delivered at once: what is held until then is most of what is held at all.
const MOST_SPANS: usize = 2 << 20;

/// Takes lines, and delivers what they come to.
struct Push<'a> {
    config: &'a Config,
    receiver: &'a Receiver,
    delivery: Delivery,
    totals: Meter,
    windows: BTreeMap<i64, Meter>,
    /// Which seconds of minutes have been delivered, where points take the place of others.
    seconds: Seconds,
    alerts: Vec<PerformanceAlert>,
    executions: Executions,
    tracer: Tracer,
    wanted: Wanted,
    /// How many records the batch had that was given up when a part of it had arrived.
    cut: Option<u64>,
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

/// The spool, or none where it cannot be used: what comes may well be delivered without one.
fn spool(receiver: &Receiver, config: &Config, io: &mut Streams) -> Option<Spool> {
    let spool = inputs::spool(receiver, config, io.clock.now_millis());
    spool.unwrap_or_else(|error| {
        io.complain(TOOL, &error);
        None
    })
}

/// The whole run.
pub(crate) fn run(config: &Config, receiver: &Receiver, io: &mut Streams) -> Result<Exit, Error> {
    let mut push = Push::new(config, receiver, io)?;
    let done = if let (Source::Store(named), Some(_)) = (&config.source, &config.position) {
        let store = inputs::store(named.as_deref(), io)?;
        let mut backlog = inputs::backlog(store.clone(), config, io)?;
        if config.dry {
            backlog.forget();
        }
        match backlog.state.restore(config.shape.clone()) {
            Ok(model) => push.totals.model = model,
            Err(reason) => backlog.begin_anew(reason, config, io)?,
        }
        if let Some(partly) = &backlog.state.partly
            && let Some(done) = &mut push.delivery.done
        {
            (*done, push.cut) = (partly.arrived.clone(), Some(partly.records.max(1)));
        }
        push.executions = backlog.state.traces.as_ref().map(Executions::restore).unwrap_or_default();
        push.seconds = backlog.state.seconds.clone();
        push.since = Some(backlog.state.since);
        follow(config, &store, &mut backlog, &mut push, io)
    } else {
        let inputs = inputs::open(config, io)?;
        io.tell_of_typing(TOOL, &inputs);
        // Also where nothing new comes.
        push.delivery.send_kept(io)?;
        let read = intake::read(inputs, &mut push, config, io);
        // What was read before an input failed has been delivered by now, and its last spans belong to it.
        let finished = match &read {
            Ok(_) | Err(Error::Read(_)) => push.finish(io),
            Err(_) => Ok(()),
        };
        read.map(|skipped| intake::tell(&skipped, io)).and(finished)
    };
    // Whoever sent what is kept may have ended meanwhile, and the receiver may be back.
    let done = done.and_then(|()| push.delivery.send_kept(io));
    push.tell_at_the_end(io);
    let is_kept = push.delivery.tell_at_the_end(io);
    done?;
    Ok(if push.delivery.refused() > 0 || is_kept { Exit::Environment } else { Exit::Done })
}

impl<'a> Push<'a> {
    fn new(config: &'a Config, receiver: &'a Receiver, io: &mut Streams) -> Result<Self, Error> {
        let client = if config.dry { None } else { Some(Client::new(&receiver.places(), &io.environment)?) };
        let totals = Meter::new(config);
        let mut wanted = totals.wanted();
        let tracer = if receiver.takes_executions() { Tracer::want(&mut wanted) } else { Tracer::default() };
        Ok(Self {
            config,
            receiver,
            delivery: Delivery::new(client, receiver, spool(receiver, config, io), config, io),
            totals,
            windows: BTreeMap::new(),
            seconds: Seconds::default(),
            alerts: Vec::new(),
            executions: Executions::default(),
            tracer,
            wanted,
            cut: None,
            gathered: 0,
            is_news: true,
            delivered: None,
            since: None,
            now: io.clock.now_millis(),
            expired: 0,
        })
    }

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

    /// Takes what a line holds, unless nobody wants it any more.
    fn take_reading(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        match reading {
            Reading::Run(run) => {
                if self.wants(Some(run.timestamp().as_millis()), Some(run.end().as_millis())) {
                    if self.receiver.counts() {
                        self.meter(run.end().as_millis()).take(Reading::Run(run))?;
                    }
                    if self.receiver.takes_executions() {
                        self.tracer.run(&run, &mut self.executions);
                    }
                }
            }
            Reading::Other(line) => {
                let record = Record::parse(line)?;
                let at = record.timestamp().map(pm_record::Timestamp::as_millis);
                if self.wants(at, at) {
                    self.take_other(record, at);
                }
            }
            Reading::Partial(_) => {}
        }
        Ok(())
    }

    fn take_other(&mut self, record: Record, at: Option<i64>) {
        if self.receiver.counts() {
            self.meter(at.unwrap_or(self.now)).take_other(&record);
        }
        if self.receiver.takes_executions() {
            span_of(&record, &mut self.executions);
        }
        if let Record::Alert(alert) = record
            && self.receiver.takes_events()
        {
            self.alerts.push(*alert);
        }
    }

    /// Whether a record that began and ended then is wanted; one that is too old is counted.
    fn wants(&mut self, start: Option<i64>, end: Option<i64>) -> bool {
        if start.is_some_and(|start| !self.config.period.covers(start)) {
            return false;
        }
        let oldest = self.receiver.longest_age().map(|age| self.now.saturating_sub(age));
        let is_expired = oldest.zip(end).is_some_and(|(oldest, end)| end < oldest);
        self.expired += u64::from(is_expired);
        !is_expired
    }

    /// What counts a record that ended then.
    fn meter(&mut self, end: i64) -> &mut Meter {
        if !self.receiver.takes_windows() {
            return &mut self.totals;
        }
        let start = end.div_euclid(WINDOW) * WINDOW;
        self.windows.entry(start).or_insert_with(|| Meter::new(self.config))
    }

    /// Delivers the spans of which the run never came: there is no later run of the program that could go on.
    fn finish(&mut self, io: &mut Streams) -> Result<(), Error> {
        self.executions.let_all_go();
        if self.executions.spans.weight() > 0 { self.deliver(false, io) } else { Ok(()) }
    }

    /// Delivers what was gathered, with the totals or without them.
    fn deliver(&mut self, has_totals: bool, io: &mut Streams) -> Result<(), Error> {
        self.now = io.clock.now_millis();
        let batch = Batch {
            totals: &self.totals,
            windows: &self.windows,
            seconds: &self.seconds,
            alerts: &self.alerts,
            spans: &self.executions.spans,
            has_totals,
            since: self.since,
            now: self.now,
        };
        let newest = self.windows.last_key_value().map(|(start, _)| start + WINDOW);
        self.delivery.begin(newest);
        self.receiver.deliver(&batch, &mut self.delivery, io)?;
        if self.receiver.replaces_points() {
            self.seconds.take(&self.windows, self.now);
        }
        self.windows.clear();
        self.alerts.clear();
        self.executions.spans.clear();
        if has_totals && self.since.is_none() && self.receiver.sums() {
            self.totals.clear(self.config);
        }
        self.delivery.done.iter_mut().for_each(Vec::clear);
        (self.gathered, self.cut) = (0, None);
        if has_totals {
            (self.is_news, self.delivered) = (false, Some(Instant::now()));
        }
        Ok(())
    }
}

impl Taker for Push<'_> {
    fn wanted(&self) -> Wanted {
        self.wanted.clone()
    }

    fn take(&mut self, reading: Reading<'_>) -> Result<(), BadRecord> {
        self.take_reading(reading)?;
        self.gathered += 1;
        self.is_news = true;
        Ok(())
    }

    fn is_full(&self) -> bool {
        let keeps = self.receiver.takes_windows() || self.receiver.takes_executions();
        keeps && (self.gathered >= self.cut.unwrap_or(BATCH) || self.executions.spans.weight() >= MOST_SPANS)
    }

    fn settle(&mut self, io: &mut Streams) -> Result<(), Error> {
        let is_cut = self.is_full();
        self.executions.let_old_go((!is_cut).then_some(self.now));
        // Totals of a long backlog are not of interest a hundred times a second.
        let is_fresh = self.delivered.is_some_and(|delivered| delivered.elapsed() < self.config.interval);
        self.deliver(!(is_cut && is_fresh && self.receiver.takes_executions()), io)
    }

    fn is_pending(&self) -> bool {
        self.gathered > 0
    }

    fn partly(&self) -> Option<Partly> {
        let arrived = self.delivery.done.clone().filter(|done| !done.is_empty())?;
        Some(Partly { records: self.gathered, arrived })
    }

    /// Delivers what came, as often as it was asked for, and what was kept when its receiver may be back.
    fn idle(&mut self, input: &mut Input, io: &mut Streams) -> Result<(), Error> {
        loop {
            let since = |delivered: Instant| self.config.interval.saturating_sub(delivered.elapsed());
            let news =
                (self.is_news && self.gathered > 0).then(|| self.delivered.map_or(Duration::ZERO, since));
            let kept = self.delivery.next_try();
            let kept = kept.map(|next| next.saturating_duration_since(Instant::now()));
            let Some(left) = news.into_iter().chain(kept).min() else { return Ok(()) };
            if !left.is_zero() && input.ready_within(left).map_err(Error::Read)? {
                return Ok(());
            }
            if news == Some(left) { self.settle(io)? } else { self.delivery.send_kept(io)? }
        }
    }

    fn keep(&self, state: &mut State) {
        if !self.receiver.takes_windows() {
            state.keep(&self.totals.model);
        }
        state.seconds = self.seconds.clone();
        if self.receiver.takes_executions() {
            state.traces = Some(self.executions.keep());
        }
    }
}

#[cfg(test)]
mod tests {
    use pm_cli::Trial;

    use super::*;
    use crate::args::Args;
    use crate::config::Form;

    const ALERT: &[u8] = br#"{"performance_alert":{"type":"x","threshold_exceeded":"a > b","current_value":"c","timestamp":"2024-12-06T10:30:15Z"}}"#;

    #[track_caller]
    fn check_held_alerts(args: &[&str], expected: usize) {
        let take = |args, io: &mut Streams| -> Result<Exit, Error> {
            let args = pm_cli::parse::<Args>(args, io)?.expect("arguments");
            let config = Config::new(args, io.clock.now_millis(), &io.environment)?;
            let Form::Push(receiver) = &config.form else { unreachable!("it is delivered") };
            let mut push = Push::new(&config, receiver, io)?;
            push.take(Reading::Other(ALERT)).expect("an alert");
            assert_eq!(push.alerts.len(), expected);
            Ok(Exit::Done)
        };
        let trial = Trial::new().variable("DD_API_KEY", "k").now(1_733_481_020_000);
        let outcome = trial.run(TOOL, take, args);
        assert_eq!((outcome.exit, outcome.stderr.as_str()), (Exit::Done, ""));
    }

    #[test]
    fn alerts_are_held_only_for_whom_they_are_events() {
        check_held_alerts(&["--to", "datadog", "--dry-run"], 1);
        check_held_alerts(&["--to", "pushgateway", "--dry-run"], 0);
        check_held_alerts(&["--to", "otlp", "--dry-run"], 0);
    }
}
