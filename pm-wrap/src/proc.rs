//! What Linux tells of processes in `/proc`: files read in one piece, and the words in them. Elsewhere there
//! are none, and every answer is "unknown".

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags, openat, readlinkat};

/// Reads `file` below `base` and takes a value out of it. Most are short, so the first piece is read
/// without an allocation.
pub(crate) fn read<T>(base: BorrowedFd, file: &str, value: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    let descriptor = openat(base, file, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut piece = [0; 4096];
    let count = rustix::io::read(&descriptor, &mut piece).ok()?;
    if count < piece.len() {
        return value(&piece[..count]);
    }
    let mut all = piece.to_vec();
    loop {
        match rustix::io::read(&descriptor, &mut piece).ok()? {
            0 => return value(&all),
            count => all.extend_from_slice(&piece[..count]),
        }
    }
}

/// Whether `/proc` is there and counts processes as we do: a container may have kept that of another.
pub(crate) fn is_ours() -> bool {
    let own = rustix::process::getpid().as_raw_pid().to_string();
    readlinkat(CWD, "/proc/self", Vec::new()).is_ok_and(|link| link.as_bytes() == own.as_bytes())
}

/// The first number behind `name` at the start of a line.
pub(crate) fn field(text: &[u8], name: &str) -> Option<u64> {
    number(line(text, name)?.split(u8::is_ascii_whitespace).find(|word| !word.is_empty())?)
}

/// What stands behind `name` on its line.
pub(crate) fn line<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(name.as_bytes()))
}

/// The number that stands at `index` in a line of numbers.
pub(crate) fn word(text: &[u8], index: usize) -> Option<u64> {
    number(text.split(u8::is_ascii_whitespace).nth(index)?)
}

/// Whether `/proc/PID/stat` is that of a process that has ended and was not waited for. The name before the
/// state may hold anything, brackets too.
pub(crate) fn is_zombie(stat: &[u8]) -> bool {
    let name_ends = memchr::memrchr(b')', stat);
    name_ends.and_then(|end| stat.get(end + 2)).is_some_and(|state| matches!(state, b'Z' | b'X'))
}

fn number(word: &[u8]) -> Option<u64> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

/// A number of `/proc/PID/stat`, counted from nought at the state, behind the name that may hold anything.
pub(crate) fn after_name(stat: &[u8], index: usize) -> Option<u64> {
    word(stat.get(memchr::memrchr(b')', stat)? + 2..)?, index)
}

/// A count of the kernel's ticks, which `/proc` tells times in.
pub(crate) fn ticks(count: u64) -> Duration {
    Duration::from_nanos(count.saturating_mul(1_000_000_000 / rustix::param::clock_ticks_per_second().max(1)))
}

/// The size of a page, in KiB.
pub(crate) fn page_kib() -> u64 {
    u64::try_from(rustix::param::page_size() / 1024).unwrap_or(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_the_number_behind_its_name() {
        let text = b"Name:\tVmHWM: 7\nVmHWM:\t    1768 kB\nsyscr: 12\n";
        let fields = ["VmHWM:", "syscr:", "syscw:"].map(|name| field(text, name));
        assert_eq!(fields, [Some(1768), Some(12), None]);
    }

    #[test]
    fn a_word_is_counted_from_nought() {
        assert_eq!([0, 1, 9].map(|index| word(b"812 77 3 0\n", index)), [Some(812), Some(77), None]);
    }

    #[test]
    fn the_state_stands_behind_a_name_that_may_hold_anything() {
        assert!(is_zombie(b"12 (a) R) Z 1 2") && is_zombie(b"12 (x) X 1"));
        assert!(!is_zombie(b"12 (a) Z) R 1 2") && !is_zombie(b"12 (cut"));
        assert_eq!(
            [0, 1, 2, 3].map(|index| after_name(b"12 (a) 7) R 1 2\n", index)),
            [None, Some(1), Some(2), None]
        );
        assert_eq!(after_name(b"12 (cut)", 1), None);
    }
}
