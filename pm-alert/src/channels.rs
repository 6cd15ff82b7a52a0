//! Who is told of alerts, beside the console: each channel on a thread of its own, so that one that hangs keeps
//! neither the judge nor another channel waiting.
//!
//! What a channel did not take stays in the state and is tried again by a later run, or by this one if it goes on for
//! so long. What was sent and could not be marked as sent, because of a crash, is sent once more: alerts carry ids, so
//! that a receiver can tell.

mod alertmanager;
mod body;
mod courier;
mod github;
mod mail;
mod message;
mod program;
mod webhook;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use pm_cli::{Environment, Exit, Explain, Streams};
use pm_store::{ChannelKind, ChannelSettings, LONGEST_TIMEOUT_MILLIS, Store};

pub(crate) use courier::Report;
use courier::{Courier, Parcel, Transport};
use github::Github;
pub(crate) use message::{Firing, Message};

use crate::notice::{Delivery, Held, Notice, Outcome};
use crate::{Error, TOOL};

/// Longer than any channel takes until it gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(50);
const _: () = assert!(PATIENCE.as_millis() >= courier::BUDGET.as_millis() + LONGEST_TIMEOUT_MILLIS as u128);

/// Whoever has interrupted us does not wait; what was not sent by then is sent by a later run.
const PATIENCE_AFTER_SIGNAL: Duration = Duration::from_secs(2);

/// Everybody who can be told, beside the console.
#[derive(Debug)]
pub(crate) struct Channels {
    settings: IndexMap<String, ChannelSettings>,
    couriers: BTreeMap<String, Courier>,
    /// What the couriers have and have not reported.
    held: Held,
    /// Whether the settings are the user's own.
    is_trusted: bool,
    environment: Environment,
    /// Where the log is.
    store: Option<Store>,
    github: Github,
    /// What has been complained about.
    complained: Vec<String>,
    has_trouble: bool,
}

impl Channels {
    pub(crate) fn new(
        settings: IndexMap<String, ChannelSettings>,
        is_trusted: bool,
        environment: Environment,
        store: Option<Store>,
    ) -> Self {
        Self {
            settings,
            couriers: BTreeMap::new(),
            held: Held::default(),
            is_trusted,
            github: Github::new(&environment),
            environment,
            store,
            complained: Vec::new(),
            has_trouble: false,
        }
    }

    /// Whether there is such a channel.
    pub(crate) fn knows(&self, name: &str) -> bool {
        ChannelSettings::BUILT_IN.contains(&name) || self.settings.contains_key(name)
    }

    /// Whether anything went wrong.
    pub(crate) fn has_trouble(&self) -> bool {
        self.has_trouble
    }

    /// The channels that keep a list of what fires and forget what they are not told again.
    pub(crate) fn refreshed(&self) -> Vec<&str> {
        let is_refreshed = |settings: &ChannelSettings| matches!(settings.kind, ChannelKind::Alertmanager(_));
        let names = self.settings.iter().filter(|(_, settings)| is_refreshed(settings));
        names.filter(|_| self.is_trusted).map(|(name, _)| name.as_str()).collect()
    }

