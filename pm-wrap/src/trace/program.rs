//! What a process runs: its name, and whether being followed harms it.

use rustix::fs::{CWD, Mode, StatVfsMountFlags, readlinkat, stat, statvfs};
use rustix::io::Errno;

use crate::{name, proc};

/// The kernel keeps this much of a program's name.
const KEPT: usize = 15;

/// How many words of a command line are looked at: an interpreter and its option stand before a script.
const WORDS: usize = 3;

/// The number of the capability to trace anybody, in the mask of capabilities.
const SYS_PTRACE: u64 = 1 << 19;

/// Programs that trace others and cannot do so when they, or those others, are followed already.
const TRACERS: [&str; 19] = [
    "criu",
    "dlv",
    "fakeroot-ng",
    "gdb",
    "gdb-multiarch",
    "gdbserver",
    "lldb",
    "lldb-server",
    "ltrace",
    "proot",
    "py-spy",
    "r2",
    "radare2",
    "rbspy",
    "reptyr",
    "rr",
    "runsc",
    "strace",
    "tracexec",
];

/// The base name of the program that the process has just begun to run; for a script that of the script.
pub(super) fn name_of(pid: i32) -> String {
    let name = proc::read(CWD, &format!("/proc/{pid}/comm"), |comm| {
        let comm = comm.strip_suffix(b"\n").unwrap_or(comm);
        Some(if comm.len() < KEPT { text(comm) } else { complete(comm, &longer_names(pid)) })
    });
    name.unwrap_or_else(|| "unnamed".to_owned())
}

/// Whether it traces others by itself.
pub(super) fn is_tracer(program: &str) -> bool {
    TRACERS.contains(&program)
}

/// Whether a program that we follow keeps the privileges that its file gives it.
pub(super) fn we_are_privileged() -> bool {
    proc::read(CWD, "/proc/self/status", |status| hex(status, "CapEff:"))
        .is_some_and(|capabilities| capabilities & SYS_PTRACE != 0)
}

/// Whether the file of the program that the process has just begun to run gives it privileges that it has
/// not got.
pub(super) fn lost_privileges(pid: i32, program: &str) -> bool {
    let exe = format!("/proc/{pid}/exe");
    match stat(&exe) {
        Ok(file) => gives_more(pid, &exe, &file),
        // Some systems let nobody read the programs that have privileges, and then their processes neither.
        Err(Errno::ACCESS | Errno::PERM) => {
            let exe = format!("/usr/bin/{program}");
            stat(&exe).is_ok_and(|file| gives_more(pid, &exe, &file))
        }
        Err(_) => false,
    }
}

fn gives_more(pid: i32, exe: &str, file: &rustix::fs::Stat) -> bool {
    let mode = Mode::from_raw_mode(file.st_mode);
    let as_user = mode.contains(Mode::SUID).then_some(file.st_uid);
    // Without the group's right to run it, the bit means something else.
    let as_group = mode.contains(Mode::SGID | Mode::XGRP).then_some(file.st_gid);
    let capable = rustix::fs::getxattr(exe, "security.capability", &mut [0; 64]).is_ok();
    if as_user.is_none() && as_group.is_none() && !capable {
        return false;
    }
    let forbidden = statvfs(exe).is_ok_and(|place| place.f_flag.contains(StatVfsMountFlags::NOSUID));
    let lost = proc::read(CWD, &format!("/proc/{pid}/status"), |status| {
        let differs = |wanted: Option<u32>, field| {
            wanted.is_some_and(|wanted| effective(status, field) != Some(wanted))
        };
        let forbidden = forbidden || proc::field(status, "NoNewPrivs:") == Some(1);
        let lost = differs(as_user, "Uid:") || differs(as_group, "Gid:");
        Some(!forbidden && (lost || capable && hex(status, "CapPrm:") == Some(0)))
    });
    lost == Some(true)
}

/// The second of the numbers behind `name`: the kernel writes the real one first.
fn effective(status: &[u8], name: &str) -> Option<u32> {
    line(status, name)?.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn hex(status: &[u8], name: &str) -> Option<u64> {
    u64::from_str_radix(line(status, name)?.trim(), 16).ok()
}

fn line<'a>(status: &'a [u8], name: &str) -> Option<&'a str> {
    let mut lines = status.split(|byte| *byte == b'\n');
    std::str::from_utf8(lines.find_map(|line| line.strip_prefix(name.as_bytes()))?).ok()
}

/// Where the rest of a name that was cut may be found.
fn longer_names(pid: i32) -> Vec<Vec<u8>> {
    let exe = readlinkat(CWD, format!("/proc/{pid}/exe"), Vec::new()).map(|path| {
        let path = path.into_bytes();
        path.strip_suffix(b" (deleted)").map(<[u8]>::to_vec).unwrap_or(path)
    });
    let words = proc::read(CWD, &format!("/proc/{pid}/cmdline"), |line| {
        Some(line.split(|byte| *byte == 0).take(WORDS).map(<[u8]>::to_vec).collect())
    });
    exe.into_iter().chain(words.unwrap_or_else(Vec::new)).collect()
}

/// The first base name among `paths` that begins with `comm`.
fn complete(comm: &[u8], paths: &[Vec<u8>]) -> String {
    let mut names = paths.iter().filter_map(|path| path.rsplit(|byte| *byte == b'/').next());
    text(names.find(|name| name.starts_with(comm)).unwrap_or(comm))
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().take(name::LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(comm: &str, paths: &[&str], expected: &str) {
        let paths: Vec<_> = paths.iter().map(|path| path.as_bytes().to_vec()).collect();
        assert_eq!(complete(comm.as_bytes(), &paths), expected);
    }

    #[test]
    fn a_cut_name_is_completed_by_the_program_or_its_command_line() {
        let comm = "systemd-tty-ask";
        check(comm, &["/usr/bin/systemd-tty-ask-password-agent"], "systemd-tty-ask-password-agent");
        check("nightly-batch-o", &["/bin/sh", "sh", "./nightly-batch-of-work"], "nightly-batch-of-work");
    }

    #[test]
    fn a_name_that_nobody_completes_stays_as_it_is() {
        check("exactly15letter", &["/usr/bin/other", "", "exactly"], "exactly15letter");
        check("x/exactly15lett", &[], "x/exactly15lett");
    }

    #[test]
    fn the_effective_owner_is_the_second() {
        let status = b"Name:\tUid: 7\nUid:\t1\t2\t3\t4\nGid:\t5\nCapEff:\t00000000a80425fb\n";
        assert_eq!((effective(status, "Uid:"), effective(status, "Gid:")), (Some(2), None));
        assert_eq!(hex(status, "CapEff:"), Some(0xa804_25fb));
    }
}
