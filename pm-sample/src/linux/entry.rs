//! A process, as it is known from look to look.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

use nix::time::{ClockId, clock_getcpuclockid};

use super::children;
use super::kept::{Kept, open_file, read_whole};
use super::stat::{self, Stat};
use super::words::{behind, number, words};
use crate::config::MemoryKind;

/// The longest name in `stat` and `comm`; a longer one is cut.
const NAME: usize = 15;

/// A file in the folder of a process.
pub(crate) fn file(pid: i32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{name}"))
}

/// One that is chosen.
#[derive(Debug)]
pub(crate) struct Member {
    pid: i32,
    pub(crate) stat: Stat,
    /// Its `stat`; none where descriptors are scarce.
    file: Option<OwnedFd>,
    children: Kept,
    /// Counts its time to the nanosecond, where `stat` has a hundredth of a second.
    clock: Option<ClockId>,
}

/// One that is not.
#[derive(Debug)]
pub(crate) struct Stranger {
    pub(crate) stat: Stat,
    /// Its `comm`, the file that is quickest to read; none where descriptors are scarce.
    file: Option<OwnedFd>,
}

/// What a stranger is at a later look.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Again {
    Same,
    Renamed,
    Gone,
}

impl Member {
    /// The process of this number, if there is one now.
    pub(crate) fn find(pid: i32, keep: bool) -> Option<Self> {
        let (stat, file) = look(pid)?;
        let clock = clock_getcpuclockid(nix::unistd::Pid::from_raw(pid)).ok();
        Some(Self { pid, stat, file: keep.then_some(file), children: children::of_first_thread(pid), clock })
    }

    /// Looks again. False once it has ended and was waited for.
    pub(crate) fn look_again(&mut self) -> bool {
        let now = match &self.file {
            Some(file) => read_whole(file, stat::parse).ok().flatten(),
            None => look(self.pid).map(|(stat, _)| stat),
        };
        match now.filter(|now| now.start == self.stat.start) {
            Some(now) => {
                self.stat = now;
                true
            }
            None => false,
        }
    }

    /// Whom it has started that still lives.
    pub(crate) fn children(&mut self) -> Vec<i32> {
        let children = children::of(self.pid, &mut self.children, self.stat.threads);
        if self.file.is_none() {
            self.children.close();
        }
        children
    }

    /// Its own time.
    pub(crate) fn time(&self) -> Duration {
        let precise = self.clock.and_then(|clock| clock.now().ok());
        precise.map_or_else(|| ticks(self.stat.own), Duration::from)
    }

    /// What it holds, in bytes. Of a process whose shared pages cannot be told, all of them count.
    pub(crate) fn memory(&self, kind: MemoryKind) -> u64 {
        let proportional = match kind {
            MemoryKind::Proportional => proportional(self.pid),
            MemoryKind::Resident => None,
        };
        proportional.unwrap_or_else(|| {
            let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
            self.stat.resident_pages.saturating_mul(page)
        })
    }
}

impl Stranger {
    pub(crate) fn find(pid: i32, keep: bool) -> Option<Self> {
        let (stat, _) = look(pid)?;
        let file = keep.then(|| open_file(&file(pid, "comm")).ok()).flatten();
        Some(Self { stat, file })
    }

    /// Looks whether it is still there and still runs the same program.
    pub(crate) fn look_again(&mut self, pid: i32) -> Again {
        let name = match &self.file {
            Some(file) => read_whole(file, |text| Some(text.strip_suffix(b"\n").unwrap_or(text).to_vec()))
                .ok()
                .flatten(),
            None => look(pid).filter(|(now, _)| now.start == self.stat.start).map(|(now, _)| now.name),
        };
        match name {
            None => Again::Gone,
            Some(name) if name == self.stat.name => Again::Same,
            Some(name) => {
                self.stat.name = name;
                Again::Renamed
            }
        }
    }

    /// Its program's name, whole where the kernel has cut it: then the command line has the rest.
    pub(crate) fn name(&self, pid: i32) -> Vec<u8> {
        let cut = &self.stat.name;
        if cut.len() < NAME {
            return cut.clone();
        }
        let line = std::fs::read(file(pid, "cmdline")).unwrap_or_default();
        let program = line.split(|&byte| byte == 0).next().unwrap_or_default();
        let base = program.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        if base.starts_with(cut) { base.to_vec() } else { cut.clone() }
    }
}

fn look(pid: i32) -> Option<(Stat, OwnedFd)> {
    let file = open_file(&file(pid, "stat")).ok()?;
    let stat = read_whole(&file, stat::parse).ok()??;
    Some((stat, file))
}

fn proportional(pid: i32) -> Option<u64> {
    let rollup = open_file(&file(pid, "smaps_rollup")).ok()?;
    let kib = |text: &[u8]| number::<u64>(words(behind(text, "Pss:")?).next()?);
    read_whole(&rollup, kib).ok()??.checked_mul(1024)
}

/// Ticks of the kernel as time.
pub(crate) fn ticks(count: u64) -> Duration {
    Duration::from_secs(1).saturating_mul(u32::try_from(count / per_second()).unwrap_or(u32::MAX))
        + Duration::from_nanos((count % per_second()).saturating_mul(1_000_000_000 / per_second()))
}

/// How many ticks had gone by at a time after the start of the system.
pub(crate) fn ticks_at(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() * u128::from(per_second()) / 1_000_000_000).unwrap_or(u64::MAX)
}

fn per_second() -> u64 {
    rustix::param::clock_ticks_per_second().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_with_its_name_time_and_memory() {
        let pid = rustix::process::getpid().as_raw_pid();
        let mut me = Member::find(pid, true).expect("this process");
        assert!(me.look_again() && !me.stat.is_zombie && !me.stat.is_kernel_thread);
        assert!(me.time() > Duration::ZERO && me.memory(MemoryKind::Resident) > 1 << 16);
        // The kernel counts a process's pages to within some hundreds only.
        assert!(me.memory(MemoryKind::Proportional) <= me.memory(MemoryKind::Resident) + (4 << 20));
        let program = std::env::current_exe().expect("a program");
        let name = program.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        assert_eq!(String::from_utf8_lossy(&Stranger::find(pid, true).expect("me").name(pid)), name);
    }

    #[test]
    fn ticks_are_hundredths_of_a_second() {
        assert_eq!(ticks(512), Duration::from_millis(5_120));
        assert_eq!(ticks_at(Duration::from_millis(5_129)), 512);
    }
}
