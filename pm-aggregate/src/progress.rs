//! How far a stream has come, and which windows are closed.
//!
//! Time is what the runs say. The clock only tells which of them to believe: a run that ended in the future does
//! not close the windows of the present.

use pm_record::Timestamp;

use crate::window::WindowSize;

/// What is known of the time on a stream; all in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    /// Runs that ended later are not believed; before a live stream is read, none is.
    pub(crate) horizon: i64,
    /// When the newest run started.
    pub(crate) newest_start: i64,
    /// When the newest run ended.
    pub(crate) newest_end: i64,
    /// The end of the first window that is open and was never closed.
    pub(crate) first_end: i64,
    /// Windows that end then or before were closed.
    closed: i64,
    /// How many runs came after their window was closed.
    pub(crate) late: u64,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            horizon: i64::MIN,
            newest_start: i64::MIN,
            newest_end: i64::MIN,
            first_end: i64::MAX,
            closed: i64::MIN,
            late: 0,
        }
    }
}

impl Progress {
    /// A run was read.
    #[inline]
    pub(crate) fn see(&mut self, start: Timestamp, end: Timestamp) {
        if end.as_millis() <= self.horizon {
            self.newest_start = self.newest_start.max(start.as_millis());
            self.newest_end = self.newest_end.max(end.as_millis());
        }
    }

    /// Runs are counted in the window that starts at `start`.
    #[inline]
    pub(crate) fn enter(&mut self, size: WindowSize, start: Timestamp, runs: u64) {
        let end = size.end_of(start).as_millis();
        if end <= self.closed {
            self.late = self.late.saturating_add(runs);
        } else {
            self.first_end = self.first_end.min(end);
        }
    }

    /// Windows that end at `end` or before are closed; those that start at `open` are left.
    pub(crate) fn close(&mut self, end: Timestamp, size: WindowSize, open: impl Iterator<Item = Timestamp>) {
        self.closed = self.closed.max(end.as_millis());
        self.first_end = open.map(|start| size.end_of(start).as_millis()).min().unwrap_or(i64::MAX);
    }
}
