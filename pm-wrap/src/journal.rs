//! What the command itself tells of its run: marks read from the FIFO, and what they add up to.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use indexmap::IndexMap;
use pm_record::{GithubApi, Scalar, Thousandths};

use crate::fifo::Fifo;
use crate::marks::{self, Ignored, Mark, Marks, PhaseName};
use crate::phases::Phases;

/// What is read in one go: few marks are longer, and of a larger piece every page would have to be made.
const PIECE: usize = 4 * 1024;

/// How many pieces are read before anything else has its turn: a FIFO that was enlarged holds 1 MiB, and
/// whoever writes more than that at once has to wait for us in any case.
const PIECES: usize = 256;

/// The marks of one run.
#[derive(Debug)]
pub(crate) struct Journal {
    fifo: Option<Fifo>,
    marks: Marks,
    told: Told,
    phases: Phases,
}

/// What a command told of itself.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) phases: IndexMap<String, Thousandths>,
    pub(crate) context: IndexMap<String, Scalar>,
    pub(crate) github_api: GithubApi,
    /// Whether there were more labels than a record may have.
    pub(crate) truncated: bool,
    pub(crate) ignored: Option<Ignored>,
}

impl Journal {
    /// `programs` are the phases that programs stand for, in the order of the command line.
    pub(crate) fn new(fifo: Option<Fifo>, programs: Vec<PhaseName>) -> Self {
        Self { fifo, marks: Marks::default(), told: Told::default(), phases: Phases::new(programs) }
    }

    /// Readable when the command has told something.
    pub(crate) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.fifo.as_ref().map(Fifo::descriptor)
    }

    /// Removes what earlier runs left behind.
    pub(crate) fn sweep(&self, time_of_day: Duration) {
        if let Some(fifo) = &self.fifo {
            fifo.sweep(time_of_day);
        }
    }

    /// Reads what has come, as of `now`.
    pub(crate) fn drain(&mut self, now: Duration) {
        let Self { fifo: Some(fifo), marks, told, phases } = self else { return };
        let mut piece = [0; PIECE];
        for _ in 0..PIECES {
            let Some(bytes) = fifo.read(&mut piece) else { return };
            marks.read(bytes, |mark| take(now, mark, told, phases));
        }
    }

    /// A program that stands for the phase of `rule` began to run.
    pub(crate) fn program_began(&mut self, now: Duration, rule: usize) {
        self.phases.program_began(now, rule);
    }

    /// A program that stands for the phase of `rule` has ended.
    pub(crate) fn program_ended(&mut self, now: Duration, rule: usize) {
        self.phases.program_ended(now, rule);
    }

    /// Everything that was told in a run of `total`.
    pub(crate) fn finish(mut self, total: Duration) -> Told {
        self.drain(total);
        let Self { mut marks, mut told, mut phases, .. } = self;
        marks.finish(|mark| take(total, mark, &mut told, &mut phases));
        told.phases = phases.finish(total);
        told.ignored = marks.ignored().cloned();
        told
    }
}

fn take(now: Duration, mark: Mark, told: &mut Told, phases: &mut Phases) {
    if let Some(step) = &mark.step {
        phases.mark(now, step);
    }
    told.truncated |= !marks::label(&mut told.context, mark.context);
    marks::add(&mut told.github_api, &mark.github_api);
}
