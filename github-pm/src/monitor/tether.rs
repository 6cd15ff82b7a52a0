//! A program that ends with the process that started it, however that ends.
//!
//! The kernel promises that to a process which asks for it, and keeps the promise over `execve`. So this program
//! asks, and then becomes the other.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;

use rustix::process::{Pid, getpid, getppid};

use crate::Error;
use crate::invocation::Invocation;

/// A program, and the process that it ends with.
#[derive(Debug)]
pub(crate) struct Tether {
    to: i32,
    invocation: Invocation,
}

impl Tether {
    /// The word for it after `github-pm monitor`; people have no use for it.
    pub(crate) const WORD: &str = "tethered";

    /// Reads what [`Tether::around`] wrote.
    pub(crate) fn read(words: &[OsString]) -> Option<Self> {
        let [to, program, args @ ..] = words else { return None };
        let to = to.to_str()?.parse().ok()?;
        Some(Self { to, invocation: Invocation::new(program.into(), args) })
    }

    /// The command that starts a program so that it ends with this process. `this` is our own program.
    pub(crate) fn around(invocation: &Invocation, this: std::path::PathBuf) -> Invocation {
        let words = ["monitor".into(), Self::WORD.into(), getpid().to_string().into()];
        let program = invocation.program.clone().into_os_string();
        Invocation::new(this, words.into_iter().chain([program]).chain(invocation.args.iter().cloned()))
    }

    /// Becomes the program; returns only to say why that could not be.
    pub(crate) fn become_it(&self) -> Error {
        bind();
        let program = self.invocation.program.clone();
        // It may have ended before the kernel was asked.
        if getppid().map(Pid::as_raw_pid) != Some(self.to) {
            return Error::CannotStart { program, source: std::io::Error::other("the monitor has ended") };
        }
        let source = self.invocation.command().exec();
        Error::CannotStart { program, source }
    }
}

/// Every program of a monitor can be killed at any time: each writes its records whole.
#[cfg(target_os = "linux")]
fn bind() {
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
}

#[cfg(not(target_os = "linux"))]
fn bind() {}