    /// Hands notices to all their channels but the console. What is known at once is returned; the rest comes as
    /// reports. What one rule says on one channel is one message.
    pub(crate) fn hand_over(&mut self, notices: &[&Notice], io: &mut Streams) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        let mut messages: IndexMap<(String, String), Message> = IndexMap::new();
        for notice in notices {
            for channel in notice.channels.iter().filter(|name| *name != ChannelSettings::CONSOLE) {
                let delivery =
                    |outcome| Delivery { number: notice.number, channel: channel.clone(), outcome };
                match channel.as_str() {
                    ChannelSettings::LOG => deliveries.push(delivery(self.log(notice, io))),
                    ChannelSettings::GITHUB => {
                        self.github.push(notice);
                        deliveries.push(delivery(Outcome::Done));
                    }
                    name => match self.settings.get(name).map(|settings| &settings.kind) {
                        Some(ChannelKind::Github) => {
                            self.github.push(notice);
                            deliveries.push(delivery(Outcome::Done));
                        }
                        Some(_) if self.is_trusted => {
                            self.held.add(channel, notice.number);
                            let key = (channel.clone(), notice.rule.clone());
                            messages.entry(key).or_insert_with(|| Message::new(&notice.rule)).push(notice);
                        }
                        Some(_) => {
                            self.complain(&Error::Untrusted { channel: channel.clone() }, io);
                            deliveries.push(delivery(Outcome::Done));
                        }
                        // It has left the file since.
                        None => deliveries.push(delivery(Outcome::Done)),
                    },
                }
            }
        }
        for ((channel, _), message) in messages {
            self.courier(&channel).hand_over(Parcel::Message(message));
        }
        deliveries
    }

    /// Tells those who keep a list what fires.
    pub(crate) fn refresh(&mut self, firing: &[Firing], until: i64) {
        let names: Vec<_> = self.refreshed().into_iter().map(str::to_owned).collect();
        for name in names {
            let theirs: Vec<_> =
                firing.iter().filter(|firing| firing.channels.contains(&name)).cloned().collect();
            if !theirs.is_empty() {
                self.courier(&name).hand_over(Parcel::Refresh { firing: theirs, until });
            }
        }
    }

    /// What is on its way.
    pub(crate) fn held(&self) -> &Held {
        &self.held
    }

    /// Whether there is anybody to report.
    pub(crate) fn are_busy(&self) -> bool {
        !self.couriers.is_empty()
    }

    /// What has become of what was handed over.
    pub(crate) fn reports(&mut self, io: &mut Streams) -> Vec<Delivery> {
        let reports: Vec<_> = self.couriers.values_mut().flat_map(Courier::reports).collect();
        self.deliveries(reports, io)
    }

    /// The same, once everybody has taken what was handed over or given up, and what GitHub is told at the end.
    pub(crate) fn finish(&mut self, io: &mut Streams) -> Vec<Delivery> {
        let begin = Instant::now();
        let couriers = std::mem::take(&mut self.couriers);
        // A job may end before the others have taken what is theirs.
        if let Err(error) = self.github.finish(io) {
            self.complain(&error, io);
        }
        // All of them at once, and not one after the other.
        let closing: Vec<_> = couriers.into_values().map(Courier::close).collect();
        let mut interrupted = None;
        let mut end = || {
            if interrupted.is_none() && io.interrupted().is_some() {
                interrupted = Some(Instant::now());
            }
            let soon = interrupted.map(|at| at + PATIENCE_AFTER_SIGNAL);
            soon.into_iter().chain([begin + PATIENCE]).min().unwrap_or(begin)
        };
        let reports: Vec<_> = closing.into_iter().flat_map(|courier| courier.wait(&mut end)).collect();
        let deliveries = self.deliveries(reports, io);
        let unfinished: Vec<_> = self.held.counts().map(|(name, count)| (name.to_owned(), count)).collect();
        for (channel, count) in unfinished {
            self.complain(&Error::Unfinished { channel, count }, io);
        }
        deliveries
    }

    fn deliveries(&mut self, reports: Vec<Report>, io: &mut Streams) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for Report { channel, numbers, outcome, error } in reports {
            if let Some(reason) = error {
                self.complain(&Error::NotTold { channel: channel.clone(), reason, count: numbers.len() }, io);
            }
            for number in &numbers {
                self.held.remove(&channel, *number);
            }
            deliveries.extend(numbers.into_iter().map(|number| Delivery {
                number,
                channel: channel.clone(),
                outcome,
            }));
        }
        deliveries
    }

    fn courier(&mut self, name: &str) -> &mut Courier {
        let (settings, environment) = (&self.settings[name], &self.environment);
        self.couriers.entry(name.to_owned()).or_insert_with(|| {
            Courier::start(name.to_owned(), transport(settings.clone(), environment.clone()))
        })
    }

    /// Whether the log has it, or there will never be a log for it.
    fn log(&mut self, notice: &Notice, io: &mut Streams) -> Outcome {
        let logged = match &self.store {
            Some(store) => store.append_to_log("alerts", &notice.line()).map_err(Error::from),
            None => Err(Error::NoLog),
        };
        let Err(error) = logged else { return Outcome::Done };
        let is_over = error.exit() == Exit::Done;
        self.complain(&error, io);
        if is_over { Outcome::Done } else { Outcome::Failed { not_before: None } }
    }

    /// Says what went wrong, of each channel once.
    fn complain(&mut self, error: &Error, io: &mut Streams) {
        self.has_trouble |= error.exit() != Exit::Done;
        let what = error.to_string();
        let what = what.split(':').next().unwrap_or_default().to_owned();
        if !self.complained.contains(&what) {
            io.complain(TOOL, error);
            self.complained.push(what);
        }
    }
}

/// Tells one channel of one alert, and says what became of it.
pub(crate) fn deliver_one(
    settings: &ChannelSettings,
    environment: &Environment,
    message: &Message,
) -> Result<(), String> {
    let mut transport = transport(settings.clone(), environment.clone());
    transport.deliver(message).map_err(|trouble| trouble.reason)
}

fn transport(settings: ChannelSettings, environment: Environment) -> Box<dyn Transport> {
    let timeout = Duration::from_millis(settings.timeout_millis.unsigned_abs());
    match settings.kind {
        ChannelKind::Log(path) => Box::new(program::File { path: environment.current_dir().join(path) }),
        ChannelKind::Command(words) => Box::new(program::Program { words, environment, timeout }),
        ChannelKind::Webhook { url, format, header } => Box::new(webhook::Webhook {
            client: webhook::Client::new(environment, timeout),
            url,
            format,
            header,
        }),
        ChannelKind::Alertmanager(urls) => {
            Box::new(alertmanager::Alertmanager { client: webhook::Client::new(environment, timeout), urls })
        }
        ChannelKind::Email { to, from, sendmail } => Box::new(mail::Mail {
            to,
            from,
            program: program::Program { words: sendmail, environment, timeout },
        }),
        ChannelKind::Github => unreachable!("GitHub is told at the end of the run, by this thread"),
    }
}
