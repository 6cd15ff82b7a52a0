//! A store in a folder of its own, and a stand-in for `pm-aggregate`: every record has a command of its own,
//! so that what is read can be compared record by record.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pm_record::{Lines, PartialGroup, PerformancePartial, Record, Scalar, Timestamp, Window};
use pm_store::{Error, Form, Grain, Question, Retention, RollUp, Span, Store};

pub(crate) const HOUR: i64 = 3_600_000;

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// One record of a run called `command` that began at `start`.
pub(crate) fn record(command: &str, start: Timestamp) -> String {
    format!(
        "{{\"performance_metrics\":{{\"command\":\"{command}\",\"timestamp\":\"{start}\",\"duration\":{{\"total_ms\":1}}}}}}\n"
    )
}

pub(crate) struct Place {
    // Removes the folder when it is dropped.
    _folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::at(folder.path().join("store"));
        std::fs::create_dir(store.root()).expect("a store");
        Self { _folder: folder, store }
    }

    /// Appends a record of a run that began `before` its append.
    pub(crate) fn append(&self, command: &str, at: &str, before: i64) -> &Self {
        let at = time(at);
        let start = Timestamp::from_millis(at.as_millis() - before);
        self.store.append(record(command, start).as_bytes(), at).expect("appended");
        self
    }

    /// Compacts with nothing removed for its age, without trouble.
    #[track_caller]
    pub(crate) fn compact(&self, now: &str) -> &Self {
        self.compact_keeping(now, &forever())
    }

    #[track_caller]
    pub(crate) fn compact_keeping(&self, now: &str, keep: &Retention) -> &Self {
        let troubles = compact(&self.store, time(now), keep).expect("compacted");
        assert!(troubles.is_empty(), "{troubles:?}");
        self
    }

    /// Every file of the store but locks, the oldest first.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        for folder in [
            "records",
            "rollups/hour",
            "rollups/day",
            "rollups/month",
            "rollups/alerts",
            "rollups/brief-hour",
            "rollups/brief-day",
        ] {
            let entries = std::fs::read_dir(self.store.root().join(folder)).into_iter().flatten();
            let names = entries.map(|entry| entry.expect("an entry").file_name());
            files.extend(names.map(|name| format!("{folder}/{}", name.to_str().expect("text"))));
        }
        files.sort();
        files
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.store.root().join(name)
    }

    /// What a question finds: how often each command, and how many files were read in which form.
    pub(crate) fn ask(&self, since: Option<&str>, until: Option<&str>, rollups: Option<Grain>) -> Answer {
        ask(
            &self.store,
            &Question {
                since: since.map(time),
                until: until.map(time),
                rollups,
                records_first: false,
                by_machine: true,
            },
        )
    }
}

pub(crate) fn forever() -> Retention {
    Retention { keep_days: None, keep_mb: None, keep_rollups_days: None, ..Retention::default() }
}

pub(crate) fn compact(store: &Store, now: Timestamp, keep: &Retention) -> Result<Vec<Error>, Error> {
    let upkeep = store.upkeep(Duration::ZERO)?.expect("nobody else compacts");
    upkeep.compact(now, keep, &mut Summing, &mut |_, _| ())
}

/// What a question found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) commands: BTreeMap<String, u64>,
    /// The files that were read, below the store.
    pub(crate) read: Vec<String>,
}

impl Answer {
    /// The commands, separated by spaces, each as often as it was found.
    pub(crate) fn text(&self) -> String {
        let times = |(command, &count): (&String, &u64)| {
            std::iter::repeat_n(command.clone(), usize::try_from(count).expect("few"))
        };
        self.commands.iter().flat_map(times).collect::<Vec<_>>().join(" ")
    }
}

pub(crate) fn ask(store: &Store, question: &Question) -> Answer {
    let mut answer = Answer::default();
    for source in store.sources(question).expect("sources") {
        let name = source.path.strip_prefix(store.root()).expect("a file of the store");
        answer.read.push(name.to_str().expect("text").to_owned());
        for_each_record(source.open().expect("a file"), |record| match (source.form, record) {
            (Form::Records, Record::Performance(run)) if source.span.covers(run.timestamp) => {
                *answer.commands.entry(run.command.clone()).or_default() += 1;
            }
            (Form::Rollup, Record::Partial(partial))
                if partial.window.as_ref().is_none_or(|window| source.span.holds(window)) =>
            {
                let group = partial.group.expect("counts");
                *answer.commands.entry(command_of(&partial.by)).or_default() += group.count;
            }
            _ => {}
        });
    }
    answer
}

