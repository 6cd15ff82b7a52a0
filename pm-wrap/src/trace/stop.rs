//! Why a followed process has stopped.

use nix::libc;

use crate::child::End;

/// What the kernel's word on a stop means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A signal is about to reach it.
    Signal(i32),
    /// It has made a process.
    Forked,
    /// It has made a thread, or a process in an unusual way.
    Cloned,
    /// It runs a new program.
    Executed,
    /// It, or one thread of it, is about to end.
    Exiting,
    /// Job control has stopped its whole process, by this signal.
    Group(i32),
    /// It is new, or its process goes on after a stop.
    Trap,
}

impl Stop {
    /// Reads the status of a stop: a signal, and above it what `ptrace` has to say.
    pub(super) fn of(status: i32) -> Self {
        let signal = status & 0xff;
        match status >> 8 {
            0 => Self::Signal(signal),
            libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_VFORK => Self::Forked,
            libc::PTRACE_EVENT_CLONE => Self::Cloned,
            libc::PTRACE_EVENT_EXEC => Self::Executed,
            libc::PTRACE_EVENT_EXIT => Self::Exiting,
            _ if is_of_job_control(signal) => Self::Group(signal),
            _ => Self::Trap,
        }
    }
}

/// Reads how a thread is going to end.
pub(super) fn coming_end(status: i32) -> End {
    match status & 0x7f {
        0 => End::Exited(status >> 8 & 0xff),
        signal => End::Signaled(signal),
    }
}

fn is_of_job_control(signal: i32) -> bool {
    matches!(signal, libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(event: i32, signal: i32, expected: Stop) {
        assert_eq!(Stop::of(event << 8 | signal), expected);
    }

    #[test]
    fn a_stop_without_an_event_is_a_signal_on_its_way() {
        check(0, libc::SIGTRAP, Stop::Signal(libc::SIGTRAP));
        check(0, libc::SIGSTOP, Stop::Signal(libc::SIGSTOP));
        check(0, 64, Stop::Signal(64));
    }

    #[test]
    fn events_are_told_apart() {
        let events = [Stop::Forked, Stop::Forked, Stop::Cloned, Stop::Executed, Stop::Trap, Stop::Exiting];
        for (event, expected) in (1..).zip(events) {
            check(event, libc::SIGTRAP, expected);
        }
    }

    #[test]
    fn an_end_that_is_coming_is_a_status_or_a_signal() {
        assert_eq!(coming_end(0x500), End::Exited(5));
        assert_eq!([9, 0x8b, 64].map(coming_end), [9, 11, 64].map(End::Signaled));
    }

    #[test]
    fn a_new_process_is_not_taken_for_one_that_was_stopped() {
        check(libc::PTRACE_EVENT_STOP, libc::SIGTRAP, Stop::Trap);
        check(libc::PTRACE_EVENT_STOP, libc::SIGTSTP, Stop::Group(libc::SIGTSTP));
    }
}
