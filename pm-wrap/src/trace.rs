//! Follows every process of the command from its start to its end, by `ptrace` on Linux.
//!
//! A process stops for us when it forks, runs a program, gets a signal or ends, and never for a system call;
//! that is what keeps this cheap. What it does is not changed: signals are passed on by their number, who is
//! stopped by job control stays stopped, and when this process dies, by whatever, all of them live on.
//!
//! A small process of one thread is let go of when it is about to end, and tells its parent by itself, which
//! saves a wait for each. The price is that the time to tear its memory down, far below a millisecond, is
//! in neither its duration nor its CPU time.
//!
//! While the command is followed, only [`Tracer::look`] may wait for it or for its tree: any other wait is
//! told of their stops too, even one that asks for ends only, and may take them away.

mod history;
mod program;
mod stop;
mod task;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::io;
use std::rc::Rc;
use std::time::Instant;

use nix::errno::Errno;
use rustix::process::Pid;

use self::history::History;
pub(crate) use self::history::{Ending, Process};
use self::stop::Stop;
use self::task::Next;
use crate::child::End;
use crate::kernel::{Resume, resume};

/// How many processes are remembered. Later ones are followed and counted.
const REMEMBERED: usize = 100_000;

/// How much one look takes before the caller gets to look at everything else.
const TAKEN_AT_ONCE: usize = 256;

/// The largest tree in which everybody is asked who made a new thread.
const ASKED_FIRST: usize = 16;

/// How large a process may have been, in KiB, to be let go of before its memory is torn down.
const SMALL_KIB: u64 = 32 * 1024;

/// Follows the command and all that it starts.
#[derive(Debug)]
pub(crate) struct Tracer {
    root: i32,
    root_is: Root,
    started: Instant,
    history: History,
    /// Those that were heard of before whoever made them could tell.
    early: HashSet<i32>,
    /// Whether programs keep the privileges that their files give them.
    privileged: bool,
    /// Programs of which was said that they lost their privileges.
    degraded: HashSet<Rc<str>>,
}

/// What is known of the command itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Runs,
    Stopped,
    /// It traces others itself, and we had to let go of it.
    Untraced,
    /// It has ended, and whoever stops is let go of.
    Ended,
}

