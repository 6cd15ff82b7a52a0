//! Takes in records and sorts them by run.
//!
//! Memory is bounded: so many runs, processes and requests are kept, and what is beyond is counted and said.

use std::collections::HashSet;

use indexmap::IndexMap;
use pm_cli::human;
use pm_record::{ApiRequest, PerformanceMetrics, ProcessTrace, Record, Status};

use crate::profile::Profile;
use crate::profile::figures::Figures;
use crate::profile::timeline::{Seen, Timeline};
use crate::report::{LONGEST_LABEL, LONGEST_TEXT, kept};

/// How many runs are kept.
const MOST_RUNS: usize = 1000;

/// How many processes and requests are kept, of all runs together: some 100 MB.
const MOST_PARTS: usize = 200_000;

/// The records so far.
#[derive(Debug, Default)]
pub(crate) struct Intake {
    title: Option<String>,
    /// By execution id.
    recordings: IndexMap<String, Recording>,
    parts: usize,
    not_started: u64,
    runs_left_out: u64,
    parts_left_out: u64,
}

/// What is known of one run.
#[derive(Debug, Default)]
struct Recording {
    run: Option<Box<PerformanceMetrics>>,
    processes: Vec<ProcessTrace>,
    requests: Vec<ApiRequest>,
}

impl Intake {
    pub(crate) fn new(title: Option<&str>) -> Self {
        Self { title: title.map(|title| kept(title, LONGEST_TEXT)), ..Self::default() }
    }

    /// Takes in one record; kinds that no profile is made of are passed over.
    pub(crate) fn push(&mut self, record: Record) {
        match record {
            Record::Performance(run) if run.status == Some(Status::NotStarted) => self.not_started += 1,
            Record::Performance(run) => {
                // A run that nobody named is one by itself, and no part can be told to be its.
                let id =
                    run.execution_id.clone().unwrap_or_else(|| format!("unnamed {}", self.recordings.len()));
                match self.recording(id) {
                    Some(recording) => recording.run = Some(run),
                    None => self.runs_left_out += 1,
                }
            }
            Record::Process(process) => self.part(process.execution_id.clone(), |recording| {
                recording.processes.push(*process);
            }),
            Record::Request(request) => self.part(request.execution_id.clone(), |recording| {
                recording.requests.push(*request);
            }),
            _ => {}
        }
    }

    fn part(&mut self, id: Option<String>, take: impl FnOnce(&mut Recording)) {
        let room = self.parts < MOST_PARTS;
        match id.filter(|_| room).and_then(|id| self.recording(id)) {
            Some(recording) => {
                take(recording);
                self.parts += 1;
            }
            None => self.parts_left_out += 1,
        }
    }

    fn recording(&mut self, id: String) -> Option<&mut Recording> {
        let room = self.recordings.len() < MOST_RUNS;
        match self.recordings.entry(id) {
            indexmap::map::Entry::Vacant(_) if !room => None,
            entry => Some(entry.or_default()),
        }
    }

    /// Why there is no profile, where [`Self::finish`] has none.
    pub(crate) fn nothing(&self) -> &'static str {
        match self.not_started {
            0 => {
                "there is no run to profile; make one with `pm-wrap --trace -- COMMAND | pm-report --as profile`"
            }
            _ => "the command could not be started, so there is no profile of it",
        }
    }

    /// The profile of the command that ran last, if anything ran.
    pub(crate) fn finish(self) -> Option<Profile> {
        let Self { title, recordings, runs_left_out, parts_left_out, .. } = self;
        let ids: HashSet<_> = recordings.keys().cloned().collect();
        // A run inside of another one is a part of it, and shows as its processes.
        let is_inner = |recording: &Recording| {
            let trace = recording.run.as_ref().and_then(|run| run.trace.as_ref());
            trace
                .and_then(|trace| trace.parent_execution_id.as_ref())
                .is_some_and(|parent| ids.contains(parent))
        };
        let mut outer: Vec<_> = recordings
            .into_values()
            .filter(|recording| recording.name().is_some() && !is_inner(recording))
            .collect();
        let command = outer.iter().rev().find_map(Recording::name)?.to_owned();
        let all = outer.len();
        outer.retain(|recording| recording.name() == Some(&command));
        let mut notes = notes(&outer);
        let others = all - outer.len();
        notes.extend((others > 0).then(|| format!("Runs of other commands that are left out: {others}")));
        notes.extend(left_out("Runs", runs_left_out));
        notes.extend(left_out("Processes and requests", parts_left_out));
        let runs: Vec<_> = outer.into_iter().map(Recording::into_timeline).collect();
        notes.extend(accuracy(&runs));
        let shown = median_run(&runs);
        let command = kept(&command, LONGEST_LABEL);
        Some(Profile {
            title: title.unwrap_or_else(|| format!("Profile of '{command}'")),
            command,
            figures: Figures::of(&runs),
            shown,
            runs,
            notes,
        })
    }
}

impl Recording {
    /// The command's name, or that of its first program; none where only requests are known.
    fn name(&self) -> Option<&str> {
        let run = self.run.as_ref().map(|run| run.command.as_str());
        run.or_else(|| self.processes.first().map(|process| process.program.as_str()))
    }

    fn into_timeline(self) -> Timeline {
        Timeline::new(self.run.as_deref(), self.processes, &self.requests)
    }
}

/// The run whose duration is the median: of an even number the quicker of the two in the middle.
fn median_run(runs: &[Timeline]) -> usize {
    let mut order: Vec<_> = (0..runs.len()).collect();
    order.sort_by_key(|&run| (runs[run].total, run));
    order[(runs.len() - 1) / 2]
}

fn left_out(what: &str, count: u64) -> Option<String> {
    (count > 0).then(|| format!("{what} that are left out: {}", human::count(count)))
}

/// What the records say of how they were made.
fn notes(recordings: &[Recording]) -> Vec<String> {
    let runs = || recordings.iter().filter_map(|recording| recording.run.as_ref());
    let mut notes = Vec::new();
    if runs().any(|run| run.trace_degraded == Some(true)) {
        notes.push(
            "A program lost its privileges because it was traced; profile it with `--no-trace` to see what it does with them."
                .to_owned(),
        );
    }
    let missed = |recording: &&Recording| {
        let counted = recording.run.as_ref().and_then(|run| run.resource_usage.processes);
        counted.is_some_and(|count| {
            count.0 / 1000 > i64::try_from(recording.processes.len()).unwrap_or(i64::MAX)
        }) && !recording.processes.is_empty()
    };
    if recordings.iter().any(|recording| missed(&recording)) {
        notes.push("Not every process of it was recorded.".to_owned());
    }
    notes
}

/// How far the times can be trusted.
fn accuracy(runs: &[Timeline]) -> Option<String> {
    let note = if runs.iter().any(|run| run.seen == Seen::Sampled) {
        "Processes were looked at from time to time: those that lived between two looks are missing, and starts and ends are not exact."
    } else if runs.iter().all(|run| run.seen == Seen::NotRecorded) {
        "No process of it was recorded; `pm-wrap --trace` records each."
    } else {
        return None;
    };
    Some(note.to_owned())
}
