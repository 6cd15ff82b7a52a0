//! A tool with a pipe at either end, and when each of its lines came out.

use std::io::{BufRead, BufReader, Write};
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Error;
use super::measure::CommandLine;

/// How long a line is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// The tool.
pub(super) struct Conversation<'a> {
    tool: &'a CommandLine,
    child: Child,
    /// Every line that came out, and when.
    lines: Receiver<(Instant, Vec<u8>)>,
}

impl<'a> Conversation<'a> {
    /// Starts it. What it says to people goes nowhere.
    pub(super) fn start(tool: &'a CommandLine) -> Result<Self, Error> {
        let mut child = tool.start_unheard()?;
        let output = child.stdout.take().map(BufReader::new);
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.into_iter().flat_map(|output| output.split(b'\n')) {
                let Ok(line) = line else { break };
                if sender.send((Instant::now(), line)).is_err() {
                    break;
                }
            }
        });
        Ok(Self { tool, child, lines })
    }

    pub(super) fn write(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let input = self.child.stdin.as_mut();
        input
            .map_or(Ok(()), |input| input.write_all(chunk))
            .map_err(|error| self.tool.wrong(format!("it takes no more records: {error}")))
    }

    /// The next line, and when it came out; `what` says what is waited for.
    pub(super) fn line(&self, what: &str) -> Result<(Instant, Vec<u8>), Error> {
        let late = |_| self.tool.wrong(format!("{what} did not come within {PATIENCE:?}"));
        self.lines.recv_timeout(PATIENCE).map_err(late)
    }

    /// An error about a line.
    pub(super) fn wrong(&self, what: &str, line: &[u8]) -> Error {
        self.tool.wrong(format!("this is no {what}: '{}'", String::from_utf8_lossy(line)))
    }

    /// Closes its input and waits for its end.
    pub(super) fn end(mut self) -> Result<(), Error> {
        drop(self.child.stdin.take());
        let status = self.child.wait().map_err(|error| self.tool.wrong(error.to_string()))?;
        if status.success() { Ok(()) } else { Err(self.tool.failed(status, String::new())) }
    }
}

/// A tool that says nothing more would wait for ever for records.
impl Drop for Conversation<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
