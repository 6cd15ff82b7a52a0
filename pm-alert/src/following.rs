//! The records of a store while they are appended, as an input, and how far they were judged.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pm_cli::Feed;
use pm_store::{Follow, Place};

/// Where everything that was read has been handed to the judge, for whoever writes it down.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress(Arc<Mutex<Option<Place>>>);

/// What is appended to a store.
#[derive(Debug)]
pub(crate) struct Following {
    follow: Follow,
    progress: Progress,
}

impl Progress {
    /// None before the first time that there was nothing more to read.
    pub(crate) fn place(&self) -> Option<Place> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Following {
    pub(crate) fn new(follow: Follow, progress: Progress) -> Self {
        Self { follow, progress }
    }
}

impl Feed for Following {
    fn is_ready(&mut self) -> io::Result<bool> {
        let is_ready = self.follow.is_ready()?;
        // Only now is nothing left between the files and the judge.
        if !is_ready {
            *self.progress.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.follow.place());
        }
        Ok(is_ready)
    }

    fn take(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.follow.take(buffer)
    }

    fn signal(&self) -> Option<BorrowedFd<'_>> {
        self.follow.signal()
    }

    fn patience(&self) -> Duration {
        self.follow.patience()
    }
}
