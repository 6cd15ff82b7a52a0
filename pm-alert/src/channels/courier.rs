//! Who brings messages to one channel: a thread that tries, waits and tries again, and reports.
//!
//! What one rule says within [`GROUP`] of a message of its own waits, and is one message then; the first goes at once.
//! Once the channel has failed, what follows fails unseen for [`REST`]: a receiver that is away is not asked by every
//! message, and nobody waits for each of them.

use std::collections::HashMap;
use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::message::{Firing, Message};
use crate::notice::Outcome;

/// How long further alerts of a rule are gathered.
const GROUP: Duration = Duration::from_secs(5);

/// How many alerts one message has at most.
const MOST: usize = 500;

/// How often a message is tried at once, and how long that may take before the last of them.
const ATTEMPTS: u32 = 3;
pub(super) const BUDGET: Duration = Duration::from_secs(20);

/// Before the second attempt; four times as long before each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// A receiver that asks for more time than this is tried by a later run.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a receiver that failed is left alone.
const REST: Duration = Duration::from_secs(30);

/// How often whoever waits for it looks whether there is still time.
const LOOK: Duration = Duration::from_millis(100);

/// A way to a receiver.
pub(super) trait Transport: fmt::Debug + Send {
    /// Brings it a message.
    fn deliver(&mut self, message: &Message) -> Result<(), Trouble>;

    /// Tells it what fires, if it keeps a list of that. `until` is in milliseconds since the Unix epoch.
    fn refresh(&mut self, _firing: &[Firing], _until: i64) -> Result<(), Trouble> {
        Ok(())
    }
}

/// Why a receiver has not taken a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// For people; without secrets.
    pub(crate) reason: String,
    /// Whether it may take it at another time, with nothing changed.
    pub(crate) is_passing: bool,
    /// When it asks to be tried again.
    pub(crate) not_before: Option<Duration>,
}

/// Something to bring.
#[derive(Debug)]
pub(super) enum Parcel {
    Message(Message),
    Refresh { firing: Vec<Firing>, until: i64 },
}

/// What became of a message.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) channel: String,
    pub(crate) numbers: Vec<u64>,
    pub(crate) outcome: Outcome,
    pub(crate) error: Option<String>,
}

/// One channel's thread.
#[derive(Debug)]
pub(super) struct Courier {
    parcels: Sender<Parcel>,
    reports: Receiver<Report>,
}

/// A thread that brings what is left and then ends.
#[derive(Debug)]
pub(super) struct Closing {
    reports: Receiver<Report>,
}

impl Courier {
    pub(super) fn start(name: String, transport: Box<dyn Transport>) -> Self {
        let ((parcels, to_bring), (to_report, reports)) = (channel(), channel());
        let round =
            Round { channel: name, transport, reports: to_report, last: HashMap::new(), resting: None };
        // Without a thread, nothing is reported, and so everything tried again by a later run.
        let _ = thread::Builder::new().name("courier".to_owned()).spawn(move || round.go(&to_bring));
        Self { parcels, reports }
    }

    pub(super) fn hand_over(&self, parcel: Parcel) {
        let _ = self.parcels.send(parcel);
    }

    pub(super) fn reports(&mut self) -> impl Iterator<Item = Report> {
        self.reports.try_iter()
    }

    /// Lets it end; what it holds is brought at once.
    pub(super) fn close(self) -> Closing {
        Closing { reports: self.reports }
    }
}

impl Closing {
    /// What it has still to say, until it ends or the time is over; `end` may come to be sooner meanwhile.
    pub(super) fn wait(self, mut end: impl FnMut() -> Instant) -> Vec<Report> {
        let mut reports = Vec::new();
        loop {
            let left = end().saturating_duration_since(Instant::now());
            match self.reports.recv_timeout(left.min(LOOK)) {
                Ok(report) => reports.push(report),
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(_) => return reports,
            }
        }
    }
}

/// What the thread knows.
#[derive(Debug)]
struct Round {
    channel: String,
    transport: Box<dyn Transport>,
    reports: Sender<Report>,
    /// When each rule was last told of.
    last: HashMap<String, Instant>,
    /// Until when the receiver is left alone, and why.
    resting: Option<(Instant, Trouble)>,
}

impl Round {
    fn go(mut self, parcels: &Receiver<Parcel>) {
        let mut held: Vec<Message> = Vec::new();
        let mut is_open = true;
        while is_open || !held.is_empty() {
            let now = Instant::now();
            let due = held.iter().map(|message| self.due(message, now)).min();
            let parcel = match due {
                _ if !is_open => Err(RecvTimeoutError::Timeout),
                Some(due) => parcels.recv_timeout(due.saturating_duration_since(now)),
                None => parcels.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            is_open &= !matches!(parcel, Err(RecvTimeoutError::Disconnected));
            for parcel in parcel.into_iter().chain(parcels.try_iter()) {
                match parcel {
                    Parcel::Message(message) => hold(&mut held, message),
                    Parcel::Refresh { firing, until } => self.refresh(&firing, until),
                }
            }
            let now = Instant::now();
            let (due, later) =
                held.into_iter().partition(|message| !is_open || self.due(message, now) <= now);
            held = later;
            let due: Vec<Message> = due;
            for message in &due {
                self.bring(message);
            }
        }
    }

    fn due(&self, message: &Message, now: Instant) -> Instant {
        let is_full = message.parts.len() >= MOST;
        self.last.get(&message.rule).filter(|_| !is_full).map_or(now, |last| *last + GROUP)
    }

    fn bring(&mut self, message: &Message) {
        let brought = self.attempt(|transport| transport.deliver(message));
        self.last.insert(message.rule.clone(), Instant::now());
        let (outcome, error) = match brought {
            Ok(()) => (Outcome::Done, None),
            Err(trouble) => {
                let not_before =
                    trouble.not_before.map(|wait| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
                (Outcome::Failed { not_before }, Some(trouble.reason))
            }
        };
        let _ = self.reports.send(Report {
            channel: self.channel.clone(),
            numbers: message.numbers(),
            outcome,
            error,
        });
    }

    fn refresh(&mut self, firing: &[Firing], until: i64) {
        if let Err(trouble) = self.attempt(|transport| transport.refresh(firing, until)) {
            let (numbers, outcome) = (Vec::new(), Outcome::Failed { not_before: None });
            let _ = self.reports.send(Report {
                channel: self.channel.clone(),
                numbers,
                outcome,
                error: Some(trouble.reason),
            });
        }
    }

    fn attempt(
        &mut self,
        mut deliver: impl FnMut(&mut dyn Transport) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let begin = Instant::now();
        if let Some((until, trouble)) = &self.resting
            && begin < *until
        {
            return Err(trouble.clone());
        }
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let trouble = match deliver(self.transport.as_mut()) {
                Ok(()) => break,
                Err(trouble) => trouble,
            };
            let wait = trouble.not_before.unwrap_or(pause).max(pause);
            let is_last = attempt == ATTEMPTS || !trouble.is_passing || wait > LONGEST_PAUSE;
            if is_last || begin.elapsed() + wait > BUDGET {
                self.resting = Some((Instant::now() + REST, trouble.clone()));
                return Err(trouble);
            }
            thread::sleep(wait);
            pause *= 4;
        }
        self.resting = None;
        Ok(())
    }
}

/// Adds a message to those of its rule that wait.
fn hold(held: &mut Vec<Message>, message: Message) {
    match held.iter_mut().find(|waiting| waiting.rule == message.rule && waiting.parts.len() < MOST) {
        Some(waiting) => waiting.parts.extend(message.parts),
        None => held.push(message),
    }
}
