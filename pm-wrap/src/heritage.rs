//! What we were started with of signals, handed on to whatever we start.
//!
//! While the command runs, nearly every signal is blocked here (see `signals`), SIGCHLD has its default
//! action, without which nothing could be waited for, and SIGXFSZ and SIGPIPE are ignored, so that a record
//! that cannot be written does not end us. A mask and an ignored signal survive `exec`, so the command
//! would inherit all of that if it were not put back in the new process.

use std::process::Command;

use nix::spawn::{PosixSpawnAttr, PosixSpawnFlags};
use nix::sys::signal::{SigSet, Signal};

use crate::kernel::{self, Action};

/// The signals whose action we change in this process.
const CHANGED: [(Signal, Action); 2] =
    [(Signal::SIGCHLD, Action::Default), (Signal::SIGXFSZ, Action::Ignore)];

#[cfg(target_os = "linux")]
type Mask = kernel::SignalBits;
#[cfg(not(target_os = "linux"))]
type Mask = SigSet;

/// Signals 32 to 34, which a C library may hide in its sets.
#[cfg(target_os = "linux")]
const HIDDEN: Mask = 0b111 << 31;

/// Blocks every signal where they are read from a descriptor, and none where they come to handlers.
#[cfg(target_os = "linux")]
fn block() -> nix::Result<Mask> {
    kernel::swap_mask(Mask::MAX)
}

#[cfg(not(target_os = "linux"))]
fn block() -> nix::Result<Mask> {
    SigSet::thread_get_mask()
}

#[cfg(target_os = "linux")]
fn set(mask: Mask) -> nix::Result<()> {
    kernel::swap_mask(mask).map(drop)
}

#[cfg(not(target_os = "linux"))]
fn set(mask: Mask) -> nix::Result<()> {
    mask.thread_set_mask()
}

/// The mask and the actions from before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heritage {
    mask: Mask,
    /// As much of it as the C library knows of.
    known: SigSet,
    actions: [(Signal, Action); 3],
    /// What this process gets when its parent ends; a new process is not given that by itself.
    #[cfg(target_os = "linux")]
    at_end_of_parent: Option<rustix::process::Signal>,
}

impl Heritage {
    /// Blocks signals and changes the actions that would be in our way.
    pub(crate) fn set_aside() -> nix::Result<Self> {
        let known = SigSet::thread_get_mask()?;
        let mask = block()?;
        let pipe = if kernel::pipe_was_ignored() { Action::Ignore } else { Action::Default };
        let mut actions = [(Signal::SIGPIPE, pipe); 3];
        for (place, (number, action)) in actions.iter_mut().zip(CHANGED) {
            *place = (number, kernel::set_action(number, action)?);
        }
        Ok(Self {
            mask,
            known,
            actions,
            #[cfg(target_os = "linux")]
            at_end_of_parent: rustix::process::parent_process_death_signal().unwrap_or_default(),
        })
    }

    /// Makes this process, a new one, what it would have been without us.
    pub(crate) fn take_back(self) -> nix::Result<()> {
        #[cfg(target_os = "linux")]
        if self.at_end_of_parent.is_some() {
            let _ = rustix::process::set_parent_process_death_signal(self.at_end_of_parent);
        }
        for (number, action) in self.actions {
            kernel::set_action(number, action)?;
        }
        self.take_back_mask()
    }

    /// The same for a process that is the command from its first instruction on; none if that cannot hand all of
    /// it on: it can make the default of an action, and leave what is ignored.
    pub(crate) fn attributes(self) -> Option<PosixSpawnAttr> {
        let ignored = |action: &Action| *action == Action::Ignore;
        let hidden = CHANGED.iter().filter(|(_, now)| !ignored(now)).any(|(changed, _)| {
            self.actions.iter().any(|(number, before)| number == changed && ignored(before))
        });
        #[cfg(target_os = "linux")]
        let hidden = hidden || self.at_end_of_parent.is_some() || self.mask & HIDDEN != 0;
        if hidden {
            return None;
        }
        let defaults = self.actions.iter().filter(|(_, before)| !ignored(before));
        let mut attributes = PosixSpawnAttr::init().ok()?;
        attributes.set_sigdefault(&defaults.map(|(number, _)| *number).collect()).ok()?;
        attributes.set_sigmask(&self.known).ok()?;
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
        set(self.mask)
    }
}
