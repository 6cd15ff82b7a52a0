//! The history of a tree of processes: who was born of whom, what each has run, and how it ended.
//!
//! What happens is told one fact at a time, about processes and about their threads, which are numbered
//! alike. A number may come again for another process, but only once its first bearer has ended.
//!
//! Memory: one entry a living thread, and one a process that ever lived, of which at most as many as were
//! asked for; later ones are only counted.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use super::Seen;
use crate::child::End;

/// What is remembered of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    /// Who made it; none for the first.
    pub(crate) parent: Option<i32>,
    /// The base name of the program that it ran last.
    pub(crate) program: Rc<str>,
    /// Since the start of the command.
    pub(crate) start: Duration,
    /// The most memory that its last program held, in KiB.
    pub(crate) peak_kib: Option<u64>,
    /// None if it was still alive when it was last heard of.
    pub(crate) ending: Option<Ending>,
}

/// What is known of a process when it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    /// Since the start of the command.
    pub(crate) at: Duration,
    /// Its own time, without that of its children.
    pub(crate) cpu: Option<Duration>,
    pub(crate) end: End,
}

/// All processes so far.
#[derive(Debug)]
pub(crate) struct History {
    tasks: HashMap<i32, Task>,
    // In order of start.
    processes: Vec<Process>,
    most: usize,
    forgotten: u64,
    names: HashSet<Rc<str>>,
}

/// What has a number of its own and lives.
#[derive(Debug)]
enum Task {
    Process(Living),
    Thread { of: i32, exiting: bool },
}

/// A process that lives, known by the number of its first thread.
#[derive(Debug)]
struct Living {
    /// Its place among the processes that are remembered.
    place: Option<usize>,
    program: Rc<str>,
    /// How many of its threads are not about to end.
    running: usize,
    /// How many threads it has besides its first.
    others: usize,
    /// Whether its first thread is about to end.
    exiting: bool,
}

/// Which thread of its process is about to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaving {
    pub(super) pid: i32,
    /// It is the last; all others have ended or are about to.
    pub(super) last: bool,
    /// It is the only one that there is.
    pub(super) alone: bool,
}

impl History {
    /// Nothing has happened yet. At most `most` processes will be remembered.
    pub(super) fn new(most: usize) -> Self {
        let (tasks, names) = (HashMap::new(), HashSet::new());
        Self { tasks, processes: Vec::new(), most, forgotten: 0, names }
    }

    /// All that was remembered.
    pub(super) fn into_seen(self) -> Seen {
        Seen { processes: self.processes, forgotten: self.forgotten }
    }

    /// The process that the thread, or first thread, `tid` belongs to, if it lives.
    pub(super) fn process_of(&self, tid: i32) -> Option<i32> {
        Some(match self.tasks.get(&tid)? {
            Task::Process(_) => tid,
            Task::Thread { of, .. } => *of,
        })
    }

    /// What the living process `pid` runs.
    pub(super) fn program_of(&self, pid: i32) -> Option<Rc<str>> {
        match self.tasks.get(&pid)? {
            Task::Process(living) => Some(Rc::clone(&living.program)),
            Task::Thread { .. } => None,
        }
    }

    /// How many processes and threads live.
    pub(super) fn count_living(&self) -> usize {
        self.tasks.len()
    }

    /// Who lives.
    pub(super) fn living(&self) -> Vec<i32> {
        self.tasks.keys().copied().collect()
    }

    /// A process was made, and runs what its parent runs.
    pub(super) fn started(&mut self, pid: i32, parent: Option<i32>, start: Duration) {
        let program = parent.and_then(|parent| self.program_of(parent)).unwrap_or_else(|| Rc::from(""));
        let place = (self.processes.len() < self.most).then_some(self.processes.len());
        if place.is_some() {
            let program = Rc::clone(&program);
            self.processes.push(Process { pid, parent, program, start, peak_kib: None, ending: None });
        } else {
            self.forgotten += 1;
        }
        let living = Living { place, program, running: 1, others: 0, exiting: false };
        self.tasks.insert(pid, Task::Process(living));
    }

    /// A process has one more thread.
    pub(super) fn threaded(&mut self, tid: i32, pid: i32) {
        if let Some(Task::Process(living)) = self.tasks.get_mut(&pid) {
            living.running += 1;
            living.others += 1;
            self.tasks.insert(tid, Task::Thread { of: pid, exiting: false });
        }
    }

    /// A process runs a new program. Whichever thread has asked for it is now the first and only one.
    pub(super) fn executed(&mut self, pid: i32, program: &str) {
        let program = self.intern(program);
        let Some(Task::Process(living)) = self.tasks.get_mut(&pid) else { return };
        if let Some(process) = living.place.map(|place| &mut self.processes[place]) {
            process.program = Rc::clone(&program);
            process.peak_kib = None;
        }
        let alone = living.others == 0;
        *living = Living { place: living.place, program, running: 1, others: 0, exiting: false };
        if !alone {
            self.tasks.retain(|_, task| !matches!(task, Task::Thread { of, .. } if *of == pid));
        }
    }

    /// A thread is about to end.
    pub(super) fn exiting(&mut self, tid: i32) -> Option<Leaving> {
        let pid = self.process_of(tid)?;
        let first_time = match self.tasks.get_mut(&tid)? {
            Task::Process(Living { exiting, .. }) | Task::Thread { exiting, .. } => {
                !std::mem::replace(exiting, true)
            }
        };
        let Some(Task::Process(living)) = self.tasks.get_mut(&pid) else { return None };
        living.running -= usize::from(first_time);
        Some(Leaving { pid, last: living.running == 0, alone: tid == pid && living.others == 0 })
    }

