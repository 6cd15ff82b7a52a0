//! The tree read from `/proc`, downwards from its root by the lists of children.
//!
//! Looking at every process of the machine for its parent would be simpler and as dear as the machine is
//! busy. The lists cost one small file a thread. A member is known by a descriptor of its folder, which no
//! later process of the same number can take over, so whoever was seen in the tree belongs to it for as
//! long as it lives, even when its parent has ended. Descriptors are few, so in a large tree only the
//! first members are known in this way, and the others are found again each time.

use std::collections::HashSet;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat};
use rustix::process::Pid;

use crate::proc::{self, page_kib};
use crate::sightings::Sighting;

/// How many members are known by a descriptor.
const KEPT: usize = 128;

/// How many threads of one process are asked for their children.
const THREADS: u64 = 4096;

/// The root and everybody below it.
#[derive(Debug)]
pub(crate) struct Tree {
    root: Pid,
    kept: Vec<Member>,
    /// Those of the last look that are not kept.
    others: Vec<Member>,
    /// The numbers of both.
    known: HashSet<i32>,
    /// Children of the root that do not belong to the tree.
    strangers: Vec<i32>,
    /// Whether `/proc` can be believed. Without it the root is all that is known.
    readable: bool,
}

#[derive(Debug)]
struct Member {
    pid: i32,
    folder: Option<OwnedFd>,
}

impl Tree {
    /// The tree below and with `root`, which must be a child of this process that is not yet waited for.
    pub(crate) fn of(root: Pid) -> Self {
        Self {
            root,
            kept: Vec::new(),
            others: Vec::new(),
            known: HashSet::new(),
            strangers: Vec::new(),
            readable: proc::is_ours(),
        }
    }

    /// The tree below `root`, without the children that it has now.
    pub(crate) fn of_later_children(root: Pid) -> Self {
        let mut tree = Self::of(root);
        tree.strangers = tree.children_of_root().iter().map(|process| process.as_raw_pid()).collect();
        tree
    }

    /// Whether anything can be seen of the tree.
    pub(crate) fn is_readable(&self) -> bool {
        self.readable
    }

    /// Looks who lives, and returns what they hold together, in KiB of resident size.
    pub(crate) fn resident_kib(&mut self) -> Option<u64> {
        let mut sum = 0;
        self.walk(|member| {
            let pages = member.read("statm", |text| proc::word(text, 1));
            sum += pages.unwrap_or(0) * page_kib();
            pages.is_some()
        });
        (sum > 0).then_some(sum)
    }

    /// How many were seen at the last look.
    pub(crate) fn len(&self) -> usize {
        self.kept.len() + self.others.len()
    }

    /// What those seen at the last look hold together, in KiB of proportional size; none if it cannot be
    /// read for all of them.
    pub(crate) fn proportional_kib(&self) -> Option<u64> {
        self.members().map(|member| member.read("smaps_rollup", |text| proc::field(text, "Pss:"))).sum()
    }

    /// The largest high-water mark of those seen at the last look, in KiB.
    pub(crate) fn high_water_kib(&self) -> Option<u64> {
        self.members().filter_map(|member| member.read("status", |text| proc::field(text, "VmHWM:"))).max()
    }

    /// Those seen at the last look, by name.
    pub(crate) fn sightings(&self) -> impl Iterator<Item = Sighting> {
        self.members().filter_map(|member| {
            let times = member.read("stat", |text| {
                let ticks = |index| proc::after_name(text, index).map(proc::ticks);
                // The fields 14, 15 and 22 as proc(5) counts them: user time, system time, start since boot.
                Some((ticks(11)? + ticks(12)?, ticks(19)?))
            });
            let (cpu, since_boot) = times.unzip();
            member.read("status", |text| {
                let number = |name| i32::try_from(proc::field(text, name)?).ok();
                let program = String::from_utf8_lossy(proc::line(text, "Name:")?).trim().to_owned();
                let (pid, parent) = (number("Pid:")?, number("PPid:")?);
                Some(Sighting {
                    pid,
                    parent,
                    program,
                    peak_kib: proc::field(text, "VmHWM:"),
                    cpu,
                    since_boot,
                })
            })
        })
    }

