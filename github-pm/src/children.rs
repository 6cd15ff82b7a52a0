//! The tools that run right now, and a SIGTERM passed on to them.
//!
//! ^C reaches every process of a terminal by itself; passed on it would arrive twice, and a filter ends at
//! once on the second. SIGTERM is mostly sent to one process alone, so it is passed on, once. Sent to a
//! whole group it arrives twice: the tools then end without reading on, and the end is the same.

use std::io::{self, PipeReader};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pm_cli::Interrupts;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

/// The tools that run right now.
#[derive(Debug)]
pub(crate) struct Children<'a> {
    interrupts: &'a Interrupts,
    // Only processes that are not reaped yet, so that no other process can have such a number.
    running: Mutex<Vec<Pid>>,
}

impl<'a> Children<'a> {
    pub(crate) fn new(interrupts: &'a Interrupts) -> Self {
        Self { interrupts, running: Mutex::default() }
    }

    /// Whether a signal has asked for the end.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupts.signal().is_some()
    }

    /// Runs a command to its end; `None` if a signal has asked for the end before it could start.
    pub(crate) fn run(&self, command: &mut Command) -> io::Result<Option<ExitStatus>> {
        // The lock is held over the start: either the signal is seen here, or the child is seen by `pass_on`.
        let mut running = self.running();
        if self.interrupts.signal().is_some() {
            return Ok(None);
        }
        let child = command.spawn()?;
        running.push(Pid::from_child(&child));
        drop(running);
        self.wait(child).map(Some)
    }

    fn wait(&self, mut child: Child) -> io::Result<ExitStatus> {
        let pid = Pid::from_child(&child);
        while let Err(rustix::io::Errno::INTR) =
            waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
        {}
        let mut running = self.running();
        running.retain(|&other| other != pid);
        child.wait()
    }

    /// Passes a SIGTERM on; returns when one came, or when the writer behind `end` is gone.
    pub(crate) fn pass_on(&self, end: &PipeReader) {
        let mut events = [PollFd::new(self.interrupts, PollFlags::IN), PollFd::new(end, PollFlags::IN)];
        while let Err(rustix::io::Errno::INTR) = poll(&mut events, None) {}
        if self.interrupts.signal() == Some(Signal::TERM.as_raw()) {
            for &pid in self.running().iter() {
                // One that has just ended needs no signal.
                let _ = kill_process(pid, Signal::TERM);
            }
        }
    }

    fn running(&self) -> MutexGuard<'_, Vec<Pid>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
