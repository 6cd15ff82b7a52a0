//! The processes of a control group.

use std::fs;
use std::path::{Path, PathBuf};

use super::mounts::{self, Mount};
use super::words::{lines, number};

/// How deep groups below groups are followed.
const DEPTH: usize = 32;

/// A group that was named. It need not be there yet.
#[derive(Debug)]
pub(crate) struct Group {
    candidates: Vec<PathBuf>,
}

impl Group {
    /// The group of this name, in whichever hierarchy has it.
    pub(crate) fn named(name: &Path) -> Self {
        Self { candidates: candidates(name, &mounts::of_this_process()) }
    }

    /// The numbers of its processes, and of those in groups below it.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let mut found = Vec::new();
        if let Some(folder) = self.candidates.iter().find(|folder| folder.join(PROCESSES).exists()) {
            collect(folder, DEPTH, &mut found);
        }
        found
    }
}

const PROCESSES: &str = "cgroup.procs";

/// A path below a mount point is meant as it is; anything else is a group's path in its hierarchy.
fn candidates(name: &Path, mounts: &[Mount]) -> Vec<PathBuf> {
    if mounts.iter().any(|mount| name.starts_with(&mount.point)) {
        return vec![name.to_owned()];
    }
    let relative = name.strip_prefix("/").unwrap_or(name);
    mounts.iter().map(|mount| mount.point.join(relative)).collect()
}

fn collect(folder: &Path, depth: usize, found: &mut Vec<i32>) {
    // A group of threads has no list of processes; that of the group above has them.
    let list = fs::read(folder.join(PROCESSES)).unwrap_or_default();
    found.extend(lines(&list).filter_map(number::<i32>).filter(|&pid| pid > 0));
    if depth == 0 {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&entry.path(), depth - 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processes_of_a_group_are_those_of_the_groups_below_it_too() {
        let place = tempfile::tempdir().expect("a folder");
        let group = Group { candidates: vec![place.path().join("none"), place.path().join("a")] };
        assert!(group.processes().is_empty());
        fs::create_dir_all(place.path().join("a/b/c")).expect("folders");
        fs::write(place.path().join("a").join(PROCESSES), "7\n12\n").expect("written");
        // One of another container's reads as 0.
        fs::write(place.path().join("a/b/c").join(PROCESSES), "0\n99\n").expect("written");
        assert_eq!(group.processes(), [7, 12, 99]);
    }

    #[test]
    fn a_group_is_named_by_its_path_in_any_hierarchy_or_by_its_folder() {
        let mount = |point: &str| Mount { root: "/".into(), point: point.into(), is_unified: false };
        let mounts = [mount("/sys/fs/cgroup"), mount("/cg/memory")];
        let paths = ["/sys/fs/cgroup/x.slice/y", "/cg/memory/x.slice/y"].map(PathBuf::from);
        assert_eq!(candidates("x.slice/y".as_ref(), &mounts), paths);
        assert_eq!(candidates("/x.slice/y".as_ref(), &mounts), paths);
        assert_eq!(candidates(&paths[1], &mounts), paths[1..]);
    }
}
