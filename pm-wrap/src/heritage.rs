//! What we were started with of signals, handed on to whatever we start.
//!
//! While the command runs, nearly every signal is blocked here (see `signals`), SIGCHLD has its default
//! action, without which nothing could be waited for, and SIGXFSZ and SIGPIPE are ignored, so that a record
//! that cannot be written does not end us. A mask and an ignored signal survive `exec`, so the command
//! would inherit all of that if it were not put back in the new process.

use std::process::Command;

use nix::spawn::{PosixSpawnAttr, PosixSpawnFlags};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use crate::kernel::{self, Action};

/// The signals whose action we change in this process.
const CHANGED: [(Signal, Action); 2] =
    [(Signal::SIGCHLD, Action::Default), (Signal::SIGXFSZ, Action::Ignore)];

/// The mask and the actions from before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heritage {
    mask: SigSet,
    actions: [(Signal, Action); 3],
}

impl Heritage {
    /// Blocks `signals` and changes the actions that would be in our way.
    pub(crate) fn set_aside(signals: &SigSet) -> nix::Result<Self> {
        let mask = signals.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let pipe = if kernel::pipe_was_ignored() { Action::Ignore } else { Action::Default };
        let mut actions = [(Signal::SIGPIPE, pipe); 3];
        for (place, (number, action)) in actions.iter_mut().zip(CHANGED) {
            *place = (number, kernel::set_action(number, action)?);
        }
        Ok(Self { mask, actions })
    }

    /// Makes this process, a new one, what it would have been without us.
    pub(crate) fn take_back(self) -> nix::Result<()> {
        for (number, action) in self.actions {
            kernel::set_action(number, action)?;
        }
        self.mask.thread_set_mask()
    }

    /// The same for a process that is the command from its first instruction on; none if that cannot hand all of
    /// it on: it can make the default of an action, and leave what is ignored.
    pub(crate) fn attributes(self) -> Option<PosixSpawnAttr> {
        let ignored = |action: &Action| *action == Action::Ignore;
        let hidden = CHANGED.iter().filter(|(_, now)| !ignored(now)).any(|(changed, _)| {
            self.actions.iter().any(|(number, before)| number == changed && ignored(before))
        });
        if hidden {
            return None;
        }
        let defaults = self.actions.iter().filter(|(_, before)| !ignored(before));
        let mut attributes = PosixSpawnAttr::init().ok()?;
        attributes.set_sigdefault(&defaults.map(|(number, _)| *number).collect()).ok()?;
        attributes.set_sigmask(&self.mask).ok()?;
        let flags = PosixSpawnFlags::POSIX_SPAWN_SETSIGDEF | PosixSpawnFlags::POSIX_SPAWN_SETSIGMASK;
        attributes.set_flags(flags).ok()?;
        Some(attributes)
    }

    /// Starts `command` with what we were started with. The standard library resets SIGPIPE on the way, so
    /// this comes last.
    pub(crate) fn give_to(self, command: &mut Command) {
        kernel::before_exec(command, move || Ok(self.take_back()?));
    }

    /// Takes back the mask for this process: from here on a signal ends it as it would any other.
    pub(crate) fn take_back_mask(self) -> nix::Result<()> {
        self.mask.thread_set_mask()
    }
}