    /// Looks who lives.
    pub(crate) fn living(&mut self) -> Vec<Pid> {
        self.walk(|member| member.read("stat", |text| Some(!proc::is_zombie(text))).unwrap_or(false));
        self.members().filter_map(|member| Pid::from_raw(member.pid)).collect()
    }

    /// The root's own children, those that have ended included.
    pub(crate) fn children_of_root(&self) -> Vec<Pid> {
        let mut found = Vec::new();
        Member { pid: self.root.as_raw_pid(), folder: None }.children(&mut found);
        let ours = found.into_iter().filter(|pid| !self.strangers.contains(pid));
        ours.filter_map(Pid::from_raw).collect()
    }

    fn members(&self) -> impl Iterator<Item = &Member> {
        self.kept.iter().chain(&self.others)
    }

    /// Goes through the tree; whoever is not there any more, as `lives` says, is forgotten.
    fn walk(&mut self, mut lives: impl FnMut(&Member) -> bool) {
        self.known.clear();
        self.others.clear();
        if !self.readable {
            return;
        }
        self.known.extend(&self.strangers);
        self.kept.retain(&mut lives);
        self.known.extend(self.kept.iter().map(|member| member.pid));
        let mut found = vec![self.root.as_raw_pid()];
        let mut asked = 0;
        loop {
            for pid in found.drain(..) {
                if self.known.insert(pid) {
                    self.admit(pid, &mut lives);
                }
            }
            // Members are only added at the ends of both lists, so each is asked once.
            let Some(member) = self.member(asked) else { return };
            member.children(&mut found);
            asked += 1;
        }
    }

    fn member(&self, index: usize) -> Option<&Member> {
        self.kept.get(index).or_else(|| self.others.get(index.checked_sub(self.kept.len())?))
    }

    fn admit(&mut self, pid: i32, lives: &mut impl FnMut(&Member) -> bool) {
        let keep = self.kept.len() < KEPT && self.others.is_empty();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = keep.then(|| openat(CWD, format!("/proc/{pid}"), flags, Mode::empty()).ok()).flatten();
        let member = Member { pid, folder };
        if lives(&member) {
            let list = if member.folder.is_some() { &mut self.kept } else { &mut self.others };
            list.push(member);
        }
    }
}

impl Member {
    fn read<T>(&self, file: &str, value: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
        match &self.folder {
            Some(folder) => proc::read(folder.as_fd(), file, value),
            None => proc::read(CWD, &format!("/proc/{}/{file}", self.pid), value),
        }
    }

    /// Adds the numbers of the children of all threads.
    fn children(&self, found: &mut Vec<i32>) {
        let own = format!("/proc/{}", self.pid);
        let base = self.folder.as_ref().map_or(CWD, AsFd::as_fd);
        let prefix = if self.folder.is_some() { "." } else { &own };
        if threads(base, &format!("{prefix}/task")) <= 1 {
            return list_children(base, &format!("{prefix}/task/{}/children", self.pid), found);
        }
        let Ok(tasks) = std::fs::read_dir(format!("{own}/task")) else { return };
        for task in tasks.flatten().take(usize::try_from(THREADS).unwrap_or(usize::MAX)) {
            list_children(CWD, &format!("{own}/task/{}/children", task.file_name().display()), found);
        }
    }
}

/// A folder has as many links as it has sub-folders, and two; this one has a sub-folder a thread.
#[allow(clippy::useless_conversion, reason = "the type of this number depends on the architecture")]
fn threads(base: BorrowedFd, tasks: &str) -> u64 {
    statat(base, tasks, AtFlags::empty()).map_or(0, |status| u64::from(status.st_nlink).saturating_sub(2))
}

fn list_children(base: BorrowedFd, path: &str, found: &mut Vec<i32>) {
    proc::read(base, path, |text| {
        let words = text.split(|byte| *byte == b' ');
        found.extend(words.filter_map(|word| std::str::from_utf8(word).ok()?.trim().parse::<i32>().ok()));
        Some(())
    });
}
