//! Keeps the folder within its bound: what was not asked for the longest goes first.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Removes answers until a tenth of the room is free, if there is more than fits. Several relays may do so at once.
pub(super) fn sweep(folder: &Path, room: u64) {
    let mut files: Vec<(SystemTime, u64, PathBuf)> =
        children(folder).flat_map(|inner| children(&inner)).filter_map(sized).collect();
    let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
    if total <= room {
        return;
    }
    files.sort();
    for (_, size, file) in files {
        if total <= room - room / 10 {
            return;
        }
        let _another_was_faster = fs::remove_file(file);
        total -= size;
    }
}

fn children(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()))
}

fn sized(file: PathBuf) -> Option<(SystemTime, u64, PathBuf)> {
    let status = fs::symlink_metadata(&file).ok()?;
    let modified = status.modified().ok()?;
    status.is_file().then_some((modified, status.len(), file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_and_no_more_than_must() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("ab");
        fs::create_dir(&inner).expect("a folder");
        for age in 0..10_u64 {
            let file = fs::File::create(inner.join(age.to_string())).expect("a file");
            file.set_len(100).expect("its length");
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000 - age);
            file.set_modified(time).expect("its time");
        }
        sweep(folder.path(), 1000);
        assert_eq!(children(&inner).count(), 10);
        sweep(folder.path(), 500);
        let mut left: Vec<_> = children(&inner).map(|file| file.file_name().map(ToOwned::to_owned)).collect();
        left.sort();
        assert_eq!(left, ["0", "1", "2", "3"].map(|name| Some(name.into())));
    }
}
