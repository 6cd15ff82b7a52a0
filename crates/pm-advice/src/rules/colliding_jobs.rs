//! Jobs that begin in the same minute and get into each other's way at the API's limits.
//!
//! A job is a command that nearly always begins in the same minute of the hour, as `cron` starts them. That two of them
//! begin together is no trouble by itself: only runs that waited for a limit, or were refused by one, speak.

use std::collections::{BTreeSet, VecDeque};

use pm_cli::human;

use crate::bounded::Bounded;
use crate::draft::Draft;
use crate::execution::Execution;
use crate::labels::{Label, Labels};
use crate::names;
use crate::rule::{Rule, RuleName};

/// How often they must have begun together.
const TIMES: u64 = 5;

/// The share of a job's runs that begin in its minute.
const REGULAR: f64 = 0.8;

/// Less waiting says nothing, in thousandths of a millisecond, unless as many were refused.
const LEAST: i64 = 5_000_000;
const REFUSED: u64 = 3;

/// How many starts are remembered.
const REMEMBERED: usize = 512;

const MINUTE: i64 = 60_000;

/// The rule.
#[derive(Debug)]
pub(super) struct CollidingJobs {
    commands: Bounded<Label, Command>,
    pairs: Bounded<(Label, Label), Pair>,
    recent: VecDeque<Start>,
    /// Requests by the minute of the hour in which they were made, roughly.
    busy: [u64; 60],
}

/// When a command begins.
#[derive(Debug)]
struct Command {
    minutes: [u64; 60],
    runs: u64,
    requests: u64,
    longest: i64,
}

/// Two commands that began together.
#[derive(Debug, Default)]
struct Pair {
    times: u64,
    waited: i64,
    refused: u64,
}

#[derive(Debug, Clone, Copy)]
struct Start {
    minute: i64,
    command: Label,
    waited: i64,
    refused: u64,
}

impl Default for CollidingJobs {
    fn default() -> Self {
        Self {
            commands: Bounded::default(),
            pairs: Bounded::default(),
            recent: VecDeque::new(),
            busy: [0; 60],
        }
    }
}

impl Default for Command {
    fn default() -> Self {
        Self { minutes: [0; 60], runs: 0, requests: 0, longest: 0 }
    }
}

impl Rule for CollidingJobs {
    fn run(&mut self, execution: &Execution) {
        let (Some(run), Some(command)) = (&execution.run, execution.command) else { return };
        let counted = run.github_api.requests_made.and_then(|count| u64::try_from(count.0 / 1000).ok());
        let requests = counted.unwrap_or(execution.calls.len() as u64);
        if requests == 0 {
            return;
        }
        let start = Start {
            minute: run.timestamp.as_millis().div_euclid(MINUTE),
            command,
            waited: run.github_api.waited_ms.map_or(0, |waited| waited.0.max(0)),
            refused: execution.calls.iter().filter(|call| call.limit.is_some()).count() as u64,
        };
        let minutes = run.duration.total_ms.0 / 1000 / MINUTE + 1;
        for minute in 0..minutes.min(60) {
            self.busy[minute_of_hour(start.minute + minute)] += requests / minutes.unsigned_abs().max(1) + 1;
        }
        if let Some(known) = self.commands.of(command) {
            known.minutes[minute_of_hour(start.minute)] += 1;
            known.runs += 1;
            known.requests += requests;
            known.longest = known.longest.max(minutes);
        }
        // However often each of them began in it, they met once in this minute.
        let mut met = BTreeSet::new();
        let in_minute = || self.recent.iter().filter(|other| other.minute == start.minute);
        let is_again = in_minute().any(|other| other.command == command);
        for other in in_minute().filter(|other| !is_again && met.insert(other.command)) {
            let pair = (other.command.min(command), other.command.max(command));
            if let Some(pair) = self.pairs.of(pair) {
                pair.times += 1;
                pair.waited = pair.waited.saturating_add(other.waited).saturating_add(start.waited);
                pair.refused += other.refused + start.refused;
            }
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(start);
    }

    fn tips(&self, labels: &Labels) -> Vec<Draft> {
        let is_trouble =
            |pair: &&Pair| pair.times >= TIMES && (pair.waited >= LEAST || pair.refused >= REFUSED);
        let mut pairs: Vec<_> = self.pairs.iter().filter(|(_, pair)| is_trouble(pair)).collect();
        pairs.sort_by_key(|(commands, pair)| (std::cmp::Reverse((pair.waited, pair.refused)), **commands));
        let mut moved = BTreeSet::new();
        let mut drafts = Vec::new();
        for ((one, other), pair) in pairs {
            let known = self.commands.get(one).zip(self.commands.get(other));
            let Some((first, second)) = known else { continue };
            let Some(minute) = first.minute().filter(|minute| second.minute() == Some(*minute)) else {
                continue;
            };
            // Who asks for less is moved.
            let (stays, goes, job) =
                if first.requests < second.requests { (other, one, first) } else { (one, other, second) };
            if moved.contains(stays) || !moved.insert(*goes) {
                continue;
            }
            let better = self.better(minute, job.longest);
            drafts.push(draft(labels.text(*stays), labels.text(*goes), [minute, better], pair));
        }
        drafts
    }
}

impl Command {
    /// The minute in which it nearly always begins.
    fn minute(&self) -> Option<usize> {
        let (minute, most) = self.minutes.iter().enumerate().max_by_key(|(_, runs)| **runs)?;
        (*most as f64 >= self.runs as f64 * REGULAR).then_some(minute)
    }
}

impl CollidingJobs {
    /// The minute from which on least is asked for as long as the job takes; of several the one that is furthest away.
    fn better(&self, from: usize, minutes: i64) -> usize {
        let load = |minute: usize| {
            let lasting = usize::try_from(minutes.clamp(1, 60)).unwrap_or(1) + 1;
            (0..lasting).map(|later| self.busy[(minute + later) % 60]).sum::<u64>()
        };
        let distance = |minute: usize| {
            let apart = minute.abs_diff(from);
            apart.min(60 - apart)
        };
        // Every other job is at a quarter of the hour.
        let is_round = |minute: usize| minute.is_multiple_of(15);
        (0..60)
            .min_by_key(|&minute| {
                (load(minute), is_round(minute), std::cmp::Reverse(distance(minute)), minute)
            })
            .unwrap_or(from)
    }
}

fn minute_of_hour(minute: i64) -> usize {
    usize::try_from(minute.rem_euclid(60)).unwrap_or(0)
}

fn draft(stays: &str, goes: &str, [minute, better]: [usize; 2], pair: &Pair) -> Draft {
    let trouble = if pair.waited >= LEAST {
        format!("waited {} for limits", human::duration(pair.waited as f64 / 1000.0))
    } else {
        format!("were refused {} times for limits", human::count(pair.refused))
    };
    let title = format!(
        "'{goes}' and '{stays}' began in the same minute {} times, and {trouble}",
        human::count(pair.times)
    );
    let recommendation = format!(
        "Let '{goes}' begin at minute {better} of the hour, when hardly anything is asked: with `crontab -e` make the first \
         field of its line {better} in place of {minute}"
    );
    Draft::new(RuleName::CollidingJobs, title, recommendation)
        .command(Some(goes))
        .evidence("other_command", stays)
        .count("times", pair.times)
        .time("waited_ms", pair.waited)
        .count("limit_hits", pair.refused)
        .count("minute", minute as u64)
        .count("proposed_minute", better as u64)
        .saves_time(pair.waited)
        .basis("the time that both waited when they began together")
        .suggestion(format!("move_{}_to_minute_{better}", names::word(goes)))
}