fn command_of(by: &indexmap::IndexMap<String, Scalar>) -> String {
    by["command"].to_string()
}

/// A file that a complaint would have to name.
struct Named(File);

impl io::Read for Named {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a file")
    }
}

/// Reads all records; returns how many lines were none.
fn for_each_record(file: File, mut take: impl FnMut(Record)) -> u64 {
    let mut lines = Lines::new([Named(file)]);
    let mut skipped = 0;
    while let Some(line) = lines.next_line(|_| Ok(())).expect("a line") {
        match line.record() {
            Ok(record) => take(record),
            Err(_) => skipped += 1,
        }
    }
    skipped
}

/// Counts runs by command and window, and adds such counts up.
pub(crate) struct Summing;

impl RollUp for Summing {
    fn roll_up(&mut self, grain: Grain, from: &[PathBuf], mut into: File) -> io::Result<u64> {
        let length = match grain {
            Grain::Hour => HOUR,
            Grain::Day => 24 * HOUR,
            Grain::All => i64::MAX,
        };
        let mut counts = BTreeMap::<(String, i64), u64>::new();
        let mut skipped = 0;
        for path in from {
            skipped += for_each_record(File::open(path)?, |record| {
                let (command, start, count) = match record {
                    Record::Performance(run) => (run.command.clone(), run.timestamp, 1),
                    Record::Partial(partial) => {
                        let start = partial.window.expect("a window").start;
                        (command_of(&partial.by), start, partial.group.expect("counts").count)
                    }
                    _ => return,
                };
                *counts.entry((command, start.as_millis().div_euclid(length))).or_default() += count;
            });
        }
        for ((command, window), count) in counts {
            let start = Timestamp::from_millis(window.saturating_mul(length));
            let end = Timestamp::from_millis((window + 1).saturating_mul(length));
            let group = PartialGroup {
                count,
                failures: 0,
                first: start,
                last: start,
                machines: BTreeSet::default(),
                failed_duration: None,
            };
            let partial = PerformancePartial {
                schema: pm_record::Schema,
                by: [("command".to_owned(), Scalar::from(command.as_str()))].into_iter().collect(),
                window: (grain != Grain::All).then_some(Window { start, end }),
                group: Some(group),
                nested: false,
                metric: None,
                state: None,
            };
            into.write_all(&Record::Partial(Box::new(partial)).to_line())?;
        }
        Ok(skipped)
    }

    fn forget_machines(&mut self, grain: Grain, rollup: &Path, into: File) -> io::Result<()> {
        self.roll_up(grain, &[rollup.to_owned()], into).map(drop)
    }

    /// Every run alerts, as often as it is there in an hour.
    fn digest(&mut self, records: &Path, mut into: File) -> io::Result<u64> {
        let mut counts = BTreeMap::<(String, i64), u64>::new();
        let skipped = for_each_record(File::open(records)?, |record| {
            let Record::Performance(run) = record else { return };
            *counts.entry((run.command.clone(), run.timestamp.as_millis())).or_default() += 1;
        });
        for ((command, start), count) in counts {
            into.write_all(alert(&command, Timestamp::from_millis(start), count).as_bytes())?;
        }
        Ok(skipped)
    }
}

fn alert(command: &str, at: Timestamp, fired: u64) -> String {
    format!(
        "{{\"performance_alert\":{{\"type\":\"x\",\"command\":\"{command}\",\"threshold_exceeded\":\"\",\"current_value\":\"\",\"timestamp\":\"{at}\",\"evidence\":{{\"fired\":{fired}}}}}}}\n"
    )
}

/// What alerted in a time.
pub(crate) fn ask_alerts(store: &Store, since: Option<&str>, until: Option<&str>) -> Answer {
    let mut answer = Answer::default();
    let span = Span { since: since.map(time), until: until.map(time) };
    for file in store.alert_sources(span, true).expect("sources") {
        let name = file.source.path.strip_prefix(store.root()).expect("a file of the store");
        answer.read.push(name.to_str().expect("text").to_owned());
        for_each_record(file.source.open().expect("a file"), |record| {
            let (command, made, count) = match record {
                Record::Performance(run) => (run.command.clone(), Some(run.timestamp), 1),
                Record::Alert(alert) => {
                    let count = alert.digested().expect("a digest");
                    (alert.command.expect("a command"), alert.timestamp, count)
                }
                _ => return,
            };
            if file.counts(made) {
                *answer.commands.entry(command).or_default() += count;
            }
        });
    }
    answer
}
