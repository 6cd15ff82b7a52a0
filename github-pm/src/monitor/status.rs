//! `monitor status`: whether there is a monitor, and what it has done.

use std::fmt::Write as _;
use std::io;

use pm_cli::{Exit, human, printable};
use pm_record::{Lines, RateLimit, Record, Timestamp};
use pm_store::{Monitor, Question, Retention, Source, Store, Worker};
use serde::Serialize;

use super::lookout::{Holder, holder};
use super::moment;
use crate::Error;
use crate::surroundings::Surroundings;

/// What programs read.
#[derive(Serialize)]
struct Answer<'a> {
    monitor_status: &'a Status,
}

/// How a monitor is.
#[derive(Debug, Default, Serialize)]
struct Status {
    running: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pid: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval_ms: Option<u64>,
    workers: Vec<Worker>,
    records: Recorded,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_tick: Option<Timestamp>,
    quota: Vec<Quota>,
    alerts_firing: Vec<Alert>,
    store: Size,
}

/// How many records were written since the monitor began.
#[derive(Debug, Default, Serialize)]
struct Recorded {
    system_metrics: u64,
    api_monitoring: u64,
}

#[derive(Debug, Serialize)]
struct Quota {
    resource: String,
    remaining: f64,
    limit: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    reset_time: Option<Timestamp>,
}

#[derive(Debug, Serialize)]
struct Alert {
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

#[derive(Debug, Default, Serialize)]
struct Size {
    path: String,
    bytes: u64,
}

/// Says how the monitor of a store is; exit 0 if there is one, 1 if not.
pub(super) fn tell(store: &Store, json: bool, here: &Surroundings, text: &mut String) -> Result<Exit, Error> {
    let status = Status::of(store, holder(store)?, here)?;
    if json {
        *text = serde_json::to_string(&Answer { monitor_status: &status }).expect("its keys are strings");
        text.push('\n');
    } else {
        *text = status.text();
    }
    Ok(if status.running { Exit::Done } else { Exit::Yes })
}

impl Status {
    fn of(store: &Store, holder: Holder, here: &Surroundings) -> Result<Self, Error> {
        let now = Timestamp::from_millis(here.now);
        let mut status = Self { store: size(store, now)?, ..Self::default() };
        let monitor = match holder {
            Holder::Nobody => return Ok(status),
            Holder::Here(monitor) => monitor,
            Holder::Elsewhere(monitor) => Some(monitor),
        };
        status.running = true;
        let firing = store.firing()?.into_iter();
        status.alerts_firing = firing
            .map(|alert| Alert { kind: alert.kind, subject: alert.subject, since: alert.since })
            .collect();
        if let Some(monitor) = monitor {
            status.take(*monitor);
        }
        if let Some(since) = status.since {
            status.count(store, since)?;
        }
        Ok(status)
    }

    fn take(&mut self, monitor: Monitor) {
        self.pid = Some(monitor.process.pid);
        self.host = Some(monitor.process.host);
        self.since = Some(monitor.since);
        self.until = monitor.until;
        self.interval_ms = Some(monitor.interval_ms);
        self.workers = monitor.workers;
    }

    /// Counts what was recorded since then, and takes the last of each kind.
    fn count(&mut self, store: &Store, since: Timestamp) -> Result<(), Error> {
        let question = Question {
            since: Some(since),
            until: None,
            rollups: None,
            records_first: false,
            by_machine: true,
        };
        let (mut tick, mut quota) = (Vec::new(), Vec::new());
        for source in store.sources(&question)? {
            let name = source.path.display().to_string();
            let file = Named(source.open()?, name);
            read(file, &source, &mut |line| {
                let (last, count) = if line.starts_with(b"{\"system_metrics\":") {
                    (&mut tick, &mut self.records.system_metrics)
                } else if line.starts_with(b"{\"api_monitoring\":") {
                    (&mut quota, &mut self.records.api_monitoring)
                } else {
                    return;
                };
                if made(line).is_some_and(|made| made >= since) {
                    *count += 1;
                    last.clear();
                    last.extend_from_slice(line);
                }
            })?;
        }
        self.last_tick = made(&tick);
        if let Ok(Record::Api(reading)) = Record::parse(&quota) {
            self.quota =
                reading.resources.iter().filter_map(|(name, limit)| Quota::of(name, limit)).collect();
        }
        Ok(())
    }

