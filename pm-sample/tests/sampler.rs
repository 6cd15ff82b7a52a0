//! The program under test, running; and processes for it to look at.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use pm_record::{Record, SystemMetrics};

/// The program, in a folder that has no store.
pub(crate) fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pm-sample"));
    command.args(args).env_clear().env("HOME", home).current_dir(home).stdin(Stdio::null());
    command
}

/// The ticks that lines say.
pub(crate) fn ticks(lines: &str) -> Vec<SystemMetrics> {
    lines.lines().map(tick).collect()
}

fn tick(line: &str) -> SystemMetrics {
    match Record::parse(line.as_bytes()).expect(line) {
        Record::System(tick) => *tick,
        other => panic!("{} is no tick", other.kind()),
    }
}

/// The program while it samples; it ends with the test.
pub(crate) struct Sampler {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    _home: tempfile::TempDir,
}

impl Sampler {
    pub(crate) fn start(args: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let mut child = command(home.path(), args).stdout(Stdio::piped()).spawn().expect("the program");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines, _home: home }
    }

    pub(crate) fn next(&mut self) -> SystemMetrics {
        tick(&self.lines.next().expect("another tick").expect("a line"))
    }

    /// Waits for a tick like this. What a test waits for comes, however slow the machine is; if it does not,
    /// the test fails after so many ticks.
    pub(crate) fn until(&mut self, wanted: impl Fn(&SystemMetrics) -> bool) -> SystemMetrics {
        let mut last = self.next();
        for _ in 0..3_000 {
            if wanted(&last) {
                return last;
            }
            last = self.next();
        }
        panic!("it did not come; the last is {last:?}")
    }
}

impl Drop for Sampler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program in Python that does a known thing when it is told to, and ends with the test.
pub(crate) struct Load {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Load {
    /// Starts the program; it reads its orders by `input()`, and says a line once each is done.
    pub(crate) fn start(program: &str) -> Self {
        let mut python = Command::new("python3");
        python.args(["-u", "-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = python.spawn().expect("python3");
        let answers = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let orders = child.stdin.take().expect("a pipe");
        Self { child, orders, answers }
    }

    pub(crate) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    pub(crate) fn order(&mut self) {
        self.orders.write_all(b"go\n").expect("it listens");
    }

    pub(crate) fn done(&mut self) -> String {
        self.answers.next().expect("an answer").expect("a line")
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
