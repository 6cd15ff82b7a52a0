//! A tool run inside a test: memory for streams, a chosen environment, a clock that stands still.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};

use crate::play::Play;
use crate::{Clock, Environment, Exit, Explain, Input, Output, Streams, start};

/// What a tool is given. Build it up, then [`Trial::run`].
#[derive(Debug, Clone)]
#[must_use = "nothing happens before `run`"]
pub struct Trial {
    input: Vec<u8>,
    variables: Vec<(OsString, OsString)>,
    current_dir: PathBuf,
    now: i64,
    terminal: bool,
    typed: bool,
    script: Option<Vec<(i64, Vec<u8>)>>,
}

/// What a tool did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "compare all of it"]
pub struct Outcome {
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// How it ended.
    pub exit: Exit,
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            input: Vec::new(),
            variables: Vec::new(),
            current_dir: "/".into(),
            now: 0,
            terminal: false,
            typed: false,
            script: None,
        }
    }
}

impl Trial {
    /// Nothing on standard input, nothing in the environment, standing in `/` at the Unix epoch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the tool these bytes on standard input.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Makes standard input live: these bytes come at these instants, in milliseconds since the Unix epoch, and it
    /// ends with the last of them. The clock goes on only while the tool waits.
    pub fn live(mut self, script: Vec<(i64, Vec<u8>)>) -> Self {
        self.script = Some(script);
        self
    }

    /// Sets an environment variable.
    pub fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Lets the tool stand in `folder`.
    pub fn current_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.current_dir = folder.into();
        self
    }

    /// Sets the clock, in milliseconds since the Unix epoch.
    pub fn now(mut self, millis: i64) -> Self {
        self.now = millis;
        self
    }

    /// Makes standard output a terminal.
    pub fn on_terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Makes standard input a terminal.
    pub fn typed(mut self) -> Self {
        self.typed = true;
        self
    }

    /// Runs `tool` with `args`, its name not among them.
    pub fn run<E: Explain>(
        self,
        tool: &str,
        run: impl FnOnce(Vec<OsString>, &mut Streams) -> Result<Exit, E>,
        args: &[&str],
    ) -> Outcome {
        let (stdout, stderr) = (Captured::default(), Captured::default());
        let (input, clock) = match self.script {
            None => (Input::memory(self.input), Clock::Fixed(self.now)),
            Some(script) => {
                let clock = Arc::new(AtomicI64::new(self.now));
                (Input::played(Play::new(Arc::clone(&clock), script)), Clock::Played(clock))
            }
        };
        let mut io = Streams::for_test(
            if self.typed { input.typed() } else { input },
            Output::new(stdout.clone(), self.terminal),
            Box::new(stderr.clone()),
            Environment::new(self.variables, self.current_dir),
            clock,
        );
        let args = std::iter::once(tool).chain(args.iter().copied()).map(OsString::from).collect();
        let exit = start::perform(tool, run, args, &mut io);
        Outcome { stdout: stdout.text(), stderr: stderr.text(), exit }
    }
}

#[derive(Debug, Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
