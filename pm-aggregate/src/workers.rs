//! Regular files, read by several threads at once.
//!
//! Files are cut into parts at newlines, and every thread takes the next part that nobody has, into groups of
//! its own; what the groups say is exact, so that they can be merged in any order. What was skipped is put
//! together in the order of the input. So the answer is the one that a single thread gives.
//!
//! A compressed file is one part. One that begins plain and goes on compressed cannot be cut, which shows only
//! when somebody comes across it: then all that was read is thrown away, and one thread does it all. So it is if
//! anything cannot be read.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{io, thread};

use pm_cli::{Input, Part, Parts};

use crate::account::Account;
use crate::config::Config;
use crate::groups::Groups;
use crate::inputs::Taken;
use crate::reading::{Outcome, Worker};

/// How many threads there may be, and how large the parts are that they take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Workers {
    pub(crate) most: usize,
    pub(crate) part: u64,
}

impl Default for Workers {
    fn default() -> Self {
        let most = thread::available_parallelism().map_or(1, usize::from).min(8);
        Self { most, part: 4 << 20 }
    }
}

/// How many files are open at once.
const OPEN: usize = 128;

/// How many parts a file has at most, because each leaves a few words behind.
const PARTS: u64 = 256;

/// Whether the part of an input is all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Whole(usize),
    Part(usize, usize),
}

/// Some inputs, and the pieces that they are read in.
struct Plan {
    inputs: Vec<(Parts, Taken)>,
    pieces: Vec<Piece>,
    next: AtomicUsize,
    /// Whether somebody met what only a single thread can read.
    given_up: AtomicBool,
    done: Mutex<Vec<(usize, Outcome)>>,
}

/// Reads all inputs, if they can be read by several threads and are worth it. Returns the groups and what is to
/// be said of the reading; none if one thread has to do it.
pub(crate) fn read<'a>(
    config: &'a Config,
    inputs: &mut [(Input, Taken)],
    partials: bool,
) -> Option<(Groups<'a>, Account)> {
    let Workers { most, part } = config.workers;
    if most < 2 || config.strict || config.passes_alerts || inputs.iter().any(|(input, _)| input.is_live()) {
        return None;
    }
    let mut account = Account::new(inputs.len() > 1);
    let mut workers: Vec<Worker<'a>> = Vec::new();
    for some in inputs.chunks_mut(OPEN) {
        let plan = Plan::new(some, part).ok()??;
        let useful = plan.pieces.len().min(most).max(1);
        if workers.is_empty() && useful < 2 {
            return None;
        }
        workers.resize_with(useful.max(workers.len()), || Worker::new(config, partials));
        plan.run(&mut workers);
        for (piece, outcome) in plan.outcomes()? {
            account.add(outcome, matches!(piece, Piece::Part(_, 1..)));
        }
    }
    merged(workers).map(|groups| (groups, account))
}

fn merged(workers: Vec<Worker<'_>>) -> Option<Groups<'_>> {
    let mut groups = workers.into_iter().map(|worker| worker.groups);
    let mut all = groups.next()?;
    groups.for_each(|groups| all.merge(groups));
    Some(all)
}

impl Plan {
    /// None if an input cannot be cut.
    fn new(inputs: &mut [(Input, Taken)], size: u64) -> io::Result<Option<Self>> {
        let mut plan = Self {
            inputs: Vec::with_capacity(inputs.len()),
            pieces: Vec::new(),
            next: AtomicUsize::new(0),
            given_up: AtomicBool::new(false),
            done: Mutex::default(),
        };
        for (number, (input, taken)) in inputs.iter_mut().enumerate() {
            let Some(parts) = input.parts(|length| size.max(length / PARTS))? else { return Ok(None) };
            let mut first = [0; 4];
            let length = parts.peek(&mut first)?;
            if pm_record::begins_compressed(&first[..length]) {
                plan.pieces.push(Piece::Whole(number));
            } else {
                plan.pieces.extend((0..parts.count()).map(|part| Piece::Part(number, part)));
            }
            plan.inputs.push((parts, *taken));
        }
        Ok(Some(plan))
    }

    fn run(&self, workers: &mut [Worker<'_>]) {
        let Some((first, others)) = workers.split_first_mut() else { return };
        thread::scope(|scope| {
            for worker in others {
                scope.spawn(|| self.work(worker));
            }
            self.work(first);
        });
    }

    /// Takes pieces until there are none.
    fn work(&self, worker: &mut Worker<'_>) {
        while !self.given_up.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(&piece) = self.pieces.get(number) else { return };
            let (part, taken) = self.open(piece);
            let outcome = if taken.rollup {
                worker.read_rollup(part, taken)
            } else {
                worker.read(part, taken, |_, _| Ok(()))
            };
            match outcome {
                Ok(outcome) if piece.is_as_expected(&outcome) => {
                    self.done.lock().unwrap_or_else(PoisonError::into_inner).push((number, outcome));
                }
                _ => self.given_up.store(true, Ordering::Relaxed),
            }
        }
    }

    fn open(&self, piece: Piece) -> (Part, &Taken) {
        let (Piece::Whole(input) | Piece::Part(input, _)) = piece;
        let (parts, taken) = &self.inputs[input];
        let part = match piece {
            Piece::Whole(_) => parts.whole(),
            Piece::Part(_, number) => parts.part(number),
        };
        (part, taken)
    }

    /// What came of each piece, in the order of the input; none if one was more than it seemed to be.
    fn outcomes(self) -> Option<Vec<(Piece, Outcome)>> {
        if self.given_up.into_inner() {
            return None;
        }
        let mut done = self.done.into_inner().unwrap_or_else(PoisonError::into_inner);
        done.sort_unstable_by_key(|&(number, _)| number);
        Some(done.into_iter().map(|(number, outcome)| (self.pieces[number], outcome)).collect())
    }
}

impl Piece {
    /// A whole input may end as it likes.
    fn is_as_expected(self, outcome: &Outcome) -> bool {
        matches!(self, Self::Whole(_)) || (!outcome.compressed && outcome.failure.is_none())
    }
}

#[cfg(test)]
mod tests;
