//! How to open a file that only its owner knows how to open.

use std::fs::File;
use std::io;

/// Opens a file, once it is its turn.
pub struct Opener(Box<dyn FnMut() -> io::Result<File> + Send>);

impl Opener {
    /// Whoever needs the file calls `open`, once if it succeeds.
    pub fn new(open: impl FnMut() -> io::Result<File> + Send + 'static) -> Self {
        Self(Box::new(open))
    }

    pub(crate) fn open(&mut self) -> io::Result<File> {
        (self.0)()
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opener").finish_non_exhaustive()
    }
}
