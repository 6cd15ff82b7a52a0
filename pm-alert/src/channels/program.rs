//! `command`, and whatever else is told by a program; and `log`, a file.

use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use pm_cli::Environment;
use pm_record::Record;
use pm_store::append_line;
use rustix::process::{Pid, Signal, kill_process_group};

use super::courier::{Transport, Trouble};
use super::message::Message;
use super::webhook::lasting;

/// How often it is seen whether a program has ended: at first, and at last.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(50);

/// A program that is started for each message.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) words: Vec<String>,
    pub(super) environment: Environment,
    pub(super) timeout: Duration,
}

impl Transport for Program {
    /// It reads the alerts, a record a line, and finds what people read in `PM_ALERT_TEXT`.
    fn deliver(&mut self, message: &Message) -> Result<(), Trouble> {
        let state = if message.is_resolved() { "resolved" } else { "firing" };
        let variables = [
            ("PM_ALERT_ID", message.id()),
            ("PM_ALERT_RULE", message.rule.clone()),
            ("PM_ALERT_STATE", state.to_owned()),
            // Longer ones than 128 KiB keep a program from being started.
            ("PM_ALERT_TEXT", message.text(64 * 1024).replace('\0', "")),
        ];
        self.run(lines(message), &variables)
    }
}

impl Program {
    /// Starts it with `input`, and waits for its end.
    #[expect(clippy::disallowed_methods, reason = "to start a program is what the channel is for")]
    pub(super) fn run(&self, input: Vec<u8>, variables: &[(&str, String)]) -> Result<(), Trouble> {
        let Some((program, arguments)) = self.words.split_first() else {
            return Err(lasting("it names no program"));
        };
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(self.environment.variables())
            .envs(variables.iter().map(|(name, value)| (*name, value.as_str())))
            .current_dir(self.environment.current_dir())
            .stdin(Stdio::piped())
            // Our standard output is data.
            .stdout(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| lasting(&format!("'{program}' cannot be started: {error}")))?;
        if let Some(mut stdin) = child.stdin.take() {
            // It need not read all of it, nor any.
            let _ = thread::Builder::new().spawn(move || stdin.write_all(&input));
        }
        let status = wait(&mut child, self.timeout)?;
        let passing = |reason: String| Err(Trouble { reason, is_passing: true, not_before: None });
        match (status.code(), status.signal()) {
            (Some(0), _) => Ok(()),
            (Some(code), _) => passing(format!("'{program}' ends with status {code}")),
            (None, signal) => {
                passing(format!("'{program}' is ended by signal {}", signal.unwrap_or_default()))
            }
        }
    }
}

/// Waits for its end; when the time is over, ends it and whatever it started.
fn wait(child: &mut Child, timeout: Duration) -> Result<ExitStatus, Trouble> {
    let (end, mut look) = (Instant::now() + timeout, FIRST_LOOK);
    let failed = |error: &std::io::Error| lasting(&format!("it cannot be waited for: {error}"));
    loop {
        if let Some(status) = child.try_wait().map_err(|error| failed(&error))? {
            return Ok(status);
        }
        if Instant::now() >= end {
            if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = child.wait();
            let reason = format!("it has not ended within {} s", timeout.as_secs_f64());
            return Err(Trouble { reason, is_passing: true, not_before: None });
        }
        thread::sleep(look);
        look = (look * 2).min(LAST_LOOK);
    }
}

/// A file that alerts are appended to.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
}

impl Transport for File {
    fn deliver(&mut self, message: &Message) -> Result<(), Trouble> {
        append_line(&self.path, &lines(message), 0o666).map_err(|error| Trouble {
            reason: error.to_string(),
            is_passing: true,
            not_before: None,
        })
    }
}

fn lines(message: &Message) -> Vec<u8> {
    message.parts.iter().flat_map(|part| Record::Alert(Box::new(part.alert.clone())).to_line()).collect()
}
