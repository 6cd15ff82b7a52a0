//! `monitor start`: starts this program once more, as the monitor, and waits until it is one.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use pm_cli::{Exit, Streams, printable};
use pm_store::Monitor;

use super::lookout::{Holder, holder};
use super::{Order, Role, in_store};
use crate::Error;
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;

/// What a detached monitor says to whoever started it: that it is one, or that there is one.
pub(super) const UP: &str = "up\n";
pub(super) const HELD: &str = "held\n";

/// Starts a monitor that outlives this process.
pub(super) fn detached(order: &Order, here: &Surroundings, text: &mut String) -> Result<Exit, Error> {
    if let holder @ Holder::Here(_) = holder(&order.store)? {
        text.push_str(&already(&holder));
        return Ok(Exit::Done);
    }
    let invocation = invocation(order, here)?;
    let mut command = invocation.command();
    // Nothing that is mounted is kept from being unmounted. What goes wrong now is told here.
    command.stdin(Stdio::null()).stdout(Stdio::piped()).current_dir("/");
    let start = |source| Error::CannotStart { program: invocation.program.clone(), source };
    let mut monitor = command.spawn().map_err(start)?;
    let mut word = String::new();
    if let Some(stdout) = monitor.stdout.take() {
        BufReader::new(stdout).read_line(&mut word).map_err(start)?;
    }
    match word.as_str() {
        UP => match holder(&order.store)? {
            Holder::Here(Some(monitor)) => text.push_str(&started(&monitor)),
            _ => text.push_str("the monitor runs\n"),
        },
        HELD => text.push_str(&already(&holder(&order.store)?)),
        // It has said why.
        _ => {
            let status = monitor.wait().map_err(start)?;
            return Ok(status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .map_or(Exit::Environment, Exit::Status));
        }
    }
    Ok(Exit::Done)
}

fn invocation(order: &Order, here: &Surroundings) -> Result<Invocation, Error> {
    let program = here.executable.clone().ok_or(Error::NoTool { tool: crate::TOOL })?;
    let interval = format!("--interval={}ms", order.interval.as_millis());
    let duration = order.duration.map(|duration| format!("--duration={}ms", duration.as_millis()));
    let console = match &order.role {
        Role::Detached { console } => console.as_ref(),
        Role::Foreground => None,
    };
    let console = console.map(|terminal| {
        let mut word = std::ffi::OsString::from("--console=");
        word.push(terminal);
        word
    });
    let mut words = vec!["monitor".into(), "start".into(), "--detached".into(), interval.into()];
    words.extend(duration.map(Into::into));
    words.extend(console);
    words.push(in_store(&order.store));
    Ok(Invocation::new(program, words))
}

/// The terminal at which somebody hears of alerts.
pub(super) fn console(io: &Streams) -> Option<PathBuf> {
    if !io.diagnostics_are_terminal() {
        return None;
    }
    let name = rustix::termios::ttyname(rustix::stdio::stderr(), Vec::new()).ok()?;
    let name: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(name.into_bytes());
    Some(name.into())
}

/// What a monitor says when it has begun.
pub(super) fn headline(monitor: &Monitor) -> String {
    let end = monitor
        .until
        .map_or_else(|| "until it is stopped".to_owned(), |until| format!("until {}", super::moment(until)));
    format!("the monitor runs (pid {}), {end}", monitor.process.pid)
}

fn started(monitor: &Monitor) -> String {
    let mut text = format!("{}\n", headline(monitor));
    for worker in monitor.workers.iter().filter(|worker| worker.pid.is_none()) {
        let trouble = worker.trouble.as_deref().unwrap_or("does not run");
        let _ = writeln!(text, "  without {}: {}", worker.program, printable(trouble));
    }
    text.push_str("see it with `github-pm monitor watch`, end it with `github-pm monitor stop`\n");
    text
}

/// That there is one already.
pub(super) fn already(holder: &Holder) -> String {
    match holder {
        Holder::Here(Some(monitor)) => {
            format!(
                "a monitor runs already (pid {}), since {}\n",
                monitor.process.pid,
                super::moment(monitor.since)
            )
        }
        _ => "a monitor runs already\n".to_owned(),
    }
}
