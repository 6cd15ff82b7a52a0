//! Which process something belongs to, in a way that a later one with the same number is told from it.

use std::fs;

use rustix::process::{Pid, getpid, test_kill_process};
use serde::{Deserialize, Serialize};

/// A process, told from all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// When it was started, in the kernel's ticks since the machine was; `None` where the system does not say.
    #[serde(default)]
    pub start_time: Option<u64>,
    /// Which start of the machine that was.
    #[serde(default)]
    pub boot_id: Option<String>,
    /// Where the number counts: containers have numbers of their own.
    #[serde(default)]
    pub pid_namespace: Option<String>,
    /// The machine's name.
    pub host: String,
}

/// What is known of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is there.
    Alive,
    /// It has ended.
    Gone,
    /// It is or was in another container of this machine, whose processes cannot be seen from here.
    Hidden,
    /// It is or was on another machine.
    Elsewhere,
}

impl Process {
    /// This process.
    #[must_use]
    pub fn current() -> Self {
        let namespace = fs::read_link("/proc/self/ns/pid").ok();
        Self {
            pid: getpid().as_raw_pid(),
            start_time: start_time("self"),
            boot_id: boot_id(),
            pid_namespace: namespace.map(|name| name.display().to_string()),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        }
    }

    /// What is known of it, from where this process stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.seen_from(&Self::current(), |pid| match start_time(&pid.to_string()) {
            Some(start) => Some(Some(start)),
            None if boot_id().is_some() => None,
            None => Pid::from_raw(pid).filter(|&pid| test_kill_process(pid).is_ok()).map(|_| None),
        })
    }

    /// `look` says of a number whether there is such a process, and when it was started if the system says.
    fn seen_from(&self, here: &Self, look: impl FnOnce(i32) -> Option<Option<u64>>) -> Standing {
        match (&self.boot_id, &here.boot_id) {
            (Some(this), Some(other)) if this != other && self.host == here.host => Standing::Gone,
            (this, other) if this != other => Standing::Elsewhere,
            (None, None) if self.host != here.host => Standing::Elsewhere,
            _ if self.pid_namespace != here.pid_namespace => Standing::Hidden,
            _ if look(self.pid).is_some_and(|start| start == self.start_time) => Standing::Alive,
            _ => Standing::Gone,
        }
    }
}

fn boot_id() -> Option<String> {
    Some(fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned())
}

/// The 22nd field of `/proc/PID/stat`. The second one is the program's name, which may hold anything.
fn start_time(pid: &str) -> Option<u64> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let behind_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let mut fields = str::from_utf8(&stat[behind_name..]).ok()?.split_ascii_whitespace();
    // One that has ended and is not waited for yet is gone for everybody but its parent.
    (fields.next()? != "Z").then_some(())?;
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process() -> Process {
        Process {
            pid: 7,
            start_time: Some(100),
            boot_id: Some("boot".into()),
            pid_namespace: Some("pid:[1]".into()),
            host: "here".into(),
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Process), expected: Standing) {
        let mut other = process();
        change(&mut other);
        let look = |pid| (pid == 7).then_some(Some(100));
        assert_eq!(other.seen_from(&process(), look), expected);
    }

    #[test]
    fn a_process_is_told_from_a_later_one_with_its_number_and_from_those_out_of_sight() {
        check(|_| (), Standing::Alive);
        check(|other| other.pid = 8, Standing::Gone);
        check(|other| other.start_time = Some(99), Standing::Gone);
        check(|other| other.boot_id = Some("before".into()), Standing::Gone);
        check(|other| other.pid_namespace = Some("pid:[2]".into()), Standing::Hidden);
        check(
            |other| {
                other.boot_id = Some("theirs".into());
                other.host = "there".into();
            },
            Standing::Elsewhere,
        );
        check(
            |other| {
                other.host = "container".into();
                other.pid_namespace = Some("pid:[2]".into());
            },
            Standing::Hidden,
        );
    }

    #[test]
    fn this_process_is_alive() {
        assert_eq!(Process::current().standing(), Standing::Alive);
    }
}
