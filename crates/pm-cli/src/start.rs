//! A tool's whole `main`.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use crate::{Exit, Explain, Streams, explain};

/// Runs a tool on the process's own streams and ends as it says.
///
/// Errors are printed to standard error with their hint. A reader that left our standard output is no
/// error. A signal that the tool outlived is met at the end, so that the parent sees a death by signal.
#[must_use]
pub fn start<E: Explain>(
    tool: &'static str,
    run: impl FnOnce(Vec<OsString>, &mut Streams) -> Result<Exit, E>,
) -> ExitCode {
    report_panics(tool);
    // Only a process without a single free descriptor gets no streams; it could not even say so.
    let Ok(mut io) = Streams::of_process() else { return Exit::Environment.into() };
    let exit = perform(tool, run, std::env::args_os().collect(), &mut io);
    let signal = match exit {
        Exit::Signal(signal) => Some(signal),
        _ => io.interrupted(),
    };
    if let Some(signal) = signal {
        die_of(signal);
        return Exit::Signal(signal).into();
    }
    exit.into()
}

/// Runs a tool, flushes what it wrote and prints what went wrong.
pub(crate) fn perform<E: Explain>(
    tool: &str,
    run: impl FnOnce(Vec<OsString>, &mut Streams) -> Result<Exit, E>,
    args: Vec<OsString>,
    io: &mut Streams,
) -> Exit {
    let result = run(args, io);
    let flushed = io.output.flush();
    match (result, flushed) {
        // A command's own status is passed on whether or not anybody reads our record of it.
        (Ok(exit @ (Exit::Status(_) | Exit::Signal(_))), _) => exit,
        _ if io.output.is_closed() => Exit::Done,
        (Ok(exit), Ok(())) => exit,
        (Ok(_), Err(error)) => {
            io.tell(tool, &format!("cannot write to standard output: {error}"));
            Exit::Environment
        }
        (Err(error), _) => {
            let _ = io.diagnostics.write_all(explain::message(tool, &error).as_bytes());
            error.exit()
        }
    }
}

/// Ends this process by `signal`, without a core dump of its own. It returns if that cannot be: the first
/// process of a container has no default actions, and a signal may have been ignored or blocked before we
/// were started.
fn die_of(signal: i32) {
    if rustix::process::getpid().is_init() {
        return;
    }
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    let _ = rustix::process::setrlimit(rustix::process::Resource::Core, none);
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    // The list in there has no real-time signals and takes SIGIO for harmless. Nobody handles those here, so
    // that raising them is enough.
    let _ = signal_hook::low_level::raise(signal);
}

/// A panic is always our bug: it is reported as such, with status 101, and never as the death by SIGABRT
/// that `panic = "abort"` would make of it.
#[expect(clippy::exit, clippy::disallowed_methods, reason = "after a panic there is nobody to return to")]
fn report_panics(tool: &'static str) {
    std::panic::set_hook(Box::new(move |panic| {
        let _ = writeln!(
            std::io::stderr(),
            "{tool}: internal error: {panic}\n  hint: please report this as a bug"
        );
        std::process::exit(101);
    }));
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;
    use crate::alone::alone;

    #[test]
    fn the_end_by_a_signal_is_met_in_the_same_way_whatever_the_signal() {
        // The last ones are SIGSTKFLT, SIGIO and SIGPWR, and the first and last real-time signals.
        let signals: &[i32] =
            if cfg!(target_os = "linux") { &[2, 9, 11, 15, 16, 29, 30, 34, 50, 64] } else { &[2, 9, 11, 15] };
        for signal in signals {
            let before = format!("PM_CLI_TEST_SIGNAL={signal}; export PM_CLI_TEST_SIGNAL");
            let name = "start::tests::the_end_by_a_signal_is_met_in_the_same_way_whatever_the_signal";
            match alone(name, &before) {
                Some(status) => assert_eq!(status.signal(), Some(*signal)),
                None => die_of(inside()),
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the test outside says it to the one inside")]
    fn inside() -> i32 {
        let signal = std::env::var("PM_CLI_TEST_SIGNAL").expect("a signal");
        signal.parse().expect("a number")
    }
}
