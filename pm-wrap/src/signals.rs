//! Signals that reach this process while the command runs.

use std::os::fd::BorrowedFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::Pid;
use signal_hook::consts::{
    SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH,
};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::{Signals, block_again, stop_by};

#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::{Signals, block_again, stop_by};

/// What a signal asks of us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// The command has ended, stopped or gone on.
    Look,
    /// The command has not had this signal yet.
    Pass(i32),
}

/// Where a signal came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The kernel, which tells the whole process group what the terminal has to say.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only signalfd tells origins"))]
    Kernel,
    /// A process.
    Process(i32),
}

impl Signals {
    /// Waits until `output` can be written to. Returns whether it can: not when somebody wants us to end first.
    pub(crate) fn wait_to_write(&self, output: BorrowedFd) -> bool {
        loop {
            let own = self.descriptor();
            let (output, own) = (
                PollFd::from_borrowed_fd(output, PollFlags::OUT),
                PollFd::from_borrowed_fd(own, PollFlags::IN),
            );
            let mut watched = [output, own];
            let ready = poll(&mut watched, None);
            if !watched[0].revents().is_empty() || ready.is_err_and(|error| error != Errno::INTR) {
                return true;
            }
            if self.asked_to_end() {
                return false;
            }
        }
    }
}

/// Who we are, to tell which signals the command has had already.
#[derive(Debug, Clone, Copy)]
struct Position {
    /// The command.
    child: Pid,
    /// Whether a terminal that hangs up tells us alone.
    leads_session: bool,
}

/// Whether a signal that comes when the command has ended is meant to end us too.
fn asks_to_end(number: i32) -> bool {
    matches!(number, SIGHUP | SIGINT | SIGQUIT | SIGTERM)
}

/// Whether our parent would see us stop, and let us go on: a shell that has given us a process group of our own.
/// To stop for any other parent would be to stop for good.
pub(crate) fn parent_controls_jobs() -> bool {
    use nix::unistd::{getpgid, getpgrp, getppid};
    let parent = getppid();
    parent.as_raw() > 0 && getpgid(Some(parent)).is_ok_and(|group| group != getpgrp())
}

/// What the signal `number` asks of us.
///
/// What the terminal has to say, the kernel tells the whole process group, so the command has had it; and
/// the command, when it signals its own group, us included, must not hear its own echo.
fn request(number: i32, origin: Origin, position: Position) -> Option<Request> {
    let had_already = match origin {
        _ if number == SIGCHLD => return Some(Request::Look),
        Origin::Kernel if number == SIGHUP => !position.leads_session,
        Origin::Kernel => {
            matches!(number, SIGINT | SIGQUIT | SIGTSTP | SIGTTIN | SIGTTOU | SIGCONT | SIGWINCH)
        }
        Origin::Process(pid) => pid == position.child.as_raw_nonzero().get(),
    };
    (!had_already).then_some(Request::Pass(number))
}

#[cfg(test)]
mod tests {
    use signal_hook::consts::SIGALRM;

    use super::*;

    #[track_caller]
    fn check(number: i32, origin: Origin, leads_session: bool, expected: Option<Request>) {
        let child = Pid::from_raw(77).expect("a pid");
        assert_eq!(request(number, origin, Position { child, leads_session }), expected);
    }

    #[test]
    fn what_the_terminal_sent_is_not_sent_a_second_time() {
        check(SIGINT, Origin::Kernel, false, None);
        check(SIGTTIN, Origin::Kernel, false, None);
        check(SIGINT, Origin::Process(1), false, Some(Request::Pass(SIGINT)));
    }

    #[test]
    fn what_the_kernel_sent_to_us_alone_is_passed_on() {
        check(SIGALRM, Origin::Kernel, false, Some(Request::Pass(SIGALRM)));
        check(SIGHUP, Origin::Kernel, true, Some(Request::Pass(SIGHUP)));
        check(SIGHUP, Origin::Kernel, false, None);
    }

    #[test]
    fn the_command_does_not_hear_its_own_echo() {
        check(SIGTERM, Origin::Process(77), false, None);
    }

    #[test]
    fn whoever_says_it_a_change_of_the_command_is_looked_at() {
        check(SIGCHLD, Origin::Process(77), false, Some(Request::Look));
        check(SIGCHLD, Origin::Kernel, false, Some(Request::Look));
    }
}
