//! Who is chosen, and what they use.
//!
//! Whoever was chosen stays so for as long as it lives, also when its parent ends or it runs another program.
//! While they have few threads, new descendants are found by the lists of children; else, and for names, the
//! whole of `/proc` is listed, and everybody who was seen before costs one short read. Descendants are looked for
//! only where the kernel has started a process since the look before: on a quiet system most looks need none.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::Chosen;
use super::cgroup::Group;
use super::children;
use super::entry::{Again, Member, Stranger, ticks, ticks_at};
use super::listing;
use super::sockets::Owner;
use crate::accounting::{Account, Accounts, Ledger};
use crate::config::{Choice, MemoryKind};
use crate::wait;

/// From how many threads on listing `/proc` is cheaper than asking each for its children.
const FEW_THREADS: u64 = 64;

/// Descriptors that are left to everything else: each of few processes has up to two beside that of its `stat`.
const SPARE: u64 = 64 + 2 * FEW_THREADS;

/// The chosen ones and, where all of `/proc` is listed, the others.
#[derive(Debug)]
pub(crate) struct Census {
    roots: Roots,
    memory: MemoryKind,
    members: HashMap<i32, Member>,
    strangers: HashMap<i32, Stranger>,
    ledger: Ledger,
    /// When the look before was, in ticks after the start of the system.
    before: u64,
    /// How many processes the system had ever started just before that, if that is known.
    forks: Option<u64>,
    /// How many processes can be kept by a descriptor.
    room: usize,
    has_children_lists: bool,
}

/// Where the trees begin.
#[derive(Debug)]
enum Roots {
    /// Looked for once: the same number later is another process.
    Pids(Vec<i32>),
    Name {
        glob: String,
        own: i32,
    },
    Group(Group),
}

impl Census {
    pub(crate) fn new(choice: Choice, memory: MemoryKind) -> Self {
        let own = rustix::process::getpid().as_raw_pid();
        Self {
            roots: match choice {
                Choice::System => Roots::Pids(Vec::new()),
                Choice::Pids(pids) => Roots::Pids(pids),
                Choice::Name(glob) => Roots::Name { glob, own },
                Choice::Cgroup(name) => Roots::Group(Group::named(&name)),
            },
            memory,
            members: HashMap::new(),
            strangers: HashMap::new(),
            ledger: Ledger::default(),
            before: u64::MAX,
            forks: None,
            room: room(),
            has_children_lists: children::are_listed(),
        }
    }

    /// Looks, and says what they hold and what they have used since the look before. `forks` is how many processes
    /// the system has ever started, read before this.
    pub(crate) fn take(&mut self, forks: Option<u64>) -> Chosen {
        let now = ticks_at(wait::elapsing());
        self.members.retain(|_, member| member.look_again());
        let first = match &mut self.roots {
            Roots::Pids(pids) => std::mem::take(pids),
            Roots::Group(group) => group.processes(),
            Roots::Name { .. } => Vec::new(),
        };
        let mut may_have_more = forks.is_none() || self.forks != forks;
        self.forks = forks;
        for pid in first {
            may_have_more |= self.choose(pid);
        }
        let threads: u64 = self.members.values().map(|member| member.stat.threads).sum();
        let is_by_name = matches!(self.roots, Roots::Name { .. });
        // By name somebody may be chosen who only runs another program now.
        if is_by_name || may_have_more && (threads > FEW_THREADS || !self.has_children_lists) {
            self.list_all();
        } else if may_have_more {
            self.strangers.clear();
            self.ask_for_children();
        }
        let accounts = self.accounts_at(self.before);
        self.before = now;
        let cpu = self.ledger.settle(accounts);
        let living = self.members.values().filter(|member| !member.stat.is_zombie);
        let (processes, memory_bytes) = living.fold((0, 0_u64), |(count, sum), member| {
            (count + 1, sum.saturating_add(member.memory(self.memory)))
        });
        Chosen { processes, memory_bytes, cpu: Duration::from_nanos(cpu) }
    }

    /// Who was in at the last look.
    pub(crate) fn owners(&self) -> Vec<Owner> {
        let living = self.ledger.accounts().iter();
        living.map(|(&pid, account)| Owner { pid, is_new: account.is_new }).collect()
    }

    /// Takes the process of this number in, if it is there and not in yet. Whether it is new.
    fn choose(&mut self, pid: i32) -> bool {
        let keep = self.has_room();
        if self.members.contains_key(&pid) {
            return false;
        }
        let Some(member) = Member::find(pid, keep) else { return false };
        self.strangers.remove(&pid);
        self.members.insert(pid, member);
        true
    }

