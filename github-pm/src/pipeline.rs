//! Tools joined by pipes, as data, and how they are run.
//!
//! No shell is involved: every argument arrives as it is. Each stage has a thread, because the next stage already reads
//! while its commands still run. Those of a first stage that reads nothing run [side by side](crate::side_by_side).

use std::io::{self, PipeReader, PipeWriter};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::thread;

use pm_cli::{Exit, Interrupts};

use crate::Error;
use crate::children::Children;
use crate::invocation::Invocation;
use crate::side_by_side;

/// Stages from first to last, each reading what the one before it writes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Pipeline {
    /// Never empty.
    pub(crate) stages: Vec<Stage>,
}

/// Commands whose outputs stand one after the other in the same pipe; never none.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stage(pub(crate) Vec<Invocation>);

impl Pipeline {
    /// Runs it to its end, the last stage on our own standard output. Ends as the first command that did
    /// not end well, in the order of the pipeline; or by the signal that asked for the end.
    pub(crate) fn run(&self, interrupts: &Interrupts) -> Result<Exit, Error> {
        let children = Children::new(interrupts);
        let (end, running) = io::pipe().map_err(Error::Pipe)?;
        let pipes = (1..self.stages.len()).map(|_| io::pipe()).collect::<Result<Vec<_>, _>>();
        let (readers, writers): (Vec<_>, Vec<_>) = pipes.map_err(Error::Pipe)?.into_iter().unzip();
        let readers = std::iter::once(None).chain(readers.into_iter().map(Some));
        let writers = writers.into_iter().map(Some).chain([None]);
        let ends = thread::scope(|scope| {
            scope.spawn(|| children.pass_on(&end));
            let stages: Vec<_> = self
                .stages
                .iter()
                .zip(readers.zip(writers))
                .map(|(stage, (reader, writer))| {
                    // Our ends of the pipes live as long as the stage, and no longer.
                    let children = &children;
                    scope.spawn(move || stage.run(children, reader.as_ref(), writer.as_ref()))
                })
                .collect();
            let ends: Vec<_> = stages.into_iter().map(thread::ScopedJoinHandle::join).collect();
            drop(running);
            ends
        });
        let mut exit = Exit::Done;
        for end in ends {
            // A thread of ours does not panic; if it did, the hook has ended the process already.
            let statuses = end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            for status in statuses {
                if exit == Exit::Done {
                    exit = exit_of(status);
                }
            }
        }
        Ok(interrupts.signal().map_or(exit, Exit::Signal))
    }
}

impl Stage {
    /// Runs the commands, whether or not they end well, as a shell would, until a signal asks for the end.
    fn run(
        &self,
        children: &Children<'_>,
        reader: Option<&PipeReader>,
        writer: Option<&PipeWriter>,
    ) -> Result<Vec<ExitStatus>, Error> {
        // What reads our input reads all of it before the next one gets its turn.
        let reads_nothing = reader.is_none() && self.0.iter().all(|invocation| !invocation.reads_input);
        if let (true, Some(writer), 2..) = (reads_nothing, writer, self.0.len()) {
            return side_by_side::run(&self.0, children, writer);
        }
        let run = |invocation: &Invocation| {
            let input = match reader {
                Some(reader) => reader.try_clone()?.into(),
                None if invocation.reads_input => Stdio::inherit(),
                None => Stdio::null(),
            };
            let output = match writer {
                Some(writer) => writer.try_clone()?.into(),
                None => Stdio::inherit(),
            };
            children.run(invocation.command().stdin(input).stdout(output))
        };
        let mut statuses = Vec::new();
        for invocation in &self.0 {
            statuses.extend(run(invocation).map_err(|source| cannot_start(invocation, source))?);
        }
        Ok(statuses)
    }
}

pub(crate) fn cannot_start(invocation: &Invocation, source: io::Error) -> Error {
    Error::CannotStart { program: invocation.program.clone(), source }
}

