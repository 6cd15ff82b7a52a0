//! Who was started by a process, by the lists that the kernel keeps for each of its threads.

use super::entry::file;
use super::kept::{open_file, read_whole};
use super::listing;
use super::words::{number, words};

/// The children of a process that has so many threads; those of a thread that has ended are its first thread's.
pub(crate) fn of(pid: i32, threads: u64) -> Vec<i32> {
    if threads <= 1 {
        return of_thread(pid, pid);
    }
    listing::numbers(&file(pid, "task")).into_iter().flat_map(|thread| of_thread(pid, thread)).collect()
}

fn of_thread(pid: i32, thread: i32) -> Vec<i32> {
    let list = |text: &[u8]| Some(words(text).filter_map(number).collect());
    let file = open_file(&file(pid, &format!("task/{thread}/children")));
    file.and_then(|file| read_whole(&file, list)).ok().flatten().unwrap_or_default()
}

/// Whether this kernel keeps such lists.
pub(crate) fn are_listed() -> bool {
    std::path::Path::new("/proc/thread-self/children").exists()
}
