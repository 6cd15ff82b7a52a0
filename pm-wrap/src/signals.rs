//! Signals that reach this process while the command runs.

use rustix::process::Pid;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::Signals;

#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::Signals;

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

/// What the signal `number` asks of us while `child` is the command.
///
/// The kernel has told the command already; and the command, when it signals its own process group, us
/// included, must not hear its own echo.
fn request(number: i32, origin: Origin, child: Pid) -> Option<Request> {
    if number == signal_hook::consts::SIGCHLD {
        return Some(Request::Look);
    }
    let had_already = match origin {
        Origin::Kernel => true,
        Origin::Process(pid) => pid == child.as_raw_nonzero().get(),
    };
    (!had_already).then_some(Request::Pass(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: i32, origin: Origin, expected: Option<Request>) {
        let child = Pid::from_raw(77).expect("a pid");
        assert_eq!(request(number, origin, child), expected);
    }

    #[test]
    fn what_the_terminal_sent_is_not_sent_a_second_time() {
        check(signal_hook::consts::SIGINT, Origin::Kernel, None);
        check(signal_hook::consts::SIGINT, Origin::Process(1), Some(Request::Pass(2)));
    }

    #[test]
    fn the_command_does_not_hear_its_own_echo() {
        check(signal_hook::consts::SIGTERM, Origin::Process(77), None);
    }

    #[test]
    fn whoever_says_it_a_change_of_the_command_is_looked_at() {
        check(signal_hook::consts::SIGCHLD, Origin::Process(77), Some(Request::Look));
        check(signal_hook::consts::SIGCHLD, Origin::Kernel, Some(Request::Look));
    }
}
