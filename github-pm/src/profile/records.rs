//! The file between the two halves of a profile.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use pm_cli::Environment;

use crate::Error;

/// How many names are tried.
const TRIES: u32 = 100;

/// A file of records; one that is ours alone goes with this value.
#[derive(Debug)]
pub(crate) struct Records {
    path: PathBuf,
    is_ours: bool,
}

impl Records {
    /// The file that was named, else a new one in `$TMPDIR` that only its owner may read.
    pub(crate) fn at(named: Option<&Path>, environment: &Environment) -> Result<Self, Error> {
        if let Some(named) = named {
            return Ok(Self { path: named.to_owned(), is_ours: false });
        }
        let folder = environment.absolute("TMPDIR").unwrap_or(Path::new("/tmp"));
        let mut attempt = 0;
        loop {
            let path = folder.join(format!("github-pm-profile-{}-{attempt}.ndjson", std::process::id()));
            // Nobody else's file is taken, and no link is followed.
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
                Ok(_) => return Ok(Self { path, is_ours: true }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && attempt < TRIES => attempt += 1,
                Err(error) => return Err(Error::file("make", path)(error)),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        if self.is_ours {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
