//! Where the hierarchies of control groups are mounted.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::words::{lines, words};

/// One mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mount {
    /// Which group is seen at the mount point.
    pub(crate) root: PathBuf,
    pub(crate) point: PathBuf,
    /// Whether it is the one hierarchy of version 2.
    pub(crate) is_unified: bool,
}

/// Those that this process sees, that of version 2 first.
pub(crate) fn of_this_process() -> Vec<Mount> {
    let mut mounts = parse(&std::fs::read("/proc/self/mountinfo").unwrap_or_default());
    mounts.sort_by_key(|mount| !mount.is_unified);
    mounts
}

/// Reads `mountinfo`: number, parent, device, root, mount point, options, any number of marks, a dash, the kind.
fn parse(text: &[u8]) -> Vec<Mount> {
    let mount = |line| {
        let mut fields = words(line);
        let root = fields.nth(3)?;
        let point = fields.next()?;
        let kind = fields.skip_while(|word| *word != b"-").nth(1)?;
        let is_unified = kind == b"cgroup2";
        (is_unified || kind == b"cgroup").then(|| Mount { root: path(root), point: path(point), is_unified })
    };
    lines(text).filter_map(mount).collect()
}

/// Blanks, tabs, newlines and backslashes are written as a backslash and three octal digits.
fn path(escaped: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((&first, behind)) = rest.split_first() {
        let digits =
            behind.get(..3).filter(|_| first == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            bytes.push(byte);
            rest = &behind[3..];
        } else {
            bytes.push(first);
            rest = behind;
        }
    }
    OsStr::from_bytes(&bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_of_both_versions_are_found_whatever_marks_stand_between() {
        let text = "23 1 0:22 / /proc rw - proc proc rw\n36 31 0:33 / /sys/fs/cgroup/memory rw,relatime shared:9 master:2 - cgroup cgroup rw,memory\n41 31 0:38 /docker/a\\040b /sys/fs/cgroup/unified\\134x rw - cgroup2 cgroup2 rw\ncut off\n";
        let expected = [
            Mount { root: "/".into(), point: "/sys/fs/cgroup/memory".into(), is_unified: false },
            Mount { root: "/docker/a b".into(), point: "/sys/fs/cgroup/unified\\x".into(), is_unified: true },
        ];
        assert_eq!(parse(text.as_bytes()), expected);
    }

    #[test]
    fn what_is_no_escape_stays_as_it_is() {
        assert_eq!([&b"\\04"[..], b"\\9zz", b"\\"].map(path), ["\\04", "\\9zz", "\\"].map(PathBuf::from));
    }
}
