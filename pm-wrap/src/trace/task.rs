//! What the kernel tells of the processes and threads that we follow.

use std::io;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::wait::{Id, WaitPidFlag};
use nix::time::{clock_getcpuclockid, clock_gettime};
use rustix::fs::CWD;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitIdStatus, waitid};

use crate::proc;

/// Who has something to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Nobody,
    Task(i32),
    /// Somebody with a signal that nix has no name for, such as a real-time one.
    Unnamed,
}

/// Threads too.
const ALL: WaitIdOptions = WaitIdOptions::from_bits_retain(nix::libc::__WALL.cast_unsigned());

/// The oldest kernel, by the two numbers of its version, on which [`next`] sees everybody.
const OLDEST: [u32; 2] = [4, 7];

/// Follows a child, and from its first fork on whatever it makes.
pub(super) fn seize(pid: i32) -> Result<(), Errno> {
    if version(rustix::system::uname().release().to_bytes()).is_some_and(|version| version < OLDEST) {
        return Err(Errno::ENOSYS);
    }
    let options = Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_TRACEEXIT;
    ptrace::seize(nix(pid), options)
}

/// Asks for somebody who is followed and has stopped or ended; the kernel names the youngest first.
///
/// It hides all who are only our children. They may be there without our doing, and one that has ended
/// would hide everybody else.
pub(super) fn next() -> io::Result<Next> {
    let flags = WaitPidFlag::WEXITED
        | WaitPidFlag::WSTOPPED
        | WaitPidFlag::WNOHANG
        | WaitPidFlag::WNOWAIT
        | WaitPidFlag::__WCLONE
        | WaitPidFlag::__WNOTHREAD;
    match nix::sys::wait::waitid(Id::All, flags) {
        Ok(status) => Ok(status.pid().map_or(Next::Nobody, |pid| Next::Task(pid.as_raw()))),
        Err(Errno::ECHILD) => Ok(Next::Nobody),
        Err(Errno::EINVAL) => Ok(Next::Unnamed),
        Err(error) => Err(error.into()),
    }
}

/// Takes the stop of a thread, if it has stopped.
pub(super) fn take_stop(tid: i32) -> Option<i32> {
    wait(tid, WaitIdOptions::STOPPED)?.trapping_signal()
}

/// Looks whether a process or thread has ended.
pub(super) fn end_of(tid: i32) -> Option<WaitIdStatus> {
    // A thread that we follow shows its stops to this too.
    wait(tid, WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).filter(|status| !status.trapped())
}

/// Forgets a process or thread that has ended; of a process its parent is told now.
pub(super) fn bury(tid: i32) {
    wait(tid, WaitIdOptions::EXITED);
}

/// Whether this is the number of a process, and not of a thread in one.
pub(super) fn is_process(tid: i32) -> bool {
    clock_getcpuclockid(nix(tid)).is_ok()
}

/// What the kernel has to add to a stop: who was made, or how it will end.
pub(super) fn message(tid: i32) -> Option<i32> {
    ptrace::getevent(nix(tid)).ok()?.try_into().ok()
}

/// The time that a process has used with all its threads.
pub(super) fn cpu_time(pid: i32) -> Option<Duration> {
    let clock = clock_getcpuclockid(nix(pid)).ok()?;
    Some(clock_gettime(clock).ok()?.into())
}

/// The most memory that the process of a thread has held, in KiB; none once its last thread has left it.
pub(super) fn peak_kib(tid: i32) -> Option<u64> {
    proc::read(CWD, &format!("/proc/{tid}/status"), |status| proc::field(status, "VmHWM:"))
}

/// The process of a thread, and the parent of that process.
pub(super) fn process_and_parent(tid: i32) -> Option<(i32, i32)> {
    proc::read(CWD, &format!("/proc/{tid}/status"), |status| {
        let number = |name| proc::field(status, name)?.try_into().ok();
        Some((number("Tgid:")?, number("PPid:")?))
    })
}

fn wait(tid: i32, wanted: WaitIdOptions) -> Option<WaitIdStatus> {
    waitid(WaitId::Pid(Pid::from_raw(tid)?), wanted | WaitIdOptions::NOHANG | ALL).ok()?
}

/// The two numbers that a kernel's release begins with.
fn version(release: &[u8]) -> Option<[u32; 2]> {
    let mut numbers = std::str::from_utf8(release).ok()?.split(|letter: char| !letter.is_ascii_digit());
    Some([numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?])
}

fn nix(tid: i32) -> nix::unistd::Pid {
    nix::unistd::Pid::from_raw(tid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_begins_with_two_numbers() {
        let releases = ["6.18.44-fc-v669", "3.10.0-1160.el7.x86_64", "4.7", "odd"];
        let versions = [Some([6, 18]), Some([3, 10]), Some(OLDEST), None];
        assert_eq!(releases.map(|release| version(release.as_bytes())), versions);
    }
}
