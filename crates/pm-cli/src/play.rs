//! A live input inside a test: what comes, and when it comes, on a clock that only waiting moves.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// Bytes by the instant at which they come, in milliseconds since the Unix epoch; the last instant is the end.
#[derive(Debug)]
pub(crate) struct Play {
    clock: Arc<AtomicI64>,
    to_come: VecDeque<(i64, Vec<u8>)>,
    here: VecDeque<u8>,
}

impl Play {
    pub(crate) fn new(clock: Arc<AtomicI64>, script: impl IntoIterator<Item = (i64, Vec<u8>)>) -> Self {
        Self { clock, to_come: script.into_iter().collect(), here: VecDeque::new() }
    }

    pub(crate) fn is_ready(&self) -> bool {
        let now = self.clock.load(Ordering::Relaxed);
        !self.here.is_empty() || self.to_come.front().is_none_or(|(at, _)| *at <= now)
    }

    /// Lets time go by until something comes, for `limit` at most. Returns whether something came.
    pub(crate) fn ready_within(&mut self, limit: Duration) -> bool {
        let now = self.clock.load(Ordering::Relaxed);
        let end = now.saturating_add(i64::try_from(limit.as_millis()).unwrap_or(i64::MAX));
        let next = self.to_come.front().map_or(now, |(at, _)| *at).max(now);
        if !self.is_ready() {
            self.clock.store(next.min(end), Ordering::Relaxed);
        }
        self.is_ready()
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> usize {
        if self.here.is_empty() {
            self.ready_within(Duration::MAX);
            if let Some((_, bytes)) = self.to_come.pop_front() {
                self.here.extend(bytes);
            }
        }
        let length = self.here.len().min(buffer.len());
        for (place, byte) in buffer.iter_mut().zip(self.here.drain(..length)) {
            *place = byte;
        }
        length
    }
}
