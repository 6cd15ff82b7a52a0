//! What runs once the command's status is known.

use std::ffi::OsStr;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::signals::Signals;

/// How long it may keep the user waiting; it goes on by itself afterwards.
const PATIENCE: Duration = Duration::from_secs(1);

/// What went wrong, as the end of a sentence.
pub(crate) type Trouble = String;

/// Starts a shell command with the record on its standard input.
///
/// Standard output is that of the command, or carries records, so this one's goes to standard error.
#[expect(clippy::disallowed_methods, reason = "starting this command is this module's job")]
pub(crate) fn start(command: &OsStr, line: &[u8], signals: &Signals) -> Result<(), Trouble> {
    let stderr = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3)
        .map_err(|error| format!("could not be started: {error}"))?;
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::piped()).stdout(stderr);
    signals.heritage().give_to(&mut shell);
    let mut process = shell.spawn().map_err(|error| format!("could not be started: {error}"))?;
    if let Some(mut stdin) = process.stdin.take() {
        // A record fits into an empty pipe, so this never waits; a command that reads nothing is no error.
        let _ = stdin.write_all(line);
    }
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_micros(200);
    loop {
        match process.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("ended with {status}")),
            // Whoever sends us a signal now wants us to end, which is all that there is left to do.
            Ok(None) if Instant::now() >= deadline || signals.asked_to_end() => return Ok(()),
            Ok(None) => std::thread::sleep(pause),
            Err(error) => return Err(format!("could not be waited for: {error}")),
        }
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}
