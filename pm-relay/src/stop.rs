//! What ends the relay: a signal, a standard input that closes, or a reader of its records that leaves.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use pm_cli::Interrupts;
use tokio::net::UnixStream;
use tokio::sync::Notify;

/// Waits for the end.
#[derive(Debug)]
pub(crate) struct Stop {
    /// Readable once a signal has come.
    signal: std::os::unix::net::UnixStream,
    raised: Arc<Notify>,
}

/// Ends it, from any thread.
#[derive(Debug, Clone)]
pub(crate) struct Flag(Arc<Notify>);

impl Flag {
    pub(crate) fn raise(&self) {
        self.0.notify_one();
    }
}

impl Stop {
    pub(crate) fn new(interrupts: &Interrupts, until_stdin_closes: bool) -> io::Result<(Flag, Self)> {
        let raised = Arc::new(Notify::new());
        let flag = Flag(Arc::clone(&raised));
        if until_stdin_closes {
            let flag = flag.clone();
            // It ends with the process, at the latest.
            std::thread::Builder::new().stack_size(64 << 10).spawn(move || {
                wait_for_end_of_stdin();
                flag.raise();
            })?;
        }
        let signal: std::os::unix::net::UnixStream = interrupts.as_fd().try_clone_to_owned()?.into();
        signal.set_nonblocking(true)?;
        Ok((flag, Self { signal, raised }))
    }

    pub(crate) async fn wait(self) {
        let Ok(signal) = UnixStream::from_std(self.signal) else { return };
        tokio::select! {
            _ = signal.readable() => {}
            () = self.raised.notified() => {}
        }
    }
}

/// What comes is not for us; an input that cannot be read is as good as closed.
fn wait_for_end_of_stdin() {
    let mut buffer = [0; 4096];
    loop {
        match rustix::io::read(rustix::stdio::stdin(), &mut buffer) {
            Ok(0) => return,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
}
