//! Who was started by a process, by the lists that the kernel keeps for each of its threads.

use super::entry::file;
use super::kept::Kept;
use super::listing;
use super::words::{number, words};

/// The list of a process's first thread, which has the children of threads that have ended too.
pub(crate) fn of_first_thread(pid: i32) -> Kept {
    of_thread(pid, pid)
}

/// The children of a process that has so many threads, the list of whose first is given.
pub(crate) fn of(pid: i32, first: &mut Kept, threads: u64) -> Vec<i32> {
    let mut children = read(first);
    if threads > 1 {
        let others = listing::numbers(&file(pid, "task")).into_iter().filter(|&thread| thread != pid);
        children.extend(others.flat_map(|thread| read(&mut of_thread(pid, thread))));
    }
    children
}

fn of_thread(pid: i32, thread: i32) -> Kept {
    Kept::at(file(pid, &format!("task/{thread}/children")))
}

fn read(list: &mut Kept) -> Vec<i32> {
    list.read(|text| Some(words(text).filter_map(number).collect())).unwrap_or_default()
}

/// Whether this kernel keeps such lists.
pub(crate) fn are_listed() -> bool {
    std::path::Path::new("/proc/thread-self/children").exists()
}
