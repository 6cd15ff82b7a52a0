//! The time of day, handed to whoever needs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Always the same instant, in milliseconds since the Unix epoch: for tests.
    Fixed(i64),
    /// The instant that is in there: for tests in which time goes by.
    Played(Arc<AtomicI64>),
}

impl Clock {
    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_millis(&self) -> i64 {
        match self {
            Self::Fixed(millis) => *millis,
            Self::Played(millis) => millis.load(Ordering::Relaxed),
            Self::System => system_millis(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock that everybody else takes")]
fn system_millis() -> i64 {
    let now = SystemTime::now();
    // A clock set before 1970 gives a negative number, as it should.
    now.duration_since(UNIX_EPOCH).map_or_else(
        |before| -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
        |after| i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
    )
}
