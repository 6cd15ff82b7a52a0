//! A file that is replaced as a whole.
//!
//! The new one is made beside the old one under a name that nobody reads, and renamed: whoever reads it sees one or the
//! other and never half of one. Its mode follows umask, because what somebody names is for somebody else to read.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Puts `bytes` in the place of the file, or writes them to what is no file, such as a pipe.
///
/// # Errors
///
/// What the system says; the old file is then what it was.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A pipe or a device cannot be replaced, only written to.
    if path.metadata().is_ok_and(|status| !status.is_file()) {
        return OpenOptions::new().write(true).open(path)?.write_all(bytes);
    }
    let new = beside(path);
    let written = write_new(&new, bytes).and_then(|()| std::fs::rename(&new, path));
    if written.is_err() {
        let _not_there = std::fs::remove_file(&new);
    }
    written
}

/// Where the new file is made before it takes its place.
#[must_use]
pub fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    // Without this, a power cut after the rename could leave an empty file.
    file.sync_data()
}
