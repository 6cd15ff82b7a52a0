//! The first SIGINT or SIGTERM: noticed, not obeyed at once.
//!
//! ^C goes to every process of a pipeline. A source then stops, and a filter that ended in the same
//! moment would lose what the source has just written. So a filter reads on, for two seconds at most,
//! and only then ends by the same signal. A second signal ends it at once.

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
        for number in [SIGINT, SIGTERM] {
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