    fn text(&self) -> String {
        let Self { records, store, .. } = self;
        if !self.running {
            return format!("no monitor runs for {}; start one with `github-pm monitor start`\n", store.path);
        }
        let mut text = match self.pid {
            Some(pid) => format!("the monitor runs (pid {pid}{})\n", self.host_text()),
            None => "a monitor runs, and could not say more of itself\n".to_owned(),
        };
        let mut row = |name: &str, value: String| {
            let _ = writeln!(text, "  {name:<12}  {}", printable(&value));
        };
        if let Some(since) = self.since {
            row("since", moment(since));
            row("until", self.until.map_or_else(|| "it is stopped".to_owned(), moment));
        }
        for worker in &self.workers {
            row(&worker.program, worker_text(worker));
        }
        let ticks = human::counted(records.system_metrics, "tick", "ticks");
        let readings =
            human::counted(records.api_monitoring, "reading of rate limits", "readings of rate limits");
        row("records", format!("{ticks}, {readings}"));
        row("last tick", self.last_tick.map_or_else(|| "none yet".to_owned(), moment));
        let (told, untouched): (Vec<_>, Vec<_>) = self.quota.iter().partition(|quota| quota.is_of_interest());
        for quota in told {
            row("quota", quota.text());
        }
        if !untouched.is_empty() {
            row("", format!("{} more, of which nothing is used", untouched.len()));
        }
        for alert in &self.alerts_firing {
            let since = alert.since.map_or_else(String::new, |since| format!(" since {}", moment(since)));
            row("alert", format!("{}: {}{since}", alert.kind, alert.subject));
        }
        row(
            "store",
            format!("{}, {}", store.path, human::mebibytes(store.bytes as f64 / f64::from(1 << 20))),
        );
        text
    }

    fn host_text(&self) -> String {
        self.host.as_ref().map_or_else(String::new, |host| format!(" on {host}"))
    }
}

impl Quota {
    fn of(resource: &str, limit: &RateLimit) -> Option<Self> {
        let (remaining, reset_time) = (limit.remaining?.to_f64(), limit.reset_time);
        Some(Self { resource: resource.to_owned(), remaining, limit: limit.limit?.to_f64(), reset_time })
    }

    /// GitHub names more than a dozen limits, of which most people ever use two.
    fn is_of_interest(&self) -> bool {
        self.remaining < self.limit || ["core", "graphql"].contains(&self.resource.as_str())
    }

    fn text(&self) -> String {
        let Self { resource, remaining, limit, reset_time } = self;
        let [remaining, limit] = [remaining, limit].map(|requests| human::count(whole(*requests)));
        let reset = reset_time.map_or_else(String::new, |reset| format!(", reset at {}", moment(reset)));
        format!("{resource}: {remaining} of {limit} left{reset}")
    }
}

/// A number of requests, of which a record could hold any.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is below 0 counts as 0")]
fn whole(requests: f64) -> u64 {
    requests as u64
}

fn worker_text(worker: &Worker) -> String {
    let trouble = worker.trouble.as_deref().unwrap_or("is not started yet");
    match (worker.pid, worker.restarts) {
        (Some(pid), 0) => format!("runs (pid {pid})"),
        (Some(pid), restarts) => {
            format!(
                "runs (pid {pid}), started again {}; before, it {trouble}",
                human::counted(restarts.into(), "time", "times")
            )
        }
        (None, _) => trouble.to_owned(),
    }
}

/// How long everything in a store is that was recorded.
fn size(store: &Store, now: Timestamp) -> Result<Size, Error> {
    let path = store.root().display().to_string();
    if !store.exists() {
        return Ok(Size { path, bytes: 0 });
    }
    let figures = store.figures(now, &Retention::default())?;
    let rollups: u64 = figures.rollups.iter().map(|amount| amount.bytes).sum();
    Ok(Size { path, bytes: figures.plain.bytes + figures.compressed.bytes + rollups })
}

struct Named(std::fs::File, String);

impl io::Read for Named {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.1)
    }
}

fn read(file: Named, source: &Source, take: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
    let mut lines = Lines::new([file]);
    loop {
        let next = lines.next_line(|_| Ok(())).map_err(Error::file("read", &source.path))?;
        let Some(line) = next else { return Ok(()) };
        take(line.bytes);
    }
}

/// When a record was made, without reading it as a whole: a monitor writes tens of thousands a day.
fn made(line: &[u8]) -> Option<Timestamp> {
    const KEY: &[u8] = b"\"timestamp\":\"";
    let at = line.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    let text = line[at..].split(|&byte| byte == b'"').next()?;
    Timestamp::parse(str::from_utf8(text).ok()?)
}