    fn has_room(&self) -> bool {
        self.members.len() + self.strangers.len() < self.room
    }

    fn ask_for_children(&mut self) {
        let mut parents: Vec<i32> = self.members.keys().copied().collect();
        while let Some(parent) = parents.pop() {
            let children = self.members.get_mut(&parent).map(Member::children).unwrap_or_default();
            parents.extend(children.into_iter().filter(|&child| self.choose(child)));
        }
    }

    fn list_all(&mut self) {
        let mut before = std::mem::take(&mut self.strangers);
        // Who is new here, or runs another program than before.
        let mut changed = Vec::new();
        for pid in listing::numbers(Path::new("/proc")) {
            if self.members.contains_key(&pid) {
                continue;
            }
            let again = before.remove(&pid).map(|mut known| (known.look_again(pid), known));
            match again {
                Some((Again::Same, known)) => {
                    self.strangers.insert(pid, known);
                }
                Some((Again::Renamed, known)) => {
                    self.strangers.insert(pid, known);
                    changed.push(pid);
                }
                Some((Again::Gone, _)) | None => {
                    if let Some(stranger) = Stranger::find(pid, self.has_room()) {
                        self.strangers.insert(pid, stranger);
                        changed.push(pid);
                    }
                }
            }
        }
        if !changed.is_empty() {
            self.choose_by_name(&changed);
            self.choose_descendants();
        }
    }

    fn choose_by_name(&mut self, changed: &[i32]) {
        let Roots::Name { glob, own } = &self.roots else { return };
        let matches = |pid: &i32| {
            let name = self.strangers.get(pid).map(|stranger| stranger.name(*pid)).unwrap_or_default();
            pid != own && fast_glob::glob_match(glob, &name)
        };
        let matching: Vec<i32> = changed.iter().copied().filter(matches).collect();
        for pid in matching {
            self.choose(pid);
        }
    }

    fn choose_descendants(&mut self) {
        let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
        for (&pid, stranger) in self.strangers.iter().filter(|(_, stranger)| !stranger.stat.is_kernel_thread)
        {
            children.entry(stranger.stat.parent).or_default().push(pid);
        }
        let mut parents: Vec<i32> = self.members.keys().copied().collect();
        while let Some(parent) = parents.pop() {
            let since = self.members.get(&parent).map_or(u64::MAX, |member| member.stat.start);
            for child in children.remove(&parent).unwrap_or_default() {
                // Nobody is older than its parent: that one has ended, and another has its number.
                let is_younger = self.strangers.get(&child).is_some_and(|child| child.stat.start >= since);
                if is_younger && self.choose(child) {
                    parents.push(child);
                }
            }
        }
    }

    fn accounts_at(&self, before: u64) -> Accounts {
        let account = |(&pid, member): (&i32, &Member)| {
            let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            let stat = &member.stat;
            let account = Account {
                start: stat.start,
                parent: stat.parent,
                own: nanos(member.time()),
                waited: nanos(ticks(stat.waited)),
                is_new: stat.start >= before,
            };
            (pid, account)
        };
        self.members.iter().map(account).collect()
    }
}

/// As many descriptors as this process may have.
fn room() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let most = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    usize::try_from(most.unwrap_or(u64::MAX).saturating_sub(SPARE)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "somebody has to be looked at")]
    fn descendants_are_looked_for_where_a_process_was_started_or_nobody_knows() {
        let mut shell = Command::new("bash")
            .args(["-c", "read; sleep 600 & echo $!; read; kill $!"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let (mut input, output) = (shell.stdin.take().expect("a pipe"), shell.stdout.take().expect("a pipe"));
        let census = || {
            let pid = i32::try_from(shell.id()).expect("a pid");
            Census::new(Choice::Pids(vec![pid]), MemoryKind::Resident)
        };
        let (mut counting, mut guessing) = (census(), census());
        assert_eq!([counting.take(Some(5)).processes, guessing.take(None).processes], [1, 1]);
        input.write_all(b"\n").expect("a reader");
        BufReader::new(output).lines().next().expect("a child").expect("its pid");
        assert_eq!(counting.take(Some(5)).processes, 1, "the kernel says that nobody was started");
        assert_eq!(counting.take(Some(6)).processes, 2);
        assert_eq!(guessing.take(None).processes, 2);
        input.write_all(b"\n").expect("a reader");
        shell.wait().expect("an end");
    }
}