    /// The most memory that a process has held.
    pub(super) fn peaked(&mut self, pid: i32, kib: u64) {
        if let Some(Task::Process(Living { place: Some(place), .. })) = self.tasks.get(&pid) {
            self.processes[*place].peak_kib = Some(kib);
        }
    }

    /// A thread has ended; with the first, which ends last, the process.
    pub(super) fn ended(&mut self, tid: i32, ending: Ending) {
        match self.tasks.remove(&tid) {
            Some(Task::Process(living)) => {
                if let Some(place) = living.place {
                    self.processes[place].ending = Some(ending);
                }
            }
            Some(Task::Thread { of, exiting }) => {
                if let Some(Task::Process(living)) = self.tasks.get_mut(&of) {
                    living.others -= 1;
                    living.running -= usize::from(!exiting);
                }
            }
            None => {}
        }
    }

    /// A process lives on, and nothing more will be heard of it.
    pub(super) fn lost(&mut self, pid: i32) {
        self.tasks.remove(&pid);
    }

    fn intern(&mut self, name: &str) -> Rc<str> {
        if let Some(known) = self.names.get(name) {
            return Rc::clone(known);
        }
        let name = Rc::from(name);
        self.names.insert(Rc::clone(&name));
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tell: impl FnOnce(&mut History), expected: &[&str]) {
        let mut history = History::new(4);
        history.started(1, None, Duration::ZERO);
        history.executed(1, "make");
        tell(&mut history);
        let seen = history.into_seen();
        let lines: Vec<_> = seen.processes.iter().map(line).collect();
        assert_eq!((lines, seen.forgotten), (expected.iter().map(ToString::to_string).collect(), 0));
    }

    fn line(process: &Process) -> String {
        let Process { pid, parent, program, start, peak_kib, ending } = process;
        let parent = parent.map_or_else(|| "-".to_owned(), |pid| pid.to_string());
        let peak = peak_kib.map_or_else(String::new, |kib| format!(" {kib} KiB"));
        let ending = ending.map_or_else(String::new, |Ending { at, end, .. }| format!(" {at:?} {end:?}"));
        format!("{pid} of {parent}: {program} {start:?}{peak}{ending}")
    }

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn ending(millis: u64, end: End) -> Ending {
        Ending { at: at(millis), cpu: None, end }
    }

    #[test]
    fn a_process_has_its_parents_program_until_it_runs_its_own() {
        check(
            |history| {
                history.started(2, Some(1), at(5));
                history.started(3, Some(1), at(6));
                history.executed(3, "cc");
            },
            &["1 of -: make 0ns", "2 of 1: make 5ms", "3 of 1: cc 6ms"],
        );
    }

    #[test]
    fn a_process_ends_with_its_first_thread() {
        check(
            |history| {
                history.threaded(2, 1);
                assert_eq!(history.process_of(2), Some(1));
                history.ended(2, ending(3, End::Exited(9)));
                assert_eq!(history.process_of(2), None);
                history.ended(1, ending(4, End::Signaled(6)));
            },
            &["1 of -: make 0ns 4ms Signaled(6)"],
        );
    }

    #[test]
    fn the_last_thread_to_leave_is_known_in_whatever_way_the_others_went() {
        check(
            |history| {
                history.threaded(2, 1);
                history.threaded(3, 1);
                assert_eq!(history.exiting(1), Some(Leaving { pid: 1, last: false, alone: false }));
                // Killed, and never seen on its way.
                history.ended(2, ending(3, End::Signaled(9)));
                assert_eq!(history.exiting(3), Some(Leaving { pid: 1, last: true, alone: false }));
                history.ended(3, ending(3, End::Signaled(9)));
                assert_eq!(history.exiting(1), Some(Leaving { pid: 1, last: true, alone: true }));
            },
            &["1 of -: make 0ns"],
        );
    }

    #[test]
    fn a_new_program_has_one_thread_and_no_peak_yet() {
        check(
            |history| {
                history.threaded(2, 1);
                history.exiting(1);
                history.peaked(1, 4_000);
                history.executed(1, "sh");
                assert_eq!((history.process_of(2), history.living()), (None, vec![1]));
                assert_eq!(history.exiting(1), Some(Leaving { pid: 1, last: true, alone: true }));
                history.peaked(1, 700);
            },
            &["1 of -: sh 0ns 700 KiB"],
        );
    }

    #[test]
    fn a_number_that_comes_again_is_another_process() {
        check(
            |history| {
                history.started(2, Some(1), at(1));
                history.ended(2, ending(2, End::Exited(0)));
                history.started(2, Some(1), at(3));
                history.executed(2, "ls");
            },
            &["1 of -: make 0ns", "2 of 1: make 1ms 2ms Exited(0)", "2 of 1: ls 3ms"],
        );
    }

    #[test]
    fn who_is_unknown_changes_nothing() {
        check(
            |history| {
                history.threaded(8, 7);
                history.executed(7, "ghost");
                history.peaked(7, 1);
                history.ended(7, ending(1, End::Exited(1)));
                assert_eq!((history.exiting(8), history.program_of(7)), (None, None));
            },
            &["1 of -: make 0ns"],
        );
    }

    #[test]
    fn later_processes_are_counted_and_still_followed() {
        let mut history = History::new(1);
        history.started(1, None, at(0));
        history.started(2, Some(1), at(1));
        history.executed(2, "ls");
        assert_eq!(history.program_of(2).as_deref(), Some("ls"));
        history.peaked(2, 9);
        history.ended(2, ending(1, End::Exited(0)));
        let seen = history.into_seen();
        assert_eq!((seen.processes.len(), seen.forgotten), (1, 1));
    }
}