/// What the caller has to know at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event<'a> {
    /// The command was stopped by this signal.
    RootStopped(i32),
    /// The command goes on.
    RootContinued,
    /// The command has ended. It stays to be waited for.
    RootEnded,
    /// A process has begun, has another program, or has ended: how many processes run a program follows from
    /// these.
    Program { was: Option<&'a str>, is: Option<&'a str> },
    /// The program is set-uid, set-gid or has capabilities, and runs without them because it is followed.
    Degraded { program: &'a str },
    /// The program traces others itself, so neither it nor what it starts is followed.
    Untraced { program: &'a str },
}

/// Whether there may be more to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "after `More` no signal announces what is left"]
pub(crate) enum Look {
    Done,
    More,
}

/// What was seen.
#[derive(Debug)]
pub(crate) struct Seen {
    /// In order of start.
    pub(crate) processes: Vec<Process>,
    /// How many there were besides.
    pub(crate) forgotten: u64,
}

impl Tracer {
    /// Takes hold of `root`, a child that has not called `exec` yet and waits until it may. Times count from
    /// `started`.
    ///
    /// Yama, seccomp, and whoever traces us may refuse it.
    pub(crate) fn seize(root: Pid, started: Instant) -> Result<Self, Errno> {
        let root = root.as_raw_pid();
        task::seize(root)?;
        let mut history = History::new(REMEMBERED);
        history.started(root, None, started.elapsed());
        let privileged = program::we_are_privileged();
        let (early, degraded) = (HashSet::new(), HashSet::new());
        Ok(Self { root, root_is: Root::Runs, started, history, early, privileged, degraded })
    }

    /// Whether the command itself is followed, so that [`Self::look`] tells its stops and its end.
    pub(crate) fn has_root(&self) -> bool {
        self.root_is != Root::Untraced
    }

    /// Whether the process lives and is followed.
    pub(crate) fn follows(&self, process: Pid) -> bool {
        self.history.process_of(process.as_raw_pid()).is_some()
    }

    /// Takes every stop and every end that waits, without blocking, and lets each process go on. To be called
    /// after each SIGCHLD, of which one may stand for many.
    pub(crate) fn look(&mut self, each: &mut impl FnMut(Event)) -> io::Result<Look> {
        for _ in 0..TAKEN_AT_ONCE {
            let ended = self.root_is == Root::Ended;
            match task::next()? {
                Next::Nobody => return Ok(Look::Done),
                // The root comes last, and shows its end until it is waited for.
                Next::Unnamed if ended => return Ok(Look::Done),
                Next::Task(tid) if ended && tid == self.root => return Ok(Look::Done),
                Next::Task(tid) => {
                    self.let_makers_speak(tid, each);
                    self.take(tid, each);
                }
                Next::Unnamed => self.take_all(each),
            }
        }
        // The youngest come first, and could keep the others waiting for as long as they are busy.
        self.take_all(each);
        Ok(Look::More)
    }

    /// Stops following, once the command has ended, and hands out what was seen.
    ///
    /// Whoever stops later is let go of at the next look, and all others when this process ends: to let go
    /// of one that runs it would have to be stopped first, by which some system calls that it may sleep in
    /// would fail.
    pub(crate) fn finish(&mut self) -> Seen {
        self.root_is = Root::Ended;
        self.take_all(&mut |_| ());
        std::mem::replace(&mut self.history, History::new(0)).into_seen()
    }

    fn take_all(&mut self, each: &mut impl FnMut(Event)) {
        for tid in self.history.living() {
            self.take(tid, each);
        }
    }

    /// Takes the stop or the end of a thread, if there is one.
    fn take(&mut self, tid: i32, each: &mut impl FnMut(Event)) {
        if let Some(status) = task::take_stop(tid) {
            self.meet(tid, each);
            self.stopped(tid, Stop::of(status), each);
        } else if let Some(status) = task::end_of(tid) {
            self.meet(tid, each);
            self.ended(tid, End::from(status), each);
        }
    }

    /// Whoever made a thread that was not heard of has stopped to say so, with few exceptions. In a small tree
    /// it is quicker to take all stops first than to read where the thread comes from.
    fn let_makers_speak(&mut self, tid: i32, each: &mut impl FnMut(Event)) {
        if self.history.process_of(tid).is_none() && self.history.count_living() <= ASKED_FIRST {
            self.take_all(each);
        }
    }

    /// Finds out about a thread that was not heard of: its first stop may come before that of its maker.
    fn meet(&mut self, tid: i32, each: &mut impl FnMut(Event)) {
        if self.root_is == Root::Ended || self.history.process_of(tid).is_some() {
            return;
        }
        match task::process_and_parent(tid) {
            Some((pid, _)) if pid != tid => self.history.threaded(tid, pid),
            Some((_, parent)) => self.begun(tid, parent, each),
            None => {}
        }
        self.early.insert(tid);
    }

    fn stopped(&mut self, tid: i32, stop: Stop, each: &mut impl FnMut(Event)) {
        let mut how = Resume::Continue;
        let mut signal = 0;
        match stop {
            Stop::Signal(number) => signal = number,
            Stop::Forked => self.forked(tid, |_| true, each),
            Stop::Cloned => self.forked(tid, task::is_process, each),
            Stop::Executed => how = self.executed(tid, each),
            Stop::Exiting => how = self.exiting(tid, each),
            Stop::Group(number) => {
                how = Resume::Listen;
                self.root_changes(tid, Root::Runs, Root::Stopped, Event::RootStopped(number), each);
            }
            Stop::Trap => self.root_changes(tid, Root::Stopped, Root::Runs, Event::RootContinued, each),
        }
        if self.root_is == Root::Ended {
            how = Resume::Detach;
        }
        resume(tid, how, signal);
    }

    /// A thread has made a child, or another thread of its process.
    fn forked(&mut self, tid: i32, is_process: impl Fn(i32) -> bool, each: &mut impl FnMut(Event)) {
        let (Some(parent), Some(child)) = (self.history.process_of(tid), task::message(tid)) else { return };
        if self.early.remove(&child) {
            return;
        }
        if is_process(child) {
            self.begun(child, parent, each);
        } else {
            self.history.threaded(child, parent);
        }
    }

    fn begun(&mut self, pid: i32, parent: i32, each: &mut impl FnMut(Event)) {
        self.history.started(pid, Some(parent), self.started.elapsed());
        program_changes(None, self.history.program_of(pid).as_deref(), each);
    }

    /// A process runs a new program.
    fn executed(&mut self, pid: i32, each: &mut impl FnMut(Event)) -> Resume {
        let before = self.history.program_of(pid);
        let program = program::name_of(pid);
        self.history.executed(pid, &program);
        if program::is_tracer(&program) {
            self.history.lost(pid);
            if pid == self.root {
                self.root_is = Root::Untraced;
            }
            program_changes(before.as_deref(), None, each);
            each(Event::Untraced { program: &program });
            return Resume::Detach;
        }
        program_changes(before.as_deref(), Some(&program), each);
        if !self.privileged
            && program::lost_privileges(pid, &program)
            && self.degraded.insert(Rc::from(program.as_str()))
        {
            each(Event::Degraded { program: &program });
        }
        Resume::Continue
    }

    /// A thread is about to end. If it is a process of its own, nothing more is to be learnt from it.
    fn exiting(&mut self, tid: i32, each: &mut impl FnMut(Event)) -> Resume {
        let Some(leaving) = self.history.exiting(tid) else { return Resume::Continue };
        if !leaving.last && tid != leaving.pid {
            return Resume::Continue;
        }
        let Some(peak) = task::peak_kib(tid) else { return Resume::Continue };
        self.history.peaked(leaving.pid, peak);
        if peak > SMALL_KIB || !leaving.alone || tid == self.root {
            return Resume::Continue;
        }
        let Some(status) = task::message(tid) else { return Resume::Continue };
        self.note_end(tid, stop::coming_end(status), each);
        Resume::Detach
    }

    /// A thread has ended, and if it was the first of its process, the process.
    fn ended(&mut self, tid: i32, end: End, each: &mut impl FnMut(Event)) {
        if tid != self.root {
            self.note_end(tid, end, each);
            task::bury(tid);
        } else if self.root_is != Root::Ended {
            self.note_end(tid, end, each);
            self.root_is = Root::Ended;
            each(Event::RootEnded);
        }
    }

    fn note_end(&mut self, tid: i32, end: End, each: &mut impl FnMut(Event)) {
        let program = self.history.program_of(tid);
        // Only a process has a program, and only a process has a clock.
        let cpu = program.as_ref().and_then(|_| task::cpu_time(tid));
        self.history.ended(tid, Ending { at: self.started.elapsed(), cpu, end });
        program_changes(program.as_deref(), None, each);
    }

    /// The command is now something else than it was, if the thread is one of its.
    fn root_changes(&mut self, tid: i32, was: Root, is: Root, event: Event, each: &mut impl FnMut(Event)) {
        if self.root_is == was && self.history.process_of(tid) == Some(self.root) {
            self.root_is = is;
            each(event);
        }
    }
}

/// Tells that a process has another program than before; before its first one it has an empty name.
fn program_changes(was: Option<&str>, is: Option<&str>, each: &mut impl FnMut(Event)) {
    let was = was.filter(|name| !name.is_empty());
    if was.is_some() || is.is_some() {
        each(Event::Program { was, is });
    }
}