pub(crate) fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(0), _) => Exit::Done,
        (Some(code), _) => Exit::Status(u8::try_from(code).unwrap_or(u8::MAX)),
        (None, signal) => Exit::Signal(signal.unwrap_or(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Invocation {
        Invocation::new("/bin/sh".into(), ["-c", script])
    }

    fn run(pipeline: &Pipeline) -> Result<Exit, Error> {
        pipeline.run(&Interrupts::watch().expect("a descriptor"))
    }

    #[track_caller]
    fn check(stages: &[&[&str]], exit: Exit) {
        let stages = stages.iter().map(|scripts| Stage(scripts.iter().map(|script| sh(script)).collect()));
        let pipeline = Pipeline { stages: stages.collect() };
        assert_eq!(run(&pipeline).expect("every shell starts"), exit);
    }

    #[test]
    fn a_group_writes_into_one_pipe_and_the_next_stage_reads_it_all() {
        check(
            &[&["echo a", "echo b"], &["tr ab bc"], &[r#"test "$(cat)" = "$(printf 'b\nc')""#]],
            Exit::Done,
        );
    }

    #[test]
    fn a_group_runs_side_by_side_and_still_writes_in_its_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let meet = |own: &str, other: &str| {
            let path = folder.path().display();
            // Bounded: where the other does not come, it says so.
            format!(
                "touch {path}/{own}; for _ in $(seq 500); do [ -e {path}/{other} ] && break; sleep 0.02; done; [ -e {path}/{other} ] && echo {own}"
            )
        };
        // The second is done at once when both are there, and the first a little later.
        let (first, second) = (format!("{}; sleep 0.1; echo end", meet("a", "b")), meet("b", "a"));
        check(&[&[&first, &second], &[r#"test "$(cat)" = "$(printf 'a\nend\nb')""#]], Exit::Done);
    }

    #[test]
    fn a_group_that_reads_our_input_runs_in_turn() {
        let folder = tempfile::tempdir().expect("a folder");
        let mark = folder.path().join("mark").display().to_string();
        let first = sh(&format!("sleep 0.2; touch {mark}")).reading_input();
        let group = Stage(vec![first, sh(&format!("[ -e {mark} ]"))]);
        let pipeline = Pipeline { stages: vec![group, Stage(vec![sh("cat")])] };
        assert_eq!(run(&pipeline).expect("every shell starts"), Exit::Done);
    }

    #[test]
    fn what_is_not_held_waits_for_its_turn() {
        let much = "head -c 40000000 /dev/zero";
        check(&[&["sleep 0.1", much, much, "echo end"], &["test $(wc -c) -eq 80000004"]], Exit::Done);
    }

    #[test]
    fn a_group_whose_reader_leaves_ends() {
        check(&[&["echo a; exec yes", "exec yes"], &["read line && test $line = a"]], Exit::Signal(13));
    }

    #[test]
    fn more_than_a_pipe_holds_flows_while_the_group_still_runs() {
        let much = "head -c 300000 /dev/zero";
        check(&[&[much, much], &["test $(wc -c) -eq 600000"]], Exit::Done);
    }

    #[test]
    fn the_first_failure_in_the_order_of_the_pipeline_is_the_end() {
        check(&[&["exit 0", "sleep 0.1; exit 3"], &["exit 4"]], Exit::Status(3));
        check(&[&["sleep 0.1; exit 3", "exit 5"], &["exit 4"]], Exit::Status(3));
        check(&[&["true"], &["kill -INT $$"], &["exit 4"]], Exit::Signal(2));
    }

    #[test]
    fn a_failure_in_a_group_does_not_keep_the_rest_from_running() {
        check(&[&["exit 5", "echo still"], &["grep -q still || exit 9"]], Exit::Status(5));
    }

    #[test]
    fn a_reader_that_is_no_program_ends_the_writers_too() {
        let missing = Invocation::new("/nonexistent/pm-report".into(), [""; 0]);
        let pipeline = Pipeline { stages: vec![Stage(vec![sh("yes")]), Stage(vec![missing])] };
        let error = run(&pipeline).expect_err("no such program");
        assert_eq!(error.to_string(), "cannot start '/nonexistent/pm-report'");
    }
}
