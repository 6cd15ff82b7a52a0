//! Whether a store may be written from several machines.
//!
//! Locks and appending hold on one machine only. Records are lost without a word when two machines append
//! over a network at the same moment, so whoever looks after a store is told what it lies on.

use std::path::Path;

use crate::Store;

impl Store {
    /// The kind of file system that the store lies on, if other machines may write to it as well.
    #[must_use]
    pub fn shared_file_system(&self) -> Option<&'static str> {
        shared(self.root().ancestors().find(|folder| folder.exists())?)
    }
}

#[cfg(target_os = "linux")]
fn shared(folder: &Path) -> Option<&'static str> {
    // The kernel's own numbers; the type of the field differs between architectures.
    let number = rustix::fs::statfs(folder).ok()?.f_type.cast_unsigned() & 0xffff_ffff;
    // A disk in a foreign format is mounted through FUSE too, and then has a device.
    (number != FUSE || !has_device(folder)).then_some(())?;
    name_of(number)
}

#[cfg(not(target_os = "linux"))]
fn shared(_: &Path) -> Option<&'static str> {
    None
}

#[cfg(target_os = "linux")]
const FUSE: u64 = 0x6573_5546;

#[cfg(target_os = "linux")]
fn name_of(number: u64) -> Option<&'static str> {
    Some(match number {
        0x6969 => "NFS",
        0xff53_4d42 | 0xfe53_4d42 | 0x517b => "SMB",
        FUSE => "FUSE, as sshfs does",
        0x0102_1997 => "9p",
        0x00c3_6400 => "Ceph",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x0bd0_0bd0 => "Lustre",
        0x0116_1970 => "GFS2",
        0x7461_636f => "OCFS2",
        0x4750_4653 => "GPFS",
        0x786f_4256 => "a folder of the virtual machine's host",
        _ => return None,
    })
}

#[cfg(target_os = "linux")]
fn has_device(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let Ok(status) = folder.metadata() else { return false };
    let (major, minor) = (rustix::fs::major(status.dev()), rustix::fs::minor(status.dev()));
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let number = format!("{major}:{minor}");
    let of_it = mounts.lines().find(|line| line.split(' ').nth(2) == Some(&number));
    of_it.is_some_and(|line| line.contains(" - fuseblk "))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn file_systems_of_a_network_are_told_from_those_of_a_disk() {
        for (number, name) in
            [(0x6969, Some("NFS")), (0xff53_4d42, Some("SMB")), (0xef53, None), (0x0102_1994, None)]
        {
            assert_eq!(name_of(number), name);
        }
        // What every Linux has, and nobody shares.
        assert_eq!(shared(Path::new("/proc")), None);
    }
}
