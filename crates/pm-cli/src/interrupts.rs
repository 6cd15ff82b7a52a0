//! The first SIGINT or SIGTERM: noticed, not obeyed at once.
//!
//! ^C goes to every process of a pipeline. A source then stops, and a filter that ended in the same
//! moment would lose what the source has just written. So a filter reads on, for two seconds at most,
//! and only then ends by the same signal. A second signal ends it at once.
//!
//! A signal that was ignored when we were started stays ignored: `tool &` in a script is not meant by ^C.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

/// How long a filter reads on after the first signal.
const GRACE: Duration = Duration::from_secs(2);

/// Watches for signals from the moment it is made.
#[derive(Debug, Clone)]
pub struct Interrupts {
    signal: Arc<AtomicUsize>,
    wake: Arc<UnixStream>,
    // Set by whoever first notices the signal: a handler may not read a clock.
    deadline: Arc<std::sync::OnceLock<Instant>>,
}

impl Interrupts {
    /// Starts to watch.
    ///
    /// # Errors
    ///
    /// If the process has no descriptor left.
    pub fn watch() -> std::io::Result<Self> {
        let (wake, ring) = UnixStream::pair()?;
        let signal = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(AtomicBool::new(false));
        for number in [SIGINT, SIGTERM].into_iter().filter(|&number| !is_ignored(number)) {
            // The order matters: the second signal must find the flag that the first one set below.
            signal_hook::flag::register_conditional_default(number, Arc::clone(&again))?;
            signal_hook::flag::register(number, Arc::clone(&again))?;
            signal_hook::flag::register_usize(
                number,
                Arc::clone(&signal),
                usize::try_from(number).unwrap_or(0),
            )?;
            signal_hook::low_level::pipe::register(number, ring.try_clone()?)?;
        }
        Ok(Self { signal, wake: Arc::new(wake), deadline: Arc::default() })
    }

    /// The signal that came, if one did.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        i32::try_from(self.signal.load(Ordering::Relaxed)).ok().filter(|&number| number != 0)
    }

    /// Whether a signal has come and its time is up.
    pub(crate) fn is_over(&self) -> bool {
        self.time_left().is_some_and(|left| left.is_zero())
    }

    /// How much longer to read: `None` without end, zero when the time is up.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        self.signal()?;
        let deadline = self.deadline.get_or_init(|| Instant::now() + GRACE);
        Some(deadline.saturating_duration_since(Instant::now()))
    }
}

/// Readable once a signal has come, for `poll`.
impl AsFd for Interrupts {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

/// Whether this process ignores a signal. Only Linux tells without touching what is asked about; elsewhere
/// the answer is no.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u128::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use signal_hook::low_level::raise;

    use super::*;
    use crate::alone::alone;

    #[test]
    fn the_first_signal_is_noticed_and_not_obeyed() {
        if let Some(status) = alone("interrupts::tests::the_first_signal_is_noticed_and_not_obeyed", "") {
            return assert!(status.success(), "{status}");
        }
        let interrupts = Interrupts::watch().expect("watched");
        assert_eq!((interrupts.signal(), interrupts.time_left()), (None, None));
        raise(SIGINT).expect("raised");
        assert_eq!(interrupts.signal(), Some(SIGINT));
        assert!(interrupts.time_left().is_some_and(|left| left <= GRACE));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
        if let Some(status) =
            alone("interrupts::tests::a_signal_that_was_ignored_at_the_start_stays_ignored", "trap '' INT")
        {
            return assert!(status.success(), "{status}");
        }
        let interrupts = Interrupts::watch().expect("watched");
        raise(SIGINT).expect("raised");
        raise(SIGINT).expect("raised");
        assert_eq!(interrupts.signal(), None);
        raise(SIGTERM).expect("raised");
        assert_eq!(interrupts.signal(), Some(SIGTERM));
    }
}
