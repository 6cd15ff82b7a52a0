//! Runs everything in its order, until the end, a failure, or a signal.

use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::thread;

use pm_cli::{Explain, Interrupts, Streams};
use pm_record::{PerformanceMetrics, Record, Status, Timestamp};

use super::progress::Progress;
use super::subject::as_typed;
use super::{Benchmark, Trouble, Turn, Versions};
use crate::children::Children;
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;
use crate::{Error, TOOL};

/// What was measured.
#[derive(Debug)]
pub(super) struct Measured {
    /// The records of the runs, as lines.
    pub(super) records: Vec<u8>,
    pub(super) end: End,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    /// Everything has run.
    Whole,
    /// A signal came, after so many runs of all.
    Interrupted { signal: i32, done: usize, all: usize },
    /// A run failed.
    Failed(Trouble),
}

/// Runs everything. The store gets each record at once, so that no crash loses any.
pub(super) fn measure(
    benchmark: &Benchmark,
    versions: &Versions,
    interrupts: &Interrupts,
    here: &Surroundings,
    io: &mut Streams,
) -> Result<Measured, Error> {
    let children = Children::new(interrupts);
    let (end, running) = io::pipe().map_err(Error::Pipe)?;
    thread::scope(|scope| {
        scope.spawn(|| children.pass_on(&end));
        let mut course = Course::new(benchmark, versions, &children, io);
        let result = course.run(interrupts);
        let Course { records, began_a_day, io, .. } = course;
        drop(running);
        if here.stderr_is_terminal {
            Progress::clear(&mut *io.diagnostics);
        }
        if began_a_day {
            look_after(benchmark, here, io);
        }
        result.map(|end| Measured { records, end })
    })
}

/// A benchmark on its way.
struct Course<'a> {
    benchmark: &'a Benchmark,
    versions: &'a Versions,
    children: &'a Children<'a>,
    io: &'a mut Streams,
    progress: Progress,
    records: Vec<u8>,
    /// Whether the store takes records: of what keeps it from that people are told once.
    stores: bool,
    began_a_day: bool,
}

impl<'a> Course<'a> {
    fn new(
        benchmark: &'a Benchmark,
        versions: &'a Versions,
        children: &'a Children<'a>,
        io: &'a mut Streams,
    ) -> Self {
        let progress = Progress::new(benchmark.arms.len());
        Self {
            benchmark,
            versions,
            children,
            io,
            progress,
            records: Vec::new(),
            stores: true,
            began_a_day: false,
        }
    }

    fn run(&mut self, interrupts: &Interrupts) -> Result<End, Error> {
        let turns = &self.benchmark.turns;
        for (done, &turn) in turns.iter().enumerate() {
            self.show(turn);
            let outcome = self.turn(turn)?;
            // What the signal met is no measurement.
            if let Some(signal) = interrupts.signal() {
                return Ok(End::Interrupted { signal, done, all: turns.len() });
            }
            if let Some(trouble) = outcome {
                return Ok(End::Failed(trouble));
            }
        }
        Ok(End::Whole)
    }

    fn show(&mut self, turn: Turn) {
        if self.io.diagnostics_are_terminal() {
            let name = &self.benchmark.arms[turn.arm].command;
            self.progress.show(&self.benchmark.turns, name, &mut *self.io.diagnostics);
        }
    }

    /// One run; what was wrong with it, if it must be the last.
    fn turn(&mut self, turn: Turn) -> Result<Option<Trouble>, Error> {
        if let Some(prepare) = &self.benchmark.prepare {
            let mut command = prepare.command();
            command.stdin(Stdio::null()).stdout(Stdio::null());
            match self.start(&mut command, prepare)? {
                Some(status) if !status.success() => return Ok(Some(Trouble::Prepare(status))),
                _ => {}
            }
        }
        let invocation = self.benchmark.wrapped(turn, self.versions);
        let (mut reader, writer) = io::pipe().map_err(Error::Pipe)?;
        let mut command = invocation.command();
        command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::null());
        let status = self.start(&mut command, &invocation)?;
        // It holds our end of the pipe.
        drop(command);
        let mut line = Vec::new();
        reader.read_to_end(&mut line).map_err(Error::Pipe)?;
        let Some(status) = status else { return Ok(None) };
        if self.children.is_interrupted() {
            return Ok(None);
        }
        let arm = &self.benchmark.arms[turn.arm];
        let Ok(Record::Performance(run)) = Record::parse(&line) else {
            let words = as_typed(&invocation);
            return Ok(Some(Trouble::NoRecord { command: arm.command.clone(), status, words }));
        };
        self.progress.see(turn.arm, run.duration.total_ms.to_f64());
        self.store(&line);
        // What failed is not measured either, unless somebody says that it is.
        if run.failed() && !self.benchmark.ignores_failure {
            let words = as_typed(&arm.invocation);
            return Ok(Some(Trouble::Failed {
                command: arm.command.clone(),
                status: ending(&run, status),
                words,
            }));
        }
        self.records.extend(line);
        Ok(None)
    }

    fn start(
        &self,
        command: &mut std::process::Command,
        invocation: &Invocation,
    ) -> Result<Option<ExitStatus>, Error> {
        let failed = |source| Error::CannotStart { program: invocation.program.clone(), source };
        self.children.run(command).map_err(failed)
    }

    fn store(&mut self, line: &[u8]) {
        if !self.stores {
            return;
        }
        let now = Timestamp::from_millis(self.io.clock.now_millis());
        match self.benchmark.store.append(line, now) {
            Ok(appended) => self.began_a_day |= appended.began_the_day,
            Err(error) => {
                self.stores = false;
                if self.io.diagnostics_are_terminal() {
                    Progress::clear(&mut *self.io.diagnostics);
                }
                self.io.complain(TOOL, &Error::Store(error) as &dyn Explain);
            }
        }
    }
}

fn ending(run: &PerformanceMetrics, status: ExitStatus) -> String {
    match (run.status, run.signal, run.exit_code) {
        (Some(Status::Timeout), ..) => "--timeout".to_owned(),
        (Some(Status::NotStarted), ..) => "it could not be started".to_owned(),
        (_, Some(signal), _) => format!("signal {signal}"),
        (.., Some(code)) => format!("status {code}"),
        _ => status.signal().map_or_else(|| status.to_string(), |signal| format!("signal {signal}")),
    }
}

/// Whoever writes the first record of a day has the days before looked after; here not before everything has run.
fn look_after(benchmark: &Benchmark, here: &Surroundings, io: &Streams) {
    let now = Timestamp::from_millis(io.clock.now_millis());
    let Some(program) = here.executable.clone().filter(|_| benchmark.store.has_earlier_days(now)) else {
        return;
    };
    let words =
        ["performance", "store", "compact", "--quiet", "--daily", "--store"].map(std::ffi::OsString::from);
    let root = benchmark.store.root().as_os_str().to_owned();
    let mut command = Invocation::new(program, words.into_iter().chain([root])).command();
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // Where it cannot be started, the first command of the next day tries again.
    let _ = command.spawn();
}
