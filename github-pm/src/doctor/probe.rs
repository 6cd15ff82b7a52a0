//! Starts a program to see how it answers, for a few seconds at most and a few kilobytes.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::invocation::Invocation;

/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(5);

/// How much of its answer is read.
const ENOUGH: u64 = 4096;

/// What became of it.
#[derive(Debug)]
pub(crate) enum Answer {
    /// It ended with success, and wrote this.
    Yes(String),
    /// It ended otherwise, and wrote this.
    No(ExitStatus, String),
    /// It was ended after the time limit.
    TooSlow,
    /// The system refused to run it.
    NotStarted(io::Error),
}

/// Runs it and reads what it writes to standard output.
pub(crate) fn ask(invocation: &Invocation) -> Answer {
    ask_within(invocation, Heard::Output, LIMIT)
}

/// Runs it and reads what it writes to standard error.
pub(crate) fn ask_for_complaints(invocation: &Invocation) -> Answer {
    ask_within(invocation, Heard::Complaints, LIMIT)
}

/// Runs it and reads nothing: what it writes may be a secret.
pub(crate) fn ask_blindly(invocation: &Invocation) -> Answer {
    ask_within(invocation, Heard::Nothing, LIMIT)
}

/// Which of its streams is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Output,
    Complaints,
    Nothing,
}

fn ask_within(invocation: &Invocation, heard: Heard, limit: Duration) -> Answer {
    let deadline = Instant::now() + limit;
    let mut command = invocation.command();
    // A group of its own, so that whatever it has started can be ended with it.
    let stream = |its: Heard| if its == heard { Stdio::piped() } else { Stdio::null() };
    command.stdin(Stdio::null()).stdout(stream(Heard::Output)).stderr(stream(Heard::Complaints));
    command.process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Answer::NotStarted(error),
    };
    let text = read_aside(&mut child);
    let Some(status) = wait(&mut child, deadline) else {
        let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
        let _ = child.wait();
        return Answer::TooSlow;
    };
    // Something that it left behind may hold the pipe open, so this wait has an end too.
    let left = deadline.saturating_duration_since(Instant::now());
    let text = text.recv_timeout(left).unwrap_or_default();
    if status.success() { Answer::Yes(text) } else { Answer::No(status, text) }
}

/// Reads on a thread of its own, so that a full pipe never stops the program.
fn read_aside(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    let (output, complaints) = (child.stdout.take(), child.stderr.take());
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(output) = output {
            let _ = output.take(ENOUGH).read_to_end(&mut bytes);
        }
        if let Some(complaints) = complaints {
            let _ = complaints.take(ENOUGH).read_to_end(&mut bytes);
        }
        let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
}

/// Its status; `None` if it still runs at the deadline, or cannot be waited for.
fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    let mut pause = Duration::from_micros(500);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(pause),
            Ok(None) | Err(_) => return None,
        }
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str, limit: Duration) -> Answer {
        ask_within(&Invocation::new("/bin/sh".into(), ["-c", script]), Heard::Output, limit)
    }

    #[test]
    fn an_answer_is_read_and_a_refusal_is_told_apart() {
        assert!(matches!(sh("echo pm-x 1.2.3", LIMIT), Answer::Yes(text) if text == "pm-x 1.2.3\n"));
        assert!(matches!(sh("exit 3", LIMIT), Answer::No(status, _) if status.code() == Some(3)));
        let complaining = Invocation::new("/bin/sh".into(), ["-c", "echo out; echo why >&2; exit 1"]);
        assert!(matches!(ask_for_complaints(&complaining), Answer::No(_, text) if text == "why\n"));
        let missing = Invocation::new("/nonexistent/pm-x".into(), [""; 0]);
        assert!(matches!(ask(&missing), Answer::NotStarted(_)));
    }

    #[test]
    fn a_program_that_never_ends_is_ended_with_all_that_it_started() {
        let started = Instant::now();
        assert!(matches!(sh("sleep 60 & sleep 60", Duration::from_millis(100)), Answer::TooSlow));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_program_that_leaves_something_behind_is_not_waited_for_for_ever() {
        let started = Instant::now();
        assert!(matches!(sh("sleep 10 & echo x", Duration::from_millis(300)), Answer::Yes(_)));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn endless_output_is_cut_off() {
        assert!(matches!(sh("yes || true", LIMIT), Answer::Yes(text) if text.len() == 4096));
    }
}
